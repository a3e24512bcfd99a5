"""Jobs, runs, schedules and the emergency stop through the API."""

from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from freezegun import freeze_time
from toy_jobs import toy_job

from riotwatch_api.models import IdempotencyKey, Role
from riotwatch_jobs import inline, leases, scheduling
from riotwatch_jobs.models import (
    EmergencyStop,
    Execution,
    ExecutionState,
    ItemState,
    JobConfiguration,
    ScheduleOwner,
    Trigger,
)
from riotwatch_jobs.registry import registered_temporarily
from tests.api.callers import caller, problem
from tests.players.concurrency import at_once

pytestmark = pytest.mark.usefixtures("toy")


def a_run(state=ExecutionState.COMPLETED, **fields):
    now = leases.database_now()
    values = {"job_id": "toy", "trigger": Trigger.CLI, "timeout_s": 9, "deadline_s": 9, "config": {"apples": 3}}
    return Execution.objects.create(state=state, **values | {"queued_at": now, "finished_at": now} | fields)


def trail():
    return list(LogEntry.objects.exclude(content_type__model="apikey").values_list("change_message", flat=True))


# --- Jobs ------------------------------------------------------------------------------------------------------------


def test_the_list_tells_how_each_job_stands(viewer):
    failed = a_run(ExecutionState.FAILED, started_at=leases.database_now())
    done = a_run(started_at=leases.database_now())
    jobs = {job["job_id"]: job for job in viewer.get("/jobs").json()["items"]}
    toy = jobs["toy"]
    assert (toy["trigger"], toy["trigger_text"], toy["enabled"]) == ("every 3600s", "every hour", True)
    assert (toy["success_count"], toy["error_count"], toy["last_execution"]["id"]) == (1, 1, done.pk)
    assert toy["last_success"][:19] == done.finished_at.isoformat()[:19]
    assert toy["last_error"][:19] == failed.finished_at.isoformat()[:19]
    assert toy["next_run"] > done.queued_at.isoformat()
    assert "tracked_player_updater" in jobs


def test_the_list_costs_as_many_queries_for_many_jobs_as_for_few(viewer):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert viewer.get("/jobs").status_code == 200
        return len(queries)

    cost()  # the first use of a key is noted
    before = cost()
    with ExitStack() as stack:
        for number in range(10):
            stack.enter_context(registered_temporarily(toy_job({}, job_id=f"toy{number}")))
            a_run(job_id=f"toy{number}")
        scheduling.sync_schedules()
        assert cost() == before < 15


def test_a_job_shows_its_settings_and_what_they_may_be(viewer):
    job = viewer.get("/jobs/toy").json()
    assert (job["config"], job["config_set"]) == ({"apples": 3}, {})
    assert job["config_schema"]["properties"]["apples"]["maximum"] == 10
    assert "there is no job 'nonsense'" in problem(viewer.get("/jobs/nonsense"))["detail"]


def test_settings_are_merged_and_null_goes_back_to_the_default(admin):
    changed = admin.send("PATCH", "/jobs/toy", {"config": {"apples": 7}, "timeout_s": 30, "overlap": "queue"}).json()
    assert (changed["config"], changed["config_set"]) == ({"apples": 7}, {"apples": 7})
    assert (changed["limits"]["timeout_s"], changed["limits"]["overlap"]) == (30, "queue")
    back = admin.send("PATCH", "/jobs/toy", {"config": {"apples": None}, "timeout_s": None, "overlap": None}).json()
    assert (back["config_set"], back["limits"]["timeout_s"], back["limits"]["overlap"]) == ({}, None, "")
    assert "Changed apples = 7, timeout_s = 30, overlap = queue." in trail()


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({"config": {"apples": 11}}, "config.apples", "less than or equal to 10"),
        ({"config": {"pears": 1}}, "config.pears", "known settings: apples"),
        ({"schedule": "every blue moon"}, "schedule", "daily 23:59"),
        ({"timeout_s": 0}, "timeout_s", "greater than or equal to 1"),
        ({"tiemout_s": 3}, "tiemout_s", "no such field"),
    ],
)
def test_what_is_not_accepted_is_named_and_nothing_is_stored(admin, body, field, said):
    told = problem(admin.send("PATCH", "/jobs/toy", {"enabled": False} | body))
    assert (told["status"], told["errors"][0]["field"]) == (422, field)
    assert said in told["errors"][0]["message"]
    row = JobConfiguration.objects.get(pk="toy")
    assert (row.enabled, row.config, trail()) == (True, {}, [])


