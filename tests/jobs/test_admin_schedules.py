"""Schedules: one text each, with the times it means; switched, added and removed without firing for the past."""

from datetime import UTC, datetime, timedelta

import pytest
from admin_pages import LONG_AGO, act, audit_of, change_page, page, save_form, text_of, told
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, PeriodicTask
from rows_and_messages import ANN, last_ran, schedule_row

from riotwatch_jobs import leases, run_news, scheduling, switching
from riotwatch_jobs.models import Execution, JobConfiguration
from riotwatch_messages import choosing

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("synced")]


@pytest.fixture
def row():
    """The toy's default schedule, every hour."""
    return PeriodicTask.objects.get(name="toy")


def add(client, text, **fields):
    return client.post(page(PeriodicTask, "add"), {"job": "toy", "text": text, "zone": "UTC", "enabled": "on"} | fields)


def preview(client, text, zone="UTC"):
    return client.get(reverse("admin:django_celery_beat_periodictask_preview"), {"text": text, "zone": zone})


def problem_of(response):
    assert response.status_code == 200
    return " ".join(response.context["adminform"].form.errors["text"])


# --- Editing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "zone", "stored"),
    [
        ("every 15m", "UTC", "every 900s"),
        ("every 15m", "Europe/Berlin", "every 900s"),
        ("*/15 * * * *", "UTC", "*/15 * * * *"),
        ("daily 23:59", "Europe/Berlin", "59 23 * * * Europe/Berlin"),
        ("weekly sun 23:59", "UTC", "59 23 * * 0"),
        ("daily 23:59 Asia/Kolkata", "UTC", "59 23 * * * Asia/Kolkata"),
    ],
)
def test_a_schedule_is_edited_as_one_text_and_never_fires_for_the_past(admin_client, row, text, zone, stored):
    last_ran(row, LONG_AGO)
    now = leases.database_now()
    response = save_form(admin_client, row, text=text, zone=zone)
    assert response.status_code == 302
    row.refresh_from_db()
    assert scheduling.text_of(row) == stored
    assert row.last_run_at >= now
    assert not Execution.objects.exists()
    assert audit_of(row)[0][1].startswith("Scheduled: ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("daily 25:00", "'25:00' is no time of day"),
        ("99 * * * *", "minute goes up to 59"),
        ("now and then", "neither an interval nor a crontab"),
        ("after nobody", "there is no job 'nobody'"),
        ("after toy", "circle"),
    ],
)
def test_a_bad_text_is_refused_in_the_parsers_words_and_kept_as_typed(admin_client, row, text, said):
    response = save_form(admin_client, row, text=text)
    assert said in problem_of(response)
    assert f'value="{text}"' in response.content.decode()
    row.refresh_from_db()
    assert scheduling.text_of(row) == "every 3600s"


@pytest.mark.parametrize("text", ["every 90m", "*/15 3 * * 1 Europe/Berlin"])
def test_the_form_shows_what_is_stored_and_saving_it_changes_nothing(admin_client, text):
    row = last_ran(schedule_row(text, name="toy: more"), LONG_AGO)
    before = scheduling.text_of(row)
    assert save_form(admin_client, row).status_code == 302
    row.refresh_from_db()
    assert scheduling.text_of(row) == before
    assert row.last_run_at == LONG_AGO
    assert audit_of(row) == []


def test_a_schedule_switched_on_in_its_form_counts_from_now(admin_client, row):
    PeriodicTask.objects.filter(pk=row.pk).update(enabled=False, last_run_at=LONG_AGO)
    row.refresh_from_db()
    now = leases.database_now()
    assert save_form(admin_client, row, enabled="on").status_code == 302
    row.refresh_from_db()
    assert row.enabled
    assert row.last_run_at >= now
    assert [text for _, text in audit_of(row)] == ["Enabled the schedule."]


def test_a_schedule_that_is_off_stays_off_when_its_times_change(admin_client, row):
    PeriodicTask.objects.filter(pk=row.pk).update(enabled=False)
    row.refresh_from_db()
    save_form(admin_client, row, text="every 5m")
    row.refresh_from_db()
    assert (row.enabled, scheduling.text_of(row)) == (False, "every 300s")


def test_a_job_may_follow_another_one_and_take_times_again(admin_client, row):
    assert save_form(admin_client, row, text="after match_fetcher").status_code == 302
    configuration = JobConfiguration.objects.get(pk="toy")
    row.refresh_from_db()
    assert (configuration.after, row.enabled) == ("match_fetcher", False)
    assert "after each completed run of match_fetcher" in text_of(admin_client.get(change_page(configuration)))
    save_form(admin_client, row, text="every 5m", enabled="on")
    configuration.refresh_from_db()
    row.refresh_from_db()
    assert (configuration.after, row.enabled) == ("", True)


