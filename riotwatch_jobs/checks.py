"""System checks with ids: a misconfiguration is a sentence with a remedy before anything starts."""

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from riotwatch_jobs import registry, slots
from riotwatch_jobs.items import INTERACTIVE_QUEUE
from riotwatch_jobs.messages import CONTROL_QUEUE


def consumed_queues(procfile: Path) -> set[str]:
    """The queues that some worker line of the Procfile consumes (`-Q a,b` or `--queues=a,b`)."""
    lists = re.findall(
        r"^[\w-]+:.*\bworker\b.*\s(?:-Q|--queues)[ =]+([\w,]+)", procfile.read_text(), flags=re.MULTILINE
    )
    return {queue for names in lists for queue in names.split(",")}


@register("riotwatch")
def every_queue_is_consumed(**_: Any) -> list[CheckMessage]:  # noqa: ANN401 - Django passes app_configs and more
    """A job whose queue no worker consumes would wait for ever."""
    try:
        consumed = consumed_queues(Path(settings.PROCFILE))
    except OSError as problem:
        return [Error(f"the Procfile cannot be read: {problem}", id="riotwatch_jobs.E001")]
    needed = {job.queue: f"job {job.job_id}" for job in registry.all_jobs()}
    needed |= {CONTROL_QUEUE: "dispatching", INTERACTIVE_QUEUE: "what a person waits for"}
    return [
        Error(
            f"no worker line of the Procfile consumes the queue {queue!r}, which {who} uses",
            hint=f"Add {queue} to the -Q list of a worker line in {settings.PROCFILE}.",
            id="riotwatch_jobs.E002",
        )
        for queue, who in sorted(needed.items())
        if queue not in consumed
    ]


@register("riotwatch")
def every_default_schedule_is_readable(**_: Any) -> list[CheckMessage]:  # noqa: ANN401
    """A job's default schedule is a text that `slots.parse` reads."""
    problems: list[CheckMessage] = []
    for job in registry.all_jobs():
        try:
            slots.parse(job.schedule)
        except slots.BadSchedule as problem:
            problems.append(Error(f"job {job.job_id}: {problem}", id="riotwatch_jobs.E003"))
    return problems
