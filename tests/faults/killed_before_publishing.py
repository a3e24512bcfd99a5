"""A process that asks for the toy, or starts a run of it, and is killed between its commit and its first message.

`python -m killed_before_publishing request SCOPE` or `… start RUN`.
"""

import os
import signal
import sys

import django

django.setup()

from riotwatch_jobs import dispatch, messages  # noqa: E402
from riotwatch_jobs.leases import database_now  # noqa: E402
from riotwatch_jobs.models import Trigger  # noqa: E402


def die(*_: object, **__: object) -> bool:
    os.kill(os.getpid(), signal.SIGKILL)
    return False


messages._send = die
what, subject = sys.argv[1:]
if what == "request":
    one = dispatch.Request("toy_steady", Trigger.CLI, scope=subject, overrides={"items": 1})
    dispatch.request(one, now=database_now())
else:
    dispatch.start(int(subject), now=database_now())