def test_who_saves_second_is_told_and_overwrites_nothing_unasked(admin_client, row):
    form = admin_client.get(change_page(row)).context["adminform"].form
    scheduling.set_enabled(row, enabled=False)
    mine = {"version": form["version"].value(), "text": "every 5m", "zone": "UTC", "enabled": "on"}
    response = admin_client.post(change_page(row), mine)
    assert "Somebody else changed this" in text_of(response)
    row.refresh_from_db()
    assert scheduling.text_of(row) == "every 3600s"
    mine["version"] = response.context["adminform"].form["version"].value()
    assert admin_client.post(change_page(row), mine).status_code == 302


def test_a_job_gets_a_further_schedule_and_loses_it_again(admin_client):
    response = add(admin_client, "daily 23:59", zone="Europe/Berlin")
    assert response.url == change_page(JobConfiguration.objects.get(pk="toy"))
    row = PeriodicTask.objects.get(name__startswith="toy: ")
    assert scheduling.plan_of(row).job_id == "toy"
    assert scheduling.text_of(row) == "59 23 * * * Europe/Berlin"
    assert "has that schedule already" in problem_of(add(admin_client, "daily 23:59", zone="Europe/Berlin"))
    assert "daily at 23:59" in text_of(admin_client.get(response.url))
    admin_client.post(page(PeriodicTask, "delete", row.pk), {"post": "yes"})
    assert not PeriodicTask.objects.filter(pk=row.pk).exists()
    assert len(audit_of(row)) == 2


def test_several_schedules_are_removed_at_once_with_a_trace_each(admin_client):
    rows = [schedule_row(name=f"toy: {number}") for number in range(2)]
    act(admin_client, "delete_selected", *rows, post="yes")
    assert not PeriodicTask.objects.filter(pk__in=[row.pk for row in rows]).exists()
    assert [len(audit_of(row)) for row in rows] == [1, 1]


# --- The preview -----------------------------------------------------------------------------------------------------


def test_the_preview_tells_words_and_the_next_five_runs_in_utc_also_across_a_change_of_clocks(
    admin_client, monkeypatch
):
    at = datetime(2026, 3, 28, 12, tzinfo=UTC)
    monkeypatch.setattr("riotwatch_jobs.admin.schedules.database_now", lambda: at)
    text = text_of(preview(admin_client, "daily 23:59", "Europe/Berlin"))
    assert "Daily at 23:59 (Europe/Berlin)" in text
    days = ("28 22:59", "29 21:59", "30 21:59", "31 21:59")
    assert [day in text for day in days] == [True] * 4
    assert text.count("2026-0") == 5


def test_the_preview_words_what_is_wrong_and_what_has_no_times(admin_client):
    assert "minute goes up to 59" in text_of(preview(admin_client, "77 * * * *"))
    assert "after each completed run of toy" in text_of(preview(admin_client, "after toy")).lower()
    assert "there is no job 'x'" in text_of(preview(admin_client, "after x"))
    assert "Write a schedule" in text_of(preview(admin_client, " "))
    assert "there is no time zone" in text_of(preview(admin_client, "daily 1:00", "Nowhere/Town"))


def test_the_preview_is_for_those_who_may_see_schedules(client, viewer, django_user_model):
    assert preview(viewer, "every 1m").status_code == 200
    viewer.logout()
    assert preview(viewer, "every 1m").status_code == 403
    viewer.force_login(django_user_model.objects.create_user("nobody", is_staff=True))
    assert preview(viewer, "every 1m").status_code == 403


def test_without_javascript_the_saved_page_shows_the_same(admin_client, row):
    text = text_of(admin_client.get(change_page(row)))
    assert "Every hour" in text
    assert text.count("UTC") >= 1


# --- The list --------------------------------------------------------------------------------------------------------


def test_the_stock_bulk_actions_that_fire_jobs_are_gone(admin_client):
    choices = admin_client.get(page(PeriodicTask)).context["action_form"].fields["action"].choices
    assert {name for name, _ in choices} == {"", "enable_schedules", "disable_schedules", "run_now", "delete_selected"}


def test_schedules_are_switched_off_and_on_with_a_trace_and_nothing_fires(admin_client):
    rows = list(PeriodicTask.objects.filter(name__in=["toy", "match_fetcher"]).order_by("name"))
    response = act(admin_client, "disable_schedules", *rows)
    assert told(response) == ["Disabled: match_fetcher", "Disabled: toy"]
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
        assert [text for _, text in audit_of(row)] == ["Disabled the schedule.", "Enabled the schedule."]
    assert not Execution.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_run_now_on_a_schedule_asks_for_a_run_and_leaves_the_schedule_as_it_is(admin_client, row):
    last_ran(row, LONG_AGO)
    response = act(admin_client, "run_now", row)
    run = Execution.objects.get()
    assert told(response) == [f"toy: run {run.pk} is queued"]
    assert audit_of(row) == [("admin", f"toy: run {run.pk} is queued")]
    row.refresh_from_db()
    assert row.last_run_at == LONG_AGO


