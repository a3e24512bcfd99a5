"""What housekeeping mends after crashes and outages."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from rows_and_messages import dead_broker, empty_broker, messages_in
from toy_jobs import Tally, toy_job

from riotwatch_jobs import audit, dispatch, ending, housekeeping, leases, runner, switching
from riotwatch_jobs.housekeeping import Housekeeper
from riotwatch_jobs.messages import CONTROL_QUEUE
from riotwatch_jobs.models import Execution, ExecutionLog, ExecutionState, ItemState, Trigger, WorkerLease, WorkItem
from riotwatch_jobs.outcomes import Done, Target
from riotwatch_jobs.registry import registered_temporarily
from riotwatch_messages.models import Message

pytestmark = pytest.mark.usefixtures("lease")

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _toy():
    empty_broker()
    with registered_temporarily(toy_job({"a": Done(Tally(worked=1)), "b": Done(Tally(worked=1))})):
        yield
    empty_broker()


def silence(lease, now, seconds):
    WorkerLease.objects.filter(pk=lease.id).update(renewed_at=now - seconds * SECOND)


def claim_all(run, lease):
    for item in run.items.select_related("execution"):
        assert runner.claim(item, lease)


def states(run):
    return set(run.items.values_list("state", flat=True))


# --- The dead --------------------------------------------------------------------------------------------------------


def test_a_process_silent_for_29_seconds_is_alive_and_its_items_stay_its_own(start, lease, now):
    run = start("toy")
    claim_all(run, lease)
    silence(lease, now, 29)
    done = housekeeping.sweep(now)
    assert (done.leases_ended, done.items_freed) == (0, 0)
    assert states(run) == {ItemState.RUNNING}


def test_what_a_process_silent_for_30_seconds_held_is_free_and_its_death_is_noted(start, lease, now):
    run = start("toy")
    claim_all(run, lease)
    silence(lease, now, 30)
    done = housekeeping.sweep(now)
    assert (done.leases_ended, done.items_freed) == (1, 2)
    for item in run.items.all():
        assert (item.state, item.lost_count, item.owner_id, item.attempts) == (ItemState.WAITING, 1, None, 0)
        assert f"pid {lease.pid}" in item.reason


def test_people_are_told_once_of_a_worker_that_is_gone(start, lease, now, settings):
    settings.NOTIFY_URLS = {"phone": "json://127.0.0.1:9/"}
    silence(lease, now, 30)
    for _ in range(2):
        housekeeping.sweep(now)
    message = Message.objects.get()
    assert (message.event, message.level) == ("worker_gone", "failure")
    assert f"pid {lease.pid}) has given no sign of life for 30 s" in message.text
    assert message.text.endswith("what it held: players.")


def test_a_second_sweep_has_nothing_to_do(start, lease, now):
    claim_all(start("toy"), lease)
    silence(lease, now, 30)
    housekeeping.sweep(now)
    assert housekeeping.sweep(now) == housekeeping.Sweep()


def test_just_after_an_outage_nobody_is_declared_dead(start, lease, now):
    run = start("toy")
    claim_all(run, lease)
    silence(lease, now, 300)
    done = housekeeping.sweep(now, judge_leases=False)
    assert (done.leases_ended, done.items_freed) == (0, 0)
    assert states(run) == {ItemState.RUNNING}


def test_after_a_gap_in_its_own_work_a_housekeeper_gives_everybody_time_to_renew(start, lease, now):
    run = start("toy")
    claim_all(run, lease)
    keeper = Housekeeper()
    began = time.monotonic()
    keeper._sweep(now, began)
    silence(lease, now, 120)
    keeper._sweep(now, began + 120)
    keeper._sweep(now, began + 125)
    assert states(run) == {ItemState.RUNNING}
    for seconds in range(130, 156, 5):
        keeper._sweep(now, began + seconds)
    assert states(run) == {ItemState.WAITING}


def test_a_housekeeper_without_a_gap_frees_what_the_dead_held_at_its_next_sweep(start, lease, now):
    run = start("toy")
    claim_all(run, lease)
    keeper = Housekeeper()
    began = time.monotonic()
    keeper._sweep(now, began)
    silence(lease, now, 30)
    keeper._sweep(now, began + 5)
    assert states(run) == {ItemState.WAITING}


def test_when_the_databases_clock_is_set_forward_nobody_is_declared_dead_for_it(start, lease, now):
    run = start("toy")
    claim_all(run, lease)
    keeper = Housekeeper()
    began = time.monotonic()
    keeper._sweep(now, began)
    keeper._sweep(now + HOUR, began + 5)
    WorkerLease.objects.filter(pk=lease.id).update(renewed_at=now + HOUR + 10 * SECOND)  # as it does every 10 s
    keeper._sweep(now + HOUR + 31 * SECOND, began + 36)
    assert states(run) == {ItemState.RUNNING}


def test_a_lease_from_before_the_databases_clock_was_set_back_ends_too(start, lease, now):
    run = start("toy")
    claim_all(run, lease)
    silence(lease, now, -3600)
    assert housekeeping.sweep(now).leases_ended == 1
    assert states(run) == {ItemState.WAITING}


# --- The lost and the left open --------------------------------------------------------------------------------------


def pending_run(now, **fields):
    wanted = dispatch.Request("toy", Trigger.CLI, scope=fields.pop("scope", "default"))
    execution = dispatch.new_execution(wanted, now=now)
    execution.save()
    Execution.objects.filter(pk=execution.pk).update(**fields)
    return execution


def resend_pending(now):
    return housekeeping.sweep(now, judge_leases=False).runs_resent


@pytest.fixture
def starter(now):
    """A worker that starts runs, alive during the next minutes."""
    return WorkerLease.objects.create(
        host="h", pid=1, node="n", queues=["control"], concurrency=1, started_at=now, renewed_at=now + 60 * SECOND
    )


@pytest.mark.usefixtures("starter")
def test_a_run_whose_message_was_lost_is_sent_again_every_20_seconds(now):
    run = pending_run(now)
    assert resend_pending(now + 20 * SECOND) == 0
    assert resend_pending(now + 21 * SECOND) == 1
    assert resend_pending(now + 22 * SECOND) == 0
    assert resend_pending(now + 42 * SECOND) == 1
    assert messages_in(CONTROL_QUEUE) == [(["toy", run.pk], {})] * 2


def test_without_a_worker_that_starts_runs_no_messages_pile_up(now, starter):
    run = pending_run(now)
    starter.delete()
    assert [resend_pending(now + minutes * 60 * SECOND) for minutes in range(1, 10)] == [0] * 9
    assert messages_in(CONTROL_QUEUE) == []
    WorkerLease.objects.update(queues=["control"], renewed_at=now + 10 * 60 * SECOND)
    assert resend_pending(now + 10 * 60 * SECOND) == 1
    assert messages_in(CONTROL_QUEUE) == [(["toy", run.pk], {})]


@pytest.mark.usefixtures("starter")
def test_a_run_that_waits_for_its_scope_is_not_sent_again_but_one_of_another_scope_is(start, now):
    start("toy")
    empty_broker()
    pending_run(now)
    other = pending_run(now, scope="player:7")
    assert resend_pending(now + 31 * SECOND) == 1
    assert messages_in(CONTROL_QUEUE) == [(["toy", other.pk], {})]


@pytest.mark.usefixtures("starter")
def test_a_dead_broker_is_asked_once_not_for_every_run(now, logged):
    for number in range(5):
        pending_run(now, scope=f"player:{number}")
    with dead_broker():
        assert resend_pending(now + 31 * SECOND) == 0
    assert len(logged("message_not_sent")) == 1
    assert resend_pending(now + 62 * SECOND) == 5


def test_an_emptied_broker_loses_no_item(start, lease, now):
    run = start("toy")
    empty_broker()
    WorkerLease.objects.filter(pk=lease.id).update(renewed_at=now + 31 * SECOND)
    assert housekeeping.sweep(now + 32 * SECOND).items_resent == 2
    assert sorted(messages_in("players")) == sorted(([item.pk, 2], {}) for item in run.items.all())


def test_a_run_whose_last_worker_died_before_closing_it_is_closed(start, now):
    run = start("toy")
    run.items.update(state=ItemState.DONE, finished_at=now, result={"worked": 1, "apples": 0})
    assert housekeeping.sweep(leases.database_now()).runs_closed == 1
    run.refresh_from_db()
    assert (run.state, run.result["worked"]) == ("COMPLETED", 2)


# --- Deadlines -------------------------------------------------------------------------------------------------------


def test_a_run_ends_at_its_deadline_not_before_and_what_was_done_stays(start, now):
    run = start("toy")
    first = run.items.order_by("id").first()
    runner.run(first.pk, first.delivery)
    Execution.objects.filter(pk=run.pk).update(deadline_at=now + HOUR)
    assert housekeeping.sweep(now + HOUR - SECOND).runs_past_deadline == 0
    assert housekeeping.sweep(now + HOUR).runs_past_deadline == 1
    run.refresh_from_db()
    assert (run.state, run.items_done, run.items_skipped, run.result["worked"]) == ("FAILED", 1, 1, 1)
    assert "deadline" in run.reason


def test_what_still_runs_at_the_deadline_may_finish_and_then_the_run_ends(start, lease, now):
    run = start("toy")
    item = run.items.select_related("execution").order_by("id").first()
    assert runner.claim(item, lease)
    Execution.objects.filter(pk=run.pk).update(deadline_at=now)
    housekeeping.sweep(leases.database_now())
    run.refresh_from_db()
    assert run.state == ExecutionState.IN_PROGRESS
    recorder = runner.ItemRecorder(item, timeout_s=9)
    runner.record(item, Done(Tally(worked=1)), recorder, retries=0)
    housekeeping.sweep(leases.database_now())
    run.refresh_from_db()
    assert (run.state, run.items_done, run.items_skipped) == ("FAILED", 1, 1)


def test_what_hangs_past_the_deadline_is_taken_away_and_can_record_nothing_any_more(start, lease, now):
    run = start("toy")
    item = run.items.select_related("execution").order_by("id").first()
    assert runner.claim(item, lease)
    Execution.objects.filter(pk=run.pk).update(deadline_at=now)
    housekeeping.sweep(now + ending.DEADLINE_GRACE - SECOND, judge_leases=False)
    assert Execution.objects.open().filter(pk=run.pk).exists()
    housekeeping.sweep(now + ending.DEADLINE_GRACE, judge_leases=False)
    run.refresh_from_db()
    assert (run.state, run.items_done, run.items_failed, run.items_skipped) == ("FAILED", 0, 1, 1)
    assert start("toy").state == ExecutionState.IN_PROGRESS
    runner.record(item, Done(Tally(worked=1)), runner.ItemRecorder(item, timeout_s=9), retries=0)
    item.refresh_from_db()
    assert (item.state, item.reason) == ("FAILED", "it did not end when the run's deadline passed")


def test_what_a_worker_adds_after_the_deadline_does_not_keep_the_run_open(start, lease, now):
    run = start("toy")
    item = run.items.select_related("execution").order_by("id").first()
    assert runner.claim(item, lease)
    Execution.objects.filter(pk=run.pk).update(deadline_at=now)
    housekeeping.sweep(leases.database_now())
    added = Done(Tally(worked=1), children=(Target("child"),))
    runner.record(item, added, runner.ItemRecorder(item, timeout_s=9), retries=0)
    housekeeping.sweep(leases.database_now())
    run.refresh_from_db()
    assert (run.state, run.items_done, run.items_skipped) == ("FAILED", 1, 2)


def test_a_deadline_does_not_come_under_an_emergency_stop_and_comes_later_by_its_length(start, now):
    run = start("toy")
    Execution.objects.filter(pk=run.pk).update(deadline_at=now + SECOND)
    by = audit.Actor("ann", None)
    switching.emergency_stop(reason="why", by=by, now=now)
    housekeeping.sweep(now + HOUR, judge_leases=False)
    switching.emergency_resume(by=by, now=now + HOUR)
    housekeeping.sweep(now + HOUR, judge_leases=False)
    run.refresh_from_db()
    assert (run.state, run.deadline_at) == ("IN_PROGRESS", now + HOUR + SECOND)
    housekeeping.sweep(now + HOUR + SECOND, judge_leases=False)
    run.refresh_from_db()
    assert run.state == "FAILED"


# --- Retention -------------------------------------------------------------------------------------------------------


def ended_run(now, *, age, item_states=()):
    run = Execution.objects.create(
        job_id="toy",
        scope=f"old{Execution.objects.count()}",
        trigger=Trigger.CLI,
        state=ExecutionState.COMPLETED,
        timeout_s=1,
        deadline_s=1,
        queued_at=now - age,
        finished_at=now - age,
    )
    for state in item_states:
        WorkItem.objects.create(
            execution=run, key=state, queue="q", state=state, available_at=now - age, finished_at=now - age
        )
    ExecutionLog.objects.create(execution=run, at=now - age, level=20, logger="x", message="y")
    return run


EVERY_END = ("DONE", "SKIPPED", "CANCELLED", "FAILED", "QUARANTINED")


def test_done_items_go_after_a_day_failed_ones_stay_for_thirty(now):
    young, old = (ended_run(now, age=age, item_states=EVERY_END) for age in (23 * HOUR, 25 * HOUR))
    housekeeping.prune(now)
    assert young.items.count() == 5
    assert states(old) == {"FAILED", "QUARANTINED"}


def test_runs_go_after_thirty_days_with_items_and_logs(now):
    kept, gone = (ended_run(now, age=age, item_states=EVERY_END) for age in (29 * DAY, 31 * DAY))
    housekeeping.prune(now)
    assert list(Execution.objects.all()) == [kept]
    assert kept.log_lines.count() == 1
    assert not WorkItem.objects.filter(execution_id=gone.pk).exists()
    assert not ExecutionLog.objects.filter(execution_id=gone.pk).exists()


def test_items_of_an_open_run_stay_however_old_for_its_result_is_their_sum(now):
    run = ended_run(now, age=3 * DAY, item_states=("DONE",))
    Execution.objects.filter(pk=run.pk).update(state=ExecutionState.IN_PROGRESS, finished_at=None)
    housekeeping.prune(now)
    assert run.items.count() == 1


# --- The process -----------------------------------------------------------------------------------------------------


def test_a_housekeeper_feeds_and_sweeps_and_prunes_in_its_first_second(start, now):
    ended_run(now, age=31 * DAY)
    run = start("toy")
    run.items.update(state=ItemState.WAITING)
    empty_broker()
    Housekeeper().step()
    assert len(messages_in("players")) == 2
    assert list(Execution.objects.all()) == [run]


def test_a_housekeeper_survives_a_database_that_is_away_for_a_moment(start, monkeypatch):
    run = start("toy")
    run.items.update(state=ItemState.WAITING)
    keeper = Housekeeper()
    monkeypatch.setattr(housekeeping, "FEED_EVERY_S", 0.01)
    refused = []

    def refuse_twice(execute, sql, params, many, context):
        if len(refused) < 2:
            refused.append(sql)
            raise OperationalError("the database is gone")
        keeper.stopping.set()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse_twice):
        keeper.run()
    assert len(refused) == 2
    assert run.items.filter(state=ItemState.QUEUED).count() == 2


def test_a_housekeeper_that_is_told_to_stop_stops_soon():
    keeper = Housekeeper()
    threading.Timer(0.2, keeper.stopping.set).start()
    began = time.monotonic()
    keeper.run()
    assert time.monotonic() - began < 10


@pytest.mark.usefixtures("starter")
def test_a_run_that_a_worker_of_the_release_before_left_is_sent_again_with_the_next_sweep(now, logged):
    run = pending_run(now)
    Execution.objects.filter(pk=run.pk).update(job_id="job_of_the_next_release", sent_at=now)
    assert dispatch.start(run.pk, now=now) is None
    assert len(logged("run_left_to_others")) == 1
    assert resend_pending(now + SECOND) == 1
    assert resend_pending(now + 2 * SECOND) == 0, "another worker may be about to take it"
    run.refresh_from_db()
    assert (run.state, "other code" in run.reason) == ("PENDING", True)
