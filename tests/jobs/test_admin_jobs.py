"""Jobs: the list, a job's page with its typed settings, run now, pause, resume, enable and disable."""

from datetime import datetime, timedelta
from typing import Literal

import pydantic
import pytest
from admin_pages import LONG_AGO, a_run, act, audit_of, buttons_of, change_page, page, text_of, told
from django.contrib.admin.models import LogEntry
from django_celery_beat.models import PeriodicTask
from rows_and_messages import last_ran, messages_in, schedule_row
from toy_jobs import toy_job

from riotwatch_jobs import leases, scheduling
from riotwatch_jobs.base import JobConfig
from riotwatch_jobs.messages import CONTROL_QUEUE
from riotwatch_jobs.models import Execution, ExecutionState, JobConfiguration
from riotwatch_jobs.registry import registered_temporarily

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("synced")]


@pytest.fixture
def toy_row():
    return JobConfiguration.objects.get(pk="toy")


def save(client, row, **fields):
    """Open the job's form, fill in some fields, save."""
    form = client.get(change_page(row)).context["adminform"].form
    data = {name: form[name].value() for name in form.fields}
    data = {name: value for name, value in data.items() if value not in (None, False)} | fields
    return client.post(change_page(row), {name: value for name, value in data.items() if value is not None})


def errors_of(response):
    assert response.status_code == 200
    return {name: " ".join(texts) for name, texts in response.context["adminform"].form.errors.items()}


# --- Settings --------------------------------------------------------------------------------------------------------


def test_a_setting_is_edited_in_a_field_of_its_own_and_used_by_the_next_run(admin_client, toy_row):
    response = save(admin_client, toy_row, setting_apples="7", timeout_s="30", deadline_s="600", catch_up_s="0")
    assert response.status_code == 302
    toy_row.refresh_from_db()
    assert toy_row.config == {"apples": 7}
    assert (toy_row.timeout_s, toy_row.deadline_s, toy_row.catch_up_s) == (30, 600, 0)
    act(admin_client, "run_now", toy_row)
    assert Execution.objects.get().config == {"apples": 7}


def test_the_form_explains_each_setting_with_its_bounds_and_default(admin_client, toy_row):
    text = text_of(admin_client.get(change_page(toy_row)))
    assert "How many apples. At least 1, at most 10. Default: 3." in text
    assert 'placeholder="3"' in admin_client.get(change_page(toy_row)).content.decode()


def test_an_emptied_field_follows_the_default_again(admin_client, toy_row):
    JobConfiguration.objects.update(config={"apples": 7})
    save(admin_client, toy_row, setting_apples="")
    toy_row.refresh_from_db()
    assert toy_row.config == {}


@pytest.mark.parametrize("typed", ["99", "seven", "7.5", "NaN", "[7]"])
def test_a_bad_setting_is_refused_at_its_field_with_the_remedy_and_kept_as_typed(admin_client, toy_row, typed):
    response = save(admin_client, toy_row, setting_apples=typed)
    errors = errors_of(response)
    assert "Allowed is at least 1, at most 10. An emptied field follows the default." in errors["setting_apples"]
    assert f'value="{typed}"' in response.content.decode()
    toy_row.refresh_from_db()
    assert toy_row.config == {}


class Fruit(JobConfig):
    """One setting of each kind."""

    ripe: bool = pydantic.Field(True, description="Only ripe ones.")
    kind: Literal["apple", "pear"] = pydantic.Field("apple", description="Which.")
    share: float = pydantic.Field(0.5, gt=0, lt=1, description="How much.")
    name: str = pydantic.Field("x", max_length=5, description="A name.")
    sizes: list[int] = pydantic.Field([1, 2], description="Which sizes.")


@pytest.fixture
def fruit_row():
    job = toy_job({}, job_id="fruit")
    job.Config = Fruit
    with registered_temporarily(job):
        scheduling.sync_schedules()
        yield JobConfiguration.objects.get(pk="fruit")


