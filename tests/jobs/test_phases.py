"""Runs with phases: the next one begins exactly once, and only while the run is to go on."""

import itertools
import threading

import pytest
from django.db import connections, transaction
from rows_and_messages import ANN
from toy_jobs import Tally, toy_job

from riotwatch_jobs import closing, ending, housekeeping, leases, rerunning, runner
from riotwatch_jobs.models import Execution, ExecutionState, ItemState, WorkItem
from riotwatch_jobs.outcomes import Done, EndPhase, Fail, Snooze, Stop, Target
from riotwatch_jobs.registry import registered_temporarily
from tests.players.concurrency import wait_until_somebody_waits

pytestmark = pytest.mark.usefixtures("lease")

ONE = Done(Tally(worked=1))


def phased_job(*parts, bug=None):
    """A job with a phase per dict of key → outcome; `bug` is raised instead of a later phase's targets."""
    outcomes = {key: outcome for part in parts for key, outcome in part.items()}

    class Phased(toy_job(outcomes, job_id="phased")):
        def targets(self):
            return [Target(key=key) for key in parts[0]]

        def phase_targets(self, phase, first):
            if bug:
                raise bug
            return [Target(key=key) for key in parts[phase]]

    Phased.phases = len(parts)
    return Phased


def states(run):
    return dict(run.items.values_list("key", "state"))


def test_each_phase_begins_when_the_last_item_of_the_one_before_has_ended(start, work_off):
    with registered_temporarily(phased_job({"a": ONE, "b": ONE}, {"c": ONE}, {"d": ONE})):
        run = start("phased")
        first, second = run.items.order_by("id")
        runner.run(first.pk, first.delivery)
        assert set(states(run)) == {"a", "b"}
        runner.run(second.pk, second.delivery)
        assert set(states(run)) == {"a", "b", "c"}
        run = work_off(run)
    assert (run.state, run.phase, run.result["worked"], run.items_total) == ("COMPLETED", 2, 4, 4)
    assert dict(run.items.values_list("key", "phase")) == {"a": 0, "b": 0, "c": 1, "d": 2}


@pytest.mark.parametrize("parts", [({}, {}, {"a": ONE}), ({"a": ONE}, {}, {}), ({}, {"a": ONE}, {})])
def test_a_phase_without_targets_moves_on(start, work_off, parts):
    with registered_temporarily(phased_job(*parts)):
        run = work_off(start("phased"))
    assert (run.state, run.phase, run.result["worked"]) == ("COMPLETED", 2, 1)


def test_a_run_none_of_whose_phases_has_targets_ends_at_once(start):
    with registered_temporarily(phased_job({}, {})):
        run = start("phased")
    assert (run.state, run.reason, run.phase) == ("COMPLETED", "nothing to do", 1)


def test_failed_items_do_not_keep_the_next_phase_from_starting(start, work_off):
    with registered_temporarily(phased_job({"bad": Fail("no"), "bug": ZeroDivisionError("no")}, {"good": ONE})):
        run = work_off(start("phased"))
    assert (run.state, run.is_partial, run.result["worked"]) == ("COMPLETED", True, 1)


def test_children_belong_to_the_phase_of_their_parent(start, work_off):
    parent = Done(children=(Target(key="child"),))
    with registered_temporarily(phased_job({"parent": parent}, {"child": Snooze(300)})):
        run = start("phased")
        item = run.items.get()
        runner.run(item.pk, item.delivery)
    run.refresh_from_db()
    assert (run.phase, run.items.get(key="child").phase) == (0, 0)


def test_what_the_first_phase_remembers_is_known_to_the_next(start, work_off):
    class Remembering(phased_job({"a": ONE}, {})):
        def run(self, target, log):
            if target.key == "a":
                log.remember(found=7)
                assert log.memory == {"found": 7}
            return Done(Tally(apples=target.data.get("apples", 0)))

        def phase_targets(self, phase, first):
            return [Target(key="b", data={"apples": target.data["found"]}) for target in first]

    with registered_temporarily(Remembering):
        run = work_off(start("phased"))
    assert run.result["apples"] == 7


def test_an_item_can_end_its_phase_and_what_it_did_counts(start, work_off):
    first = {"a": ONE, "b": EndPhase("no budget", Tally(worked=1)), "c": ONE, "d": Snooze(300)}
    with registered_temporarily(phased_job(first, {"e": ONE})):
        run = work_off(start("phased"))
    assert states(run) == {"a": "DONE", "b": "SKIPPED", "c": "SKIPPED", "d": "SKIPPED", "e": "DONE"}
    assert (run.state, run.result["worked"]) == ("COMPLETED", 3)
    assert run.items.get(key="b").reason == "no budget"
    assert run.items.get(key="c").reason == "the phase ended: no budget"


def test_a_phase_that_was_ended_takes_nothing_of_the_next_one_along(start, work_off, now):
    with registered_temporarily(phased_job({"a": ONE}, {"b": Snooze(300)})):
        run = work_off(start("phased"))
        assert not closing.end_open_items(run.pk, state=ItemState.SKIPPED, reason="late", now=now, phase=0)
    assert states(run)["b"] == ItemState.WAITING


