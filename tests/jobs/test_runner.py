"""A run's life with toy jobs, one per outcome."""

import logging
import threading

import pytest
from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
    connections,
    transaction,
)
from django.db.models import F
from rows_and_messages import ANN, schedule_row
from toy_jobs import Tally, toy_job

from riotwatch_jobs import capture, closing, dispatch, ending, leases, rerunning, rescuing, runner, scheduling
from riotwatch_jobs.models import Execution, ExecutionState, ItemState, Trigger, WorkerLease, WorkItem
from riotwatch_jobs.outcomes import Done, Fail, Retry, Skip, Snooze, Stop, Target
from riotwatch_jobs.registry import registered_temporarily
from tests.players.concurrency import wait_until_somebody_waits

pytestmark = pytest.mark.usefixtures("lease")


def states(execution):
    return dict(execution.items.values_list("key", "state"))


def test_a_run_whose_items_are_all_done_completes_with_summed_results(start, work_off):
    job = toy_job({"a": Done(Tally(worked=1, apples=2)), "b": Done(Tally(worked=1, apples=5)), "c": Skip("not ripe")})
    with registered_temporarily(job):
        run = work_off(start("toy"))
    assert run.state == ExecutionState.COMPLETED
    assert run.result == {"worked": 2, "apples": 7}
    assert (run.items_total, run.items_done, run.items_skipped, run.items_failed) == (3, 2, 1, 0)
    assert run.api_requests_made == 3
    assert not run.is_partial


def test_a_run_without_targets_ends_at_once_and_still_has_every_result_field(start):
    with registered_temporarily(toy_job({})):
        run = start("toy")
    assert (run.state, run.reason, run.result) == ("COMPLETED", "nothing to do", {"worked": 0, "apples": 0})


def test_one_failed_item_makes_the_run_partial_and_the_others_go_on(start, work_off):
    with registered_temporarily(toy_job({"bad": Fail("no such thing"), "good": Done(Tally(worked=1))})):
        run = work_off(start("toy"))
    assert run.state == ExecutionState.COMPLETED
    assert run.is_partial
    assert states(run) == {"bad": ItemState.FAILED, "good": ItemState.DONE}
    assert run.items.get(key="bad").is_error is False


def test_a_run_whose_items_all_fail_is_failed(start, work_off):
    with registered_temporarily(toy_job({"a": Fail("x"), "b": Fail("y")})):
        run = work_off(start("toy"))
    assert (run.state, run.reason) == ("FAILED", "all 2 items failed")


def test_a_bug_fails_its_item_as_an_error_with_traceback_and_the_run_goes_on(start, work_off):
    with registered_temporarily(toy_job({"bug": ZeroDivisionError("one over nothing"), "good": Done()})):
        run = work_off(start("toy"))
    item = run.items.get(key="bug")
    assert (item.state, item.is_error) == (ItemState.FAILED, True)
    assert "ZeroDivisionError" in item.traceback
    assert run.state == ExecutionState.COMPLETED


def test_a_result_that_cannot_be_stored_is_a_bug_of_the_item_not_a_stuck_item(start, work_off):
    with registered_temporarily(toy_job({"a": Done(Tally(worked=object())), "b": Done()})):
        run = work_off(start("toy"))
    item = run.items.get(key="a")
    assert (item.state, item.is_error, run.state) == (ItemState.FAILED, True, ExecutionState.COMPLETED)


def test_stop_ends_the_whole_run_failed_and_leaves_the_rest_undone(start, work_off):
    job = toy_job({"a": Stop("the sky is falling"), "b": Done(), "c": Done()})
    with registered_temporarily(job):
        run = work_off(start("toy"))
    assert (run.state, run.reason) == ("FAILED", "the sky is falling")
    assert sorted(states(run).values()) == ["FAILED", "SKIPPED", "SKIPPED"]


def test_a_snoozed_item_waits_in_its_row_and_costs_nothing(start, work_off):
    with registered_temporarily(toy_job({"a": Snooze(300, "budget", for_budget=True)})):
        run = work_off(start("toy"))
    item = run.items.get()
    assert (item.state, item.attempts, item.waits_for_budget) == (ItemState.WAITING, 0, True)
    assert run.state == ExecutionState.IN_PROGRESS
    assert run.waiting_for_budget_until() == item.available_at


