"""A worker made of this process, and time as the database tells it."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from riotwatch_jobs import dispatch, inline, leases
from riotwatch_jobs.leases import Lease
from riotwatch_jobs.models import Execution, Trigger


@pytest.fixture
def lease(transactional_db: None) -> Iterator[Lease]:
    """This process holds a lease, as a worker does."""
    own = Lease("test", queues=["players"], concurrency=2)
    leases.hold(own)
    yield own
    leases.drop()


@pytest.fixture
def now(lease: Lease) -> datetime:
    return leases.database_now()


@pytest.fixture
def start(now: datetime) -> Callable[[str], Execution]:
    """Ask for a run and start it, as the control queue's worker does."""

    def start_run(job_id: str) -> Execution:
        execution, _ = dispatch.request(dispatch.Request(job_id=job_id, trigger=Trigger.CLI), now=now)
        dispatch.start(execution.pk, now=leases.database_now())
        execution.refresh_from_db()
        return execution

    return start_run


@pytest.fixture
def work_off(lease: Lease) -> Callable[[Execution], Execution]:
    """Work on everything of a run that is due now."""

    def work(execution: Execution) -> Execution:
        while inline.work_on_next(execution, now=leases.database_now()):
            pass
        execution.refresh_from_db()
        return execution

    return work
