"""What the pages of players start: runs about named players."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from riotwatch_jobs.models import EmergencyStop, Execution, JobConfiguration
from riotwatch_players.models import Player
from tests.players import factories

pytestmark = pytest.mark.django_db(transaction=True)

LIST = reverse("admin:riotwatch_players_player_changelist")


@pytest.fixture(autouse=True)
def _broker(settings):
    """No broker: what is asked for waits in the database."""
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:9/0"


def ask(client, name, *players, **query):
    address = f"{reverse(name)}?" + "&".join(f"player={player.pk}" for player in players)
    return client.post(address + "".join(f"&{key}={value}" for key, value in query.items()))


def tracked(name, **fields):
    return factories.known(name, tracked=True, tracked_at=factories.NOW, **fields)


@pytest.mark.parametrize(
    ("name", "job_id"), [("players_refresh", "tracked_player_updater"), ("players_analyze", "smurf_analyzer")]
)
def test_a_run_of_the_players_own_scope_is_queued_with_a_trace_and_shown(admin_client, name, job_id):
    ada = tracked("Ada")
    response = ask(admin_client, name, ada)
    run = Execution.objects.get()
    assert (run.job_id, run.scope, run.players, run.state) == (job_id, f"player:{ada.pk}", [ada.pk], "PENDING")
    assert (run.trigger, run.triggered_by) == ("admin", "admin")
    assert response.url == reverse("admin:riotwatch_jobs_execution_change", args=[run.pk])
    assert LogEntry.objects.get(object_id=str(ada.pk)).change_message == f"{job_id}: run {run.pk}"
    ask(admin_client, name, ada)
    assert Execution.objects.count() == 1


def test_the_list_asks_for_all_chosen_players_and_is_returned_to(admin_client):
    players = [tracked("Ada"), tracked("Bela"), tracked("Paused", paused=True)]
    data = {"action": "refresh_players", "_selected_action": [player.pk for player in players]}
    answer = admin_client.post(f"{LIST}?platform=euw1", data, follow=True)
    assert Execution.objects.get().players == [players[0].pk, players[1].pk]
    assert answer.redirect_chain[-1] == (f"{LIST}?platform=euw1", 302)
    assert "2 of 3 chosen players" in answer.content.decode()


@pytest.mark.parametrize("fields", [{"paused": True}, {"unavailable_at": factories.NOW}])
def test_inactive_players_are_neither_refreshed_nor_analyzed(admin_client, fields):
    ada = tracked("Ada", **fields)
    for name in ("players_refresh", "players_analyze"):
        response = ask(admin_client, name, ada)
        assert response.url == reverse("admin:riotwatch_players_player_change", args=[ada.pk])
    assert not Execution.objects.exists()


def test_a_run_that_something_holds_back_is_skipped_and_told_why(admin_client):
    ada = tracked("Ada")
    EmergencyStop.objects.create(stopped_at=factories.NOW, stopped_by="operator", reason="too many requests")
    answer = admin_client.post(f"{reverse('players_refresh')}?player={ada.pk}", follow=True)
    assert Execution.objects.get().state == "SKIPPED"
    assert "was skipped: " in answer.content.decode()
    assert "too many requests" in answer.content.decode()


def test_settings_of_the_job_that_are_refused_are_told(admin_client):
    ada = tracked("Ada")
    JobConfiguration.objects.update_or_create(job_id="smurf_analyzer", defaults={"config": {"min_ranked_games": 1}})
    answer = admin_client.post(f"{reverse('players_analyze')}?player={ada.pk}", follow=True)
    assert "min_ranked_games" in answer.content.decode()
    assert not Execution.objects.exists()


def test_who_is_not_tracked_is_refreshed_and_analyzed_too_unless_their_platform_is_closed(admin_client):
    ada, bela = factories.known("Ada"), factories.known("Bela", platform="ph2")
    ask(admin_client, "players_refresh", bela)
    assert not Execution.objects.exists()
    ask(admin_client, "players_refresh", ada)
    ask(admin_client, "players_analyze", ada)
    assert list(Execution.objects.order_by("pk").values_list("job_id", flat=True)) == [
        "tracked_player_updater",
        "smurf_analyzer",
    ]


def test_nobody_and_nonsense_start_nothing_and_no_other_site_is_returned_to(admin_client):
    for query in ("", "?player=x", "?player=" + "9" * 30, "?next=https://elsewhere.example/"):
        response = admin_client.post(reverse("players_analyze") + query)
        assert response.url == LIST
    assert not Execution.objects.exists()


@pytest.mark.parametrize("name", ["players_refresh", "players_analyze"])
def test_it_takes_a_post_and_the_right_to_change_players(client, admin_client, django_user_model, name):
    ada = tracked("Ada")
    assert admin_client.get(reverse(name)).status_code == 405
    viewer = django_user_model.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_player"))
    client.force_login(viewer)
    assert ask(client, name, ada).status_code == 403
    client.logout()
    assert ask(client, name, ada).status_code == 302
    assert not Execution.objects.exists()


def test_without_the_right_to_see_runs_the_players_page_is_returned_to(client, django_user_model):
    ada = tracked("Ada")
    operator = django_user_model.objects.create_user("operator", is_staff=True)
    operator.user_permissions.set(Permission.objects.filter(content_type__model=Player._meta.model_name))
    client.force_login(operator)
    assert ask(client, "players_refresh", ada).url == reverse("admin:riotwatch_players_player_change", args=[ada.pk])
    assert Execution.objects.exists()