def test_the_default_schedule_is_changed_by_text(admin):
    assert admin.send("PATCH", "/jobs/toy", {"schedule": "daily 23:59"}).json()["trigger"] == "59 23 * * *"
    followed = admin.send("PATCH", "/jobs/toy", {"schedule": "after match_fetcher"}).json()
    assert (followed["trigger"], followed["next_run"]) == ("after match_fetcher", None)


def test_a_job_is_switched_off_and_on(operator):
    assert operator.post("/jobs/toy/disable").json()["enabled"] is False
    assert not JobConfiguration.objects.get(pk="toy").enabled
    assert operator.post("/jobs/toy/enable").json()["enabled"] is True
    assert trail() == ["Enabled the job.", "Disabled the job."]


def test_a_paused_job_refuses_a_run_with_the_reason_until_it_is_resumed(operator):
    paused = operator.post("/jobs/toy/pause", {"reason": "maintenance", "for_s": 3600}).json()
    assert "maintenance" in paused["paused"]
    assert "otto (API key test)" in paused["paused"]
    refused = operator.post("/jobs/toy/trigger", {})
    assert (refused.status_code, Execution.objects.get().state) == (409, "SKIPPED")
    assert "maintenance" in problem(refused)["detail"]
    assert operator.post("/jobs/toy/resume").json()["paused"] == ""
    assert operator.post("/jobs/toy/trigger", {}).status_code == 202


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"reason": ""},
        {"reason": "x", "until": "2020-01-01T00:00:00Z"},
        {"reason": "x", "until": "2036-01-01T00:00"},
        {"reason": "x", "until": 0.5},
        {"reason": "x", "for_s": 5, "until": "2036-01-01T00:00:00Z"},
        {"reason": "x", "for_s": "soon"},
    ],
)
def test_a_pause_takes_a_reason_and_an_end_to_come(operator, body):
    assert problem(operator.post("/jobs/toy/pause", body))["status"] == 422


# --- Asking for a run ------------------------------------------------------------------------------------------------


def test_a_run_is_asked_for_and_found_at_its_address(operator, viewer):
    asked = operator.post("/jobs/toy/trigger", {"config": {"apples": 5}}, {"X-Request-ID": "r-7"})
    run = asked.json()
    assert run["request_id"] == asked.headers["X-Request-ID"] == "r-7"
    assert (asked.status_code, run["state"], run["trigger"], run["config"]) == (202, "PENDING", "api", {"apples": 5})
    assert run["triggered_by"] == "otto (API key test)"
    assert asked.headers["Location"] == f"http://testserver/api/v1/jobs/executions/{run['id']}"
    assert viewer.get(f"/jobs/executions/{run['id']}").json()["state"] == "PENDING"
    assert operator.post("/jobs/toy/trigger", {}).json()["id"] == run["id"], "one waits already"
    assert trail() == ["Asked for by otto (API key test)."]


def test_a_request_sent_twice_makes_one_run(operator):
    key = {"Idempotency-Key": "4d9e"}
    first = operator.post("/jobs/toy/trigger", {"config": {"apples": 5}}, key).json()["id"]
    Execution.objects.filter(pk=first).update(state=ExecutionState.COMPLETED)
    assert operator.post("/jobs/toy/trigger", {"config": {"apples": 5}}, key).json()["id"] == first
    other = problem(operator.post("/jobs/toy/trigger", {"config": {"apples": 6}}, key))
    assert (other["status"], Execution.objects.count()) == (409, 1)
    assert "take a new one" in other["detail"]
    assert operator.post("/jobs/toy/trigger", {"config": {"apples": 5}}).json()["id"] != first


