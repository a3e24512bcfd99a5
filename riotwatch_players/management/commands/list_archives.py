"""`manage.py list_archives`: the files that old rows were moved into, or copied."""

from typing import Any

from django.core.management.base import CommandParser
from django.template.defaultfilters import filesizeformat
from rich.console import Console
from rich.table import Column, Table

from riotwatch_players.management.telling_command import TellingCommand
from riotwatch_players.models import Archive, ArchiveKind


class Command(TellingCommand):
    """Reads what the database knows; the files are not looked at."""

    help = "List the files of the archive job: what they hold, and where they were written."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        super().add_arguments(parser)
        parser.epilog = "Exit codes: 0 done."
        parser.add_argument("--kind", choices=ArchiveKind.values, help="only these")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """List them, newest days first."""
        del args
        found = Archive.objects.filter(kind=options["kind"]) if options["kind"] else Archive.objects.all()
        fields = ("name", "kind", "day", "rows", "size_bytes", "sha256", "host", "folder", "made_at", "restored_at")
        if options["json"]:
            self.tell_json(list(found.values(*fields)))
        elif not found:
            self.stdout.write("nothing is archived: switch the job on (enable_job archive), or run it by hand")
        else:
            Console().print(_table(found))


def _table(found: Any) -> Table:  # noqa: ANN401 - a query
    where = Column("Where", overflow="fold")
    table = Table(Column("File", no_wrap=True), "Day", "Rows", "Size", where, "Put back", box=None)
    for one in found:
        restored = f"{one.restored_at:%Y-%m-%d %H:%M}" if one.restored_at else ""
        place = f"{one.host}:{one.folder}"
        table.add_row(one.name, str(one.day), f"{one.rows:,}", filesizeformat(one.size_bytes), place, restored)
    return table
