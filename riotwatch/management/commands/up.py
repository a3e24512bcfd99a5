"""`manage.py up`: the whole system from one command."""

import sys
from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from riotwatch.console import Console
from riotwatch.startup import Startup


class Command(BaseCommand):
    """Starts everything and keeps it running until Ctrl-C or SIGTERM."""

    help = "Start everything: embedded servers where no addresses are set, the Procfile's processes, the demo."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command's own options."""
        parser.epilog = "Exit codes: 0 stopped when it was told to, 1 it cannot start."
        parser.add_argument("--services-only", action="store_true", help="start the embedded servers alone")

    def handle(self, *, services_only: bool, **_options: object) -> None:
        """Start; end when that is asked for."""
        startup = Startup(Console(sys.stdout))
        sys.exit(startup.services() if services_only else startup.everything())