def test_run_now_on_an_unusable_schedule_says_what_is_wrong(admin_client, row):
    PeriodicTask.objects.filter(name="toy").update(kwargs="{}")
    response = act(admin_client, "run_now", row)
    assert any("names no job" in message for message in told(response))
    assert not Execution.objects.exists()


def test_the_list_tells_plain_words_the_next_slot_and_why_there_is_none(admin_client):
    PeriodicTask.objects.filter(name="match_fetcher").update(enabled=False)
    JobConfiguration.objects.filter(pk="smurf_analyzer").update(enabled=False)
    crontab = PeriodicTask.objects.get(name="tracked_player_updater").crontab
    CrontabSchedule.objects.filter(pk=crontab.pk).update(minute="99")
    text = text_of(admin_client.get(page(PeriodicTask)))
    for expected in ("every hour", "minute goes up to 59", "none: the job is off", "daily at 03:20 (UTC)"):
        assert expected in text
    assert admin_client.get(page(JobConfiguration)).status_code == 200


@pytest.mark.parametrize("text", ["every 7m", "7 3 * * *"])
def test_times_that_stand_twice_because_somebody_edited_a_row_can_still_be_chosen(admin_client, row, text):
    for name in ("first", "second"):
        times = schedule_row(text, name=name)
        for one in filter(None, (times.interval, times.crontab)):
            one.pk = None
            one.save()
    assert save_form(admin_client, row, text=text).status_code == 302
    row.refresh_from_db()
    assert scheduling.text_of(row) == scheduling.text_of(times)


def test_the_next_slot_of_a_paused_job_is_the_first_after_the_pause(admin_client, row):
    now = leases.database_now()
    until = now + timedelta(hours=50)
    switching.pause("toy", reason="patch day", until=until, by=ANN, now=now)
    [shown] = admin_client.get(page(PeriodicTask), {"job": "toy"}).context["cl"].result_list
    assert until - timedelta(seconds=1) < shown.timing.next_slot <= until + timedelta(hours=1)
    switching.pause("toy", reason="patch day", until=None, by=ANN, now=now)
    assert "none: the job is paused" in text_of(admin_client.get(page(PeriodicTask), {"job": "toy"}))


def test_the_list_can_be_limited_to_a_job(admin_client):
    shown = admin_client.get(page(PeriodicTask), {"job": "toy"}).context["cl"].result_list
    assert [row.name for row in shown] == ["toy"]


def test_who_may_only_look_gets_words_instead_of_switches(viewer, admin_user, client):
    assert 'role="switch"' not in viewer.get(page(PeriodicTask)).content.decode()
    client.force_login(admin_user)
    assert 'role="switch"' in client.get(page(PeriodicTask)).content.decode()


# --- Who is told of completed runs ---


def test_who_is_told_of_completed_runs_is_chosen_at_the_schedule(admin_client, row, settings):
    settings.NOTIFY_URLS = {"phone": "json://127.0.0.1:9/", "team": "json://127.0.0.1:9/"}
    subject = run_news.schedule_subject(row.pk)
    assert save_form(admin_client, row, told=["phone"]).status_code == 302
    assert choosing.followers(subject) == {"phone"}
    assert audit_of(row)[0][1] == "Completed runs are told to phone."
    assert save_form(admin_client, row).status_code == 302  # what is chosen stays chosen
    assert (choosing.followers(subject), len(audit_of(row))) == ({"phone"}, 1)
    assert save_form(admin_client, row, told=[]).status_code == 302
    assert choosing.followers(subject) == set()
    refused = save_form(admin_client, row, told=["fax"])
    assert "fax is not one of the available choices" in text_of(refused)


def test_a_new_schedule_can_be_told_of_from_its_first_run(admin_client, settings):
    settings.NOTIFY_URLS = {"phone": "json://127.0.0.1:9/"}
    add(admin_client, "every 7h", told=["phone"])
    added = PeriodicTask.objects.exclude(name="toy").get(interval__every=25_200)
    assert choosing.followers(f"schedule:{added.pk}") == {"phone"}


def test_without_targets_a_schedule_asks_nothing_about_them(admin_client, row, settings):
    settings.NOTIFY_URLS = {}
    assert "Tell when a run completed" not in text_of(admin_client.get(change_page(row)))
    assert save_form(admin_client, row, text="every 2h").status_code == 302
