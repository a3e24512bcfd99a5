"""What commands share that do one thing and tell it: a sentence for people, or with `--json` values for scripts."""

import json

from django.core.management.base import BaseCommand, CommandParser


class TellingCommand(BaseCommand):
    """Call `tell` with what was done."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the option that all have."""
        parser.add_argument("--json", action="store_true", help="print JSON")

    def tell_json(self, values: object) -> None:
        """Values alone, for a command whose text is a table."""
        self.stdout.write(json.dumps(values, default=str))

    def tell(self, text: str, values: dict[str, object], *, as_json: bool) -> None:
        """One of both, to standard output."""
        self.stdout.write(json.dumps(values) if as_json else text)
