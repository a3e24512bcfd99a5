"""The figures, the scheduler and the health through the API."""

import socket
from datetime import timedelta

from riotwatch_jobs import leases
from riotwatch_jobs.models import Execution, ExecutionState, Heartbeat, Trigger


def a_beat(**fields):
    return Heartbeat.objects.create(
        **{"kind": "beat", "host": socket.gethostname(), "pid": 4711, "at": leases.database_now()} | fields
    )


def test_the_overview_counts_runs_of_a_day_and_a_week(toy, viewer):
    now = leases.database_now()
    for state, requests in ((ExecutionState.COMPLETED, 10), (ExecutionState.FAILED, 30)):
        Execution.objects.create(
            job_id="toy", trigger=Trigger.CLI, state=state, timeout_s=9, deadline_s=9, queued_at=now, started_at=now,
            finished_at=now, api_requests_made=requests,
        )  # fmt: skip
    told = viewer.get("/jobs/status/overview").json()
    assert (told["scheduler_running"], told["total_jobs"]) == (False, len(told["jobs"]))
    toy_job = next(job for job in told["jobs"] if job["job_id"] == "toy")
    for span in ("last_24_h", "last_7_d"):
        figures = toy_job[span]
        assert (figures["runs"], figures["ok"], figures["failed"]) == (2, 1, 1)
        assert (figures["mean_requests"], figures["max_requests"]) == (20, 30)


def test_the_scheduler_runs_while_a_beat_lives_and_it_is_switched_on(toy, viewer, settings):
    a_beat()
    told = viewer.get("/jobs/scheduler/status").json()
    assert (told["running"], told["enabled"], [beat["pid"] for beat in told["beats"]]) == (True, True, [4711])
    assert told["schedules_enabled"] > 4
    settings.JOB_SCHEDULER_ENABLED = False
    assert viewer.get("/jobs/scheduler/status").json()["running"] is False


def test_further_schedules_are_told_with_their_next_runs_the_next_one_first(toy, viewer, operator, admin):
    made = admin.post("/jobs/toy/schedules", {"schedule": "every 10s"}).json()["id"]
    told = viewer.get("/jobs/scheduler/status").json()
    ours = next(one for one in told["schedules"] if one["id"] == made)
    assert (ours["job_id"], ours["schedule"], ours["in_words"]) == ("toy", "every 10s", "every 10 seconds")
    assert told["next_run"] == told["schedules"][0]["next_run"] == ours["next_run"]
    admin.post("/jobs/toy/pause", {"reason": "because"})
    told = viewer.get("/jobs/scheduler/status").json()
    assert [one["next_run"] for one in told["schedules"] if one["job_id"] == "toy"][-1:] == [None]
    assert told["schedules"][-1]["job_id"] == "toy"


def test_a_schedule_that_somebody_made_for_themselves_is_not_told_to_others(toy, viewer, operator):
    made = operator.post("/jobs/toy/schedules", {"schedule": "every 10s"}).json()["id"]
    ids = [{one["id"] for one in who.get("/jobs/scheduler/status").json()["schedules"]} for who in (operator, viewer)]
    assert (made in ids[0], made in ids[1]) == (True, False)


def test_a_dead_beat_and_a_stop_are_told(toy, viewer, operator):
    a_beat(at=leases.database_now() - timedelta(minutes=5))
    operator.post("/emergency/stop", {"reason": "because"})
    told = viewer.get("/jobs/scheduler/status").json()
    assert (told["running"], told["beats"], told["emergency"]["stopped"]) == (False, [], True)


def test_health_names_what_is_ill_and_what_helps(toy, viewer):
    told = viewer.get("/jobs/health").json()
    assert told["well"] is False
    beat = next(part for part in told["parts"] if part["part"] == "beat")
    assert "schedules make no runs" in beat["ill"]
    assert "celery" in beat["remedy"]
    assert told["parts"][0]["well"] is False
    assert told["parts"][-1]["well"] is True
