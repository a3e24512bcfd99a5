"""`manage.py untrack_player "Name#TAG" --platform euw1`: stop keeping watch; what is known stays."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from riotwatch_players import tracking
from riotwatch_players.management.telling_command import TellingCommand
from riotwatch_players.riot.routing import PLATFORMS, UnknownPlatform

EXIT_BAD_INPUT = 2


class Command(TellingCommand):
    """Asks nobody: the player is looked up in the database."""

    help = "Stop tracking a player by Riot ID. Matches and ranks stay."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.epilog = "Exit codes: 0 done, 2 bad input or nobody known by that name."
        parser.add_argument("riot_id", metavar="NAME#TAG")
        parser.add_argument("--platform", required=True, help=f"one of {', '.join(PLATFORMS)}")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Untrack one player."""
        del args
        try:
            player = tracking.find(options["riot_id"], platform=options["platform"])
        except (tracking.BadRiotId, tracking.NotKnown, UnknownPlatform) as problem:
            raise CommandError(str(problem), returncode=EXIT_BAD_INPUT) from None
        was_tracked = tracking.untrack(player)
        text = f"{player.riot_id} is {'no longer' if was_tracked else 'not'} tracked"
        known = {"id": player.pk, "riot_id": player.riot_id, "platform": player.platform}
        self.tell(text, known | {"tracked": False, "changed": was_tracked}, as_json=options["json"])
