"""`manage.py send_test_message`: whether messages arrive, and why not."""

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from riotwatch_messages import targets, telling
from riotwatch_messages.models import Message, MessageState

LOOK_EVERY_S = 0.5


class Command(BaseCommand):
    """Asks for a test message, and waits until housekeeping has sent it."""

    help = "Send a test message to a target of NOTIFY_URLS, or to all, and tell whether it was taken."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whom to, and how long to wait."""
        parser.epilog = "Exit codes: 0 all were taken, 1 one was not, 2 no such target, 3 nobody sent them in time."
        parser.add_argument("target", nargs="*", help="names of NOTIFY_URLS; none: all of them")
        parser.add_argument("--timeout", type=float, default=30.0, metavar="S", help="seconds to wait (default 30)")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Ask, wait, tell."""
        del args
        names = options["target"] or list(targets.configured())
        if not names:
            raise CommandError("there is no target: set NOTIFY_URLS, such as phone=ntfy://topic", returncode=2)
        if unknown := set(names) - targets.configured().keys():
            known = ", ".join(targets.configured()) or "none"
            raise CommandError(f"NOTIFY_URLS has no {', '.join(sorted(unknown))}; there are: {known}", returncode=2)
        asked = [telling.test(name, by="manage.py send_test_message") for name in names]
        self._wait(asked, time.monotonic() + options["timeout"])
        if options["json"]:
            self.stdout.write(json.dumps([_as_json(message) for message in asked]))
        else:
            self._tell(asked)
        if any(message.why for message in asked):
            raise SystemExit(1)
        if any(message.state == MessageState.PENDING for message in asked):
            raise SystemExit(3)

    def _wait(self, asked: list[Message], until: float) -> None:
        while time.monotonic() < until:
            for message in asked:
                message.refresh_from_db()
            if all(message.tried_at and (message.sent_at or message.why) for message in asked):
                return
            time.sleep(LOOK_EVERY_S)

    def _tell(self, asked: list[Message]) -> None:
        for message in asked:
            if message.state == MessageState.SENT:
                self.stdout.write(f"{message.target}: sent")
            else:
                self.stderr.write(f"{message.target}: {message.why or 'not sent yet: does housekeeping run?'}")


def _as_json(message: Message) -> dict[str, object]:
    return {"id": message.pk, "target": message.target, "state": message.state, "why": message.why}
