"""Jobs: the list, a job's page with its typed settings, run now, pause, resume, enable and disable."""

from datetime import datetime, timedelta

import pytest
from admin_pages import LONG_AGO, a_run, act, audit_of, buttons_of, change_page, page, save_form, text_of, told
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django_celery_beat.models import PeriodicTask
from rows_and_messages import last_ran, messages_in, schedule_row

from riotwatch_jobs import leases, overview, registry
from riotwatch_jobs.admin import job_page
from riotwatch_jobs.messages import CONTROL_QUEUE
from riotwatch_jobs.models import EmergencyStop, Execution, ExecutionState, JobConfiguration

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("synced")]


# --- Run, pause, switch ----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_run_now_asks_for_a_run_in_the_persons_name_and_is_audited(admin_client, toy_row):
    response = act(admin_client, "run_now", toy_row)
    run = Execution.objects.get()
    assert told(response) == [f"toy: run {run.pk} is queued"]
    assert f'href="{page(Execution, "change", run.pk)}"' in response.content.decode()
    assert (run.trigger, run.triggered_by) == ("admin", "admin")
    assert audit_of(toy_row) == [("admin", f"toy: run {run.pk} is queued")]
    assert messages_in(CONTROL_QUEUE) == [(["toy", run.pk], {})]
    assert told(act(admin_client, "run_now", toy_row)) == [f"toy: run {run.pk} was already waiting"]


def test_pausing_asks_why_and_until_when(admin_client, toy_row):
    response = act(admin_client, "pause_jobs", toy_row)
    assert "Pause jobs?" in text_of(response)
    assert "required" in text_of(act(admin_client, "pause_jobs", toy_row, reason="", end="1"))
    now = leases.database_now()
    act(admin_client, "pause_jobs", toy_row, reason="Riot is down", end="4")
    toy_row.refresh_from_db()
    assert timedelta(hours=4) <= toy_row.paused_until - now < timedelta(hours=4, minutes=1)
    assert (toy_row.paused_by, toy_row.paused_reason) == ("admin", "Riot is down")
    text = text_of(admin_client.get(change_page(toy_row)))
    assert "paused by admin until" in text
    assert "Riot is down" in text
    assert f"paused until {toy_row.paused_until:%Y-%m-%d %H:%M} UTC" in text_of(
        admin_client.get(page(JobConfiguration))
    )


def test_a_pause_ends_at_a_written_time_or_when_somebody_resumes(admin_client, toy_row):
    until = (leases.database_now() + timedelta(days=2)).replace(second=0, microsecond=0)
    act(admin_client, "pause_jobs", toy_row, reason="x", end="1", until=f"{until:%Y-%m-%dT%H:%M}")
    toy_row.refresh_from_db()
    assert toy_row.paused_until == until
    act(admin_client, "pause_jobs", toy_row, reason="x", end="resumed")
    toy_row.refresh_from_db()
    assert toy_row.is_paused(until + timedelta(days=900))
    assert buttons_of(admin_client, toy_row) == ["Run now", "Resume", "Disable"]
    act(admin_client, "resume_jobs", toy_row)
    toy_row.refresh_from_db()
    assert not toy_row.is_paused(leases.database_now())
    assert [text for _, text in audit_of(toy_row)][-1] == "Resumed the job."


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"end": "at"}, "Write the time at which the pause ends"),
        ({"end": "at", "until": "tomorrow"}, "Enter a valid date/time."),
        ({"end": "1", "until": "2020-01-01T00:00"}, "a pause ends in the future"),
    ],
)
def test_a_pause_without_a_sensible_end_is_refused(admin_client, toy_row, answer, said):
    assert said in text_of(act(admin_client, "pause_jobs", toy_row, reason="x", **answer))
    toy_row.refresh_from_db()
    assert toy_row.paused_at is None


