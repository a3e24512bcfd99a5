"""`manage.py housekeeping`: the process that keeps work moving. Several may run."""

import signal
import time
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from riotwatch_jobs.delivering import Delivery
from riotwatch_jobs.housekeeping import Housekeeper
from riotwatch_jobs.watching import Watch

STOP_TIMEOUT_S = 6.0


class Command(BaseCommand):
    """Runs until SIGTERM or Ctrl-C."""

    help = "Feed due items to the queues, rescue what dead workers held, send lost messages again, tell people, prune."

    def add_arguments(self, parser: CommandParser) -> None:
        """Nothing but how it ends."""
        parser.epilog = "Exit codes: 0 stopped when it was told to."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Work until told to stop."""
        del args, options
        keeper, beside = Housekeeper(), (Watch(), Delivery())

        def stop(number: int, frame: FrameType | None) -> None:
            del number, frame
            for loop in (keeper, *beside):
                loop.stopping.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        self.stdout.write("housekeeping started")
        threads = [loop.start() for loop in beside]
        keeper.run()
        until = time.monotonic() + STOP_TIMEOUT_S
        for thread in threads:
            thread.join(timeout=max(0.0, until - time.monotonic()))
