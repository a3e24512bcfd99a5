"""`manage.py housekeeping`: the process that keeps work moving. Several may run."""

import signal
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from riotwatch_jobs.housekeeping import Housekeeper
from riotwatch_jobs.watching import Watch

STOP_TIMEOUT_S = 6.0


class Command(BaseCommand):
    """Runs until SIGTERM or Ctrl-C."""

    help = "Feed due items to the queues, rescue what dead workers held, send lost messages again, prune."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Work until told to stop."""
        del args, options
        keeper, watch = Housekeeper(), Watch()

        def stop(number: int, frame: FrameType | None) -> None:
            del number, frame
            keeper.stopping.set()
            watch.stopping.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        self.stdout.write("housekeeping started")
        thread = watch.start()
        keeper.run()
        thread.join(timeout=STOP_TIMEOUT_S)
