"""Whom a player meets."""

from datetime import timedelta

import pytest
from django.db import connection

from riotwatch_players import encounters
from riotwatch_players.encounters import encounters_of
from riotwatch_players.ingest import store_match
from riotwatch_players.models import Player
from tests.players import factories
from tests.players.pages import page, text_of

pytestmark = pytest.mark.django_db


def play(number, *people, **changes):
    """A game of these people: the first five against the others; the first five win."""
    started_at = factories.NOON + timedelta(hours=number)
    match = factories.body(f"EUW1_{number}", people, started_at=started_at, **changes)
    for place, one in enumerate(match["info"]["participants"]):
        one["playerSubteamId"] = 1 + place // 2 if changes.get("queueId") == 1700 else 0
    store_match(factories.source(), factories.id_of(match), match, now=factories.NOW, discover=None)


def met(name="Ada", **wanted):
    """Name: (together, won, against, won), in order."""
    player = Player.objects.get(puuid=factories.puuid_of(name))
    found = encounters_of(player, **({"most": 50} | wanted))
    return {
        one.player.game_name: (one.together.times, one.together.won, one.against.times, one.against.won)
        for one in found
    }


BLUE, RED = ("Ada", "Bela", "Cleo", "Dana", "Emil"), ("Finn", "Gwen", "Hugo", "Iris", "Jaro")


def test_with_and_against_are_counted_with_what_the_player_won():
    play(1, *BLUE, *RED)
    play(2, *RED[:1], *BLUE[1:], *BLUE[:1], *RED[1:])
    told = met()
    assert (told["Bela"], told["Finn"], told["Gwen"]) == ((1, 1, 1, 0), (0, 0, 2, 1), (1, 0, 1, 1))
    assert len(told) == 9
    assert "Ada" not in told


def test_flagged_people_come_first_then_those_met_most_then_last():
    play(1, "Ada", "Bela", "Cleo")
    play(2, "Ada", "Cleo")
    play(3, "Ada", "Dana")
    play(4, "Ada", "Emil")
    Player.objects.filter(game_name="Bela").update(verdict="likely_boosted")
    Player.objects.filter(game_name="Emil").update(verdict="watch")
    assert list(met()) == ["Bela", "Cleo", "Emil", "Dana"]
    assert list(met(at_least=2)) == ["Cleo"]
    assert list(met(most=1)) == ["Bela"]
    assert list(met(matches=2)) == ["Emil", "Dana"]


def test_in_arena_the_pair_is_together_and_everybody_else_against():
    play(1, *BLUE, *RED, queueId=1700, gameMode="CHERRY")
    told = met()
    assert (told["Bela"], told["Cleo"], told["Jaro"]) == ((1, 1, 0, 0), (0, 0, 1, 1), (0, 0, 1, 1))


def test_remakes_and_bots_do_not_count():
    play(1, "Ada", "Bela", each={"gameEndedInEarlySurrender": True})
    play(2, "Ada", "Cleo", "BOT")
    assert met() == {"Cleo": (1, 1, 0, 0)}


def test_the_newest_games_come_from_their_index_and_the_others_from_theirs():
    play(1, *BLUE, *RED)
    wanted = {"player": 1, "matches": 200, "at_least": 1, "most": 20, "flagged": []}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {encounters._MEETINGS}", wanted)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "match_participants_games" in plan
    assert "match_participants_position" in plan
    assert "Seq Scan" not in plan


def test_the_players_page_shows_who_was_met_more_than_once(admin_client):
    play(1, *BLUE, *RED)
    ada = Player.objects.get(game_name="Ada")
    assert "Nobody was met twice" in text_of(admin_client.get(page(Player, "change", ada.pk)))
    play(2, "Ada", "Bela")
    response = admin_client.get(page(Player, "change", ada.pk))
    assert [one.player.game_name for one in response.context["encounters"]] == ["Bela"]
    bela = response.context["encounters"][0]
    assert bela.scores == (encounters.Score(2, 2), encounters.Score(0, 0))
    assert page(Player, "change", bela.player.pk) in text_of(response)
