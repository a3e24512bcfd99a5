"""What is told about runs that ended."""

from datetime import timedelta

import pytest
from django_celery_beat.models import PeriodicTask
from toy_jobs import toy_job

from riotwatch_jobs import dispatch, ending, leases, run_news, scheduling
from riotwatch_jobs.models import ExecutionState
from riotwatch_jobs.outcomes import Done, Fail, Skip
from riotwatch_jobs.registry import registered_temporarily
from riotwatch_messages import choosing
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
        ending.order_end(cancelled, ExecutionState.CANCELLED, reason="enough", now=now)
        ending.carry_out_end(cancelled.pk, now=now)
    assert told() == []
    run(BAD)
    assert len(told()) == 1


# --- The share of runs that fail ---


def rated():
    return list(Message.objects.filter(event="success_rate").values_list("text", flat=True))


def test_a_job_whose_runs_fail_too_often_is_told_once_a_day(run):
    for outcomes in [GOOD] * 8 + [BAD, GOOD]:
        run(outcomes)
    assert rated() == []
    run(BAD)
    run(BAD)
    text = "toy: 3 of the last 12 runs failed; 75 % did not, 80 % should not"
    assert rated() == [text]
    for outcomes in [GOOD] * 5 + [BAD] * 3:
        run(outcomes)
    assert rated() == [text]
    Message.objects.update(created_at=leases.database_now() - timedelta(days=2))
    for outcomes in [GOOD] * 20 + [BAD] * 5:
        run(outcomes)
    assert len(rated()) == 2


def test_of_few_runs_no_share_is_told(run):
    EventSetting.objects.create(event="success_rate", threshold=100)
    for _ in range(9):
        run(BAD)
    assert rated() == []
    run(BAD)
    assert rated() == ["toy: 10 of the last 10 runs failed; 0 % did not, 100 % should not"]


# --- Runs that complete ---


def test_who_follows_a_schedule_hears_of_its_runs_and_of_no_others(run, start, work_off, now):
    with registered_temporarily(toy_job(GOOD)):
        scheduling.sync_schedules()
        row = PeriodicTask.objects.get(name="toy")
        choosing.follow(run_news.schedule_subject(row.pk), ["phone"])
        work_off(start("toy"))  # by hand
        assert told() == []
        slot = scheduling.open_slot(scheduling.plan_of(row), now, now=now, trigger="schedule")
        dispatch.start(slot.pk, now=leases.database_now())
        work_off(slot)
    ((event, level, text),) = told()
    assert (event, level) == ("run_completed", "info")
    assert text.startswith(f"toy run {slot.pk}: 1 items done, 0 failed, 0 skipped, 1 requests, in ")
