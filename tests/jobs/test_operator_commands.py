"""The commands that steer jobs and runs: what they do, what they print, and their exit codes."""

import json
from datetime import datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.db import DatabaseError, DataError, InterfaceError, OperationalError
from django_celery_beat.models import PeriodicTask
from rows_and_messages import empty_broker
from toy_jobs import Tally, toy_job

from riotwatch_jobs import catching_up, rescheduling, scheduling, statistics
from riotwatch_jobs.models import EmergencyStop, Execution, JobConfiguration
from riotwatch_jobs.outcomes import Done, Fail
from riotwatch_jobs.registry import registered_temporarily
from riotwatch_pages import command_line

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("lease")]

BAD_INPUT, REFUSED = 2, 4
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    monkeypatch.setenv("LOGNAME", "ann")
    monkeypatch.setenv("COLUMNS", "250")
    empty_broker()
    with registered_temporarily(toy_job({"a": Done(Tally(worked=1)), "b": Fail("no")})) as job:
        scheduling.sync_schedules()
        yield job
    empty_broker()


@pytest.fixture
def manage(capsys):
    """Run a command; returns what it printed."""

    def run(*arguments):
        capsys.readouterr()
        call_command(*arguments)
        return capsys.readouterr().out

    return run


@pytest.fixture
def answer(manage):
    """Run a command with --json; returns what it says."""
    return lambda *arguments: json.loads(manage(*arguments, "--json"))


def refused(*arguments):
    with pytest.raises(CommandError) as refusal:
        call_command(*arguments)
    return refusal.value.returncode, str(refusal.value)


# --- Switching and pausing -------------------------------------------------------------------------------------------


def test_a_job_is_switched_off_and_on(manage):
    assert manage("disable_job", "toy") == "toy is disabled.\n"
    assert JobConfiguration.objects.get(pk="toy").enabled is False
    assert manage("enable_job", "toy") == "toy is enabled.\n"
    assert JobConfiguration.objects.get(pk="toy").enabled is True


def test_the_history_names_the_user_of_the_operating_system(manage):
    manage("disable_job", "toy")
    entry = LogEntry.objects.get()
    assert entry.user.get_username() == command_line.ACCOUNT_NAME
    assert entry.change_message.startswith("Disabled the job. By ann@")


def test_a_pause_says_until_when_and_why_and_a_trigger_is_refused_by_it(manage):
    told = manage("pause_job", "toy", "--for", "2h", "--reason", "maintenance")
    assert "toy is paused by ann@" in told
    assert told.endswith("UTC: maintenance.\n")
    with pytest.raises(SystemExit) as end:
        manage("trigger_job", "toy")
    assert end.value.code == REFUSED
    assert Execution.objects.get().state == "SKIPPED"
    assert manage("resume_job", "toy") == "toy is resumed.\n"
    assert manage("resume_job", "toy") == "toy was not paused.\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("pause_job", "toy", "--for", "soon", "--reason", "x"), "write a length like 30m, 2h or 1d"),
        (("pause_job", "toy", "--for", "900d", "--reason", "x"), "within a year"),
        (("pause_job", "toy", "--reason", " "), "say why"),
        (("pause_job", "tooy", "--reason", "x"), "there is no job 'tooy'; the jobs are"),
        (("enable_job", "tooy"), "there is no job 'tooy'"),
        (("job_status", "tooy"), "there is no job 'tooy'"),
        (("schedule_job", "toy", "often"), "write `every 15m`"),
        (("schedule_job", "toy", "--daily", "25:00"), "'25:00' is no time of day"),
        (("schedule_job", "toy", "after tooy"), "there is no job 'tooy'"),
        (("schedule_job", "toy", "after toy"), "a circle: toy after toy"),
        (("unschedule_job", "toy"), "Add --confirm"),
        (("unschedule_job", "--id", "4711", "--confirm"), "there is no schedule 4711"),
        (("cancel_run", "4711"), "there is no run 4711"),
        (("fail_run", "4711", "--reason", "x"), "there is no run 4711"),
        (("retry_run", "4711"), "there is no run 4711"),
        (("emergency_stop", "--reason", " "), "say why"),
    ],
)
def test_bad_input_ends_with_2_and_says_what_to_write(arguments, says):
    code, message = refused(*arguments)
    assert code == BAD_INPUT
    assert says in message


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError, DatabaseError])
def test_a_database_that_went_away_is_told_with_what_helps(monkeypatch, kind):
    def lost():
        raise kind("server closed the connection unexpectedly")

    monkeypatch.setattr("riotwatch_jobs.management.operator_command.database_now", lost)
    code, message = refused("enable_job", "toy")
    assert code == 1
    assert "the database does not answer: server closed the connection unexpectedly" in message


