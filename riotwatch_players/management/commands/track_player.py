"""`manage.py track_player "Name#TAG"`: keep watch on a player."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from riotwatch_players import outages, tracking
from riotwatch_players.management.telling_command import TellingCommand
from riotwatch_players.models import ForeignDatabase
from riotwatch_players.riot.errors import RiotError
from riotwatch_players.riot.routing import PLATFORMS, UnknownPlatform

EXIT_BAD_INPUT = 2
BAD_INPUT = (
    *(tracking.BadRiotId, tracking.NoSuchPlayer, tracking.WasErased, tracking.TooManyTracked),
    UnknownPlatform,
)


class Command(TellingCommand):
    """Asks Riot who that is, stores the player and tracks them."""

    help = "Track a player by Riot ID: from the next update on, matches and ranks are fetched."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.epilog = "Exit codes: 0 done, 1 Riot could not be asked, 2 bad input or too many tracked."
        parser.add_argument("riot_id", metavar="NAME#TAG")
        parser.add_argument("--platform", help=f"one of {', '.join(PLATFORMS)}; without it Riot is asked")
        parser.add_argument(
            "--lift-erasure", action="store_true", help="also somebody who was erased here: they are stored again"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Track one player."""
        del args
        now = timezone.now()
        try:
            player = tracking.add_player(
                options["riot_id"], platform=options["platform"], now=now, lift_erasure=options["lift_erasure"]
            )
            new = tracking.track(player, now=now)
        except BAD_INPUT as problem:
            raise CommandError(str(problem), returncode=EXIT_BAD_INPUT) from None
        except RiotError as problem:
            raise CommandError(f"Riot could not be asked: {outages.explained(problem)}") from None
        except ForeignDatabase as problem:
            raise CommandError(str(problem)) from None
        text = f"{player.riot_id} ({player.platform}) is {'now' if new else 'already'} tracked"
        known = {"id": player.pk, "riot_id": player.riot_id, "platform": player.platform}
        self.tell(text, known | {"tracked": True, "changed": new}, as_json=options["json"])
