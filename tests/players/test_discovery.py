from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction

from riotwatch_players.discovery import DiscoveryRule, Met, discover_around
from riotwatch_players.ingest import store_match
from riotwatch_players.models import Match, Player
from tests.players.concurrency import at_once
from tests.players.factories import NOON, NOW, TEN, body, id_of, known, puuid_of, several, source

EVERYBODY = DiscoveryRule(max_discovered_players=5000)


def store(*matches: dict[str, object], rule: DiscoveryRule | None = EVERYBODY) -> None:
    for match in matches:
        store_match(source(), id_of(match), match, now=NOW, discover=rule)


def discovered() -> set[str]:
    return set(Player.objects.discovered().values_list("game_name", flat=True))


def times_met(name: str) -> int:
    return Player.objects.get(puuid=puuid_of(name)).times_met


def track(name: str, *, rule: DiscoveryRule = EVERYBODY) -> Met:
    player = Player.objects.get(puuid=puuid_of(name))
    Player.objects.filter(pk=player.pk).update(tracked=True, tracked_at=NOW)
    return discover_around(player, rule, now=NOW)


@pytest.mark.django_db
def test_people_met_in_matches_of_a_tracked_player_are_discovered():
    known("Ada", tracked=True, tracked_at=NOON)
    store(*several(2), *several(1, ("Ada", "Bela", "Zoe"), first=8))
    assert discovered() == {*TEN[1:], "Zoe"}
    assert (times_met("Bela"), times_met("Cleo"), times_met("Zoe"), times_met("Ada")) == (3, 2, 1, 0)


@pytest.mark.django_db
def test_everybody_else_is_only_known():
    store(body())
    assert discovered() == set()
    assert Player.objects.count() == 10
    known("Zoe", tracked=True, tracked_at=NOON)
    store(body("EUW1_8", ("Zoe", "Yuri")), rule=None)
    assert discovered() == set()


@pytest.mark.django_db
def test_two_tracked_players_in_one_match_count_it_once():
    known("Ada", tracked=True, tracked_at=NOON)
    known("Bela", tracked=True, tracked_at=NOON)
    store(body())
    assert discovered() == set(TEN[2:])
    assert times_met("Cleo") == 1


@pytest.mark.django_db
def test_the_cap_holds_and_the_most_met_come_first():
    known("Ada", tracked=True, tracked_at=NOON)
    cap = DiscoveryRule(max_discovered_players=2)
    store(body("EUW1_1", ("Ada", "Bela")), rule=cap)
    known("Often", times_met=7)
    known("Seldom", times_met=1)
    store(body("EUW1_2", ("Ada", "Seldom", "Often")), rule=cap)
    assert discovered() == {"Bela", "Often"}
    assert times_met("Seldom") == 2
    Player.objects.filter(game_name="Bela").update(tracked=True)
    store(body("EUW1_3", ("Ada", "Seldom")), rule=cap)
    assert discovered() == {"Often", "Seldom"}


@pytest.mark.django_db(transaction=True)
def test_the_cap_holds_exactly_when_many_store_at_once():
    known("Ada", tracked=True, tracked_at=NOON)
    cap = DiscoveryRule(max_discovered_players=20)

    def store_crowds(worker: int) -> None:
        for number in range(5):
            crowd = [f"P{worker}.{number}.{place}" for place in range(5)]
            store(body(f"EUW1_{worker}{number}", ["Ada", *crowd]), rule=cap)

    assert at_once(*(partial(store_crowds, worker) for worker in range(1, 7))) == []
    assert len(discovered()) == 20


@pytest.mark.django_db(transaction=True)
def test_tracking_somebody_discovers_the_people_of_their_stored_matches_once():
    store(*several(3), *several(1, ("Yuri", "Zoe"), first=8))
    assert track("Ada") == Met(discovered=9, updated=9)
    assert discovered() == set(TEN[1:])
    assert times_met("Bela") == 3
    assert track("Ada") == Met(discovered=0, updated=0)
    assert (times_met("Bela"), Match.objects.filter(people_met=True).count()) == (3, 3)
    # The next match is counted as it is stored; tracking one of them counts nothing twice.
    store(*several(1, first=20))
    assert track("Bela") == Met(discovered=0, updated=0)
    assert times_met("Cleo") == 4


@pytest.mark.django_db(transaction=True)
def test_somebody_without_matches_has_met_nobody():
    known("Ada")
    assert track("Ada") == Met(discovered=0, updated=0)


@pytest.mark.django_db(transaction=True)
def test_discovering_around_somebody_refuses_to_run_inside_a_transaction():
    ada = known("Ada")
    with transaction.atomic(), pytest.raises(RuntimeError):
        discover_around(ada, EVERYBODY, now=NOW)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("names", [("Ada", "Bela"), ("Ada", "Bela", "Cleo", "Dana")])
def test_tracking_while_matches_are_stored_counts_every_match_once(names: Sequence[str]):
    """Whichever comes first, the match or the tracking, each match with a tracked player is counted exactly once."""
    store(*several(10))
    fresh = [body(f"EUW1_{number}", started_at=NOON + timedelta(hours=number)) for number in range(100, 130)]
    tracking = [partial(track, name) for name in names]
    storing = [partial(store, *fresh[start::3]) for start in range(3)]
    assert at_once(*tracking, *storing) == []
    assert times_met("Jaro") == Match.objects.filter(people_met=True).count() == 40
