"""Champions counted by the database, compared with the same counted by hand."""

from datetime import timedelta

import pytest

from riotwatch_players import champion_index
from riotwatch_players.ingest import store_match
from riotwatch_players.models import ChampionPair, ChampionRecord, Match
from tests.players.factories import NOW, TEN, id_of, several, source

pytestmark = pytest.mark.django_db

ADAS, BELAS, FINNS, GWENS = 1, 2, 6, 7
DAYS = 60


def store(count, *, first=1, people=TEN):
    """Games that Ada's side wins; champions go with places."""
    for match in several(count, people, first=first):
        store_match(source(), id_of(match), match, now=NOW, discover=None)


def lose(count):
    """Games that the other side wins."""
    for match in several(count, first=500):
        for one in match["info"]["participants"]:
            one["win"] = not one["win"]
        store_match(source(), id_of(match), match, now=NOW, discover=None)


def pair(relation, one, other):
    return ChampionPair.objects.get(relation=relation, champion_id=one, other_id=other)


def test_every_place_of_a_match_counts_for_its_champion_and_role():
    store(6)
    lose(4)
    counted = champion_index.count(days=DAYS, now=NOW)
    assert (counted.matches, counted.champions) == (10, 10)
    records = {(one.champion_id, one.role): (one.games, one.wins) for one in ChampionRecord.objects.all()}
    assert len(records) == 10
    assert records[ADAS, "TOP"] == (10, 6)
    assert records[FINNS, "TOP"] == (10, 4)


def test_pairs_are_those_of_one_team_and_those_who_meet_in_a_role():
    store(6)
    lose(4)
    champion_index.count(days=DAYS, now=NOW)
    assert ChampionPair.objects.filter(relation="with").count() == 2 * 5 * 4
    assert ChampionPair.objects.filter(relation="against").count() == 10
    together, against = pair("with", ADAS, BELAS), pair("against", ADAS, FINNS)
    assert (together.games, together.wins, against.games, against.wins) == (10, 6, 10, 6)
    assert not ChampionPair.objects.filter(relation="against", champion_id=ADAS, other_id=GWENS).exists()
    # 6 of 10 won with 100 even games added: 56 to 54, two such champions: 56² to 54².
    assert together.expected == pytest.approx(56**2 / (56**2 + 54**2))
    assert against.expected == pytest.approx(56**2 / (56**2 + 54**2))
    assert together.difference == pytest.approx((6 - 10 * together.expected) / 110)


def test_what_cannot_be_used_or_is_too_old_does_not_count():
    store(3)
    Match.objects.filter(match_id="EUW1_7000000001").update(remake=True)
    Match.objects.filter(match_id="EUW1_7000000002").update(started_at=NOW - timedelta(days=DAYS, hours=1))
    assert champion_index.count(days=DAYS, now=NOW).matches == 1
    assert ChampionRecord.objects.get(champion_id=ADAS).games == 1


def test_counting_again_replaces_what_was_counted():
    store(2)
    champion_index.count(days=DAYS, now=NOW)
    address = ChampionRecord.objects.get(champion_id=ADAS).pk
    store(1, first=9)
    assert champion_index.count(days=DAYS, now=NOW).matches == 3
    assert ChampionRecord.objects.get(pk=address).games == 3
    Match.objects.all().delete()
    assert champion_index.count(days=DAYS, now=NOW).matches == 0
    assert not ChampionRecord.objects.exists()
    assert not ChampionPair.objects.exists()


def test_it_is_due_when_a_match_was_stored_and_on_another_day():
    assert champion_index.is_due(days=DAYS, now=NOW)
    store(1)
    champion_index.count(days=DAYS, now=NOW)
    assert not champion_index.is_due(days=DAYS, now=NOW + timedelta(hours=23))
    assert champion_index.is_due(days=DAYS, now=NOW + timedelta(days=1))
    assert champion_index.is_due(days=DAYS - 1, now=NOW)
    store(1, first=2)
    Match.objects.filter(match_id="EUW1_7000000002").update(stored_at=NOW + timedelta(minutes=1))
    assert champion_index.is_due(days=DAYS, now=NOW)
