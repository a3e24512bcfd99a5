"""`manage.py import_players FILE`: add, and track, a list of players by Riot ID."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.progress import track as progress

from riotwatch_players import bulk
from riotwatch_players.bulk import LineResult, Outcome
from riotwatch_players.models import ForeignDatabase
from riotwatch_players.riot.routing import PLATFORMS, UnknownPlatform, platform_host

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_REFUSED = 4
EXIT_PARTIAL = 5
_RIOTS_PART = {Outcome.TROUBLE, Outcome.NOT_TRIED}
"""Not the input's fault."""


class Command(BaseCommand):
    """Asks Riot once per line and waits for the budget; a result per line."""

    help = (
        "Add players by Riot ID and track them. A line is Name#TAG, Name#TAG platform, or both as CSV; FILE may be - "
        "for standard input."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """FILE, --platform, --no-track and --json."""
        parser.epilog = (
            "Exit codes: 0 every line worked out, 1 Riot could not be asked, 2 bad input or no line worked out, "
            "4 another RIOT_API_URL than the database's, 5 some lines did."
        )
        parser.add_argument("file", metavar="FILE", help="text or CSV; - for standard input")
        parser.add_argument("--platform", default="euw1", help=f"of lines that name none: {', '.join(PLATFORMS)}")
        parser.add_argument("--no-track", action="store_true", help="only add them; no request is made for them later")
        parser.add_argument("--json", action="store_true", help="print the results as one JSON array")

    def handle(self, *, file: str, platform: str, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Import, with a progress bar where somebody watches."""
        results = _import(_read(file), platform=platform, track=not options["no_track"])
        if options["json"]:
            self.stdout.write(json.dumps([_as_json(one) for one in results]))
        else:
            self._print(results)
        if (code := _exit_code(results)) != 0:
            raise CommandError(_summary(results), returncode=code)

    def _print(self, results: Sequence[LineResult]) -> None:
        for one in results:
            detail = f" ({one.detail})" if one.detail else ""
            self.stdout.write(f"line {one.line.number}: {one.line.text}: {one.outcome}{detail}")
        self.stdout.write(_summary(results))


def _read(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise CommandError(f"{file} cannot be read as UTF-8 text: {problem}", returncode=EXIT_BAD_INPUT) from None


def _import(text: str, *, platform: str, track: bool) -> list[LineResult]:
    try:
        lines = bulk.read_lines(text, platform=platform_host(platform))
    except UnknownPlatform as problem:
        raise CommandError(f"--platform: {problem}", returncode=EXIT_BAD_INPUT) from None
    if not lines:
        raise CommandError("there is no line with a Riot ID: write Name#TAG, one per line", returncode=EXIT_BAD_INPUT)
    try:
        results = bulk.add_players(lines, track=track, clock=timezone.now)
    except ForeignDatabase as problem:
        raise CommandError(str(problem), returncode=EXIT_REFUSED) from None
    watched = progress(
        results,
        total=len(lines),
        description="asking Riot",
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    return list(watched)


def _exit_code(results: Sequence[LineResult]) -> int:
    failed = [one for one in results if not one.succeeded]
    if not failed:
        return 0
    if len(failed) < len(results):
        return EXIT_PARTIAL
    return EXIT_FAILED if any(one.outcome in _RIOTS_PART for one in failed) else EXIT_BAD_INPUT


def _summary(results: Sequence[LineResult]) -> str:
    return ", ".join(f"{number} {outcome}" for outcome, number in Counter(one.outcome for one in results).items())


def _as_json(result: LineResult) -> dict[str, Any]:
    return {
        "line": result.line.number,
        "text": result.line.text,
        "outcome": result.outcome.name.lower(),
        "detail": result.detail,
        "riot_id": result.player.riot_id if result.player else None,
        "platform": result.player.platform if result.player else result.line.platform or None,
    }
