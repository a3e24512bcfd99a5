"""Giving jobs schedules, changing and removing them, and jobs that follow others."""

from contextlib import ExitStack

import pytest
from django.contrib.admin.models import LogEntry
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from rows_and_messages import ANN, empty_broker, schedule_row
from toy_jobs import toy_job

from riotwatch_jobs import dispatch, registry, rescheduling, scheduling, slots, switching
from riotwatch_jobs.models import Execution, JobConfiguration
from riotwatch_jobs.outcomes import Done, Fail, Stop
from riotwatch_jobs.registry import registered_temporarily
from riotwatch_jobs.switching import Refused
from tests.players.concurrency import at_once

pytestmark = pytest.mark.usefixtures("lease")


@pytest.fixture(autouse=True)
def toys():
    empty_broker()
    with ExitStack() as stack:
        for name, outcome in (("toy", Done()), ("second", Done()), ("third", Done()), ("failing", Stop("no"))):
            stack.enter_context(registered_temporarily(toy_job({"a": outcome}, job_id=name)))
        yield
    empty_broker()


def texts(job_id="toy"):
    return [scheduling.text_of(row) for row in rescheduling.schedules_of(job_id)]


def follow(job_id, after):
    return rescheduling.set_default(job_id, f"after {after}", by=ANN)


# --- Times -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("every 15m", "every 900s"),
        ("daily 23:59", "59 23 * * *"),
        ("weekly sun 23:59", "59 23 * * 0"),
        ("*/10 * * * *", "*/10 * * * *"),
        ("30 2 * * * Asia/Kolkata", "30 2 * * * Asia/Kolkata"),
    ],
)
def test_a_job_gets_a_schedule_in_every_form_and_it_reads_back(text, stored):
    row = rescheduling.set_default("toy", text, by=ANN)
    assert (row.name, row.enabled) == ("toy", True)
    assert texts() == [stored]
    assert slots.parse(stored) == scheduling.schedule_of(row)


def test_new_times_replace_the_default_schedule_and_switch_it_on_from_now(now):
    scheduling.sync_schedules()
    row = PeriodicTask.objects.get(name="toy")
    scheduling.set_enabled(row, enabled=False)
    again = rescheduling.set_default("toy", "every 5m", by=ANN)
    assert (again.pk, again.enabled) == (row.pk, True)
    assert again.last_run_at >= now
    assert texts() == ["every 300s"]


def test_a_further_schedule_stands_beside_the_default_one_and_not_twice():
    scheduling.sync_schedules()
    rescheduling.add("toy", "daily 23:59", by=ANN)
    assert texts() == ["every 3600s", "59 23 * * *"]
    with pytest.raises(Refused, match="has that schedule already"):
        rescheduling.add("toy", "daily  23:59", by=ANN)


def test_only_the_times_that_a_schedule_has_now_are_refused_a_second_time():
    row = rescheduling.add("toy", "every 2h", by=ANN)
    rescheduling.change(row, "every 3h", by=ANN)
    with pytest.raises(Refused, match=f"has that schedule already: number {row.pk}$"):
        rescheduling.add("toy", "180m", by=ANN)
    scheduling.set_enabled(row, enabled=False)
    with pytest.raises(Refused, match=f"number {row.pk}, which is off"):
        rescheduling.add("toy", "every 3h", by=ANN)
    rescheduling.add("toy", "every 2h", by=ANN)
    rescheduling.add("second", "every 3h", by=ANN)
    assert texts() == ["every 10800s", "every 7200s"]


def test_the_same_schedule_added_twice_at_once_is_there_once():
    refusals = at_once(*[lambda: rescheduling.add("toy", "daily 23:59 Europe/Berlin", by=ANN)] * 4)
    assert [type(refusal) for refusal in refusals] == [Refused] * 3
    assert texts() == ["59 23 * * * Europe/Berlin"]


def test_a_schedule_that_cannot_be_read_is_in_no_others_way():
    row = rescheduling.add("toy", "every 2h", by=ANN)
    IntervalSchedule.objects.filter(pk=row.interval_id).update(every=0)
    assert scheduling.text_of(rescheduling.add("toy", "every 2h", by=ANN)) == "every 7200s"


def test_a_schedule_gets_other_times_and_bad_ones_change_nothing():
    row = rescheduling.add("toy", "daily 23:59", by=ANN)
    rescheduling.change(row, "weekly mon 6:00", by=ANN)
    assert texts() == ["0 6 * * 1"]
    for bad in ("whenever", "after second", "0 0 30 2 *"):
        with pytest.raises(slots.BadSchedule):
            rescheduling.change(row, bad, by=ANN)
    assert texts() == ["0 6 * * 1"]


def test_a_bad_text_or_an_unknown_job_is_refused_and_leaves_nothing():
    with pytest.raises(slots.BadSchedule, match="write `every 15m`"):
        rescheduling.set_default("toy", "often", by=ANN)
    with pytest.raises(registry.UnknownJob, match="'tooy'"):
        rescheduling.set_default("tooy", "every 5m", by=ANN)
    assert texts() == []
    assert not LogEntry.objects.exists()


# --- Removing --------------------------------------------------------------------------------------------------------


def test_a_removed_default_schedule_does_not_come_back_until_it_is_set_again():
    scheduling.sync_schedules()
    rescheduling.add("toy", "daily 23:59", by=ANN)
    assert rescheduling.remove_all_of("toy", by=ANN) == 2
    scheduling.sync_schedules()
    assert texts() == []
    rescheduling.set_default("toy", "every 1h", by=ANN)
    assert texts() == ["every 3600s"]


