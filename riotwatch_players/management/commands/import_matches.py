import json
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from riotwatch_players.documents import size_of
from riotwatch_players.importing import Summary, import_matches
from riotwatch_players.models import ForeignDatabase, Source

USAGE_ERROR = 2
REFUSED = 4


class Command(BaseCommand):
    """Prints a summary."""

    help = "Store match-v5 bodies from files, folders and archives (.json, .jsonl, .tar.xz, .zip, …)."

    def add_arguments(self, parser: CommandParser) -> None:
        """PATH… and --json."""
        parser.epilog = (
            "Exit codes: 0 done (also when some of it was no match), 2 no such path, 4 another RIOT_API_URL than "
            "the database's."
        )
        parser.add_argument("paths", nargs="+", metavar="PATH", type=Path, help="file, folder or archive")
        parser.add_argument("--json", action="store_true", help="print the summary as one JSON object")

    def handle(self, *, paths: list[Path], **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Import, with a progress bar where somebody watches."""
        missing = [str(path) for path in paths if not path.exists()]
        if missing:
            raise CommandError(f"No such file or folder: {', '.join(missing)}", returncode=USAGE_ERROR)
        try:
            source = Source.objects.current(settings.RIOT_API_URL)
        except ForeignDatabase as refusal:
            raise CommandError(str(refusal), returncode=REFUSED) from refusal
        summary = _import(paths, source)
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(summary)))
        else:
            console = Console()
            with console.capture() as printed:
                console.print(_as_table(summary))
            self.stdout.write(printed.get())


def _import(paths: list[Path], source: Source) -> Summary:
    console = Console(stderr=True)
    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("reading", total=size_of(paths))
        return import_matches(paths, source, now=timezone.now(), advance=lambda size: progress.advance(task, size))


def _as_json(summary: Summary) -> dict[str, Any]:
    return {
        "bodies_read": summary.bodies_read,
        "stored": summary.stored,
        "already_known": summary.already_known,
        "unusable": dict(summary.unusable),
        "not_matches": dict(summary.not_matches),
        "unreadable": [{"name": one.name, "reason": one.reason} for one in summary.unreadable],
        "players_created": summary.players_created,
        "participants_created": summary.participants_created,
        "records_created": summary.records_created,
        "records_updated": summary.records_updated,
    }


def _as_table(summary: Summary) -> Table:
    table = Table("", "", show_header=False, title="Import of matches", title_justify="left")
    table.columns[1].justify = "right"
    table.add_row("match bodies read", str(summary.bodies_read))
    table.add_row("  stored new", str(summary.stored))
    table.add_row("  already known", str(summary.already_known))
    table.add_row("  unusable", str(summary.unusable.total()))
    for reason, count in summary.unusable.most_common():
        table.add_row(f"    {reason}", str(count))
    table.add_row("not matches", str(summary.not_matches.total()))
    for kind, count in summary.not_matches.most_common():
        table.add_row(f"    {kind}", str(count))
    table.add_row("unreadable", str(len(summary.unreadable)))
    for one in summary.unreadable:
        table.add_row(f"    {one.name}: {one.reason}", "")
    table.add_row("players new", str(summary.players_created))
    return table
