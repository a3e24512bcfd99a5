"""The three messages there are, and the only place that publishes them. They carry ids; rows carry everything else.

Publishing is bounded, because a web request may wait for it: a broker that is gone refuses at once, one that is frozen
or cut off costs three timeouts (the message, a new connection, its second try) and is then left alone for a while.
"""

import time

import structlog
from celery import current_app
from celery.utils.nodenames import worker_direct
from kombu.entity import Queue
from kombu.exceptions import OperationalError
from kombu.pools import ProducerPool, producers
from redis.exceptions import RedisError, ResponseError

from riotwatch_jobs.models import Execution

DISPATCH_TASK = "riotwatch_jobs.tasks.dispatch"
RUN_ITEM_TASK = "riotwatch_jobs.tasks.run_item"
CANARY_TASK = "riotwatch_jobs.tasks.canary"
CONTROL_QUEUE = "control"
DIRECT: str = worker_direct("").name
"""What the name of a worker's own queue ends with."""
CANARY_EXPIRES_S = 120.0

PUBLISH_TIMEOUT_S = 1.5
"""Shorter than what consumers allow (settings.py): they hold no request up, and a stalled disk may stall the broker."""
LEFT_ALONE_S = 5.0
SLOW_S = 1.0
"""A refusal that took longer is a timeout."""

log = structlog.stdlib.get_logger(__name__)
_left_alone_until = 0.0


def send_dispatch(execution_id: int) -> bool:
    """Ask a worker to start a pending run. False when the broker does not take it: housekeeping sends again."""
    execution = Execution.objects.values("job_id").get(pk=execution_id)
    sent = _send(DISPATCH_TASK, [execution["job_id"], execution_id], CONTROL_QUEUE)
    if not sent:
        Execution.objects.filter(pk=execution_id).update(sent_at=None)
    return sent


def send_item(item_id: int, delivery: int, *, queue: str) -> bool:
    """Ask a worker to work on an item. False when the broker does not take it: its row is to wait again."""
    return _send(RUN_ITEM_TASK, [item_id, delivery], queue)


def direct_queue(node: str) -> str:
    """The queue that one worker alone consumes (WORKER_DIRECT in settings.py)."""
    return node + DIRECT


def send_canary(queue: str) -> bool:
    """Ask the workers of a queue for an answer. False when the broker does not take it."""
    address = worker_direct(queue.removesuffix(DIRECT)) if queue.endswith(DIRECT) else queue
    return _send(CANARY_TASK, [queue], address, expires_s=CANARY_EXPIRES_S)


def empty(queue: str) -> None:
    """Drop what nobody will take from a queue any more; with the broker gone there is nothing to drop."""
    try:
        with _publishers().acquire(block=True) as producer:  # type: ignore[no-untyped-call]  # kombu is untyped
            producer.channel.queue_purge(queue)
    except (OperationalError, RedisError) as problem:
        log.warning("queue_not_emptied", queue=queue, problem=problem)


def _send(task: str, args: list[object], queue: str | Queue, *, expires_s: float | None = None) -> bool:
    began = time.monotonic()
    if began < _left_alone_until:
        return False
    try:
        with _publishers().acquire(block=True) as producer:  # type: ignore[no-untyped-call]  # kombu is untyped
            # Nothing is declared: a message goes to its queue by name, and its consumers declare the queue. Where the
            # connection breaks over a declaration, kombu makes a new one and goes on with the old channel.
            current_app.send_task(task, args=args, queue=queue, producer=producer, expires=expires_s, declare=[])
    except (OperationalError, ResponseError) as problem:  # it is gone, frozen, or full
        log.warning("message_not_sent", task=task, args=args, problem=problem)
        _leave_alone_if_slow(began)
        return False
    return True


def _publishers() -> ProducerPool:
    """This process's connections for publishing, one pool per address."""
    timeouts = {"socket_timeout": PUBLISH_TIMEOUT_S, "socket_connect_timeout": PUBLISH_TIMEOUT_S}
    pool: ProducerPool = producers[current_app.connection_for_write(transport_options=timeouts)]
    return pool


def _leave_alone_if_slow(began: float) -> None:
    """Whoever publishes next would wait as long: several messages of one request, every schedule of a beat."""
    global _left_alone_until
    now = time.monotonic()
    if now - began > SLOW_S:
        _left_alone_until = now + LEFT_ALONE_S