def test_a_slot_at_the_very_end_of_a_pause_is_the_next_run_wherever_it_is_told(toy_row):
    now = leases.database_now()
    until = (now + timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
    toy_row.paused_at, toy_row.paused_until = now, until
    toy_row.save()
    assert job_page.facts_of([toy_row], runs=1, now=now)["toy"].next_run == until
    assert overview.of_job(registry.get("toy"), now=now).next_run == until


def test_jobs_are_switched_by_button_or_in_the_form_and_never_fire_for_the_past(admin_client, toy_row):
    act(admin_client, "disable_jobs", toy_row)
    row = last_ran(PeriodicTask.objects.get(name="toy"), LONG_AGO)
    toy_row.refresh_from_db()
    assert not toy_row.enabled
    assert buttons_of(admin_client, toy_row) == ["Run now", "Pause", "Enable"]
    now = leases.database_now()
    save_form(admin_client, toy_row, enabled="on")
    toy_row.refresh_from_db()
    row.refresh_from_db()
    assert toy_row.enabled
    assert row.last_run_at >= now
    save_form(admin_client, toy_row, enabled=None)
    toy_row.refresh_from_db()
    assert not toy_row.enabled
    assert [text for _, text in audit_of(toy_row) if "the job" in text] == [
        "Disabled the job.",
        "Enabled the job.",
        "Disabled the job.",
    ]


# --- What is shown ---------------------------------------------------------------------------------------------------


def ended(now: datetime, *, seconds=30, state=ExecutionState.COMPLETED, **fields):
    return a_run(state, started_at=now - timedelta(seconds=seconds), finished_at=now, **fields)


def test_the_list_tells_state_schedule_and_the_last_runs(admin_client):
    now = leases.database_now()
    ended(now)
    failed = ended(now, seconds=60, state=ExecutionState.FAILED)
    text = text_of(admin_client.get(page(JobConfiguration), {"q": "toy"}))
    for expected in ("Toy", "on", "every hour", "in ", "failed", "1 min"):
        assert expected in text
    bars = admin_client.get(page(JobConfiguration), {"q": "toy"}).content.decode()
    assert bars.count('class="rw-run rw-run-') == 2
    assert f'href="{change_page(failed)}"' in bars


def test_a_jobs_page_tells_how_it_has_been_doing(admin_client, toy_row):
    now = leases.database_now()
    for state in (ExecutionState.COMPLETED, ExecutionState.COMPLETED, ExecutionState.FAILED, ExecutionState.SKIPPED):
        ended(now, state=state)
    Execution.objects.filter(pk=Execution.objects.earliest("pk").pk).update(items_failed=1)
    text = text_of(admin_client.get(change_page(toy_row)))
    for expected in ("66 % of 3, 1 in part", "every hour", "A job for tests."):
        assert expected in text


def test_a_job_that_is_off_or_has_no_schedule_says_so(admin_client, toy_row):
    PeriodicTask.objects.filter(name="toy").delete()
    text = text_of(admin_client.get(page(JobConfiguration), {"q": "toy"}))
    assert "by hand only" in text
    assert "runs when somebody asks for it" in text_of(admin_client.get(change_page(toy_row)))
    JobConfiguration.objects.filter(pk="toy").update(enabled=False)
    assert " off " in text_of(admin_client.get(page(JobConfiguration), {"q": "toy"}))


def test_a_configuration_whose_job_has_no_code_any_more_is_still_shown(admin_client):
    gone = JobConfiguration.objects.create(job_id="gone", config={"x": 1})
    schedule_row(job_id="gone")
    assert "no code any more" in text_of(admin_client.get(page(JobConfiguration)))
    assert "no code any more" in text_of(admin_client.get(change_page(gone)))
    response = act(admin_client, "run_now", gone)
    assert any("there is no job 'gone'" in message for message in told(response))
    assert not LogEntry.objects.exists()


def test_the_list_of_jobs_takes_a_fixed_number_of_queries(admin_client, django_assert_max_num_queries):
    for _ in range(30):
        a_run(ExecutionState.COMPLETED)
    with django_assert_max_num_queries(14):
        admin_client.get(page(JobConfiguration))


def test_a_run_asked_for_during_a_pause_is_recorded_and_said_to_be_skipped(admin_client, toy_row):
    act(admin_client, "pause_jobs", toy_row, reason="x", end="1")
    (text,) = told(act(admin_client, "run_now", toy_row))
    run = Execution.objects.get()
    assert text.startswith(f"toy: run {run.pk} was skipped: paused by admin until")
    assert run.state == "SKIPPED"


def test_a_stop_of_everything_is_said_above_the_jobs_and_at_home(admin_client, toy_row):
    now = leases.database_now()
    EmergencyStop.objects.create(stopped_at=now, stopped_by="ann", reason="the disk is full")
    for address in (page(JobConfiguration), change_page(toy_row), reverse("admin:index")):
        text = text_of(admin_client.get(address))
        assert "mergency stop by ann" in text
        assert "the disk is full" in text


def test_the_home_page_tells_the_same_of_each_job_as_the_list(admin_client):
    now = leases.database_now()
    ended(now, state=ExecutionState.FAILED)
    text = text_of(admin_client.get(reverse("admin:index")))
    for expected in ("Toy on every hour next in", "failed"):
        assert expected in text


@pytest.mark.django_db(transaction=True)
def test_everything_is_stopped_with_a_reason_and_resumed_with_a_trace_each(admin_client, toy_row):
    adding = page(EmergencyStop, "add")
    assert "This field is required." in text_of(admin_client.post(adding, {"reason": " "}))
    assert admin_client.post(adding, {"reason": "the disk is full"}).status_code == 302
    stop = EmergencyStop.objects.get()
    assert (stop.stopped_by, stop.reason) == ("admin", "the disk is full")
    assert admin_client.get(adding).status_code == 403
    assert any("was skipped" in text for text in told(act(admin_client, "run_now", toy_row)))
    resuming = page(EmergencyStop, "delete", stop.pk)
    assert f'href="{resuming}"' in admin_client.get(change_page(toy_row)).content.decode()
    admin_client.post(resuming, {"post": "yes"})
    assert not EmergencyStop.objects.exists()
    assert [text for _, text in audit_of(stop)] == [
        "Stopped everything: the disk is full.",
        "Ended the emergency stop.",
    ]


def test_who_may_only_look_neither_stops_nor_resumes(viewer):
    assert viewer.post(page(EmergencyStop, "add"), {"reason": "x"}).status_code == 403
    EmergencyStop.objects.create(stopped_at=leases.database_now(), reason="x")
    assert viewer.post(page(EmergencyStop, "delete", 1), {"post": "yes"}).status_code == 403
    assert EmergencyStop.objects.exists()


def test_the_list_says_whose_stored_settings_are_refused_and_why(admin_client, toy_row):
    JobConfiguration.objects.filter(pk=toy_row.pk).update(config={"apples": 99})
    text = text_of(admin_client.get(page(JobConfiguration)))
    assert "settings refused apples = 99: " in text
    assert "settings refused" in text_of(admin_client.get(reverse("admin:index")))


def test_the_list_follows_the_jobs_and_keeps_its_search(admin_client, toy_row):
    shown = admin_client.get(page(JobConfiguration), {"q": "toy"}).content.decode()
    live = reverse("admin:riotwatch_jobs_jobconfiguration_live")
    assert f'data-rw-live="{live}?q=toy"' in shown
    tag = admin_client.get(live, {"q": "toy"})["ETag"]
    assert admin_client.get(live, {"q": "toy"}, headers={"If-None-Match": tag}).status_code == 304
    JobConfiguration.objects.filter(pk=toy_row.pk).update(enabled=False)
    response = admin_client.get(live, {"q": "toy"}, headers={"If-None-Match": tag})
    assert response.status_code == 200
    assert "csrfmiddlewaretoken" not in response.content.decode()
