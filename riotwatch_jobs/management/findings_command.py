"""What commands share that look after the system: findings as a table or JSON, and an exit code for monitors."""

import json
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from rich.table import Column, Table

from riotwatch_jobs.checkups import Finding
from riotwatch_jobs.management.operator_command import print_table, time_text

EXIT_ILL = 1


class FindingsCommand(BaseCommand):
    """Implement `findings`. Ends with 0 when all is well, else with 1."""

    requires_system_checks: tuple[str, ...] = ()  # what is wrong is told as a finding

    def findings(self) -> Sequence[Finding]:
        """Every part, the ill ones first."""
        raise NotImplementedError

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.epilog = "Exit codes: 0 all is well, 1 something is not."
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Examine and tell."""
        del args
        findings = self.findings()
        is_well = not any(finding.ill for finding in findings)
        if options["json"]:
            told = {"well": is_well, "parts": [finding.as_json() for finding in findings]}
            self.stdout.write(json.dumps(told, indent=2))
        else:
            print_table(_table(findings))
            self.stdout.write("All is well." if is_well else "Not well: see above for what helps.")
        if not is_well:
            raise SystemExit(EXIT_ILL)


def _table(findings: Sequence[Finding]) -> Table:
    # Folded, for an address or a command that is cut off helps nobody.
    what, helps = Column("what", overflow="fold"), Column("what helps", overflow="fold")
    table = Table(Column("part", no_wrap=True), "state", "since (UTC)", what, helps)
    for finding in findings:
        state = "[red]ill[/red]" if finding.ill else "[green]well[/green]"
        table.add_row(finding.part, state, time_text(finding.since) if finding.ill else "", finding.ill, finding.remedy)
    return table
