"""The two messages there are, and the only place that publishes them. They carry ids; rows carry everything else."""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

from riotwatch_jobs.models import Execution

DISPATCH_TASK = "riotwatch_jobs.tasks.dispatch"
RUN_ITEM_TASK = "riotwatch_jobs.tasks.run_item"
CONTROL_QUEUE = "control"

log = logging.getLogger(__name__)


def send_dispatch(execution_id: int) -> bool:
    """Ask a worker to start a pending run. False when the broker is down: housekeeping sends again."""
    execution = Execution.objects.values("job_id").get(pk=execution_id)
    return _send(DISPATCH_TASK, [execution["job_id"], execution_id], CONTROL_QUEUE)


def send_item(item_id: int, delivery: int, *, queue: str) -> bool:
    """Ask a worker to work on an item. False when the broker is down: housekeeping sends again."""
    return _send(RUN_ITEM_TASK, [item_id, delivery], queue)


def _send(task: str, args: list[object], queue: str) -> bool:
    try:
        current_app.send_task(task, args=args, queue=queue)
    except OperationalError as problem:
        log.warning("message_not_sent task=%s args=%s problem=%s", task, args, problem)
        return False
    return True
