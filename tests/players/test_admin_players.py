"""The admin's pages of players and matches; adding by Riot ID asks the simulator over HTTP."""

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.urls import reverse

from riotwatch_players import bans, keys
from riotwatch_players.ingest import record_rank, store_match
from riotwatch_players.models import Analysis, BacklogMatch, Match, Player, Seen, Source
from tests.players import factories

MODELS = [model for model in admin.site._registry if model._meta.app_label == "riotwatch_players"]


@pytest.fixture
def stored(db):
    """A player with a rank, a match, one still to be fetched, a check of the account, an analysis; and a key."""
    player = factories.known("Ada", tracked=True, tracked_at=factories.NOW)
    store_match(player.source, "EUW1_7000000001", factories.body(), now=factories.NOW, discover=None)
    record_rank(player, [factories.solo_queue()], now=factories.NOW)
    BacklogMatch.objects.create(
        source=player.source, match_id="EUW1_9", region="europe", lane=BacklogMatch.TRACKED, added_at=factories.NOW
    )
    seen = bans.Sighting(account=Seen.RESOLVES, summoner=Seen.RESOLVES)
    bans.record(player, seen, now=factories.NOW)
    keys.store("RGAPI-of-somebody")
    Analysis.objects.create(
        player=player, analyzed_at=factories.NOW, games_used=3, verdict="insufficient_data", confidence=0, factors=[]
    )
    player.refresh_from_db()
    return player


def page(model, action="changelist", *arguments):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{action}", args=arguments)


def act(client, action, *rows):
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(page(type(rows[0])), data, follow=True)


def told(response):
    return [str(message) for message in response.context["messages"]]


def add(client, riot_id, **fields):
    return client.post(page(Player, "add"), {"riot_id": riot_id, "platform": "euw1", "track": "on", **fields})


def form_errors(response):
    return " ".join(response.context["adminform"].form.non_field_errors())


# --- Pages -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_list_and_every_row_of_it_can_be_opened_and_searched(admin_client, stored, model):
    assert admin_client.get(page(model)).status_code == 200
    assert admin_client.get(page(model), {"q": "EUW1_7000000001"}).status_code == 200
    row = model.objects.first()
    assert admin_client.get(page(model, "change", row.pk)).status_code == 200
    assert admin_client.get(page(model, "history", row.pk)).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_empty_lists_can_be_opened(admin_client, model):
    assert admin_client.get(page(model)).status_code == 200


def test_only_players_and_keys_are_added_and_nothing_is_deleted(admin_client, stored):
    added = {model.__name__ for model in MODELS if admin_client.get(page(model, "add")).status_code == 200}
    assert added == {"Player", "RiotKey"}
    for model in MODELS:
        row = model.objects.first()
        assert admin_client.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
        assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_who_is_not_signed_in_is_sent_to_the_login(client, stored, model):
    for address in (page(model), page(model, "change", model.objects.first().pk)):
        response = client.get(address)
        assert response.status_code == 302
        assert response.url.startswith(reverse("admin:login"))


def test_a_players_page_tells_rank_and_what_comes_next(admin_client, stored):
    text = admin_client.get(page(Player)).content.decode()
    assert "Ada#EUW" in text
    assert "GOLD II 40 LP" in text
    assert "matches since 2026-04-20" in text


def test_a_player_whose_name_is_unknown_can_be_opened(admin_client, stored):
    Player.objects.filter(pk=stored.pk).update(game_name="", tag_line="")
    assert page(Player, "change", stored.pk) in admin_client.get(page(Player)).content.decode()


def test_a_list_of_many_players_does_not_ask_the_database_for_each(admin_client, stored, django_assert_max_num_queries):
    for number in range(40):
        factories.known(f"P{number}")
    with django_assert_max_num_queries(12):
        admin_client.get(page(Player))


