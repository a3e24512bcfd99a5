"""The admin's pages of jobs, schedules and runs, as a signed-in person meets them."""

import re
from datetime import UTC, datetime

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from rows_and_messages import empty_broker, last_ran, messages_in, schedule_row
from toy_jobs import toy_job

from riotwatch_jobs import leases, scheduling
from riotwatch_jobs.messages import CONTROL_QUEUE
from riotwatch_jobs.models import (
    Execution,
    ExecutionLog,
    ExecutionState,
    ItemState,
    JobConfiguration,
    Trigger,
    WorkerLease,
    WorkItem,
)
from riotwatch_jobs.outcomes import Done
from riotwatch_jobs.registry import registered_temporarily

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
APPS = ("riotwatch_jobs", "django_celery_beat")
MODELS = [model for model in admin.site._registry if model._meta.app_label in APPS]


@pytest.fixture(autouse=True)
def _toy():
    empty_broker()
    with registered_temporarily(toy_job({"a": Done()})):
        yield
    empty_broker()


@pytest.fixture
def synced():
    scheduling.sync_schedules()


def page(model, action="changelist", *arguments):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{action}", args=arguments)


def act(client, action, *rows):
    """Choose an action for rows on their list; returns the page that follows."""
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(page(type(rows[0])), data, follow=True)


def told(response):
    return [str(message) for message in response.context["messages"]]


def audit_of(row):
    return list(LogEntry.objects.filter(object_id=str(row.pk)).values_list("user__username", "change_message"))


def a_run(state=ExecutionState.IN_PROGRESS, *, items=0, scope="default"):
    now = leases.database_now()
    run = Execution.objects.create(
        job_id="toy",
        scope=scope,
        trigger=Trigger.CLI,
        state=state,
        timeout_s=9,
        deadline_s=9,
        queued_at=now,
        started_at=now,
        config={"apples": 3},
    )
    WorkItem.objects.bulk_create(
        WorkItem(execution=run, key=f"item{number}", queue="players", available_at=now) for number in range(items)
    )
    return run


def example(model):
    """A stored row of each kind."""
    now = leases.database_now()
    run = Execution.objects.first() or a_run(items=3)
    item = run.items.first()
    makers = {
        Execution: lambda: run,
        WorkItem: lambda: item,
        ExecutionLog: lambda: ExecutionLog.objects.create(
            execution=run, item=item, at=now, level=30, logger="x", message="<script>alert(1)</script>"
        ),
        WorkerLease: lambda: WorkerLease.objects.create(
            host="h", pid=1, node="n", queues=["players"], started_at=now, renewed_at=now
        ),
        JobConfiguration: lambda: JobConfiguration.objects.get(pk="toy"),
        PeriodicTask: lambda: PeriodicTask.objects.get(name="toy"),
        IntervalSchedule: lambda: IntervalSchedule.objects.first(),
        CrontabSchedule: lambda: CrontabSchedule.objects.first(),
    }
    return makers[model]()


# --- Every page ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_list_and_every_row_of_it_can_be_opened(admin_client, synced, model):
    assert admin_client.get(page(model)).status_code == 200
    row = example(model)
    assert admin_client.get(page(model)).status_code == 200
    assert admin_client.get(page(model, "change", row.pk)).status_code == 200
    assert admin_client.get(page(model, "history", row.pk)).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_rows_are_added_by_hand_only_where_that_makes_sense(admin_client, synced, model):
    by_hand = {PeriodicTask, IntervalSchedule, CrontabSchedule}
    assert admin_client.get(page(model, "add")).status_code == (200 if model in by_hand else 403)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_lists_can_be_searched(admin_client, synced, model):
    example(model)
    assert admin_client.get(page(model), {"q": "1"}).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_who_is_not_signed_in_is_sent_to_the_login(client, synced, model):
    row = example(model)
    for address in (page(model), page(model, "change", row.pk)):
        response = client.get(address)
        assert response.status_code == 302
        assert response.url.startswith(reverse("admin:login"))


