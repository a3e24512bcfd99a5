"""What a Celery worker process does around its tasks: keep a lease, and keep Django's logging."""

import socket
from typing import Any

from celery import Task, current_app, signals
from celery.worker import WorkController
from django.db import close_old_connections
from structlog.contextvars import bind_contextvars, clear_contextvars

from riotwatch_jobs import leases, messages
from riotwatch_jobs.leases import Lease

_worker: WorkController | None = None


@signals.setup_logging.connect
def keep_django_logging(**_: Any) -> None:  # noqa: ANN401 - Celery's signals pass whatever they like
    """Django's LOGGING stands; what tasks print becomes log lines, as Celery would do."""
    current_app.log.redirect_stdouts("INFO")


@signals.worker_init.connect
def remember_worker(sender: WorkController, **_: Any) -> None:  # noqa: ANN401
    """Pool children are forked from this process and read the node's name and queues here."""
    global _worker
    _worker = sender


@signals.worker_process_init.connect
def start_child_lease(**_: Any) -> None:  # noqa: ANN401
    """Under prefork each child executes items, so each has a lease of its own."""
    _take_lease(concurrency=1, time_limited=True)


@signals.worker_ready.connect
def start_thread_pool_lease(sender: Any, **_: Any) -> None:  # noqa: ANN401
    """Under threads the worker process itself executes items."""
    if not _is_prefork():
        _take_lease(concurrency=_worker.concurrency if _worker else 1)


@signals.worker_process_shutdown.connect
@signals.worker_shutdown.connect
def drop_lease(**_: Any) -> None:  # noqa: ANN401
    """Give back what this process held."""
    leases.drop()


@signals.task_prerun.connect
def check_connection(**_: Any) -> None:  # noqa: ANN401
    """A connection that outlived a restart of the database is replaced before the task uses it."""
    close_old_connections()


@signals.task_prerun.connect
def bind_ids(task_id: str, task: Task, args: tuple[Any, ...], **_: Any) -> None:  # noqa: ANN401
    """Also Celery's own lines about a task tell which one it is, and of an item which."""
    clear_contextvars()
    bind_contextvars(task=task_id, **({"item": args[0]} if task.name == messages.RUN_ITEM_TASK else {}))


@signals.task_postrun.connect
def forget_ids(**_: Any) -> None:  # noqa: ANN401
    """What this thread logs between tasks belongs to none."""
    clear_contextvars()


def _is_prefork() -> bool:
    return _worker is not None and "prefork" in str(_worker.pool_cls)


def _take_lease(*, concurrency: int, time_limited: bool = False) -> None:
    node = getattr(_worker, "hostname", None) or f"worker@{socket.gethostname()}"
    shared = set(current_app.amqp.queues.consume_from) - {messages.direct_queue(node)}
    lease = Lease(node, queues=sorted(shared), concurrency=concurrency, time_limited=time_limited)
    leases.hold(lease)
    lease.keep_renewing()