def test_settings_of_every_type_are_stored_as_that_type(admin_client, fruit_row):
    fields = {"ripe": "off", "kind": "pear", "share": "0.25", "name": "7", "sizes": "[3, 4]"}
    response = save(admin_client, fruit_row, **{f"setting_{name}": value for name, value in fields.items()})
    assert response.status_code == 302
    fruit_row.refresh_from_db()
    assert fruit_row.config == {"ripe": False, "kind": "pear", "share": 0.25, "name": "7", "sizes": [3, 4]}
    form = admin_client.get(change_page(fruit_row)).context["adminform"].form
    assert {name: form[f"setting_{name}"].value() for name in fields} == fields
    assert save(admin_client, fruit_row).status_code == 302
    fruit_row.refresh_from_db()
    assert fruit_row.config["ripe"] is False


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ({"apples": 99}, "apples = 99: Input should be less than or equal to 10"),
        ({"apples": "many"}, "apples = many: Input should be a valid integer"),
        ({"pears": 1}, "pears = 1: Extra inputs are not permitted"),
        ([1], "stored as [1], not as a JSON object"),
    ],
)
def test_a_row_with_bad_values_opens_says_what_is_wrong_and_can_be_put_right(admin_client, toy_row, stored, said):
    JobConfiguration.objects.filter(pk="toy").update(config=stored)
    assert admin_client.get(page(JobConfiguration)).status_code == 200
    assert said in text_of(admin_client.get(change_page(toy_row)))
    response = save(admin_client, toy_row, setting_apples="4", setting_pears="")
    assert response.status_code == 302
    toy_row.refresh_from_db()
    assert toy_row.config == {"apples": 4}


def test_a_stored_setting_nobody_knows_is_kept_until_it_is_removed(admin_client, toy_row):
    JobConfiguration.objects.filter(pk="toy").update(config={"pears": {"big": 1}})
    response = save(admin_client, toy_row, setting_apples="4")
    assert "Empty the field to remove it" in errors_of(response)["setting_pears"]
    assert "&quot;big&quot;: 1" in response.content.decode()


def test_settings_that_became_bad_are_said_not_raised_when_somebody_runs_the_job(admin_client, toy_row):
    JobConfiguration.objects.filter(pk="toy").update(config={"apples": 99})
    response = act(admin_client, "run_now", toy_row)
    assert any("apples" in message for message in told(response))
    assert not Execution.objects.exists()


def test_who_saves_second_is_told_and_overwrites_nothing_unasked(admin_client, toy_row):
    form = admin_client.get(change_page(toy_row)).context["adminform"].form
    JobConfiguration.objects.filter(pk="toy").update(config={"apples": 5})
    mine = {"version": form["version"].value(), "enabled": "on", "setting_apples": "9"}
    response = admin_client.post(change_page(toy_row), mine)
    assert "Somebody else changed this" in errors_of(response)["__all__"]
    toy_row.refresh_from_db()
    assert toy_row.config == {"apples": 5}
    mine["version"] = response.context["adminform"].form["version"].value()
    assert admin_client.post(change_page(toy_row), mine).status_code == 302
    toy_row.refresh_from_db()
    assert toy_row.config == {"apples": 9}


def test_saving_settings_leaves_a_trace_and_leaves_the_switch_alone(admin_client, toy_row):
    save(admin_client, toy_row, setting_apples="7")
    ((_, text),) = audit_of(toy_row)
    assert "Apples" in text
    assert "Enabled" not in text


def test_who_may_only_look_sees_the_settings_in_effect(viewer, toy_row):
    JobConfiguration.objects.filter(pk="toy").update(config={"apples": 7})
    response = viewer.get(change_page(toy_row))
    assert "Apples 7 How many apples." in text_of(response)
    assert "setting_apples" not in response.content.decode()


# --- Run, pause, switch ----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_run_now_asks_for_a_run_in_the_persons_name_and_is_audited(admin_client, toy_row):
    response = act(admin_client, "run_now", toy_row)
    run = Execution.objects.get()
    assert told(response) == [f"toy: run {run.pk} is queued"]
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


def test_jobs_are_switched_by_button_or_in_the_form_and_never_fire_for_the_past(admin_client, toy_row):
    act(admin_client, "disable_jobs", toy_row)
    row = last_ran(PeriodicTask.objects.get(name="toy"), LONG_AGO)
    toy_row.refresh_from_db()
    assert not toy_row.enabled
    assert buttons_of(admin_client, toy_row) == ["Run now", "Pause", "Enable"]
    now = leases.database_now()
    save(admin_client, toy_row, enabled="on")
    toy_row.refresh_from_db()
    row.refresh_from_db()
    assert toy_row.enabled
    assert row.last_run_at >= now
    save(admin_client, toy_row, enabled=None)
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
    assert bars.count('class="rw-bar rw-bar-') == 2
    assert f'href="{change_page(failed)}"' in bars


def test_a_jobs_page_tells_how_it_has_been_doing(admin_client, toy_row):
    now = leases.database_now()
    for state in (ExecutionState.COMPLETED, ExecutionState.COMPLETED, ExecutionState.FAILED, ExecutionState.SKIPPED):
        ended(now, state=state)
    text = text_of(admin_client.get(change_page(toy_row)))
    for expected in ("66 % of 3", "every hour", "A job for tests."):
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