def test_what_the_database_refuses_is_not_told_as_an_outage(monkeypatch):
    def refusing():
        raise DataError("value out of range")

    monkeypatch.setattr("riotwatch_jobs.management.operator_command.database_now", refusing)
    with pytest.raises(DataError):
        call_command("enable_job", "toy")


# --- Runs ------------------------------------------------------------------------------------------------------------


def test_an_ended_run_is_repeated_over_what_is_left(start, work_off, manage, answer):
    run = work_off(start("toy"))
    told = manage("retry_run", str(run.pk))
    again = Execution.objects.get(retry_of=run)
    assert told == f"run {again.pk} of toy is queued: 1 items of run {run.pk}.\n"
    assert answer("cancel_run", str(again.pk), "--reason", "a mistake")["state"] == "CANCELLED"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("cancel_run",), "has already ended: COMPLETED"),
        (("fail_run", "--reason", "x"), "has already ended: COMPLETED"),
    ],
)
def test_what_the_state_does_not_allow_ends_with_4(start, work_off, arguments, says):
    run = work_off(start("toy"))
    code, message = refused(arguments[0], str(run.pk), *arguments[1:])
    assert code == REFUSED
    assert says in message


def test_a_retry_of_an_open_run_ends_with_4(start):
    code, message = refused("retry_run", str(start("toy").pk))
    assert (code, "still open" in message) == (REFUSED, True)


def test_a_run_is_failed_or_abandoned_by_hand(start, answer):
    failed = answer("fail_run", str(start("toy").pk), "--reason", "it hangs")
    assert (failed["state"], failed["items"]["skipped"]) == ("FAILED", 2)
    assert failed["reason"].startswith("it hangs (by ann@")
    assert answer("fail_run", str(start("toy").pk), "--reason", "gone", "--abandon")["state"] == "ABANDONED"


def test_cancelling_tells_what_is_still_being_worked_on(start, manage, lease):
    run = start("toy")
    run.items.filter(key="a").update(state="RUNNING", owner_id=lease.id)
    assert "is to be cancelled; 1 items end at their next checkpoint" in manage("cancel_run", str(run.pk))


# --- Schedules -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "stored", "words"),
    [
        (("every 15m",), "every 900s", "every 15 minutes"),
        (("--daily", "23:59"), "59 23 * * *", "daily at 23:59 (UTC)"),
        (("--weekly", "sun", "23:59"), "59 23 * * 0", "weekly on Sunday at 23:59 (UTC)"),
        (("0 3 * * * Europe/Berlin",), "0 3 * * * Europe/Berlin", "daily at 03:00 (Europe/Berlin)"),
    ],
)
def test_a_job_is_scheduled_and_told_its_next_runs(manage, arguments, stored, words):
    told = manage("schedule_job", "toy", *arguments)
    assert f"toy runs {words}." in told
    assert told.count("20") >= 5  # five dates
    assert scheduling.text_of(PeriodicTask.objects.get(name="toy")) == stored


def test_scheduling_a_job_that_is_off_says_what_is_missing(manage):
    manage("disable_job", "toy")
    assert "enable_job toy" in manage("schedule_job", "toy", "every 5m")


def test_schedules_are_added_and_removed_by_number_by_job_and_all(answer):
    added = answer("schedule_job", "toy", "daily 4:00", "--add")
    assert len(added["next_runs"]) == 5
    removed = answer("unschedule_job", "--id", str(added["schedule_id"]), "--confirm")
    assert removed["removed"] == 1
    assert removed["schedules"][0].endswith(" (0 4 * * *)")
    assert answer("unschedule_job", "toy", "--confirm")["schedules"] == ["toy (every 3600s)"]
    assert rescheduling.schedules_of("toy") == []
    assert answer("unschedule_job", "--all", "--confirm")["removed"] >= 5
    assert not PeriodicTask.objects.exclude(name="celery.backend_cleanup").exists()


