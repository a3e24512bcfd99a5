"""`manage.py checklist daily|weekly|monthly|quarterly`: an operator's routine, answered as far as rows can answer."""

from typing import Any

from django.core.management.base import CommandParser
from rich.table import Table

from riotwatch import checklists
from riotwatch_jobs.management.operator_command import EXIT_FAILED, OperatorCommand

STYLES = {"well": "[green]well[/green]", "look": "[red]look[/red]"}


class Command(OperatorCommand):
    """Changes nothing."""

    help = "List what to look at each day, week, month or quarter, with what the database says of it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare which list."""
        super().add_arguments(parser)
        parser.epilog = "Exit codes: 0 nothing is to be done but by hand, 1 something is, 2 bad input."
        parser.add_argument("period", choices=sorted(checklists.CHECKLISTS))

    def act(self, options: dict[str, Any]) -> object:
        """Go through the list."""
        points = list(checklists.CHECKLISTS[options["period"]](self.now))
        table = Table("what", "state", "answer", "what helps")
        for point in points:
            table.add_row(point.what, STYLES.get(point.state, point.state), point.answer, point.remedy)
        self.show(table)
        self.code = EXIT_FAILED if any(point.state == "look" for point in points) else 0
        return [point.as_json() for point in points]

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Tell, then say by the exit code whether something is to be done."""
        super().handle(*args, **options)
        if self.code:
            raise SystemExit(self.code)
