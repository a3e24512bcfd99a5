"""Schedule rows kept in step with the catalogue, and slots becoming runs."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask, PeriodicTasks, SolarSchedule
from rows_and_messages import last_ran, schedule_row, stamp
from toy_jobs import toy_job

from riotwatch_jobs import dispatch, leases, registry, scheduling, slots
from riotwatch_jobs.models import Execution, ExecutionState, JobConfiguration, Trigger
from riotwatch_jobs.outcomes import Done
from riotwatch_jobs.registry import registered_temporarily
from riotwatch_jobs.scheduling import NotOurs, Plan
from tests.players.concurrency import at_once

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
SLOT = datetime(2026, 5, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLAN = Plan(job_id="toy", scope="default", schedule=slots.Every(3600))


@pytest.fixture
def toy():
    with registered_temporarily(toy_job({"a": Done()})) as job:
        yield job


JOBS = ("match_fetcher", "toy", "tracked_player_updater")


def rows():
    """The schedules of the catalogue and of this file's toy; other tests may have left jobs of theirs registered."""
    return {row.name: scheduling.text_of(row) for row in PeriodicTask.objects.filter(name__in=JOBS)}


def runs():
    return list(Execution.objects.order_by("id").values_list("state", "slot"))


# --- sync_schedules --------------------------------------------------------------------------------------------------


def test_every_job_of_the_catalogue_gets_its_row_with_the_times_of_its_code(toy):
    report = scheduling.sync_schedules()
    assert set(report.created) >= set(JOBS)
    assert rows() == {
        "match_fetcher": "7,37 * * * *",
        "toy": "every 3600s",
        "tracked_player_updater": "*/15 * * * *",
    }
    assert JobConfiguration.objects.filter(job_id__in=JOBS, enabled=True).count() == 3
    assert PeriodicTask.objects.filter(name__in=JOBS, enabled=True).count() == 3


def test_a_job_that_is_off_by_default_gets_a_row_that_is_off(toy):
    toy.enabled_by_default = False
    scheduling.sync_schedules()
    assert PeriodicTask.objects.get(name="toy").enabled is False
    assert JobConfiguration.objects.get(pk="toy").enabled is False


def test_a_second_sync_changes_nothing_not_even_the_stamp(toy):
    scheduling.sync_schedules()
    before = stamp()
    again = scheduling.sync_schedules()
    assert (again.created, again.followed, again.disabled) == ([], [], [])
    assert stamp() == before


def test_a_changed_default_is_followed_where_nobody_edited_the_row(toy):
    scheduling.sync_schedules()
    toy.schedule = "20 3 * * *"
    assert scheduling.sync_schedules().followed == ["toy"]
    assert rows()["toy"] == "20 3 * * *"


@pytest.mark.parametrize("edit", ["every 5m", "0 4 * * *"])
def test_an_operators_times_are_never_overwritten_also_when_the_default_changes(toy, edit):
    scheduling.sync_schedules()
    row = PeriodicTask.objects.get(name="toy")
    scheduling.set_schedule(row, slots.parse(edit))
    row.save()
    edited = scheduling.text_of(row)
    toy.schedule = "20 3 * * *"
    assert scheduling.sync_schedules().followed == []
    assert rows()["toy"] == edited


def test_an_edit_of_the_shared_row_of_times_is_an_edit_too(toy):
    scheduling.sync_schedules()
    IntervalSchedule.objects.filter(every=3600).update(every=60)
    assert scheduling.sync_schedules().followed == []
    assert rows()["toy"] == "every 60s"


def test_a_row_that_an_operator_switched_off_stays_off_when_its_default_changes(toy):
    scheduling.sync_schedules()
    scheduling.set_enabled(PeriodicTask.objects.get(name="toy"), enabled=False)
    toy.schedule = "every 2h"
    scheduling.sync_schedules()
    assert rows()["toy"] == "every 7200s"
    assert PeriodicTask.objects.get(name="toy").enabled is False


def test_the_interval_setting_reaches_only_the_jobs_that_follow_it_and_only_unedited_rows(toy, settings):
    scheduling.sync_schedules()
    row = PeriodicTask.objects.get(name="match_fetcher")
    scheduling.set_schedule(row, slots.parse("1 1 * * *"))
    row.save()
    settings.JOB_INTERVAL_SECONDS = 120
    assert scheduling.sync_schedules().followed == ["tracked_player_updater"]
    assert rows() == {
        "match_fetcher": "1 1 * * *",
        "toy": "every 3600s",
        "tracked_player_updater": "every 120s",
    }
    settings.JOB_INTERVAL_SECONDS = None
    scheduling.sync_schedules()
    assert rows()["tracked_player_updater"] == "*/15 * * * *"