def test_the_home_page_leads_to_jobs_schedules_and_runs(admin_client):
    text = admin_client.get(reverse("admin:index")).content.decode()
    for link in (page(JobConfiguration), page(PeriodicTask), page(Execution)):
        assert f'href="{link}"' in text


def test_kinds_of_schedules_that_start_no_job_are_not_offered(admin_client):
    text = admin_client.get(reverse("admin:index")).content.decode().lower()
    assert "solar" not in text
    assert "clocked" not in text


# --- Configurations --------------------------------------------------------------------------------------------------


def save_configuration(client, job_id="toy", **fields):
    data = {"enabled": "on", "config": "{}", "timeout_s": "", "deadline_s": "", "overlap": "", **fields}
    row = JobConfiguration.objects.get(pk=job_id)
    return client.post(page(JobConfiguration, "change", row.pk), data)


def test_settings_are_edited_as_json_and_used_by_the_next_run(admin_client, synced):
    response = save_configuration(admin_client, config='{"apples": 7}', timeout_s="30")
    assert response.status_code == 302
    row = JobConfiguration.objects.get(pk="toy")
    assert (row.config, row.timeout_s) == ({"apples": 7}, 30)
    act(admin_client, "run_now", row)
    assert Execution.objects.get().config == {"apples": 7}


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ('{"apples": 99}', "apples: Input should be less than or equal to 10"),
        ('{"pears": 1}', "known settings: apples"),
        ("[1]", "Write a JSON object"),
        ("{oops", "Enter a valid JSON"),
    ],
)
def test_bad_settings_are_refused_at_the_form_by_name(admin_client, synced, config, named):
    response = save_configuration(admin_client, config=config)
    assert response.status_code == 200
    assert named in str(response.context["adminform"].form.errors["config"])
    assert JobConfiguration.objects.get(pk="toy").config == {}


def test_the_form_explains_each_setting_with_its_default(admin_client, synced):
    text = admin_client.get(page(JobConfiguration, "change", "toy")).content.decode()
    assert "apples: How many apples. (default 3)" in text


def test_a_configuration_whose_job_has_no_code_any_more_is_still_shown(admin_client, synced):
    JobConfiguration.objects.create(job_id="gone", config={"x": 1})
    schedule_row(job_id="gone")
    assert "no code any more" in admin_client.get(page(JobConfiguration)).content.decode()
    assert admin_client.get(page(JobConfiguration, "change", "gone")).status_code == 200
    response = act(admin_client, "run_now", JobConfiguration.objects.get(pk="gone"))
    assert any("there is no job 'gone'" in message for message in told(response))


def test_settings_that_became_bad_are_said_not_raised_when_somebody_runs_the_job(admin_client, synced):
    JobConfiguration.objects.filter(pk="toy").update(config={"apples": 99})
    response = act(admin_client, "run_now", JobConfiguration.objects.get(pk="toy"))
    assert any("apples" in message for message in told(response))
    assert not Execution.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_run_now_asks_for_a_run_in_the_persons_name_and_is_audited(admin_client, synced):
    row = JobConfiguration.objects.get(pk="toy")
    response = act(admin_client, "run_now", row)
    run = Execution.objects.get()
    assert told(response) == [f"toy: run {run.pk} is queued"]
    assert (run.trigger, run.triggered_by) == ("admin", "admin")
    assert audit_of(row) == [("admin", f"toy: run {run.pk} is queued")]
    assert messages_in(CONTROL_QUEUE) == [(["toy", run.pk], {})]
    assert told(act(admin_client, "run_now", row)) == [f"toy: run {run.pk} was already waiting"]


def test_a_job_that_is_switched_off_says_so_in_the_list_and_comes_on_without_firing(admin_client, synced):
    save_configuration(admin_client, enabled="")
    row = last_ran(PeriodicTask.objects.get(name="toy"), LONG_AGO)
    assert JobConfiguration.objects.get(pk="toy").enabled is False
    now = leases.database_now()
    save_configuration(admin_client)
    row.refresh_from_db()
    assert row.last_run_at >= now