def test_a_passing_fault_costs_an_attempt_and_the_last_one_fails_the_item(start, now):
    with registered_temporarily(toy_job({"a": Retry("503")}, max_attempts=2)):
        run = start("toy")
        item = run.items.get()
        first = runner.run(item.pk, item.delivery)
        item.refresh_from_db()
        assert (item.state, item.attempts, first.countdown_s) == (ItemState.QUEUED, 1, None)
        assert runner.run(item.pk, item.delivery, retries=1) is None
    item.refresh_from_db()
    assert (item.state, item.attempts) == (ItemState.FAILED, 2)


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError, DatabaseError])
def test_a_database_that_dies_under_an_item_costs_an_attempt_and_is_no_bug(start, kind):
    gone = kind("server closed the connection unexpectedly")
    with registered_temporarily(toy_job({"a": gone})):
        item = start("toy").items.get()
        assert runner.run(item.pk, item.delivery).countdown_s is None
    item.refresh_from_db()
    assert (item.state, item.attempts, item.is_error) == (ItemState.QUEUED, 1, False)


def test_what_the_database_refuses_is_a_bug_of_the_item(start):
    with registered_temporarily(toy_job({"a": IntegrityError("duplicate key")})):
        item = start("toy").items.get()
        runner.run(item.pk, item.delivery)
    item.refresh_from_db()
    assert (item.state, item.is_error) == (ItemState.FAILED, True)


def test_a_429_is_redelivered_after_its_wait_and_costs_no_attempt(start, now):
    with registered_temporarily(toy_job({"a": Retry("429", after_s=7)})):
        run = start("toy")
        item = run.items.get()
        again = runner.run(item.pk, item.delivery)
    item.refresh_from_db()
    assert again.countdown_s == 7
    assert (item.state, item.attempts) == (ItemState.QUEUED, 0)
    assert 6 < (item.available_at - now).total_seconds() < 12


def test_a_long_429_waits_in_the_row_instead_of_a_workers_memory(start):
    with registered_temporarily(toy_job({"a": Retry("429", after_s=120)})):
        run = start("toy")
        item = run.items.get()
        assert runner.run(item.pk, item.delivery) is None
    item.refresh_from_db()
    assert (item.state, item.attempts) == (ItemState.WAITING, 0)


def test_children_are_added_when_their_parent_is_done(start, work_off):
    children = (Target(key="child"),)
    with registered_temporarily(toy_job({"parent": Done(children=children)})):
        run = start("toy")
        item = run.items.get()
        runner.run(item.pk, item.delivery)
    assert set(states(run)) == {"parent", "child"}


def test_a_doubled_message_runs_the_item_once(start):
    with registered_temporarily(toy_job({"a": Done(Tally(worked=1))})):
        run = start("toy")
        item = run.items.get()
        runner.run(item.pk, item.delivery)
        runner.run(item.pk, item.delivery)
    run.refresh_from_db()
    assert run.result["worked"] == 1
    assert run.api_requests_made == 1


def test_a_message_of_an_older_delivery_is_dropped(start):
    with registered_temporarily(toy_job({"a": Done()})):
        run = start("toy")
        item = run.items.get()
        WorkItem.objects.filter(pk=item.pk).update(delivery=item.delivery + 1)
        runner.run(item.pk, item.delivery)
    assert states(run) == {"a": ItemState.QUEUED}


def test_a_claim_that_waited_while_the_item_was_sent_again_does_not_count(start, lease):
    """The row is then another delivery's; claimed by this one, nobody could ever complete it."""
    with registered_temporarily(toy_job({"a": Done()})):
        item = start("toy").items.select_related("execution").get()
    claimed = []

    def claim():
        claimed.append(runner.claim(item, lease))
        connections.close_all()

    late = threading.Thread(target=claim)
    with transaction.atomic():
        WorkItem.objects.filter(pk=item.pk).update(delivery=F("delivery") + 1)
        late.start()
        wait_until_somebody_waits()
    late.join()
    item.refresh_from_db()
    assert (claimed, item.state, item.owner_id) == ([False], ItemState.QUEUED, None)


def test_a_worker_declared_dead_cannot_complete_what_was_taken_from_it(start, lease):
    with registered_temporarily(toy_job({"a": Done()})):
        run = start("toy")
        item = run.items.select_related("execution").get()
        assert runner.claim(item, lease)
        WorkerLease.objects.filter(pk=lease.id).delete()
        assert rescuing.rescue_lost() == 1
        recorder = runner.ItemRecorder(item, timeout_s=9)
        runner.record(item, Done(Tally(worked=1)), recorder, retries=0)
    item.refresh_from_db()
    assert (item.state, item.lost_count, item.result) == (ItemState.WAITING, 1, None)


def test_a_frozen_process_goes_on_under_a_new_lease(lease):
    old = lease.id
    WorkerLease.objects.filter(pk=old).delete()
    lease.renew()
    assert lease.id != old
    assert WorkerLease.objects.filter(pk=lease.id).exists()


