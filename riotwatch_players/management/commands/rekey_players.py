"""`manage.py rekey_players`: move the stored ids to the key of another application."""

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from riotwatch_players import keys, outages, rekeying
from riotwatch_players.management.commands.set_riot_key import read_key
from riotwatch_players.management.telling_command import TellingCommand
from riotwatch_players.models import ForeignDatabase
from riotwatch_players.rekeying import Reach, Rekeyed, Switch
from riotwatch_players.riot.errors import KeyRefused, RiotError

EXIT_BAD_INPUT = 2
EXIT_PARTIAL = 5


class Command(TellingCommand):
    """Reads the key as set_riot_key does."""

    help = (
        "After a change to a key of another application, whose ids differ: ask Riot for the players by Riot ID and "
        "give them their new ids. It can be interrupted and started again. The new key is asked for without being "
        "shown, or read from standard input: never written into the command, where others could see it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.epilog = (
            "Exit codes: 0 everybody was found, 1 Riot could not be asked, 2 the key does not work, "
            "5 some were not found."
        )
        parser.add_argument(
            "--key-in-use", action="store_true", help="the new key is in use already (environment, or stored earlier)"
        )
        parser.add_argument(
            "--reach",
            choices=[reach.value for reach in Reach],
            default=Reach.DISCOVERED.value,
            help="who is asked for: tracked players only, discovered ones too (the default), or everybody with a name",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Begin or go on, with a progress bar where somebody watches."""
        del args
        switch = _begin(None if options["key_in_use"] else read_key())
        try:
            done = _rekey(switch, Reach(options["reach"]))
        except RiotError as problem:
            raise CommandError(
                f"Riot could not be asked any longer: {problem}. What is done is stored; start the command again."
            ) from None
        self._report(done, as_json=options["json"])

    def _report(self, done: Rekeyed, *, as_json: bool) -> None:
        lines = [f"not found: {player} ({player.platform}): {change}" for player, change in done.unresolved]
        lines.append(
            f"{done.moved} players have new ids, {done.merged} were merged with rows met meanwhile, "
            f"{len(done.unresolved)} were not found"
        )
        self.tell("\n".join(lines), _values(done), as_json=as_json)
        if done.unresolved:
            raise CommandError(
                "Those not found keep what is known about them. Track them again under the names they bear now, or "
                "start the command again later.",
                returncode=EXIT_PARTIAL,
            )


def _values(done: Rekeyed) -> dict[str, object]:
    unresolved = [
        {"id": player.pk, "riot_id": player.riot_id, "platform": player.platform, "why": change.value}
        for player, change in done.unresolved
    ]
    return {"moved": done.moved, "merged": done.merged, "unresolved": unresolved}


def _begin(text: str | None) -> Switch:
    try:
        return rekeying.begin(text)
    except (keys.BadKey, ForeignDatabase) as problem:
        raise CommandError(f"Nothing was changed: {problem}.", returncode=EXIT_BAD_INPUT) from None
    except KeyRefused as problem:
        raise CommandError(f"Nothing was changed: {outages.explained(problem)}.", returncode=EXIT_BAD_INPUT) from None
    except RiotError as problem:
        raise CommandError(f"Nothing was changed, for Riot could not be asked: {problem}. Try again.") from None


def _rekey(switch: Switch, reach: Reach) -> Rekeyed:
    console = Console(stderr=True)
    columns = (TextColumn("asking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("asking", total=len(rekeying.left(switch, reach)))
        return rekeying.rekey(switch, reach, advance=lambda: progress.advance(task))
