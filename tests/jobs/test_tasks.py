"""What becomes of a message over which the database goes away, or which the database refuses."""

import pytest
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError, connection
from django.db.utils import ProgrammingError
from toy_jobs import Tally, toy_job

from riotwatch_jobs import dispatch, leases, tasks
from riotwatch_jobs.models import Execution, ItemState, Trigger
from riotwatch_jobs.outcomes import Done
from riotwatch_jobs.registry import registered_temporarily

pytestmark = pytest.mark.usefixtures("lease")

OUTAGES = [OperationalError, InterfaceError, DatabaseError]
REFUSALS = [IntegrityError, DataError, ProgrammingError]


class Trouble:
    """The first statement of a task ends like this."""

    def __init__(self, kind):
        self.kind, self.struck = kind, 0

    def __call__(self, execute, sql, params, many, context):
        if not self.struck:
            self.struck += 1
            raise self.kind("server closed the connection unexpectedly")
        return execute(sql, params, many, context)


@pytest.fixture
def pending(now):
    with registered_temporarily(toy_job({"a": Done(Tally(worked=1))})):
        yield dispatch.request(dispatch.Request(job_id="toy", trigger=Trigger.CLI), now=now)[0]


@pytest.fixture
def item(pending):
    dispatch.start(pending.pk, now=leases.database_now())
    return pending.items.get()


@pytest.mark.parametrize("kind", OUTAGES)
def test_a_message_over_which_the_database_goes_away_is_delivered_again(pending, kind):
    with connection.execute_wrapper(Trouble(kind)):
        tasks.dispatch.apply([pending.job_id, pending.pk])
    item = pending.items.get()
    with connection.execute_wrapper(Trouble(kind)):
        tasks.run_item.apply([item.pk, item.delivery])
    pending.refresh_from_db()
    assert (pending.state, pending.result["worked"]) == ("COMPLETED", 1)


@pytest.mark.parametrize("kind", REFUSALS)
def test_what_the_database_refuses_is_not_tried_for_ever(item, kind):
    with connection.execute_wrapper(Trouble(kind)):
        ended = tasks.run_item.apply([item.pk, item.delivery])
    assert isinstance(ended.result, kind)
    item.refresh_from_db()
    assert item.state == ItemState.QUEUED  # sent again after 20 s
    assert Execution.objects.open().filter(pk=item.execution_id).exists()
