"""trigger_job, list_jobs and sync_schedules, with toy jobs and without workers."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django_celery_beat.models import PeriodicTask, SolarSchedule
from rows_and_messages import empty_broker, schedule_row
from toy_jobs import Tally, toy_job

from riotwatch_jobs import audit, dispatch, leases, scheduling
from riotwatch_jobs.models import Execution, ExecutionState, JobConfiguration, Trigger, WorkerLease
from riotwatch_jobs.outcomes import Done, Fail, Skip, Snooze, Stop
from riotwatch_jobs.registry import registered_temporarily

pytestmark = pytest.mark.django_db(transaction=True)

DONE = Done(Tally(worked=1, apples=2))


@pytest.fixture(autouse=True)
def _broker(settings):
    empty_broker()
    yield
    empty_broker()


def manage(*arguments, capsys=None):
    """Run a command as the shell would; returns its exit code and what it wrote."""
    try:
        call_command(*arguments)
    except SystemExit as end:
        code = end.code
    else:
        code = 0
    return code, capsys.readouterr()


def refused(*arguments):
    """Run a command that is to be refused; returns exit code and message."""
    with pytest.raises(CommandError) as refusal:
        call_command(*arguments)
    return refusal.value.returncode, str(refusal.value)


# --- trigger_job: how it ends ----------------------------------------------------------------------------------------


ENDS = {
    "all done": ({"a": DONE, "b": DONE}, {}, 0),
    "nothing to do": ({}, {}, 0),
    "skipped items only": ({"a": Skip("not ripe")}, {}, 0),
    "all failed": ({"a": Fail("no")}, {}, 1),
    "stopped": ({"a": Stop("no")}, {}, 1),
    "a bug": ({"a": ZeroDivisionError()}, {}, 1),
    "partial": ({"a": DONE, "b": Fail("no")}, {}, 5),
    "skipped": ({"a": DONE}, {"skip": Skip("paused")}, 4),
}


@pytest.mark.parametrize(("outcomes", "options", "code"), ENDS.values(), ids=ENDS.keys())
def test_the_exit_code_of_an_inline_run_tells_how_it_ended(outcomes, options, code, capsys):
    with registered_temporarily(toy_job(outcomes, **options)):
        assert manage("trigger_job", "toy", "--inline", capsys=capsys)[0] == code


def test_a_run_that_was_cancelled_meanwhile_ends_with_1(capsys):
    class Cancelled(toy_job({"a": DONE})):
        def run(self, target, log):
            Execution.objects.update(cancel_requested_at=leases.database_now())
            return super().run(target, log)

    with registered_temporarily(Cancelled):
        assert manage("trigger_job", "toy", "--inline", capsys=capsys)[0] == 1
    assert Execution.objects.get().state == "CANCELLED"


def test_a_run_that_waited_for_budget_until_its_deadline_ends_with_5(capsys):
    class Late(toy_job({"a": Snooze(300, "budget", for_budget=True)})):
        def run(self, target, log):
            Execution.objects.update(state="RATE_LIMITED")
            return super().run(target, log)

    with registered_temporarily(Late):
        assert manage("trigger_job", "toy", "--inline", capsys=capsys)[0] == 5


def test_an_inline_run_that_takes_too_long_ends_with_3_and_says_so(capsys):
    with registered_temporarily(toy_job({"a": Snooze(300)})):
        code, output = manage("trigger_job", "toy", "--inline", "--timeout", "0.5", capsys=capsys)
    assert code == 3
    assert "timed out after 0.5 s; the run goes on" in output.err
    assert Execution.objects.get().state == "IN_PROGRESS"


def test_an_inline_run_is_told_in_words_with_its_result(capsys):
    with registered_temporarily(toy_job({"a": DONE, "b": Skip("not ripe")})):
        _, output = manage("trigger_job", "toy", "--inline", capsys=capsys)
    run = Execution.objects.get()
    assert f"run {run.pk} of toy: COMPLETED (1 done, 0 failed, 1 skipped)" in output.out
    assert "worked: 1" in output.out
    assert "apples: 2" in output.out
    assert (run.trigger, run.triggered_by) == ("cli", audit.command_line().name)


def test_what_an_inline_job_prints_goes_to_its_log_not_between_the_json(capsys):
    class Printing(toy_job({"a": DONE})):
        def run(self, target, log):
            print("printed by the toy")  # noqa: T201 - printing is what is tested
            return super().run(target, log)

    with registered_temporarily(Printing):
        _, output = manage("trigger_job", "toy", "--inline", "--json", capsys=capsys)
    assert json.loads(output.out)["state"] == "COMPLETED"
    assert "printed by the toy" in list(Execution.objects.get().log_lines.values_list("message", flat=True))


def test_an_inline_run_waits_for_the_run_before_it_and_starts_then(capsys):
    now = leases.database_now()
    with registered_temporarily(toy_job({"a": DONE})):
        before = dispatch.new_execution(dispatch.Request("toy", Trigger.CLI), now=now)
        before.state, before.started_at = ExecutionState.IN_PROGRESS, now
        before.deadline_at = now + timedelta(hours=1)
        before.save()
        code, _ = manage("trigger_job", "toy", "--inline", "--timeout", "0.5", capsys=capsys)
        assert code == 3
        waiting = Execution.objects.get(state="PENDING")
        Execution.objects.filter(pk=before.pk).update(state="COMPLETED")
        code, output = manage("trigger_job", "toy", "--inline", capsys=capsys)
    assert code == 0
    assert f"run {waiting.pk} was already waiting; it is the one you get" in output.err


def test_no_lease_is_left_behind_by_an_inline_run(capsys):
    with registered_temporarily(toy_job({"a": DONE})):
        manage("trigger_job", "toy", "--inline", capsys=capsys)
    assert not WorkerLease.objects.exists()


# --- trigger_job: without waiting, and without workers ---------------------------------------------------------------


def test_without_wait_the_run_is_queued_and_the_command_ends_with_0(capsys):
    with registered_temporarily(toy_job({"a": DONE})):
        code, output = manage("trigger_job", "toy", capsys=capsys)
    run = Execution.objects.get()
    assert (code, run.state) == (0, "PENDING")
    assert f"run {run.pk} of toy: PENDING" in output.out


def test_to_wait_without_a_live_worker_is_refused_with_a_hint_and_the_run_stays_queued():
    with registered_temporarily(toy_job({"a": DONE})):
        code, message = refused("trigger_job", "toy", "--wait")
    assert code == 4
    assert "no worker lives" in message
    assert "manage.py trigger_job toy --inline" in message
    assert Execution.objects.get().state == "PENDING"


@pytest.mark.parametrize(("queue", "silent_s"), [("players", 0), ("control", 40)])
def test_a_worker_of_other_queues_or_a_dead_one_does_not_count(queue, silent_s):
    at = leases.database_now() - timedelta(seconds=silent_s)
    WorkerLease.objects.create(host="h", pid=1, node="n", queues=[queue], started_at=at, renewed_at=at)
    with registered_temporarily(toy_job({"a": DONE})):
        assert refused("trigger_job", "toy", "--wait")[0] == 4


def test_to_wait_longer_than_the_timeout_ends_with_3(capsys):
    at = leases.database_now()
    WorkerLease.objects.create(host="h", pid=1, node="n", queues=["control"], started_at=at, renewed_at=at)
    with registered_temporarily(toy_job({"a": DONE})):
        code, output = manage("trigger_job", "toy", "--wait", "--timeout", "0.2", capsys=capsys)
    assert code == 3
    assert "timed out after 0.2 s" in output.err


# --- trigger_job: input ----------------------------------------------------------------------------------------------


def test_settings_of_this_run_only_reach_the_run(capsys):
    JobConfiguration.objects.create(job_id="toy", config={"apples": 4})
    with registered_temporarily(toy_job({"a": DONE})):
        manage("trigger_job", "toy", "--set", "apples=7", capsys=capsys)
    assert Execution.objects.get().config == {"apples": 7}
    assert JobConfiguration.objects.get(pk="toy").config == {"apples": 4}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["apples=99"], "apples: Input should be less than or equal to 10"),
        (["apples=many"], "apples: Input should be a valid integer"),
        (["apples="], "apples: Input should be a valid integer"),
        (["pears=1"], "known settings: apples"),
        (["apples"], "write KEY=VALUE"),
        (["=3"], "write KEY=VALUE"),
        (["apples=3", "pears=1", "--set", "plums=2"], "plums"),
    ],
)
def test_a_bad_setting_is_refused_by_name_and_nothing_is_queued(given, named):
    with registered_temporarily(toy_job({"a": DONE})):
        code, message = refused("trigger_job", "toy", "--set", *given)
    assert code == 2
    assert named in message
    assert not Execution.objects.exists()


def test_an_unknown_job_is_refused_naming_those_there_are():
    code, message = refused("trigger_job", "no_such_job")
    assert code == 2
    assert "match_fetcher" in message


def test_a_job_that_takes_no_players_says_so():
    with registered_temporarily(toy_job({"a": DONE})):
        code, message = refused("trigger_job", "toy", "--player", "some-puuid")
    assert code == 2
    assert "leave --player out" in message


def test_an_unknown_player_is_refused_by_name():
    code, message = refused("trigger_job", "tracked_player_updater", "--player", "no-such-puuid")
    assert code == 2
    assert "no-such-puuid" in message


def test_a_run_for_a_player_has_a_scope_of_its_own(capsys):
    class Picky(toy_job({"a": DONE})):
        @classmethod
        def resolve_players(cls, names):
            return [len(name) for name in names]

    with registered_temporarily(Picky):
        manage("trigger_job", "toy", "--player", "abc", capsys=capsys)
        manage("trigger_job", "toy", capsys=capsys)
    runs = Execution.objects.order_by("id").values_list("scope", "players")
    assert list(runs) == [("player:3", [3]), ("default", [])]


def test_json_holds_everything_a_script_needs(capsys):
    with registered_temporarily(toy_job({"a": DONE, "b": Fail("no")})):
        code, output = manage("trigger_job", "toy", "--inline", "--json", capsys=capsys)
    told = json.loads(output.out)
    run = Execution.objects.get()
    assert code == 5
    assert told.pop("duration_s") >= 0
    assert told == {
        "id": run.pk,
        "job_id": "toy",
        "scope": "default",
        "trigger": "cli",
        "triggered_by": run.triggered_by,
        "retry_of": None,
        "state": "COMPLETED",
        "reason": "1 of 2 items failed",
        "partial": True,
        "items": {"total": 2, "done": 1, "failed": 1, "skipped": 0},
        "api_requests_made": 2,
        "records_created": 0,
        "records_updated": 0,
        "result": {"worked": 1, "apples": 2},
        "config": {"apples": 3},
    }


# --- list_jobs -------------------------------------------------------------------------------------------------------


def listed(capsys):
    _, output = manage("list_jobs", "--json", capsys=capsys)
    return {job["job_id"]: job for job in json.loads(output.out)}


def test_jobs_are_listed_with_schedule_next_run_and_last_run(capsys):
    with registered_temporarily(toy_job({"a": DONE})):
        scheduling.sync_schedules()
        manage("trigger_job", "toy", "--inline", capsys=capsys)
        jobs = listed(capsys)
    assert jobs["match_fetcher"]["schedule"] == "7,37 * * * *"
    assert jobs["match_fetcher"]["last_run"] is None
    toy = jobs["toy"]
    assert (toy["enabled"], toy["queue"], toy["last_run"]["state"]) == (True, "players", "COMPLETED")
    assert toy["next_run"].endswith("+00:00")


def test_a_job_is_on_only_where_it_and_its_schedule_are(capsys):
    scheduling.sync_schedules()
    PeriodicTask.objects.filter(name="match_fetcher").update(enabled=False)
    JobConfiguration.objects.filter(pk="tracked_player_updater").update(enabled=False)
    jobs = listed(capsys)
    for job_id in ("match_fetcher", "tracked_player_updater"):
        assert (jobs[job_id]["enabled"], jobs[job_id]["next_run"]) == (False, None)


def test_before_the_first_sync_jobs_are_listed_with_the_remedy(capsys):
    assert "sync_schedules" in listed(capsys)["match_fetcher"]["schedule"]


def test_a_schedule_that_cannot_be_read_is_said_in_its_line(capsys):
    scheduling.sync_schedules()
    sun = SolarSchedule.objects.create(event="sunrise", latitude=0, longitude=0)
    PeriodicTask.objects.filter(name="match_fetcher").update(crontab=None, solar=sun)
    job = listed(capsys)["match_fetcher"]
    assert "only intervals and crontabs" in job["schedule"]
    assert job["next_run"] is None


@pytest.mark.parametrize("columns", ["80", "200"])
def test_the_table_names_each_job_in_one_piece_however_narrow_it_is(capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    scheduling.sync_schedules()
    _, output = manage("list_jobs", capsys=capsys)
    assert "tracked_player_updater" in output.out
    assert "match_fetcher" in output.out


# --- sync_schedules --------------------------------------------------------------------------------------------------


def test_a_sync_says_what_it_did_and_nothing_when_it_did_nothing(capsys):
    with registered_temporarily(toy_job({"a": DONE})):
        _, first = manage("sync_schedules", capsys=capsys)
        _, second = manage("sync_schedules", capsys=capsys)
    _, third = manage("sync_schedules", capsys=capsys)
    created = first.out.removeprefix("created: ").strip().split(", ")
    assert {"match_fetcher", "toy"} <= set(created)
    assert second.out == ""
    assert third.out == "disabled (no such job): toy\n"


def test_a_sync_says_which_defaults_it_followed(capsys):
    with registered_temporarily(toy_job({"a": DONE})) as job:
        manage("sync_schedules", capsys=capsys)
        job.schedule = "every 2h"
        _, output = manage("sync_schedules", capsys=capsys)
    assert output.out == "followed the new default of: toy\n"


def test_a_row_of_another_name_keeps_its_name(capsys):
    with registered_temporarily(toy_job({"a": DONE})):
        schedule_row("every 5m", name="toy, often")
        manage("sync_schedules", capsys=capsys)
    assert PeriodicTask.objects.filter(name__in=["toy", "toy, often"]).count() == 2