def test_schedules_of_a_job_without_code_are_switched_off_and_kept(toy):
    schedule_row(job_id="gone")
    schedule_row(job_id="gone", name="gone at night")
    PeriodicTask.objects.create(
        name="somebody else's", task="other.task", interval=IntervalSchedule.objects.create(every=1, period="days")
    )
    report = scheduling.sync_schedules()
    assert sorted(report.disabled) == ["gone", "gone at night"]
    off_by_default = [job.job_id for job in registry.all_jobs() if not job.enabled_by_default]
    off = PeriodicTask.objects.filter(enabled=False).exclude(name__in=off_by_default)
    assert set(off.values_list("name", flat=True)) == {"gone", "gone at night"}


# --- Reading rows ----------------------------------------------------------------------------------------------------


def test_the_default_schedule_and_further_ones_of_a_job_have_scopes_of_their_own():
    assert scheduling.plan_of(schedule_row()).scope == "default"
    other = schedule_row("every 5m", name="toy, often")
    assert scheduling.plan_of(other) == Plan("toy", f"schedule:{other.pk}", slots.Every(300))


def test_a_crontab_row_is_read_in_its_own_time_zone():
    row = schedule_row("30 2 * * *")
    CrontabSchedule.objects.filter(pk=row.crontab_id).update(timezone="Asia/Kolkata")
    row = PeriodicTask.objects.get(pk=row.pk)
    assert slots.following(scheduling.schedule_of(row), SLOT) == datetime(2026, 5, 5, 21, tzinfo=UTC)
    assert scheduling.text_of(row) == "30 2 * * * Asia/Kolkata"


@pytest.mark.parametrize("kwargs", ["", "{}", "[]", "null", "{", '{"job": "toy"}', '{"job_id": ["toy"]}', '"toy"'])
def test_a_row_that_names_no_job_is_not_ours(kwargs):
    row = schedule_row()
    row.kwargs = kwargs
    with pytest.raises(NotOurs, match="toy names"):
        scheduling.plan_of(row)


def test_a_row_of_another_task_is_not_ours():
    row = schedule_row()
    row.task = "celery.backend_cleanup"
    with pytest.raises(NotOurs, match=r"celery\.backend_cleanup"):
        scheduling.plan_of(row)


@pytest.mark.parametrize("every", [-5, 0, 10**9])
def test_an_interval_out_of_bounds_is_refused_rather_than_fired_every_second(every):
    row = schedule_row()
    IntervalSchedule.objects.filter(pk=row.interval_id).update(every=every, period="days")
    with pytest.raises(slots.BadSchedule, match="from one second to a year"):
        scheduling.plan_of(PeriodicTask.objects.get(pk=row.pk))


def test_a_solar_row_is_refused_by_name():
    row = schedule_row()
    row.interval, row.solar = None, SolarSchedule.objects.create(event="sunrise", latitude=0, longitude=0)
    row.save()
    with pytest.raises(slots.BadSchedule, match="only intervals and crontabs"):
        scheduling.plan_of(row)


# --- Triggers of the database ----------------------------------------------------------------------------------------