# --- Schedules -------------------------------------------------------------------------------------------------------


def test_the_stock_bulk_actions_that_fire_jobs_are_gone(admin_client, synced):
    choices = admin_client.get(page(PeriodicTask)).context["action_form"].fields["action"].choices
    assert {name for name, _ in choices} == {"", "enable_schedules", "disable_schedules", "run_now", "delete_selected"}


def test_schedules_are_switched_off_and_on_with_a_trace_and_nothing_fires(admin_client, synced):
    rows = list(PeriodicTask.objects.filter(name__in=["toy", "match_fetcher"]))
    response = act(admin_client, "disable_schedules", *rows)
    (message,) = told(response)
    assert message in {"disabled: match_fetcher, toy", "disabled: toy, match_fetcher"}
    for row in rows:
        row.refresh_from_db()
        assert not row.enabled
        last_ran(row, LONG_AGO)
    now = leases.database_now()
    act(admin_client, "enable_schedules", *rows)
    for row in rows:
        row.refresh_from_db()
        assert row.enabled
        assert row.last_run_at >= now
        assert [text for _, text in audit_of(row)] == ["Enabled the schedule.", "Disabled the schedule."]
    assert not Execution.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_run_now_on_a_schedule_asks_for_a_run_and_leaves_the_schedule_as_it_is(admin_client, synced):
    row = last_ran(PeriodicTask.objects.get(name="toy"), LONG_AGO)
    response = act(admin_client, "run_now", row)
    run = Execution.objects.get()
    assert told(response) == [f"toy: run {run.pk} is queued"]
    assert audit_of(row) == [("admin", f"toy: run {run.pk} is queued")]
    row.refresh_from_db()
    assert row.last_run_at == LONG_AGO


def test_run_now_on_an_unusable_schedule_says_what_is_wrong(admin_client, synced):
    PeriodicTask.objects.filter(name="toy").update(kwargs="{}")
    response = act(admin_client, "run_now", PeriodicTask.objects.get(name="toy"))
    assert any("names no job" in message for message in told(response))
    assert not Execution.objects.exists()


def test_a_schedule_saved_in_its_form_counts_from_now_when_that_switches_it_on(admin_client, synced):
    PeriodicTask.objects.filter(name="toy").update(enabled=False, last_run_at=LONG_AGO)
    row = PeriodicTask.objects.get(name="toy")
    form = admin_client.get(page(PeriodicTask, "change", row.pk)).context["adminform"].form
    data = {name: value for name, value in form.initial.items() if value is not None}
    data |= {"enabled": "on", "regtask": row.task, "expires_0": "", "start_time_0": ""}
    now = leases.database_now()
    response = admin_client.post(page(PeriodicTask, "change", row.pk), data)
    assert response.status_code == 302, response.context["errors"]
    row.refresh_from_db()
    assert row.enabled
    assert row.last_run_at >= now


def test_the_list_tells_the_next_slot_and_why_there_is_none(admin_client, synced):
    PeriodicTask.objects.filter(name="match_fetcher").update(enabled=False)
    crontab = PeriodicTask.objects.get(name="tracked_player_updater").crontab
    CrontabSchedule.objects.filter(pk=crontab.pk).update(minute="99")
    text = admin_client.get(page(PeriodicTask)).content.decode()
    next_runs = re.findall(r"field-next_run[^>]*>\s*([^<]*?)\s*<", text)
    assert "off" in next_runs
    assert any("minute goes up to 59" in one for one in next_runs)
    assert any(one.endswith("UTC") for one in next_runs)
    assert admin_client.get(page(JobConfiguration)).status_code == 200


# --- Runs ------------------------------------------------------------------------------------------------------------