def test_stop_ends_all_phases(start, work_off):
    with registered_temporarily(phased_job({"a": Stop("the sky is falling")}, {"b": ONE})):
        run = work_off(start("phased"))
    assert (run.state, run.reason, run.phase) == ("FAILED", "the sky is falling", 0)
    assert set(states(run)) == {"a"}


def test_cancel_ends_all_phases(start, now):
    with registered_temporarily(phased_job({"a": ONE}, {"b": ONE})):
        run = start("phased")
        rerunning.cancel(run, by=ANN, now=now)
    run.refresh_from_db()
    assert (run.state, run.phase, states(run)) == ("CANCELLED", 0, {"a": ItemState.CANCELLED})


def test_the_deadline_ends_all_phases(start, work_off, now):
    with registered_temporarily(phased_job({"a": ONE}, {"b": Snooze(300, for_budget=True)}, {"c": ONE})):
        run = work_off(start("phased"))
        Execution.objects.filter(pk=run.pk).update(deadline_at=now)
        ending.enforce_deadlines(leases.database_now())
    run.refresh_from_db()
    assert (run.state, run.phase) == ("RATE_LIMITED", 1)
    assert states(run) == {"a": "DONE", "b": "SKIPPED"}


def test_a_bug_in_a_later_phases_targets_fails_the_run_with_its_traceback(start, work_off):
    with registered_temporarily(phased_job({"a": ONE}, {"b": ONE}, bug=ZeroDivisionError("one over nothing"))):
        run = work_off(start("phased"))
    assert (run.state, run.phase, run.result["worked"]) == ("FAILED", 0, 1)
    assert run.reason == "phase 1 could not start: ZeroDivisionError: one over nothing"
    assert "ZeroDivisionError" in run.traceback


def test_housekeeping_begins_the_phase_that_a_dead_worker_left_out(start, now):
    with registered_temporarily(phased_job({"a": ONE}, {"b": ONE})):
        run = start("phased")
        run.items.update(state=ItemState.DONE, finished_at=now)
        assert housekeeping.close_finished(now) == 0
    run.refresh_from_db()
    assert (run.state, run.phase, run.items.get(key="b").phase) == ("IN_PROGRESS", 1, 1)


def together(*actions):
    """Run all actions at once, each in a thread with a connection of its own; one that raises fails the test."""
    barrier = threading.Barrier(len(actions))

    def act(action):
        barrier.wait()
        try:
            action()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=act, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


WORKERS = 8


def test_many_workers_finishing_at_once_begin_the_next_phase_exactly_once(start, work_off):
    begun = itertools.count()
    times = []

    class Counting(phased_job({f"item{n}": ONE for n in range(WORKERS)}, {})):
        def run(self, target, log):
            return ONE

        def phase_targets(self, phase, first):
            times.append(phase)
            return [Target(key=f"later{next(begun)}")]

    with registered_temporarily(Counting):
        for _ in range(5):
            run = start("phased")
            WorkItem.objects.filter(execution=run, state=ItemState.WAITING).update(state=ItemState.QUEUED, delivery=1)
            pairs = run.items.values_list("pk", "delivery")
            together(*[lambda pk=pk, delivery=delivery: runner.run(pk, delivery) for pk, delivery in pairs])
            run.refresh_from_db()
            assert (run.state, run.phase) == ("IN_PROGRESS", 1)
            run = work_off(run)
            assert (run.state, run.result["worked"], run.items_total) == ("COMPLETED", WORKERS + 1, WORKERS + 1)
    assert times == [1] * 5


def test_a_run_cancelled_while_it_is_being_closed_ends_cancelled(start, now):
    """The closing was decided before; the cancellation is what somebody was told."""
    with registered_temporarily(phased_job({"a": ONE})):
        run = start("phased")
        run.items.update(state=ItemState.DONE, finished_at=now)
        with transaction.atomic():
            Execution.objects.filter(pk=run.pk).update(cancel_requested_at=now, reason="cancelled")
            closing_thread = threading.Thread(target=close_and_disconnect, args=(run.pk, now))
            closing_thread.start()
            wait_until_somebody_waits()
        closing_thread.join()
        closing.close_if_finished(run.pk, now=now)
    run.refresh_from_db()
    assert run.state == ExecutionState.CANCELLED


def close_and_disconnect(pk, now):
    closing.close_if_finished(pk, now=now)
    connections.close_all()


def test_a_run_cancelled_while_its_next_phase_begins_has_no_item_left_open(start, now):
    with registered_temporarily(phased_job({"a": ONE}, {f"item{n}": ONE for n in range(50)})):
        for _ in range(10):
            run = start("phased")
            run.items.update(state=ItemState.DONE, finished_at=now)
            close = [lambda run=run: closing.close_if_finished(run.pk, now=now)] * (WORKERS - 1)
            together(*close, lambda run=run: rerunning.cancel(run, by=ANN, now=now))
            run.refresh_from_db()
            assert run.state == ExecutionState.CANCELLED
            assert not run.items.open().exists()