def test_a_job_can_follow_another(manage):
    told = manage("schedule_job", "toy", "after match_fetcher")
    assert "toy runs after each completed run of match_fetcher." in told
    assert "after match_fetcher" in manage("list_jobs")


# --- Looking ---------------------------------------------------------------------------------------------------------


def test_the_status_of_all_jobs_has_the_last_24_hours(start, work_off, manage, answer, now):
    run = work_off(start("toy"))
    Execution.objects.filter(pk=run.pk).update(api_requests_made=7)
    scheduling.skip_slot(scheduling.Plan("toy", "default", None), now, catching_up.MISSED, now=now, count=3)
    told = manage("job_status")
    assert "tracked_player_updater" in told
    toy = next(job for job in answer("job_status") if job["job_id"] == "toy")
    day = toy["last_24_h"]
    assert (day["runs"], day["ok"], day["failed"], day["skipped"], day["slots_missed"]) == (1, 1, 0, 1, 3)
    assert (day["mean_requests"], day["max_requests"]) == (7, 7)
    assert day["mean_duration_s"] == day["p95_duration_s"] == pytest.approx(run.duration_s, abs=0.01)


@pytest.mark.parametrize("command", ["job_status", "list_jobs"])
def test_a_table_in_a_narrow_window_cuts_nothing_off(manage, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "60")
    told = manage(command)
    assert "…" not in told
    assert {"tracked_player_updater", "toy"} <= set(told.split())


def test_the_status_of_one_job_has_its_schedules_and_runs(start, work_off, manage, answer):
    run = work_off(start("toy"))
    manage("schedule_job", "toy", "daily 4:00", "--add")
    manage("pause_job", "toy", "--reason", "maintenance")
    told = manage("job_status", "toy")
    assert "daily at 04:00 (UTC)" in told
    assert "COMPLETED (partial)" in told
    assert "maintenance" in told
    plain = answer("job_status", "toy")
    assert [one["in_words"] for one in plain["schedules"]] == ["every hour", "daily at 04:00 (UTC)"]
    assert plain["runs"][0]["id"] == run.pk
    assert (plain["next_run"], "maintenance" in plain["paused"]) == (None, True)


def test_a_timed_pause_moves_the_next_run_behind_its_end(answer, now):
    answer("pause_job", "toy", "--for", "150m", "--reason", "maintenance")
    next_run = answer("job_status", "toy")["next_run"]
    assert now + 2.5 * HOUR <= datetime.fromisoformat(next_run) <= now + 3.6 * HOUR


def test_statistics_tell_percentiles_and_leave_out_what_is_older(now):
    for seconds in range(1, 101):
        Execution.objects.create(
            job_id="toy", scope=f"s{seconds}", trigger="cli", timeout_s=1, deadline_s=1, queued_at=now,
            state="COMPLETED" if seconds % 4 else "FAILED", started_at=now - timedelta(seconds=seconds),
            finished_at=now if seconds <= 80 else now - 25 * HOUR, api_requests_made=seconds,
        )  # fmt: skip
    day = statistics.per_job(now=now)["toy"]
    assert (day.runs, day.ok, day.failed) == (80, 60, 20)
    assert (day.mean_duration_s, day.p95_duration_s) == (pytest.approx(40.5), pytest.approx(76.05))
    assert (day.mean_requests, day.max_requests) == (40.5, 80)
    assert (day.last_success, day.last_error) == (now, now)
    assert statistics.per_job(now=now, span=statistics.WEEK)["toy"].runs == 100


# --- Everything ------------------------------------------------------------------------------------------------------


def test_everything_is_stopped_and_resumed(manage, answer):
    assert "by ann@" in manage("emergency_stop", "--reason", "the key leaked")
    assert "the key leaked (emergency_resume ends it)" in manage("job_status")
    assert EmergencyStop.objects.count() == 1
    assert manage("emergency_resume") == "Work begins again.\n"
    assert answer("emergency_resume") == {"was_stopped": False}
