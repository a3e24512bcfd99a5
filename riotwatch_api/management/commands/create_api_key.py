"""`manage.py create_api_key`: a key for the REST API, printed once."""

import json
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from riotwatch_api import keys
from riotwatch_api.models import Role

EXIT_BAD_INPUT = 2


class Command(BaseCommand):
    """Standard output holds the key and nothing else, so that it can be captured; with `--json` also whose it is."""

    help = "Make a key for the REST API. It is printed once: store it where its user finds it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.epilog = "Exit codes: 0 done, 2 bad input."
        parser.add_argument("name", metavar="NAME", help="what the key is for")
        parser.add_argument("--role", choices=Role.values, required=True, help="what it may do")
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument("--owner", metavar="USERNAME", help="whose it is; by default the first superuser's")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Make it, print it."""
        del args
        owner = _owner(options["owner"])
        try:
            key, text = keys.create(options["name"], role=Role(options["role"]), owner=owner, by=owner)
        except keys.BadKeyRequest as problem:
            raise CommandError(str(problem), returncode=EXIT_BAD_INPUT) from None
        self.stderr.write(f"API key {key} of {owner}, role {key.role}. It is not shown again:")
        values = {"id": key.pk, "name": key.name, "role": key.role, "owner": owner.get_username(), "key": text}
        self.stdout.write(json.dumps(values) if options["json"] else text)


def _owner(username: str | None) -> User:
    accounts = get_user_model().objects.filter(is_active=True)
    found = accounts.filter(username=username) if username else accounts.filter(is_superuser=True)
    owner = found.order_by("pk").first()
    if not isinstance(owner, User):
        whom = f"no active account {username!r}" if username else "no superuser"
        raise CommandError(f"there is {whom}: make one with manage.py createsuperuser", returncode=EXIT_BAD_INPUT)
    return owner