def test_open_runs_are_cancelled_with_a_trace_and_ended_ones_stay(admin_client):
    open_run, ended = a_run(items=3), a_run(ExecutionState.COMPLETED, scope="other")
    response = act(admin_client, "cancel_runs", open_run, ended)
    for run in (open_run, ended):
        run.refresh_from_db()
    assert told(response) == [f"cancelled: {open_run.pk}"]
    assert (open_run.state, open_run.reason) == ("CANCELLED", "cancelled by admin")
    assert set(open_run.items.values_list("state", flat=True)) == {ItemState.CANCELLED}
    assert ended.state == "COMPLETED"
    assert audit_of(open_run) == [("admin", "Cancelled the run.")]
    assert audit_of(ended) == []


def test_a_run_shows_progress_log_and_items_and_escapes_what_libraries_logged(admin_client):
    run = a_run(items=4)
    run.items.filter(key="item0").update(state=ItemState.DONE)
    ExecutionLog.objects.create(
        execution=run, at=leases.database_now(), level=20, logger="lib", message="<script>alert(1)</script>"
    )
    text = admin_client.get(page(Execution, "change", run.pk)).content.decode()
    assert "1 of 4" in text
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert(1)" not in text
    assert "item3" in text


def test_the_page_of_a_run_with_very_many_items_shows_the_newest_hundred(admin_client):
    run = a_run(items=130)
    text = admin_client.get(page(Execution, "change", run.pk)).content.decode()
    assert len(re.findall(r">\s*item\d+\s*<", text)) == 100
    assert "item129" in text
    assert ">item5<" not in text


def test_nobody_edits_or_deletes_a_run(admin_client):
    run = a_run()
    assert admin_client.post(page(Execution, "change", run.pk), {"state": "COMPLETED"}).status_code == 403
    assert admin_client.post(page(Execution, "delete", run.pk), {"post": "yes"}).status_code == 403
    run.refresh_from_db()
    assert run.state == "IN_PROGRESS"


# --- Who may look, and who may act -----------------------------------------------------------------------------------


@pytest.fixture
def viewer(client, django_user_model):
    """Signed in, staff, may view everything and change nothing."""
    user = django_user_model.objects.create_user("viewer", password="secret", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(user)
    return client


def test_who_may_only_look_sees_every_list(viewer, synced):
    for model in MODELS:
        row = example(model)
        assert viewer.get(page(model)).status_code == 200
        assert viewer.get(page(model, "change", row.pk)).status_code == 200


def test_who_may_only_look_cannot_act_also_by_posting_the_action(viewer, synced):
    run, row, configuration = (
        a_run(items=2),
        PeriodicTask.objects.get(name="toy"),
        JobConfiguration.objects.get(pk="toy"),
    )
    act(viewer, "cancel_runs", run)
    act(viewer, "disable_schedules", row)
    act(viewer, "run_now", row)
    act(viewer, "run_now", configuration)
    assert save_configuration(viewer, config='{"apples": 7}').status_code == 403
    assert viewer.post(page(PeriodicTask, "change", row.pk), {"name": "x"}).status_code == 403
    assert viewer.post(page(PeriodicTask, "delete", row.pk), {"post": "yes"}).status_code == 403
    run.refresh_from_db()
    row.refresh_from_db()
    configuration.refresh_from_db()
    assert (run.state, row.enabled, configuration.config) == ("IN_PROGRESS", True, {})
    assert Execution.objects.count() == 1
    assert not LogEntry.objects.exists()


def test_who_has_no_rights_at_all_sees_nothing(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("nobody", password="secret", is_staff=True))
    for model in MODELS:
        assert client.get(page(model)).status_code == 403


def test_who_may_change_runs_may_cancel_them(client, django_user_model):
    user = django_user_model.objects.create_user("operator", password="secret", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_execution", "change_execution"]))
    client.force_login(user)
    run = a_run(items=1)
    act(client, "cancel_runs", run)
    run.refresh_from_db()
    assert (run.state, run.reason) == ("CANCELLED", "cancelled by operator")


def test_a_list_of_many_runs_takes_a_fixed_number_of_queries(admin_client, django_assert_max_num_queries):
    for number in range(40):
        a_run(ExecutionState.COMPLETED, scope=f"s{number}", items=2)
    with django_assert_max_num_queries(15):
        admin_client.get(page(Execution))
