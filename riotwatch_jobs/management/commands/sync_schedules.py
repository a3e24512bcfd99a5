"""`manage.py sync_schedules`: a schedule row for every job of the catalogue."""

from typing import Any

from django.core.management.base import BaseCommand

from riotwatch_jobs import scheduling


class Command(BaseCommand):
    """Safe to run at every deployment: an operator's edits stay."""

    help = "Make missing schedules, follow changed defaults nobody has edited, disable schedules of removed jobs."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Sync and say what changed."""
        del args, options
        report = scheduling.sync_schedules()
        for verb, names in (
            ("created", report.created),
            ("followed the new default of", report.followed),
            ("disabled (no such job)", report.disabled),
        ):
            if names:
                self.stdout.write(f"{verb}: {', '.join(names)}")
