"""The home page: what it draws and offers, to whom, and how it follows what happens."""

from datetime import timedelta

import pytest
from admin_pages import a_run, a_worker, text_of
from django.contrib.auth.models import Permission
from django.urls import reverse

from riotwatch_jobs import health, leases, scheduling, statistics
from riotwatch_jobs.models import EmergencyStop, ExecutionState, ItemState
from riotwatch_messages.models import Message
from riotwatch_players.ingest import store_match
from riotwatch_players.models import BudgetReading, KeyOutage
from tests.players import factories

pytestmark = pytest.mark.django_db

HOME, LIVE = reverse("admin:index"), reverse("home_live")


@pytest.fixture
def jobs():
    """The rows of all jobs."""
    scheduling.sync_schedules()


def looker(client, django_user_model, *permissions):
    user = django_user_model.objects.create_user("looker", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return client


def store(number, at):
    store_match(factories.source(), f"EUW1_{number}", factories.body(f"EUW1_{number}"), now=at, discover=None)


def test_matches_and_the_budget_are_drawn_for_the_chosen_span(admin_client):
    now = leases.database_now()
    store(1, now - timedelta(hours=2))
    store(2, now - timedelta(days=3))
    BudgetReading.objects.create(host="europe", at=now - timedelta(hours=1), used=75, possible=100, blocked=True)
    day = text_of(admin_client.get(HOME))
    assert "Matches stored per hour 1 in 24 hours" in day
    assert "europe 75% of what was possible were taken on average, 75% at most; nothing was granted in 1 min" in day
    assert "2 in 7 days" in text_of(admin_client.get(HOME, {"span": "7d"}))
    assert "1 in 24 hours" in text_of(admin_client.get(HOME, {"span": "no such"}))


def test_queues_tell_what_waits_since_when_and_who_works(admin_client):
    run, now = a_run(items=3), leases.database_now()
    run.items.filter(key="item0").update(state=ItemState.RUNNING)
    run.items.filter(key="item1").update(available_at=now - timedelta(minutes=7))
    run.items.filter(key="item2").update(available_at=now + timedelta(minutes=7))
    a_worker(queues=["players"], concurrency=16)
    depths = {depth.queue: depth for depth in statistics.queue_depths(now)}
    players = depths["players"]
    assert (players.waiting, players.running, players.capacity) == (2, 1, 16)
    assert players.due_since == now - timedelta(minutes=7)
    assert depths["interactive"] == statistics.QueueDepth("interactive")
    assert "players 2 7 min ago 1 16" in text_of(admin_client.get(HOME))


@pytest.mark.usefixtures("jobs")
def test_what_needs_attention_is_what_job_health_tells_causes_first(admin_client, settings):
    settings.DEMO = False
    leases.beat_heart("beat")
    text = text_of(admin_client.get(HOME))
    told = [finding for finding in health.examine() if finding.ill]
    assert {finding.part.partition(" ")[0] for finding in told} == {"housekeeping", "queue"}
    assert "Housekeeping: no housekeeping runs: due items are not sent" in text
    assert "What helps: start it: manage.py housekeeping (Procfile)." in text
    assert "no beat runs" not in text.lower()
    assert text.index("no housekeeping runs") < text.index("Queues analysis, bans,")
    assert text.count("nobody takes their messages") == 1


def test_a_stop_and_a_refused_key_are_told_with_what_helps(admin_client):
    EmergencyStop.objects.create(stopped_at=leases.database_now(), stopped_by="anna", reason="because")
    KeyOutage.objects.create(kind=KeyOutage.REFUSED, since=leases.database_now())
    text = text_of(admin_client.get(HOME))
    assert "What helps: manage.py set_riot_key." in text
    assert "What helps: manage.py emergency_resume." in text


def test_messages_that_do_not_arrive_are_named_and_lead_to_the_messages(admin_client, settings):
    settings.NOTIFY_URLS = {"phone": "json://127.0.0.1:9"}
    now = leases.database_now()
    failed = {"state": "failed", "attempts": 6, "tried_at": now, "why": "it was refused."}
    Message.objects.create(event="test", level="info", subject="", text="a test", target="phone", **failed)
    response = admin_client.get(HOME)
    assert "Messages to phone: they do not arrive: it was refused. Since " in text_of(response)
    assert reverse("admin:riotwatch_messages_message_changelist") in response.content.decode().split("rw-figures")[0]


@pytest.mark.usefixtures("jobs")
def test_nobody_is_told_of_what_they_may_not_look_at(client, django_user_model):
    text = text_of(looker(client, django_user_model, "view_player").get(HOME))
    assert "What helps" not in text


@pytest.mark.usefixtures("jobs")
def test_each_job_shows_how_it_does_and_what_can_be_done_about_it(admin_client):
    for number, state in enumerate((ExecutionState.COMPLETED, ExecutionState.COMPLETED, ExecutionState.FAILED)):
        a_run(state, job_id="ban_checker", scope=str(number))
    response = admin_client.get(HOME)
    assert "completed: 66 % of 3" in text_of(response)
    html = response.content.decode()
    assert 'form="rw-run_now" name="_selected_action" value="ban_checker"' in html
    assert 'id="rw-run_now"' in html
    assert 'aria-label="Pause: ' in html


@pytest.mark.usefixtures("jobs")
def test_who_may_only_look_at_jobs_is_offered_no_change_and_sees_no_players(client, django_user_model):
    looking = looker(client, django_user_model, "view_execution", "view_jobconfiguration")
    html = looking.get(HOME).content.decode()
    assert "rw-run_now" not in html
    assert "ban_checker" in html
    assert "Matches stored" not in html
    assert "Request budget" not in html


def test_what_has_not_changed_is_not_sent_again(admin_client):
    tag = admin_client.get(LIVE)["ETag"]
    assert admin_client.get(LIVE, headers={"If-None-Match": tag}).status_code == 304
    factories.known("Ada", tracked=True, tracked_at=factories.NOW)
    response = admin_client.get(LIVE, headers={"If-None-Match": tag})
    assert response.status_code == 200
    assert "csrfmiddlewaretoken" not in response.content.decode()


def test_who_is_signed_out_meanwhile_gets_no_page_into_the_page(client):
    assert client.get(LIVE).status_code == 403
