"""What the operator's commands share: who acts, exit codes, tables, JSON, and errors that say what to do."""

import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, InterfaceError
from rich.console import Console
from rich.table import Table

from riotwatch_jobs import audit, dispatch, registry, slots
from riotwatch_jobs.audit import Actor
from riotwatch_jobs.databases import is_outage
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Execution
from riotwatch_jobs.switching import BadInput, Refused

EXIT_CODES_IN_WORDS = "Exit codes: 0 done, 1 the database does not answer, 2 bad input, 4 refused by the state."
WIDEST_TABLE = 500
"""What a table's words are measured in: more than any window."""
EXIT_FAILED, EXIT_BAD_INPUT, EXIT_TIMED_OUT, EXIT_REFUSED, EXIT_PARTIAL = 1, 2, 3, 4, 5


class OperatorCommand(BaseCommand):
    """Implement `act`; what it returns is printed with `--json`, what it writes without. Refusals become exit codes."""

    by: Actor
    now: datetime
    as_json: bool

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options that all have."""
        parser.epilog = EXIT_CODES_IN_WORDS
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Act, and tell."""
        del args
        self.as_json = options["json"]
        try:
            self.by, self.now = audit.command_line(), database_now()
            told = self.act(options)
        except (DatabaseError, InterfaceError) as problem:
            if not is_outage(problem):
                raise
            remedy = "start it (make run), or see DATABASE_URL"
            raise CommandError(
                f"the database does not answer: {str(problem).strip()}. Nothing was done: {remedy}"
            ) from None
        except (registry.UnknownJob, slots.BadSchedule, dispatch.BadConfig, BadInput) as problem:
            raise CommandError(str(problem), returncode=EXIT_BAD_INPUT) from None
        except Refused as problem:
            raise CommandError(str(problem), returncode=EXIT_REFUSED) from None
        if self.as_json:
            self.stdout.write(json.dumps(told, indent=2, default=str))

    def act(self, options: dict[str, Any]) -> object:
        """Do what the command is for; returns plain values for `--json`."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """A line for people."""
        if not self.as_json:
            self.stdout.write(text)

    def show(self, table: Table) -> None:
        """A table for people."""
        if not self.as_json:
            print_table(table)


def print_table(table: Table) -> None:
    """As wide as its words want: a line that goes on below says more than a column that is cut off."""
    console = Console()
    for column in table.columns:
        if column.no_wrap:
            column.min_width = max(console.measure(cell).maximum for cell in (column.header, *column.cells))
    needed = console.measure(table, options=console.options.update(max_width=WIDEST_TABLE)).minimum
    Console(width=max(console.width, needed)).print(table)


class JobCommand(OperatorCommand):
    """An operator's command about one job."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare which job."""
        super().add_arguments(parser)
        parser.add_argument("job_id", metavar="JOB_ID")


class RunCommand(OperatorCommand):
    """An operator's command about one run."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare which run."""
        super().add_arguments(parser)
        parser.add_argument("id", type=int, metavar="ID", help="the run's number (job_status JOB_ID shows them)")


def time_text(instant: datetime | None) -> str:
    """For tables."""
    return instant.strftime("%Y-%m-%d %H:%M") if instant else "-"


def short_time_text(instant: datetime | None, *, now: datetime) -> str:
    """For tables with many columns: the year only where it is another one."""
    return instant.strftime("%m-%d %H:%M") if instant and instant.year == now.year else time_text(instant)


def run_as_json(execution: Execution) -> dict[str, Any]:
    """A run as plain values."""
    return {
        "id": execution.pk,
        "job_id": execution.job_id,
        "scope": execution.scope,
        "trigger": execution.trigger,
        "triggered_by": execution.triggered_by,
        "state": execution.state,
        "reason": execution.reason,
        "partial": execution.is_partial,
        "retry_of": execution.retry_of_id,
        "items": {
            "total": execution.items_total,
            "done": execution.items_done,
            "failed": execution.items_failed,
            "skipped": execution.items_skipped,
        },
        "api_requests_made": execution.api_requests_made,
        "records_created": execution.records_created,
        "records_updated": execution.records_updated,
        "duration_s": execution.duration_s,
        "result": execution.result,
        "config": execution.config,
    }
