"""`manage.py sync_schedules`: a schedule row for every job of the catalogue."""

import dataclasses
from typing import Any

from riotwatch_jobs import scheduling
from riotwatch_jobs.management.operator_command import OperatorCommand


class Command(OperatorCommand):
    """Safe to run at every deployment: an operator's edits stay."""

    help = "Make missing schedules, follow changed defaults nobody has edited, disable schedules of removed jobs."

    def act(self, options: dict[str, Any]) -> object:
        """Sync and say what changed."""
        del options
        report = scheduling.sync_schedules()
        for verb, names in (
            ("created", report.created),
            ("followed the new default of", report.followed),
            ("disabled (no such job)", report.disabled),
        ):
            if names:
                self.say(f"{verb}: {', '.join(names)}")
        return dataclasses.asdict(report)