def test_three_deaths_alone_quarantine_an_item_and_deaths_in_company_do_not(start, lease):
    with registered_temporarily(toy_job({"a": Done()})):
        run = start("toy")
        for death in range(4):
            item = run.items.select_related("execution").get()
            WorkItem.objects.filter(pk=item.pk).update(state=ItemState.QUEUED)
            assert runner.claim(item, lease), death
            WorkerLease.objects.filter(pk=lease.id).delete()
            rescuing.rescue_lost()
            lease.renew()
    item.refresh_from_db()
    assert (item.state, item.lost_count, item.lost_alone_count) == (ItemState.QUARANTINED, 4, 3)


def test_an_item_whose_outcome_could_not_be_recorded_is_released_at_the_next_renewal(start, lease):
    with registered_temporarily(toy_job({"a": Done()})):
        run = start("toy")
        item = run.items.select_related("execution").get()
        assert runner.claim(item, lease)
        lease.release_later(item.pk, item.delivery)
        lease.renew()
    item.refresh_from_db()
    assert (item.state, item.lost_count) == (ItemState.WAITING, 0)


def test_what_a_library_logs_is_kept_with_the_run(start, work_off):
    class Chatty(toy_job({"a": Done()}, job_id="chatty")):
        def run(self, target, log):
            logging.getLogger("somebody").warning("a library speaks")
            log.info("own_line", apples=self.config.apples)
            return Done()

    with registered_temporarily(Chatty):
        run = work_off(start("chatty"))
    messages = list(run.log_lines.values_list("message", flat=True))
    assert messages == ["a library speaks", "own_line apples=3"]


def test_of_very_many_log_lines_the_newest_are_kept_and_the_first_says_how_many_are_not(start, work_off):
    class Talkative(toy_job({})):
        def targets(self):
            return [Target("a")]

        def run(self, target, log):
            for number in range(capture.LINES_PER_ITEM + 7):
                log.info("said", number=number)
            return Done()

    with registered_temporarily(Talkative):
        run = work_off(start("toy"))
    lines = list(run.log_lines.filter(item__isnull=False).order_by("id").values_list("message", flat=True))
    assert len(lines) == capture.LINES_PER_ITEM + 1
    assert lines[0] == "7 earlier lines were dropped; 500 are kept per attempt"
    assert lines[1].endswith("said number=7")
    assert lines[-1].endswith(f"said number={capture.LINES_PER_ITEM + 6}")


@pytest.mark.parametrize(
    ("switched_on", "scope", "told"), [(True, "default", "20"), (False, "default", "None"), (True, "player:3", "None")]
)
def test_the_end_of_a_run_is_logged_with_its_duration_and_the_next_run(
    work_off, now, caplog, logged, switched_on, scope, told
):
    caplog.set_level("INFO", logger="riotwatch_jobs.closing")
    with registered_temporarily(toy_job({"a": Done()})):
        scheduling.set_enabled(schedule_row("every 1h"), enabled=switched_on)
        run, _ = dispatch.request(dispatch.Request(job_id="toy", trigger="cli", scope=scope), now=now)
        dispatch.start(run.pk, now=now)
        work_off(run)
    (line,) = logged("job_completed")
    assert "duration_s=" in line
    assert f"next_run={told}" in line


def test_a_cancelled_run_ends_its_idle_items_at_once(start, now):
    with registered_temporarily(toy_job({"a": Done(), "b": Done()})):
        run = start("toy")
        rerunning.cancel(run, by=ANN, now=now)
    run.refresh_from_db()
    assert (run.state, run.reason) == ("CANCELLED", "cancelled (by ann)")
    assert set(states(run).values()) == {ItemState.CANCELLED}


def test_a_running_item_of_a_run_that_was_ended_by_force_stops_at_its_next_checkpoint(start, lease, now):
    with registered_temporarily(toy_job({"a": Done()})):
        run = start("toy")
        item = run.items.select_related("execution").get()
        assert runner.claim(item, lease)
        rerunning.fail(run, reason="it hangs", by=ANN, now=now)
        outcome = runner.attempt(item, runner.ItemRecorder(item, timeout_s=9))
    assert isinstance(outcome, Skip)


@pytest.mark.parametrize(("time_limited", "hanging"), [(False, 2), (True, 0)])
def test_a_lease_tells_how_many_items_do_not_come_back_where_no_pool_ends_them(
    transactional_db, monkeypatch, time_limited, hanging
):
    monkeypatch.setattr(leases, "HANGS_AFTER_S", -1.0)
    lease = leases.Lease("slow", queues=["players"], concurrency=4, time_limited=time_limited)
    row = WorkerLease.objects.get(pk=lease.id)
    with lease.at_work(0.5), lease.at_work(0.5), lease.at_work(60):
        lease.renew()
        row.refresh_from_db()
        assert (row.hanging, row.hanging_since is not None) == (hanging, hanging > 0)
    lease.renew()
    row.refresh_from_db()
    assert (row.hanging, row.hanging_since) == (0, None)