def test_the_same_request_at_the_same_time_makes_one_run(operator):
    answers = []

    def ask():
        answers.append(operator.post("/jobs/toy/trigger", {"config": {"apples": 5}}, {"Idempotency-Key": "at-once"}))

    assert at_once(*[ask] * 6) == []
    assert [answer.status_code for answer in answers] == [202] * 6
    assert {answer.json()["id"] for answer in answers} == {Execution.objects.get().pk}
    assert trail() == ["Asked for by otto (API key test)."]


def test_another_persons_idempotency_key_is_another(operator):
    key = {"Idempotency-Key": "same"}
    first = operator.post("/jobs/toy/trigger", {}, key).json()["id"]
    Execution.objects.update(state=ExecutionState.COMPLETED)
    other = caller("olga", Role.OPERATOR)
    assert other.post("/jobs/toy/trigger", {"wait_s": 0}, key).json()["id"] != first


def test_an_idempotency_key_is_forgotten_after_a_day_and_by_a_refused_request(operator):
    key = {"Idempotency-Key": "4d9e"}
    assert operator.post("/jobs/toy/trigger", {"config": {"apples": 99}}, key).status_code == 422
    first = operator.post("/jobs/toy/trigger", {}, key).json()["id"]
    Execution.objects.update(state=ExecutionState.COMPLETED)
    IdempotencyKey.objects.update(created_at=leases.database_now() - timedelta(hours=25))
    assert operator.post("/jobs/toy/trigger", {}, key).json()["id"] != first


def test_waiting_is_bounded(operator):
    assert operator.post("/jobs/toy/trigger", {"wait_s": 0.2}).json()["state"] == "PENDING"
    assert problem(operator.post("/jobs/toy/trigger", {"wait_s": 31}))["errors"][0]["field"] == "wait_s"


def test_players_are_named_by_puuid_where_the_job_takes_any(operator, ada):
    run = operator.post("/jobs/smurf_analyzer/trigger", {"players": [ada.puuid]}).json()
    assert (run["scope"], run["players"]) == (f"player:{ada.pk}", 1)
    unknown = problem(operator.post("/jobs/smurf_analyzer/trigger", {"players": ["nobody"]}))
    assert (unknown["status"], unknown["errors"][0]["field"]) == (422, "players")


# --- Runs ------------------------------------------------------------------------------------------------------------


def test_runs_are_paged_and_new_ones_shift_nothing(viewer):
    ids = [a_run().pk for _ in range(5)][::-1]
    first = viewer.get("/jobs/toy/executions", limit=2).json()
    assert [run["id"] for run in first["items"]] == ids[:2]
    a_run()
    second = viewer.get("/jobs/toy/executions", limit=2, cursor=first["next_cursor"]).json()
    assert [run["id"] for run in second["items"]] == ids[2:4]
    last = viewer.get("/jobs/toy/executions", limit=2, cursor=second["next_cursor"]).json()
    assert ([run["id"] for run in last["items"]], last["next_cursor"]) == (ids[4:], None)


def test_runs_are_filtered(viewer):
    a_run(job_id="match_fetcher")
    failed = a_run(ExecutionState.FAILED, trigger=Trigger.API)
    a_run(queued_at=leases.database_now() - timedelta(days=3))
    since = (leases.database_now() - timedelta(days=1)).isoformat()

    def found(path, **query):
        return [run["id"] for run in viewer.get(path, **query).json()["items"]]

    assert found("/jobs/executions/recent", state=["FAILED", "CANCELLED"]) == [failed.pk]
    assert found("/jobs/executions/recent", trigger="api") == [failed.pk]
    assert found("/jobs/toy/executions", queued_since=since) == [failed.pk]
    assert len(found("/jobs/executions/recent")) == 3


@pytest.mark.parametrize("cursor", ["x", "WzFd", "WyJ4Il0", "W10", "bm8", "🦆", "WyIxIiwiMiJd"])
def test_a_cursor_of_nowhere_is_refused(viewer, cursor):
    told = problem(viewer.get("/jobs/executions/recent", cursor=cursor))
    assert (told["status"], told["errors"][0]["field"]) == (422, "cursor")


