"""A worker made of this process, time as the database tells it, and who looks at the admin."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from rows_and_messages import empty_broker
from toy_jobs import toy_job

from riotwatch_jobs import dispatch, inline, leases, scheduling
from riotwatch_jobs.leases import Lease
from riotwatch_jobs.models import Execution, JobConfiguration, Trigger
from riotwatch_jobs.outcomes import Done
from riotwatch_jobs.registry import registered_temporarily


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


# --- For the admin's pages ---


@pytest.fixture
def toy() -> Iterator[None]:
    """A job in the catalogue, and no message anywhere."""
    empty_broker()
    with registered_temporarily(toy_job({"a": Done()})):
        yield
    empty_broker()


@pytest.fixture
def synced(toy: None) -> None:
    """The rows of all jobs and their default schedules."""
    scheduling.sync_schedules()


@pytest.fixture
def toy_row(synced: None) -> JobConfiguration:
    """The toy job's row."""
    return JobConfiguration.objects.get(pk="toy")


@pytest.fixture
def viewer(client: Client, django_user_model: type[User]) -> Client:
    """Signed in, staff, may view everything and change nothing."""
    user = django_user_model.objects.create_user("viewer", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(user)
    return client
