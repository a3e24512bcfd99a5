"""`manage.py restore_archive FILE…`: put rows back that the archive job took out."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from riotwatch_pages import command_line
from riotwatch_players import archiving
from riotwatch_players.management.telling_command import TellingCommand
from riotwatch_players.models import Archive

EXIT_BAD_INPUT = 2


class Command(TellingCommand):
    """A file that is not whole is not touched; what is there already stays as it is."""

    help = "Put archived matches or runs back into the database they came from. They stay for 30 days at least."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.epilog = "Exit codes: 0 done, 1 a file could not be put back, 2 a file that this database does not know."
        parser.add_argument("files", nargs="+", metavar="FILE", help="names as in list_archives, or paths")
        parser.add_argument("--folder", type=Path, help="where they lie, if not in ARCHIVE_DIR or at the given path")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Put all of them back, one after the other; the first that cannot be ends it."""
        del args
        paths = [Path(file) for file in options["files"]]
        known = {archive.name: archive for archive in Archive.objects.filter(name__in=[path.name for path in paths])}
        if unknown := [path.name for path in paths if path.name not in known]:
            text = f"this database knows no archive {unknown[0]}: see list_archives. Nothing was put back"
            raise CommandError(text, returncode=EXIT_BAD_INPUT)
        told = [self._restore(known[path.name], options["folder"] or _folder_of(path)) for path in paths]
        if options["json"]:
            self.tell_json(told)
        else:
            self.stdout.writelines(_in_words(one) for one in told)

    def _restore(self, archive: Archive, folder: Path) -> dict[str, Any]:
        try:
            restored = archiving.restore(archive, folder=folder, now=timezone.now())
        except archiving.CannotRestore as problem:
            raise CommandError(str(problem)) from None
        by = command_line.operator()
        text = f"put {restored} of {archive.rows} rows back, by {by}"
        LogEntry.objects.log_actions(command_line.account().pk, [archive], CHANGE, text, single_object=True)
        return {"name": archive.name, "rows": archive.rows, "restored": restored}


def _in_words(told: dict[str, Any]) -> str:
    there = "" if told["restored"] == told["rows"] else "; the others were there"
    return f"{told['name']}: {told['restored']} of {told['rows']} put back{there}\n"


def _folder_of(path: Path) -> Path:
    return Path(settings.ARCHIVE_DIR) if path.parent == Path() else path.parent