def test_a_run_shows_its_items_and_log_by_pages(operator, viewer):
    run_id = operator.post("/jobs/toy/trigger", {}).json()["id"]
    done = inline.work_off(Execution.objects.get(pk=run_id), give_up_after_s=20)
    assert done.state == "COMPLETED"
    run = viewer.get(f"/jobs/executions/{run_id}", limit=1).json()
    assert run["items"] == {"total": 1, "done": 1, "failed": 0, "skipped": 0}
    assert [(item["key"], item["state"]) for item in run["item_list"]["items"]] == [("a", "DONE")]
    assert [line["message"] for line in run["logs"]["items"]] == ["toy_ran key=a"]
    assert viewer.get("/jobs/executions/999999").status_code == 404


def test_an_open_run_is_counted_as_it_is_now(viewer):
    run = a_run(ExecutionState.IN_PROGRESS, finished_at=None)
    for key, state in (("a", ItemState.DONE), ("b", ItemState.FAILED), ("c", ItemState.RUNNING)):
        run.items.create(
            key=key, state=state, queue="players", available_at=run.queued_at,
            api_requests_made=2, records_created=1, records_updated=3,
        )  # fmt: skip
    told = viewer.get(f"/jobs/executions/{run.pk}").json()
    assert told["items"] == {"total": 3, "done": 1, "failed": 1, "skipped": 0}
    assert (told["api_requests_made"], told["records_created"], told["records_updated"]) == (6, 3, 9)


def test_a_run_is_cancelled_failed_and_retried(operator):
    run = operator.post("/jobs/toy/trigger", {}).json()["id"]
    cancelled = operator.post(f"/jobs/executions/{run}/cancel", {"reason": "wrong day"}).json()
    assert cancelled["state"] == "CANCELLED"
    assert "wrong day" in cancelled["reason"]
    again = operator.post(f"/jobs/executions/{run}/retry")
    assert (again.status_code, again.json()["retry_of"]) == (202, run)
    failed = operator.post(f"/jobs/executions/{again.json()['id']}/fail", {"reason": "it hangs"}).json()
    assert failed["state"] == "FAILED"
    assert "already ended" in problem(operator.post(f"/jobs/executions/{run}/cancel", {}))["detail"]
    assert len(trail()) == 4


# --- Schedules -------------------------------------------------------------------------------------------------------


def test_a_schedule_is_added_changed_and_removed(admin):
    added = admin.post("/jobs/toy/schedules", {"schedule": "daily 23:59"})
    assert (added.status_code, added.json()["in_words"], len(added.json()["next_runs"])) == (
        201,
        "daily at 23:59 (UTC)",
        5,
    )
    address = f"/jobs/schedules/{added.json()['id']}"
    assert admin.send("PATCH", address, {"schedule": "every 2h"}).json()["schedule"] == "every 7200s"
    assert admin.send("PATCH", address, {"enabled": False}).json()["next_runs"] == []
    listed = admin.get("/jobs/toy/schedules").json()["items"]
    assert [(one["name"] == "toy", one["enabled"]) for one in listed] == [(True, True), (False, False)]
    assert admin.send("DELETE", address).status_code == 204
    assert problem(admin.send("DELETE", address))["status"] == 404
    assert not PeriodicTask.objects.filter(name__startswith="toy: ").exists()
    assert len(trail()) == 4


def test_a_schedule_whose_times_cannot_be_read_is_listed_under_its_job(admin, viewer):
    added = admin.post("/jobs/toy/schedules", {"schedule": "every 2h"}).json()
    IntervalSchedule.objects.filter(every=7200).update(every=0)
    listed = viewer.get("/jobs/toy/schedules").json()["items"][-1]
    assert (listed["id"], listed["job_id"], listed["schedule"], listed["next_runs"]) == (added["id"], "toy", "", [])
    assert "from one second to a year" in listed["in_words"]


