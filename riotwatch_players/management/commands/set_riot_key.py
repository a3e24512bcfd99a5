"""`manage.py set_riot_key`: give all processes a new key, without a restart."""

import getpass
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from riotwatch_players import gateway, keys, outages
from riotwatch_players.management.telling_command import TellingCommand
from riotwatch_players.models import ForeignDatabase, RiotKey
from riotwatch_players.riot.errors import KeyRefused, RiotError

EXIT_BAD_INPUT = 2


class Command(TellingCommand):
    """Reads the key from a prompt that does not show it, or from standard input; never from the arguments."""

    help = (
        "Try a new Riot key and store it, encrypted; every process uses it within seconds. It is asked for without "
        "being shown, or read from standard input: never written into the command, where others could see it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.epilog = "Exit codes: 0 done, 1 Riot could not be asked, 2 the key does not work."
        parser.add_argument(
            "--forget", action="store_true", help="delete the stored key; RIOT_API_KEY of the environment is used again"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Store or forget."""
        del args
        if options["forget"]:
            was_stored = keys.forget()
            what, key = "The stored key is deleted." if was_stored else "No key was stored.", gateway.reread_key()
            text = f"{what}\nThe key of the environment ({key}) is used."
            self.tell(text, {"key": str(key), "stored": False, "changed": was_stored}, as_json=options["json"])
            return
        stored = self._store(read_key())
        text = f"The key {stored} works and is stored. All processes use it within 5 seconds."
        self.tell(text, {"key": str(stored), "stored": True, "changed": True}, as_json=options["json"])

    def _store(self, text: str) -> RiotKey:
        try:
            return outages.replace_key(text)
        except (keys.BadKey, outages.KeyOfAnotherApplication, ForeignDatabase) as problem:
            raise CommandError(f"Nothing was stored: {problem}.", returncode=EXIT_BAD_INPUT) from None
        except KeyRefused as problem:
            asked = f"{problem}, asked at {settings.RIOT_API_URL}"
            remedy = "Get a new one at developer.riotgames.com (development keys expire after 24 hours)"
            raise CommandError(f"Nothing was stored: {asked}. {remedy}.", returncode=EXIT_BAD_INPUT) from None
        except RiotError as problem:
            raise CommandError(f"Nothing was stored, for Riot could not be asked: {problem}. Try again.") from None


def read_key() -> str:
    """From a prompt without echo, or the first line of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass("Riot API key (it is not shown): ")
    return sys.stdin.readline()
