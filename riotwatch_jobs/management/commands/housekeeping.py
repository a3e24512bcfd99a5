"""`manage.py housekeeping`: the process that keeps work moving. Several may run."""

import signal
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from riotwatch_jobs.housekeeping import Housekeeper


class Command(BaseCommand):
    """Runs until SIGTERM or Ctrl-C."""

    help = "Feed due items to the queues, rescue what dead workers held, send lost messages again, prune."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Work until told to stop."""
        del args, options
        keeper = Housekeeper()

        def stop(number: int, frame: FrameType | None) -> None:
            del number, frame
            keeper.stopping.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        self.stdout.write("housekeeping started")
        keeper.run()