def test_times_and_off_can_be_set_at_once(admin):
    row = PeriodicTask.objects.get(name="toy")
    changed = admin.send("PATCH", f"/jobs/schedules/{row.pk}", {"schedule": "every 2h", "enabled": False}).json()
    assert (changed["schedule"], changed["enabled"]) == ("every 7200s", False)


def test_what_an_operator_schedules_is_theirs_with_its_runs(operator, admin):
    mine = operator.post("/jobs/toy/schedules", {"schedule": "daily 23:59"}).json()
    run = a_run(scope=f"schedule:{mine['id']}")
    other = caller("olga", Role.OPERATOR)
    for hidden_from in (other, caller("vic", Role.VIEWER)):
        assert len(hidden_from.get("/jobs/toy/schedules").json()["items"]) == 1
        assert hidden_from.get("/jobs/executions/recent").json()["items"] == []
        assert hidden_from.get(f"/jobs/executions/{run.pk}").status_code == 404
        jobs = {job["job_id"]: job for job in hidden_from.get("/jobs").json()["items"]}
        assert jobs["toy"]["last_execution"] is None
    for verb in ("cancel", "retry"):
        assert other.post(f"/jobs/executions/{run.pk}/{verb}", {} if verb == "cancel" else None).status_code == 404
    address = f"/jobs/schedules/{mine['id']}"
    assert other.send("PATCH", address, {"enabled": False}).status_code == 404
    assert other.send("DELETE", address).status_code == 404
    assert admin.get(f"/jobs/executions/{run.pk}").status_code == 200
    assert operator.send("DELETE", address).status_code == 204
    assert other.get(f"/jobs/executions/{run.pk}").status_code == 404, "its runs stay theirs"
    assert ScheduleOwner.objects.count() == 1


def test_nobody_is_refused_times_because_of_a_schedule_they_cannot_see(operator, admin):
    for one in (operator, caller("olga", Role.OPERATOR), admin):
        assert one.post("/jobs/toy/schedules", {"schedule": "daily 23:59"}).status_code == 201
        assert problem(one.post("/jobs/toy/schedules", {"schedule": "daily 23:59"}))["status"] == 409
    late = caller("otis", Role.OPERATOR).post("/jobs/toy/schedules", {"schedule": "daily 23:59"})
    assert late.status_code == 409, "by now everybody has it"


def test_everybodys_schedules_are_for_admins_to_change(operator):
    row = PeriodicTask.objects.get(name="toy")
    assert problem(operator.send("PATCH", f"/jobs/schedules/{row.pk}", {"enabled": False}))["status"] == 403
    assert problem(operator.send("DELETE", f"/jobs/schedules/{row.pk}"))["status"] == 403
    assert problem(operator.post("/jobs/toy/schedules", {"schedule": "after match_fetcher"}))["status"] == 403


def test_following_another_job_is_a_schedule_without_a_number(admin):
    added = admin.post("/jobs/toy/schedules", {"schedule": "after match_fetcher"}).json()
    assert (added["id"], added["in_words"]) == (None, "after each completed run of match_fetcher")
    assert admin.get("/jobs/toy/schedules").json()["items"][-1]["schedule"] == "after match_fetcher"


# --- Everything ------------------------------------------------------------------------------------------------------


def test_everything_is_stopped_and_goes_on(operator):
    assert problem(operator.post("/emergency/stop", {}))["errors"][0]["field"] == "reason"
    stopped = operator.post("/emergency/stop", {"reason": "too many 429s"}).json()
    assert (stopped["stopped"], stopped["reason"]) == (True, "too many 429s")
    assert "too many 429s" in problem(operator.post("/jobs/toy/trigger", {}))["detail"]
    assert operator.post("/emergency/resume").json()["stopped"] is False
    assert not EmergencyStop.objects.exists()


def test_what_is_read_again_unchanged_is_not_sent_again(viewer):
    a_run()
    with freeze_time("2026-11-20"):
        first = viewer.get("/jobs/executions/recent")
        again = viewer.get("/jobs/executions/recent", {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    a_run()
    assert viewer.get("/jobs/executions/recent", {"If-None-Match": first.headers["ETag"]}).status_code == 200
    assert first.headers["Cache-Control"] == "private, no-cache"