def raw_sql(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def save_through_the_orm(row):
    row.kwargs = '{"job_id": "other"}'
    row.save()


def new_times_by_raw_sql(row):
    other = IntervalSchedule.objects.create(every=77, period="seconds")
    raw_sql("UPDATE django_celery_beat_periodictask SET interval_id = %s WHERE id = %s", other.pk, row.pk)


EDITS = {
    "a save": save_through_the_orm,
    "an update of a queryset": lambda row: PeriodicTask.objects.filter(pk=row.pk).update(enabled=False),
    "plain SQL": new_times_by_raw_sql,
    "an edit of shared times": lambda row: IntervalSchedule.objects.filter(pk=row.interval_id).update(every=9),
    "a start time": lambda row: PeriodicTask.objects.filter(pk=row.pk).update(start_time=SLOT),
    "deletion": lambda row: PeriodicTask.objects.filter(pk=row.pk).delete(),
    "a further row": lambda row: schedule_row(name="another"),
    "the job's own switch": lambda row: JobConfiguration.objects.filter(pk="toy").update(enabled=False),
    "the job's own switch by SQL": lambda row: raw_sql("UPDATE job_configurations SET enabled = false"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_whoever_changes_a_schedule_in_whatever_way_the_stamp_grows(edit):
    row = schedule_row()
    JobConfiguration.objects.create(job_id="toy")
    before = stamp()
    edit(row)
    assert stamp() > before


def test_an_edit_of_a_crontab_grows_the_stamp_and_makes_its_schedules_count_from_now():
    row = last_ran(schedule_row("0 3 * * *"), LONG_AGO)
    before, now = stamp(), leases.database_now()
    CrontabSchedule.objects.filter(pk=row.crontab_id).update(hour="4")
    row.refresh_from_db()
    assert stamp() > before
    assert row.last_run_at >= now


def test_a_crontab_saved_without_a_change_leaves_its_schedules_alone():
    row = last_ran(schedule_row("0 3 * * *"), LONG_AGO)
    CrontabSchedule.objects.filter(pk=row.crontab_id).update(hour="3")
    row.refresh_from_db()
    assert row.last_run_at == LONG_AGO


def test_what_beat_writes_after_each_slot_is_no_change():
    row = schedule_row()
    before = stamp()
    PeriodicTask.objects.filter(pk=row.pk).update(last_run_at=SLOT, total_run_count=1)
    row.refresh_from_db()
    assert stamp() == before
    assert row.last_run_at == SLOT


def test_the_stamp_grows_also_when_a_machine_with_a_fast_clock_wrote_it_last():
    row = schedule_row()
    future = leases.database_now() + HOUR
    PeriodicTasks.objects.all().delete()
    PeriodicTasks.objects.create(ident=1, last_update=future)
    assert stamp() == future
    PeriodicTask.objects.filter(pk=row.pk).update(enabled=False)
    assert stamp() > future
    PeriodicTasks.update_changed()
    assert stamp() > future


def switch_by_queryset(row):
    PeriodicTask.objects.filter(pk=row.pk).update(enabled=True)


def switch_by_form(row):
    row.enabled = True
    row.save()


def switch_by_sql(row):
    raw_sql("UPDATE django_celery_beat_periodictask SET enabled = true WHERE id = %s", row.pk)


def switch_by_us(row):
    scheduling.set_enabled(row, enabled=True)
    assert row.enabled


@pytest.mark.parametrize("switch_on", [switch_by_queryset, switch_by_form, switch_by_sql, switch_by_us])
def test_a_schedule_that_is_switched_on_counts_from_now_however_it_is_done(switch_on):
    row = last_ran(schedule_row(enabled=False), LONG_AGO)
    now = leases.database_now()
    switch_on(row)
    row.refresh_from_db()
    assert row.enabled
    assert row.last_run_at >= now


def test_switching_a_schedule_on_that_is_on_changes_nothing():
    row = last_ran(schedule_row(), LONG_AGO)
    scheduling.set_enabled(row, enabled=True)
    assert row.last_run_at == LONG_AGO


def test_a_schedule_with_new_times_counts_from_now():
    row = last_ran(schedule_row("every 1h"), LONG_AGO)
    now = leases.database_now()
    scheduling.set_schedule(row, slots.parse("20 3 * * *"))
    row.save()
    row.refresh_from_db()
    assert row.last_run_at >= now


def test_the_schedules_of_a_job_that_is_switched_on_again_count_from_now():
    configuration = JobConfiguration.objects.create(job_id="toy", enabled=False)
    ours = [last_ran(schedule_row(), LONG_AGO), last_ran(schedule_row(name="toy at night"), LONG_AGO)]
    other = last_ran(schedule_row(job_id="toy2"), LONG_AGO)
    now = leases.database_now()
    configuration.enabled = True
    configuration.save()
    for row in ours:
        row.refresh_from_db()
        assert row.last_run_at >= now
    other.refresh_from_db()
    assert other.last_run_at == LONG_AGO


def test_a_job_whose_settings_are_edited_keeps_its_pace():
    configuration = JobConfiguration.objects.create(job_id="toy")
    row = last_ran(schedule_row(), LONG_AGO)
    configuration.config = {"apples": 5}
    configuration.save()
    row.refresh_from_db()
    assert row.last_run_at == LONG_AGO


# --- Slots -----------------------------------------------------------------------------------------------------------


def test_the_first_to_see_a_slot_gets_its_run_and_everybody_else_nothing(toy):
    run = scheduling.open_slot(PLAN, SLOT, now=SLOT)
    assert (run.state, run.slot, run.trigger, run.config) == ("PENDING", SLOT, Trigger.SCHEDULE, {"apples": 3})
    assert scheduling.open_slot(PLAN, SLOT, now=SLOT) is None
    assert runs() == [("PENDING", SLOT)]


def test_a_slot_whose_run_has_ended_is_not_run_again(toy):
    run = scheduling.open_slot(PLAN, SLOT, now=SLOT)
    Execution.objects.filter(pk=run.pk).update(state=ExecutionState.COMPLETED)
    assert scheduling.open_slot(PLAN, SLOT, now=SLOT) is None
    assert runs() == [("COMPLETED", SLOT)]


@pytest.mark.django_db(transaction=True)
def test_of_eight_processes_that_see_a_slot_at_once_exactly_one_gets_its_run(toy):
    opened = []
    raised = at_once(*[lambda: opened.append(scheduling.open_slot(PLAN, SLOT, now=SLOT))] * 8)
    assert raised == []
    assert sum(run is not None for run in opened) == 1
    assert runs() == [("PENDING", SLOT)]


@pytest.mark.django_db(transaction=True)
def test_three_beats_make_twelve_runs_of_twelve_slots(toy):
    due = [SLOT + number * HOUR for number in range(12)]

    def beat():
        for slot in due:
            if (run := scheduling.open_slot(PLAN, slot, now=slot)) is not None:
                Execution.objects.filter(pk=run.pk).update(state=ExecutionState.COMPLETED)
            while not Execution.objects.filter(slot=slot, state=ExecutionState.COMPLETED).exists():
                pass

    assert at_once(beat, beat, beat) == []
    assert runs() == [("COMPLETED", slot) for slot in due]


def test_slots_while_the_scheduler_is_off_are_one_skipped_run_with_a_count(toy, settings):
    settings.JOB_SCHEDULER_ENABLED = False
    for number in range(5):
        for _ in range(2):  # two beats
            assert scheduling.open_slot(PLAN, SLOT + number * HOUR, now=SLOT + number * HOUR) is None
    (skipped,) = Execution.objects.all()
    assert (skipped.state, skipped.slots_skipped, skipped.slot) == ("SKIPPED", 5, SLOT + 4 * HOUR)
    assert "JOB_SCHEDULER_ENABLED" in skipped.reason
    assert skipped.finished_at == SLOT + 4 * HOUR


def test_the_next_episode_is_a_skipped_run_of_its_own(toy, settings):
    settings.JOB_SCHEDULER_ENABLED = False
    scheduling.open_slot(PLAN, SLOT, now=SLOT)
    settings.JOB_SCHEDULER_ENABLED = True
    run = scheduling.open_slot(PLAN, SLOT + HOUR, now=SLOT)
    Execution.objects.filter(pk=run.pk).update(state=ExecutionState.COMPLETED)
    settings.JOB_SCHEDULER_ENABLED = False
    scheduling.open_slot(PLAN, SLOT + 2 * HOUR, now=SLOT)
    states = Execution.objects.order_by("id").values_list("state", "slots_skipped")
    assert list(states) == [("SKIPPED", 1), ("COMPLETED", 0), ("SKIPPED", 1)]


def test_a_slot_while_another_run_still_waits_is_recorded_as_skipped(toy):
    scheduling.open_slot(PLAN, SLOT, now=SLOT)
    assert scheduling.open_slot(PLAN, SLOT + HOUR, now=SLOT) is None
    assert scheduling.open_slot(PLAN, SLOT + 2 * HOUR, now=SLOT) is None
    assert runs() == [("PENDING", SLOT), ("SKIPPED", SLOT + 2 * HOUR)]
    skipped = Execution.objects.get(state="SKIPPED")
    assert (skipped.reason, skipped.slots_skipped) == ("another run was already waiting", 2)


def test_settings_that_the_job_refuses_skip_its_slots_and_say_why(toy):
    JobConfiguration.objects.create(job_id="toy", config={"apples": 99})
    assert scheduling.open_slot(PLAN, SLOT, now=SLOT) is None
    skipped = Execution.objects.get()
    assert skipped.state == "SKIPPED"
    assert "apples" in skipped.reason


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("coded", "configured", "state"),
    [("skip", "", "SKIPPED"), ("queue", "", "PENDING"), ("skip", "queue", "PENDING"), ("queue", "skip", "SKIPPED")],
)
def test_a_slot_during_a_run_is_skipped_or_waits_as_the_operator_or_the_code_says(toy, start, coded, configured, state):
    toy.overlap = coded
    JobConfiguration.objects.create(job_id="toy", overlap=configured)
    assert start("toy").state == "IN_PROGRESS"
    run = scheduling.open_slot(PLAN, SLOT, now=SLOT)
    assert dispatch.start(run.pk, now=leases.database_now()) is None
    run.refresh_from_db()
    assert run.state == state
    if state == "SKIPPED":
        assert run.reason == "the previous run was still open"