def test_an_operator_pauses_a_player_and_changes_nothing_else(admin_client, stored):
    data = {"paused": "on", "paused_reason": "on holiday", "game_name": "Eve", "tracked": ""}
    data |= {f"ranks-{name}": 0 for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    assert admin_client.post(page(Player, "change", stored.pk), data).status_code == 302
    stored.refresh_from_db()
    assert (stored.paused, stored.paused_reason, stored.game_name, stored.tracked) == (True, "on holiday", "Ada", True)


# --- Adding by Riot ID -----------------------------------------------------------------------------------------------


def test_a_player_is_added_by_riot_id_and_tracked(admin_client, riot):
    response = add(admin_client, riot[0])
    player = Player.objects.get()
    assert response.status_code == 302
    assert (player.riot_id, player.platform, player.tracked) == (riot[0], "euw1", True)
    assert LogEntry.objects.get().object_id == str(player.pk)


def test_a_player_may_be_added_without_being_tracked(admin_client, riot):
    add(admin_client, riot[0], track="")
    assert Player.objects.get().tracked is False


def test_adding_somebody_twice_is_one_player(admin_client, riot):
    assert add(admin_client, riot[0]).status_code == 302
    assert add(admin_client, riot[0]).status_code == 302
    assert Player.objects.count() == 1


@pytest.mark.parametrize(
    ("riot_id", "message"),
    [("Nobody Ever#0000", "Riot knows no Nobody Ever#0000 (euw1)"), ("no hash sign", "write Name#TAG")],
)
def test_a_wrong_riot_id_is_said_at_the_form_and_nothing_is_stored(admin_client, riot, riot_id, message):
    response = add(admin_client, riot_id)
    assert response.status_code == 200
    assert message in form_errors(response)
    assert not Player.objects.exists()
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("fields", [{"platform": "mars1"}, {"riot_id": ""}])
def test_a_form_that_is_not_filled_in_properly_asks_riot_nothing(admin_client, settings, db, fields):
    settings.RIOT_API_URL = "http://127.0.0.1:9/{host}"
    response = add(admin_client, **{"riot_id": "Ada#EUW", **fields})
    assert response.status_code == 200
    assert list(response.context["adminform"].form.errors) == list(fields)


def test_one_more_than_the_limit_is_said_at_the_form_with_the_remedy(admin_client, riot, settings):
    settings.MAX_TRACKED_PLAYERS = 1
    add(admin_client, riot[0])
    response = add(admin_client, riot[1])
    assert "untrack one, or raise it" in form_errors(response)
    assert Player.objects.tracked().count() == 1
    assert add(admin_client, riot[1], track="").status_code == 302


def test_trouble_with_riot_is_said_at_the_form_without_the_key(admin_client, riot, settings):
    settings.RIOT_API_KEY = "RGAPI-unknown"
    text = form_errors(add(admin_client, riot[0]))
    assert "key" in text
    assert "RGAPI-unknown" not in text


def test_a_riot_that_does_not_answer_is_said_at_the_form(admin_client, settings, transactional_db):
    settings.RIOT_API_URL = "http://127.0.0.1:9/{host}"
    assert form_errors(add(admin_client, "Ada#EUW"))


def test_a_database_of_another_riot_is_said_at_the_form(admin_client, riot):
    Source.objects.create(api_url="https://{host}.api.riotgames.com")
    assert "Set RIOT_API_URL back" in form_errors(add(admin_client, riot[0]))


def test_riot_is_asked_outside_of_any_transaction(admin_client, riot, monkeypatch):
    from riotwatch_players.riot.client import RiotClient

    inside, ask = [], RiotClient.account_by_riot_id

    def note(self, *arguments, **named):
        inside.append(connection.in_atomic_block)
        return ask(self, *arguments, **named)

    monkeypatch.setattr(RiotClient, "account_by_riot_id", note)
    add(admin_client, riot[0])
    assert inside == [False]


# --- Actions ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_players_are_tracked_and_untracked_with_a_trace(admin_client):
    ada, bela = factories.known("Ada"), factories.known("Bela")
    assert sorted(told(act(admin_client, "track_players", ada, bela))) == ["Ada#EUW is tracked", "Bela#EUW is tracked"]
    assert Player.objects.tracked().count() == 2
    assert told(act(admin_client, "untrack_players", ada)) == ["Ada#EUW is no longer tracked"]
    assert list(Player.objects.tracked()) == [bela]
    trace = LogEntry.objects.filter(object_id=str(ada.pk)).order_by("id").values_list("change_message", flat=True)
    assert list(trace) == ["tracked", "no longer tracked"]


@pytest.mark.django_db(transaction=True)
def test_tracking_stops_at_the_limit_and_says_so(admin_client, settings):
    settings.MAX_TRACKED_PLAYERS = 2
    players = [factories.known(name) for name in ("Ada", "Bela", "Cleo")]
    messages = told(act(admin_client, "track_players", *players))
    assert Player.objects.tracked().count() == 2
    assert any("2 players are tracked already" in message for message in messages)


def test_who_may_only_look_can_neither_add_nor_track_nor_pause(client, stored, django_user_model):
    user = django_user_model.objects.create_user("viewer", password="secret", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(user)
    for model in MODELS:
        assert client.get(page(model)).status_code == 200
    act(client, "untrack_players", stored)
    assert add(client, "Ada#EUW").status_code == 403
    assert client.post(page(Player, "change", stored.pk), {"paused": "on"}).status_code == 403
    stored.refresh_from_db()
    assert (stored.tracked, stored.paused) == (True, False)
    assert not LogEntry.objects.exists()


def test_a_match_shows_who_took_part(admin_client, stored):
    text = admin_client.get(page(Match, "change", Match.objects.get().pk)).content.decode()
    assert "Bela#EUW" in text
