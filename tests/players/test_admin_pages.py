"""Every list and page of players, for those who may see them and for those who may not."""

import re

import pytest
from django.urls import reverse

from riotwatch_players import champion_index
from riotwatch_players.ingest import store_match
from riotwatch_players.models import Analysis, BacklogMatch, BanCheck, ChampionRecord, Match, RankSnapshot
from tests.players import factories
from tests.players.pages import MODELS, page, text_of

every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)


@every_model
def test_every_list_and_every_row_of_it_can_be_opened_and_searched(admin_client, stored, model):
    assert admin_client.get(page(model)).status_code == 200
    assert admin_client.get(page(model), {"_facets": "True"}).status_code == 200
    assert admin_client.get(page(model), {"q": "EUW1_7000000001"}).status_code == 200
    row = model.objects.first()
    assert admin_client.get(page(model, "change", row.pk)).status_code == 200
    assert admin_client.get(page(model, "history", row.pk)).status_code == 200


@every_model
def test_empty_lists_can_be_opened_and_say_what_fills_them(admin_client, model):
    response = admin_client.get(page(model))
    assert response.context["cl"].model_admin.empty_hint in text_of(response)


def test_only_players_and_keys_are_added_and_nothing_is_deleted_or_edited(admin_client, stored):
    added = {model.__name__ for model in MODELS if admin_client.get(page(model, "add")).status_code == 200}
    assert added == {"Player", "RiotKey"}
    for model in MODELS:
        row = model.objects.first()
        assert admin_client.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
        assert admin_client.post(page(model, "change", row.pk), {}).status_code == 405
        assert model.objects.filter(pk=row.pk).exists()


@every_model
def test_who_is_not_signed_in_is_sent_to_the_login(client, stored, model):
    for address in (page(model), page(model, "change", model.objects.first().pk)):
        response = client.get(address)
        assert response.status_code == 302
        assert response.url.startswith(reverse("admin:login"))


@every_model
def test_who_may_only_look_sees_every_page(viewer, stored, model):
    assert viewer.get(page(model)).status_code == 200
    assert viewer.get(page(model, "change", model.objects.first().pk)).status_code == 200


@every_model
def test_who_may_see_nothing_sees_no_page(client, stored, django_user_model, model):
    client.force_login(django_user_model.objects.create_user("nobody", is_staff=True))
    assert client.get(page(model)).status_code == 403
    assert client.get(page(model, "change", model.objects.first().pk)).status_code == 403


def test_a_match_shows_its_teams_side_by_side(admin_client, stored):
    match = Match.objects.get()
    response = admin_client.get(page(Match, "change", match.pk))
    blue, red = response.context["teams"]
    assert (blue.title, blue.win, red.title, red.win) == ("Blue side", True, "Red side", False)
    assert [one.player.game_name for one in blue.members] == ["Ada", "Bela", "Cleo", "Dana", "Emil"]
    text = text_of(response)
    for words in ("Bela#EUW", "Annie", "Jungle", "4 / 4 / 6", "11,000", "Ranked Solo/Duo"):
        assert words in text


def test_a_bot_in_a_match_is_nobody_and_arena_shows_places(admin_client, stored):
    pairs = {"playerSubteamId": 3, "placement": 2}
    bots = factories.body("EUW1_7", ["Ada", *["BOT"] * 9], each=pairs, queueId=1700, gameMode="CHERRY")
    store_match(stored.source, "EUW1_7", bots, now=factories.NOW, discover=None)
    response = admin_client.get(page(Match, "change", Match.objects.get(match_id="EUW1_7").pk))
    assert [team.title for team in response.context["teams"]] == ["Place 2"]
    assert "nobody known" in text_of(response)


@pytest.mark.parametrize(("queue", "found"), [("420", 1), ("450", 0)])
def test_matches_are_narrowed_to_a_queue_and_found_by_id(admin_client, stored, queue, found):
    assert admin_client.get(page(Match), {"queue": queue}).context["cl"].result_count == found
    assert admin_client.get(page(Match), {"q": "euw1_7000000001"}).context["cl"].result_count == 1


@pytest.mark.parametrize("model", [Analysis, BanCheck, RankSnapshot])
def test_rows_about_players_are_found_by_riot_id(admin_client, stored, model):
    assert admin_client.get(page(model), {"q": "ada#euw"}).context["cl"].result_count == 1
    assert admin_client.get(page(model), {"q": "bela"}).context["cl"].result_count == 0


def test_a_match_of_the_backlog_leads_to_the_stored_one(admin_client, stored):
    row = BacklogMatch.objects.get(match_id="EUW1_7000000001")
    address = page(Match, "change", Match.objects.get().pk)
    assert address in text_of(admin_client.get(page(BacklogMatch, "change", row.pk)))


def test_a_champions_page_shows_its_roles_and_whom_it_does_well_with_and_against(admin_client):
    for match in factories.several(12):
        store_match(factories.source(), factories.id_of(match), match, now=factories.NOW, discover=None)
    champion_index.count(days=60, now=factories.NOW)
    row = ChampionRecord.objects.get(champion_id=1)
    assert str(row) == "Annie, Top"
    shown = text_of(admin_client.get(page(ChampionRecord, "change", row.pk)))
    assert re.search(r"<th[^>]*>Top</th><td[^>]*>12</td><td[^>]*>100%</td>", shown)
    assert re.search(r"Strong against.*<th[^>]*>Urgot</th><td[^>]*>12</td><td[^>]*>100%</td>", shown, re.DOTALL)
    assert "Nobody yet with 10 games or more." in shown
    names = [one.champion_id for one in admin_client.get(page(ChampionRecord), {"q": "ann"}).context["cl"].result_list]
    assert names == [1]
