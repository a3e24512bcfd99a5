"""Ending runs by hand, without any worker, and repeating what they left undone."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from rows_and_messages import ANN, empty_broker
from toy_jobs import Tally, toy_job

from riotwatch_jobs import closing, dispatch, housekeeping, leases, rerunning, runner, switching
from riotwatch_jobs.models import Execution, ItemState, WorkerLease
from riotwatch_jobs.outcomes import Done, Fail, Skip, Target
from riotwatch_jobs.registry import registered_temporarily
from riotwatch_jobs.switching import Refused

pytestmark = pytest.mark.usefixtures("lease")

OUTCOMES = {"done": Done(Tally(worked=1)), "failed": Fail("no"), "skipped": Skip("not ripe")}
DEAD_FOR = timedelta(seconds=31)


@pytest.fixture(autouse=True)
def toy():
    empty_broker()
    with registered_temporarily(toy_job(dict(OUTCOMES))) as job:
        yield job
    empty_broker()


@pytest.fixture
def ended(start, work_off):
    """A run with one item done, one failed, one skipped."""
    return work_off(start("toy"))


def keys(run):
    return sorted(run.items.values_list("key", flat=True))


def begin(run, lease):
    """A worker has begun with the run's first item."""
    item = run.items.select_related("execution").order_by("id").first()
    assert runner.claim(item, lease)
    return item


def retry(run, now):
    return rerunning.retry(run, by=ANN, now=now)


# --- Retry -----------------------------------------------------------------------------------------------------------


def test_a_retry_is_a_run_over_what_was_not_done_with_the_same_settings(ended, now, work_off):
    Execution.objects.filter(pk=ended.pk).update(config={"apples": 7})
    ended.refresh_from_db()
    again = retry(ended, now)
    assert (again.state, again.trigger, again.triggered_by, again.retry_of_id) == ("PENDING", "retry", "ann", ended.pk)
    assert again.config == {"apples": 7}
    dispatch.start(again.pk, now=leases.database_now())
    assert keys(again) == ["failed", "skipped"]
    assert work_off(again).items_failed == 1


def test_a_retried_item_knows_what_the_first_attempts_remembered(ended, now):
    ended.items.filter(key="failed").update(data={"page": 3})
    again = retry(ended, now)
    dispatch.start(again.pk, now=now)
    assert again.items.get(key="failed").data == {"page": 3}


def test_a_retried_item_that_killed_its_workers_runs_alone(ended, now):
    ended.items.filter(key="failed").update(state=ItemState.QUARANTINED)
    again = retry(ended, now)
    dispatch.start(again.pk, now=now)
    assert dict(again.items.values_list("key", "lost_count")) == {"failed": 1, "skipped": 0}


def test_where_items_are_pruned_the_whole_run_is_repeated(ended, now):
    housekeeping.prune(now + timedelta(days=2))
    assert keys(ended) == ["failed"]
    again = retry(ended, now)
    dispatch.start(again.pk, now=now)
    assert keys(again) == ["done", "failed", "skipped"]


def test_a_job_with_phases_is_repeated_as_a_whole(toy, ended, now):
    toy.phases = 2
    toy.phase_targets = lambda self, phase, first: [Target(key="later")]
    again = retry(ended, now)
    dispatch.start(again.pk, now=now)
    assert keys(again) == ["done", "failed", "skipped"]


def test_a_run_that_never_began_is_repeated_as_a_whole(now):
    switching.pause("toy", reason="why", until=None, by=ANN, now=now)
    skipped = dispatch.request(dispatch.Request(job_id="toy", trigger="cli"), now=now)[0]
    assert "no run of toy may begin: paused" in rerunning.why_not_to_retry(skipped, now=now)
    switching.resume("toy", by=ANN, now=now)
    again = retry(skipped, now)
    dispatch.start(again.pk, now=now)
    assert keys(again) == ["done", "failed", "skipped"]


def test_a_retry_while_another_run_waits_is_refused_naming_it(ended, now):
    first = retry(ended, now)
    with pytest.raises(Refused, match=f"run {first.pk} already waits"):
        retry(ended, now)
    assert LogEntry.objects.filter(change_message__contains="Repeats run").count() == 1


def test_why_a_run_cannot_be_repeated_is_said(start, work_off, now, toy):
    run = start("toy")
    with pytest.raises(Refused, match="still open"):
        retry(run, now)
    run.items.exclude(key="done").delete()
    run = work_off(run)
    with pytest.raises(Refused, match="left nothing undone"):
        retry(run, now)
    Execution.objects.filter(pk=run.pk).update(state="FAILED", config={"pears": 1})
    run.refresh_from_db()
    with pytest.raises(Refused, match=r"no longer accepted.*pears"):
        retry(run, now)
    run.job_id = "gone"
    with pytest.raises(Refused, match="no job 'gone'"):
        retry(run, now)


def test_a_retry_of_a_run_for_players_stays_with_them(ended, now):
    Execution.objects.filter(pk=ended.pk).update(scope="player:5", players=[5])
    ended.refresh_from_db()
    again = retry(ended, now)
    assert (again.scope, again.players) == ("player:5", [5])


# --- Ending by hand --------------------------------------------------------------------------------------------------


