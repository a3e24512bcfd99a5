"""What is told about runs that ended."""

import pytest
from toy_jobs import toy_job

from riotwatch_jobs import closing, dispatch, leases
from riotwatch_jobs.models import ExecutionState
from riotwatch_jobs.outcomes import Done, Fail, Skip
from riotwatch_jobs.registry import registered_temporarily
from riotwatch_messages.models import EventSetting, Message

pytestmark = pytest.mark.django_db(transaction=True)

BAD = {"a": Fail("no apples")}
GOOD = {"a": Done()}


@pytest.fixture(autouse=True)
def _phone(settings):
    settings.NOTIFY_URLS = {"phone": "json://127.0.0.1:9/"}


@pytest.fixture
def run(start, work_off):
    """A run of a toy, from its beginning to its end."""

    def whole(outcomes, **options):
        with registered_temporarily(toy_job(outcomes, **options)):
            return work_off(start("toy"))

    return whole


def told():
    return list(Message.objects.order_by("id").values_list("event", "level", "text"))


def test_a_job_that_failed_three_times_in_a_row_is_told_once_and_told_when_it_completes_again(run):
    runs = [run(BAD) for _ in range(5)]
    text = f"toy failed 3 runs in a row, now run {runs[2].pk}: all 1 items failed"
    assert told() == [("job_failed", "failure", text)]
    good = run(GOOD)
    text = f"toy completed again with run {good.pk}, after 5 or more failed ones"
    assert told()[1:] == [("job_failed", "success", text)]
    run(BAD)
    run(GOOD)
    assert len(told()) == 2


def test_how_many_are_told_can_be_chosen(run):
    EventSetting.objects.create(event="job_failed", threshold=1)
    bad = run(BAD)
    assert told() == [("job_failed", "failure", f"toy failed a run, now run {bad.pk}: all 1 items failed")]


def test_a_run_that_cannot_even_start_counts(run):
    class Broken(toy_job({})):
        def targets(self):
            raise ZeroDivisionError

    EventSetting.objects.create(event="job_failed", threshold=2)
    run(BAD)
    with registered_temporarily(Broken):
        execution, _ = dispatch.request(dispatch.Request(job_id="toy", trigger="cli"), now=leases.database_now())
        dispatch.start(execution.pk, now=leases.database_now())
    assert [level for _, level, _ in told()] == ["failure"]


def test_runs_that_were_skipped_or_cancelled_say_nothing(run, start, now):
    EventSetting.objects.create(event="job_failed", threshold=2)
    run(BAD)
    run(GOOD, skip=Skip("not now"))
    with registered_temporarily(toy_job(GOOD)):
        cancelled = start("toy")
        closing.order_end(cancelled, ExecutionState.CANCELLED, reason="enough", now=now)
        closing.carry_out_end(cancelled.pk, now=now)
    assert told() == []
    run(BAD)
    assert len(told()) == 1
