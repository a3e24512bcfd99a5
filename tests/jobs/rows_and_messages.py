"""Schedule rows for tests, made the way people make them, and the messages that workers would get."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from datetime import datetime

import redis
from celery import current_app
from django.conf import settings
from django.db import OperationalError, connection
from django_celery_beat.models import PeriodicTask, PeriodicTasks

from riotwatch_jobs import messages, scheduling, slots
from riotwatch_jobs.audit import Actor

ANN = Actor("ann", None)


def schedule_row(text: str = "every 1h", *, job_id: str = "toy", name: str = "", **fields: object) -> PeriodicTask:
    """A stored row that starts `job_id`; named after it unless told otherwise, as the default schedule is."""
    row = PeriodicTask(
        name=name or job_id, task=messages.DISPATCH_TASK, kwargs=json.dumps({"job_id": job_id}), **fields
    )
    scheduling.set_schedule(row, slots.parse(text))
    row.save()
    return row


def last_ran(row: PeriodicTask, at: datetime) -> PeriodicTask:
    """Let the row have run at `at`, as beat notes it."""
    PeriodicTask.objects.filter(pk=row.pk).update(last_run_at=at)
    row.refresh_from_db()
    return row


def stamp() -> datetime:
    """When schedules changed last, as beat sees it."""
    at = PeriodicTasks.last_change()
    assert at is not None
    return at


@contextmanager
def broker_at(address: str) -> Iterator[None]:
    """Inside the block messages are sent there."""
    before = current_app.conf.broker_write_url
    current_app.conf.broker_write_url = address
    try:
        yield
    finally:
        current_app.conf.broker_write_url = before


def dead_broker() -> AbstractContextManager[None]:
    """Inside the block nobody answers where messages are sent to."""
    return broker_at("redis://127.0.0.1:9/0")


def empty_broker() -> None:
    """Throw all messages away."""
    with closing(redis.Redis.from_url(settings.REDIS_URL)) as client:
        client.flushdb()


def messages_in(queue: str) -> list[tuple[list[object], dict[str, object]]]:
    """Arguments of the messages that wait in a queue, oldest first, as they are on the wire."""
    with closing(redis.Redis.from_url(settings.REDIS_URL)) as client:
        raw = client.lrange(queue, 0, -1)
    bodies = [json.loads(base64.b64decode(json.loads(one)["body"])) for one in reversed(raw)]
    return [(body[0], body[1]) for body in bodies]


@contextmanager
def frozen_after(statement: str, work: Callable[[], object]) -> Iterator[None]:
    """Inside the block another process stands still in its work, having just sent a statement that begins like this."""
    reached, thawed = threading.Event(), threading.Event()

    def freeze(execute: Callable[..., object], sql: str, *rest: object) -> object:
        result = execute(sql, *rest)
        if sql.startswith(statement):
            reached.set()
            thawed.wait(60)
        return result

    def carry_out() -> None:
        # Whoever was frozen for long finds the connection closed.
        with suppress(OperationalError), closing(connection), connection.execute_wrapper(freeze):
            work()

    thread = threading.Thread(target=carry_out)
    thread.start()
    try:
        assert reached.wait(10)
        yield
    finally:
        thawed.set()
        thread.join()
