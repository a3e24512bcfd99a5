"""What holds for every page of jobs: it opens, it is found, and it is guarded."""

import pytest
from admin_pages import LONG_AGO, MODELS, a_run, act, change_page, example, page, text_of
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import NoReverseMatch, reverse
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from riotwatch_jobs.models import EmergencyStop, Execution, JobConfiguration

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("synced")]

each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)


@each_model
def test_every_list_and_every_row_of_it_can_be_opened(admin_client, model):
    assert admin_client.get(page(model)).status_code == 200
    row = example(model)
    assert admin_client.get(page(model)).status_code == 200
    assert admin_client.get(change_page(row)).status_code == 200
    assert admin_client.get(page(model, "history", row.pk)).status_code == 200


@each_model
def test_rows_are_added_by_hand_only_where_that_makes_sense(admin_client, model):
    assert admin_client.get(page(model, "add")).status_code == (200 if model in {PeriodicTask, EmergencyStop} else 403)


@each_model
def test_lists_can_be_searched_and_say_when_nothing_is_found(admin_client, model):
    example(model)
    assert admin_client.get(page(model), {"q": "1"}).status_code == 200
    assert "Nothing matches" in text_of(admin_client.get(page(model), {"q": "no such thing"}))


@each_model
def test_an_empty_list_says_what_would_fill_it(admin_client, model):
    PeriodicTask.objects.all().delete()
    model.objects.all().delete()
    text = text_of(admin_client.get(page(model)))
    assert "Nothing here yet" in text
    assert "Rows appear here" not in text


@each_model
def test_who_is_not_signed_in_is_sent_to_the_login(client, model):
    row = example(model)
    for address in (page(model), change_page(row)):
        response = client.get(address)
        assert response.status_code == 302
        assert response.url.startswith(reverse("admin:login"))


@each_model
def test_who_may_only_look_sees_every_list_and_no_button(viewer, model):
    row = example(model)
    assert viewer.get(page(model)).status_code == 200
    response = viewer.get(change_page(row))
    assert response.status_code == 200
    buttons = response.context.get("buttons")
    assert buttons is None or list(buttons.chosen) == []


@each_model
def test_who_has_no_rights_at_all_sees_nothing(client, django_user_model, model):
    client.force_login(django_user_model.objects.create_user("nobody", is_staff=True))
    assert client.get(page(model)).status_code == 403


def test_home_alerts_only_those_who_may_see_what_it_is_about(client, django_user_model, admin_client):
    EmergencyStop.objects.create(stopped_at=LONG_AGO, stopped_by="ann", reason="a secret reason")
    assert "a secret reason" in text_of(admin_client.get(reverse("admin:index")))
    client.force_login(django_user_model.objects.create_user("nobody", is_staff=True))
    text = text_of(client.get(reverse("admin:index")))
    assert "a secret reason" not in text
    assert "takes messages" not in text


def test_who_may_only_look_is_refused_also_when_posting_the_action(viewer):
    run, row = a_run(items=2), PeriodicTask.objects.get(name="toy")
    configuration = JobConfiguration.objects.get(pk="toy")
    answer = {"reason": "because", "end": "1"}
    actions = {
        run: ("cancel_runs", "retry_runs", "fail_runs", "abandon_runs"),
        row: ("enable_schedules", "disable_schedules", "run_now", "delete_selected"),
        configuration: ("run_now", "pause_jobs", "resume_jobs", "enable_jobs", "disable_jobs"),
    }
    for subject, names in actions.items():
        for name in names:
            assert act(viewer, name, subject, **answer).status_code == 403, name
    assert viewer.post(change_page(configuration), {"setting_apples": "7"}).status_code == 403
    assert viewer.post(change_page(row), {"text": "every 1m"}).status_code == 403
    assert viewer.post(page(PeriodicTask, "delete", row.pk), {"post": "yes"}).status_code == 403
    for subject in actions:
        subject.refresh_from_db()
    assert (run.state, row.enabled, configuration.config) == ("IN_PROGRESS", True, {})
    assert configuration.paused_at is None
    assert Execution.objects.count() == 1
    assert not LogEntry.objects.exists()


def test_who_may_change_runs_may_cancel_them(client, django_user_model):
    user = django_user_model.objects.create_user("operator", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_execution", "change_execution"]))
    client.force_login(user)
    run = a_run(items=1)
    act(client, "cancel_runs", run, reason="")
    run.refresh_from_db()
    assert (run.state, run.reason) == ("CANCELLED", "cancelled (by operator)")


def test_no_button_acts_on_a_get(admin_client):
    configuration = JobConfiguration.objects.get(pk="toy")
    admin_client.get(page(JobConfiguration), {"action": "disable_jobs", "_selected_action": "toy"})
    configuration.refresh_from_db()
    assert configuration.enabled


def test_the_home_page_leads_to_jobs_schedules_and_runs(admin_client):
    text = admin_client.get(reverse("admin:index")).content.decode()
    for link in (page(JobConfiguration), page(PeriodicTask), page(Execution)):
        assert f'href="{link}"' in text


@pytest.mark.parametrize("model", [IntervalSchedule, CrontabSchedule])
def test_tables_of_times_have_no_pages_of_their_own(model):
    with pytest.raises(NoReverseMatch):
        page(model)
