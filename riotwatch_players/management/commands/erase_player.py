"""`manage.py erase_player "Name#TAG" --yes`: erase a player for good."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from riotwatch_pages import command_line
from riotwatch_players import erasing, tracking
from riotwatch_players.management.telling_command import TellingCommand
from riotwatch_players.models import Player

EXIT_BAD_INPUT = 2


class Command(TellingCommand):
    """Asks nobody: the player is looked up in the database."""

    help = "Erase a player: all that says who it was goes, and nothing that is fetched later brings them back."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.epilog = "Exit codes: 0 done, 2 bad input, nobody or several known by that name, or no --yes."
        parser.add_argument("who", metavar="NAME#TAG", help="or a puuid")
        parser.add_argument("--platform", help="needed where several players bore the name")
        parser.add_argument("--yes", action="store_true", help="really erase; without it, say what would go")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Erase one player."""
        del args
        player = _one(options["who"], options["platform"])
        if not options["yes"]:
            what = f"this erases {_described(player)}, for good. Add --yes to do it"
            raise CommandError(what, returncode=EXIT_BAD_INPUT)
        erasing.erase(player, by=command_line.operator(), user=command_line.account(), now=timezone.now())
        self.tell(f"player {player.pk} is erased", {"id": player.pk, "erased": True}, as_json=options["json"])


def _one(text: str, platform: str | None) -> Player:
    found = Player.objects.named(_riot_id(text)) if "#" in text else Player.objects.filter(puuid=text)
    found = found.filter(platform=platform.strip().lower()) if platform else found
    players = list(found.order_by("pk")[:2])
    if not players:
        raise CommandError("nobody here is known by that: give Name#TAG or a puuid", returncode=EXIT_BAD_INPUT)
    if len(players) > 1:
        raise CommandError("several were seen by that name: add --platform, or give a puuid", returncode=EXIT_BAD_INPUT)
    return players[0]


def _riot_id(text: str) -> str:
    try:
        return "#".join(tracking.split_riot_id(text))
    except tracking.BadRiotId as problem:
        raise CommandError(str(problem), returncode=EXIT_BAD_INPUT) from None


def _described(player: Player) -> str:
    known = erasing.known_about(player)
    return (
        f"{player} ({player.platform}): {known.ranks} standings, {known.analyses} analyses, {known.labels} labels, "
        f"{known.checks} account checks, and the link to {known.games} matches"
    )