def test_removing_one_schedule_leaves_the_others():
    scheduling.sync_schedules()
    row = rescheduling.add("toy", "daily 23:59", by=ANN)
    assert rescheduling.remove([rescheduling.find(row.pk)], by=ANN) == 1
    assert texts() == ["every 3600s"]
    assert len(texts("second")) == 1
    with pytest.raises(Refused, match=f"no schedule {row.pk}"):
        rescheduling.find(row.pk)


@pytest.mark.parametrize("name", ["toy", "toy: of old", "often"])
def test_a_schedule_whose_times_cannot_be_read_is_still_the_jobs_to_see_and_remove(name):
    row = schedule_row("every 5m", name=name)
    IntervalSchedule.objects.filter(pk=row.interval_id).update(every=0)
    assert [one.pk for one in rescheduling.schedules_of("toy")] == [row.pk]
    assert rescheduling.remove_all_of("toy", by=ANN) == 1


@pytest.mark.parametrize("name", ["toy", "toy: of old"])
def test_a_schedule_that_names_no_job_is_found_under_its_own_name(name):
    row = schedule_row(name=name)
    PeriodicTask.objects.filter(pk=row.pk).update(kwargs="{}")
    assert [one.pk for one in rescheduling.schedules_of("toy")] == [row.pk]


def test_schedules_of_other_tasks_are_none_of_ours():
    row = schedule_row()
    PeriodicTask.objects.filter(pk=row.pk).update(task="celery.backend_cleanup")
    with pytest.raises(Refused):
        rescheduling.find(row.pk)


def test_every_change_is_in_the_history():
    row = rescheduling.set_default("toy", "every 5m", by=ANN)
    rescheduling.change(row, "every 6m", by=ANN)
    follow("second", "toy")
    rescheduling.remove_all_of("toy", by=ANN)
    assert list(LogEntry.objects.order_by("pk").values_list("action_flag", "change_message")) == [
        (1, "Scheduled: every 5m. By ann."),
        (2, "Scheduled: every 6m. By ann."),
        (2, "Follows toy. By ann."),
        (3, "Removed the schedule toy. By ann."),
    ]


# --- Following -------------------------------------------------------------------------------------------------------


def test_a_job_that_follows_another_is_asked_for_when_a_run_of_it_completes(start, work_off, now):
    scheduling.sync_schedules()
    assert follow("second", "toy") is None
    assert PeriodicTask.objects.get(name="second").enabled is False
    run = work_off(start("toy"))
    follower = Execution.objects.get(job_id="second")
    assert (follower.state, follower.trigger, follower.triggered_by) == ("PENDING", "after", f"toy run {run.pk}")


def test_a_run_that_failed_was_cancelled_or_is_for_a_player_is_not_followed(start, work_off, now):
    follow("second", "failing")
    follow("third", "toy")
    assert work_off(start("failing")).state == "FAILED"
    wanted = dispatch.Request(job_id="toy", trigger="cli", scope="player:3", players=(3,))
    alone, _ = dispatch.request(wanted, now=now)
    dispatch.start(alone.pk, now=now)
    assert work_off(alone).state == "COMPLETED"
    assert not Execution.objects.filter(trigger="after").exists()


def test_a_follower_that_is_off_or_paused_or_refuses_its_settings_does_not_hold_up_the_close(start, work_off, now):
    follow("second", "toy")
    follow("third", "toy")
    follow("failing", "toy")
    switching.set_job_enabled("second", enabled=False, by=ANN)
    switching.pause("third", reason="why", until=None, by=ANN, now=now)
    JobConfiguration.objects.filter(pk="failing").update(config={"pears": 1})
    assert work_off(start("toy")).state == "COMPLETED"
    assert list(Execution.objects.filter(trigger="after").values_list("job_id", "state")) == [("third", "SKIPPED")]


def test_a_chain_runs_to_its_end(start, work_off, now):
    follow("second", "toy")
    follow("third", "second")
    work_off(start("toy"))
    second = Execution.objects.get(job_id="second")
    dispatch.start(second.pk, now=now)
    work_off(second)
    assert Execution.objects.get(job_id="third").triggered_by == f"second run {second.pk}"


@pytest.mark.parametrize("circle", [["toy"], ["second"], ["third", "second"]])
def test_a_circle_is_refused_by_name(circle):
    for earlier, later in zip(["toy", *circle], circle, strict=False):
        if later != earlier:
            follow(later, earlier)
    with pytest.raises(slots.BadSchedule, match=f"a circle: toy after {circle[-1]}"):
        follow("toy", circle[-1])
    assert JobConfiguration.objects.filter(pk="toy").exclude(after="").count() == 0


def test_an_unknown_job_to_follow_is_refused_by_name():
    with pytest.raises(registry.UnknownJob, match="'tooy'"):
        follow("second", "tooy")


def test_times_of_its_own_end_the_following_and_a_further_schedule_does_not():
    follow("second", "toy")
    rescheduling.add("second", "daily 4:00", by=ANN)
    assert JobConfiguration.objects.get(pk="second").after == "toy"
    rescheduling.set_default("second", "every 5m", by=ANN)
    assert JobConfiguration.objects.get(pk="second").after == ""
    follow("second", "toy")
    assert rescheduling.remove_all_of("second", by=ANN) == 3
    assert JobConfiguration.objects.get(pk="second").after == ""
    assert LogEntry.objects.filter(change_message__startswith="Follows nobody any more").count() == 1


def test_a_partial_run_is_followed(start, work_off):
    with registered_temporarily(toy_job({"a": Done(), "b": Fail("no")}, job_id="partial")):
        follow("second", "partial")
        assert work_off(start("partial")).is_partial
    assert Execution.objects.filter(job_id="second").count() == 1