def test_a_run_whose_workers_are_dead_is_cancelled_at_once_without_worker_or_housekeeping(start, lease, now):
    run = start("toy")
    begin(run, lease)
    WorkerLease.objects.update(renewed_at=now - DEAD_FOR)
    ended = rerunning.cancel(run, by=ANN, now=now)
    assert (ended.state, ended.items_skipped, ended.reason) == ("CANCELLED", 3, "cancelled (by ann)")


def test_a_worker_of_this_machine_that_was_killed_just_now_needs_no_30_seconds(start, lease, now):
    run = start("toy")
    begin(run, lease)
    WorkerLease.objects.update(pid=2**22 + 1)  # beyond what a process can have
    assert rerunning.cancel(run, by=ANN, now=now).state == "CANCELLED"


def test_a_cancelled_run_waits_for_the_living_to_reach_their_checkpoint(start, lease, now):
    run = start("toy")
    item = begin(run, lease)
    assert rerunning.cancel(run, by=ANN, now=now).state == "IN_PROGRESS"
    assert dict(run.items.values_list("key", "state")) == {
        "done": "RUNNING",
        "failed": "CANCELLED",
        "skipped": "CANCELLED",
    }
    item.refresh_from_db()
    assert item.owner_id == lease.id


def test_a_failed_run_ends_at_once_even_under_a_living_worker_whose_outcome_is_dropped(start, lease, now):
    run = start("toy")
    item = begin(run, lease)
    ended = rerunning.fail(run, reason="it hangs", by=ANN, now=now)
    assert (ended.state, ended.reason) == ("FAILED", "it hangs (by ann)")
    assert (ended.items_failed, ended.items_skipped) == (1, 2)
    runner.record(item, Done(Tally(worked=1)), runner.ItemRecorder(item, timeout_s=5), retries=0)
    run.refresh_from_db()
    assert run.items.get(pk=item.pk).state == "FAILED"
    assert run.state == "FAILED"


def test_a_run_whose_workers_died_is_abandoned_and_one_that_is_worked_on_is_not(start, lease, now):
    run = start("toy")
    begin(run, lease)
    with pytest.raises(Refused, match="a living worker is at work"):
        rerunning.abandon(run, reason="not worth it", by=ANN, now=now)
    WorkerLease.objects.all().delete()
    ended = rerunning.abandon(run, reason="not worth it", by=ANN, now=now)
    assert (ended.state, ended.reason) == ("ABANDONED", "not worth it (by ann)")


def test_a_waiting_run_can_be_failed_and_abandoned_too(now):
    for number, end in enumerate((rerunning.fail, rerunning.abandon)):
        wanted = dispatch.Request(job_id="toy", trigger="cli", scope=f"s{number}")
        run, _ = dispatch.request(wanted, now=now)
        ended = end(run, reason="no", by=ANN, now=now)
        assert ended.state == ("FAILED", "ABANDONED")[number]
        assert ended.finished_at == now


def test_what_has_ended_is_not_ended_again(ended, now):
    for end in (rerunning.cancel, rerunning.fail, rerunning.abandon):
        with pytest.raises(Refused, match=f"run {ended.pk} has already ended: COMPLETED"):
            end(ended, reason="no", by=ANN, now=now)
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("end", [rerunning.fail, rerunning.abandon])
def test_failing_a_run_takes_a_reason(start, now, end):
    with pytest.raises(Refused, match="say why"):
        end(start("toy"), reason=" ", by=ANN, now=now)


def test_ending_a_run_lets_the_next_of_its_scope_start_and_leaves_a_trace(start, now):
    run = start("toy")
    waiting, _ = dispatch.request(dispatch.Request(job_id="toy", trigger="cli"), now=now)
    rerunning.fail(run, reason="it hangs", by=ANN, now=now)
    assert dispatch.start(waiting.pk, now=now) is not None
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.change_message) == (
        str(run.pk),
        "Ended the run as FAILED: it hangs. By ann.",
    )


def test_items_that_a_worker_adds_to_a_cancelled_run_do_not_keep_it_open(start, lease, now):
    run = start("toy")
    item = begin(run, lease)
    rerunning.cancel(run, by=ANN, now=now)
    runner.record(item, Done(children=(Target("child"),)), runner.ItemRecorder(item, timeout_s=5), retries=0)
    closing.close_if_finished(run.pk, now=now)
    run.refresh_from_db()
    assert run.state == "IN_PROGRESS"
    assert housekeeping.sweep(now).runs_with_latecomers == 1
    run.refresh_from_db()
    assert (run.state, run.items_done) == ("CANCELLED", 1)


def test_an_unknown_run_is_refused_by_number():
    with pytest.raises(Refused, match="there is no run 4711"):
        rerunning.find(4711)


@pytest.mark.parametrize("end", [rerunning.fail, rerunning.abandon, rerunning.cancel])
def test_a_run_whose_job_this_process_does_not_know_is_ended_by_hand_at_once(start, now, end):
    with registered_temporarily(toy_job({"a": Done()}, job_id="of_other_code")):
        run = start("of_other_code")
    ended = end(run, reason="its code is gone", by=ANN, now=now)
    assert not ended.is_open