def test_a_running_item_of_a_cancelled_run_stops_at_its_next_checkpoint(start, lease, now):
    with registered_temporarily(toy_job({"a": Done()})):
        run = start("toy")
        item = run.items.select_related("execution").get()
        assert runner.claim(item, lease)
        rerunning.cancel(run, by=ANN, now=now)
        run.refresh_from_db()
        assert run.state == ExecutionState.IN_PROGRESS
        recorder = runner.ItemRecorder(item, timeout_s=9)
        runner.record(item, runner.attempt(item, recorder), recorder, retries=0)
        closing.close_if_finished(run.pk, now=leases.database_now())
    run.refresh_from_db()
    assert run.state == ExecutionState.CANCELLED
    assert states(run) == {"a": ItemState.CANCELLED}


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(Snooze(300, "budget", for_budget=True), "RATE_LIMITED"), (Snooze(300, "asleep"), "FAILED")],
)
def test_a_deadline_tells_waiting_for_budget_from_other_delays(start, work_off, now, outcome, state):
    with registered_temporarily(toy_job({"done": Done(), "late": outcome})):
        run = work_off(start("toy"))
        Execution.objects.filter(pk=run.pk).update(deadline_at=now)
        ending.enforce_deadlines(leases.database_now())
    run.refresh_from_db()
    assert (run.state, run.items_done, run.items_skipped) == (state, 1, 1)


def test_many_workers_finishing_at_once_close_the_run_exactly_once(start):
    """The race that left runs open for ever: each committer must see all others (docs/decisions/0001)."""
    outcomes = {f"item{n}": Done(Tally(worked=1)) for n in range(8)}
    with registered_temporarily(toy_job(outcomes)):
        for _ in range(5):
            run = start("toy")
            WorkItem.objects.filter(execution=run, state=ItemState.WAITING).update(state=ItemState.QUEUED, delivery=1)
            barrier = threading.Barrier(len(outcomes))
            items = list(run.items.values_list("pk", "delivery"))

            def work(pk, delivery, barrier=barrier):
                barrier.wait()
                runner.run(pk, delivery)
                connections.close_all()

            threads = [threading.Thread(target=work, args=pair) for pair in items]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            run.refresh_from_db()
            assert (run.state, run.result["worked"]) == ("COMPLETED", len(outcomes))


# --- Other code ------------------------------------------------------------------------------------------------------


def test_an_item_that_came_to_a_worker_without_its_job_waits_for_one_that_has_it(lease, now):
    toy = toy_job({"a": Done(Tally(worked=1))}, job_id="newer")
    with registered_temporarily(toy):
        run, _ = dispatch.request(dispatch.Request(job_id="newer", trigger=Trigger.CLI), now=now)
        dispatch.start(run.pk, now=leases.database_now())
        item = run.items.get()
    runner.run(item.pk, item.delivery)
    item.refresh_from_db()
    assert (item.state, item.attempts) == (ItemState.WAITING, 0)
    assert "newer" in item.reason
    item.execution.refresh_from_db()
    assert item.execution.state == ExecutionState.IN_PROGRESS


def test_a_run_is_closed_by_a_process_that_knows_its_job_before_the_deadline_and_then_by_anybody(lease, now):
    toy = toy_job({"a": Done(Tally(worked=1))}, job_id="newer")
    with registered_temporarily(toy):
        run, _ = dispatch.request(dispatch.Request(job_id="newer", trigger=Trigger.CLI), now=now)
        dispatch.start(run.pk, now=leases.database_now())
    run.items.update(state=ItemState.DONE, finished_at=now, result={"worked": 1, "apples": 0})
    assert not closing.close_if_finished(run.pk, now=now)
    run.refresh_from_db()
    assert closing.close_if_finished(run.pk, now=run.deadline_at)
    run.refresh_from_db()
    assert (run.state, run.items_done) == ("COMPLETED", 1)


# --- Without a database ----------------------------------------------------------------------------------------------


def test_a_worker_that_starts_while_the_database_is_away_takes_its_lease_when_it_is_back(transactional_db):
    def refuse(execute, sql, params, many, context):
        raise OperationalError("the database is gone")

    with connection.execute_wrapper(refuse):
        late = leases.Lease("late", queues=["players"], concurrency=1)
    leases.hold(late)
    try:
        with pytest.raises(OperationalError):  # Celery delivers the message again
            runner.run(1, 1)
        late.renew()
        assert leases.current() is late
        assert WorkerLease.objects.filter(pk=late.id, node="late").exists()
    finally:
        leases.drop()
