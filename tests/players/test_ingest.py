import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings

from riotwatch_players import backlog
from riotwatch_players.bodies import read_body
from riotwatch_players.discovery import DiscoveryRule
from riotwatch_players.ingest import Stored, store_match, store_matches
from riotwatch_players.models import BacklogMatch, Match, Participant, Player
from tests.players.concurrency import at_once
from tests.players.factories import NOON, NOW, TEN, body, id_of, known, puuid_of, several, source
from tests.players.garbage import damaged_bodies

EVERYBODY = DiscoveryRule(max_discovered_players=5000)
ROWS = """
SELECT 'players', id, xmin::text FROM players UNION ALL
SELECT 'matches', id, xmin::text FROM matches UNION ALL
SELECT 'participants', id, xmin::text FROM match_participants UNION ALL
SELECT 'ranks', id, xmin::text FROM player_ranks UNION ALL
SELECT 'backlog', id, xmin::text FROM match_backlog
"""


def store(match: dict[str, Any], *, discover: DiscoveryRule | None = EVERYBODY) -> Stored:
    return store_match(source(), id_of(match), match, now=NOW, discover=discover)


def row_versions() -> set[tuple[str, int, str]]:
    """Every row with the transaction that wrote it: equal before and after means that nothing was written."""
    with connection.cursor() as cursor:
        cursor.execute(ROWS)
        return set(cursor.fetchall())


def statements(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        work()
    return sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE")) for query in captured)


@pytest.mark.django_db
def test_a_match_is_stored_with_its_people():
    stored = store(body())
    assert (stored.created, stored.state, stored.reason) == (True, "fetched", "")
    assert (stored.players_created, stored.participants_created, stored.players_discovered) == (10, 10, 0)
    assert (stored.records_created, stored.records_updated) == (1 + 1 + 10 + 10, 0)
    match = Match.objects.get(match_id="EUW1_7000000001")
    assert (match.usable, match.started_at, match.stored_at, match.patch) == (True, NOON, NOW, "16.7")
    ada = Player.objects.get(puuid=puuid_of("Ada"))
    assert (str(ada), ada.platform, ada.summoner_level, ada.profile_icon_id) == ("Ada#EUW", "euw1", 100, 20)
    assert (ada.ranked_games, ada.tracked, ada.discovered_at, ada.first_seen_at) == (1, False, None, NOW)
    game = ada.games.get()
    assert (game.match, game.position, game.usable, game.started_at) == (match, 0, True, NOON)
    assert (game.cs, game.items[0], game.runes["perks"]) == (162, 1000, [8010, 9111, 8234])
    assert BacklogMatch.objects.get().state == "fetched"


@pytest.mark.django_db(transaction=True)
def test_storing_again_writes_no_row():
    known("Ada", tracked=True, tracked_at=NOON)
    store(body())
    before = row_versions()
    again = store(body())
    assert row_versions() == before
    assert (again.created, again.state, again.records_created, again.records_updated) == (False, "fetched", 0, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("tracked", [False, True])
def test_the_number_of_statements_does_not_depend_on_the_participants(tracked: bool):
    known("Ada", tracked=tracked)
    source_row = source()
    two, eighteen = body("EUW1_1", TEN[:2]), body("EUW1_2", [*TEN, *(f"Guest{place}" for place in range(8))])

    def storing(match: dict[str, Any]) -> int:
        return statements(lambda: store_match(source_row, id_of(match), match, now=NOW, discover=EVERYBODY))

    counts = [storing(two), storing(eighteen)]
    assert counts == ([8, 8] if tracked else [6, 6])
    assert storing(eighteen) == 2
    many = [read_body(id_of(match), match) for match in several(60, first=50)]
    assert (
        statements(lambda: store_matches(source_row, many, now=NOW, discover=EVERYBODY)) == counts[0] - 1
    )  # nobody is new


@pytest.mark.django_db
def test_a_hundred_matches_are_the_most_for_one_transaction():
    readings = [read_body(id_of(match), match) for match in several(101)]
    with pytest.raises(ValueError, match="101 matches"):
        store_matches(source(), readings, now=NOW, discover=None)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "usable"),
    [
        ({}, True),
        ({"gameDuration": 300}, True),
        ({"gameDuration": 299}, False),
        ({"queueId": 440}, False),
        ({"each": {"gameEndedInEarlySurrender": True}}, False),
    ],
)
def test_analysis_takes_ranked_solo_games_of_five_minutes_that_are_no_remakes(changes: dict[str, Any], usable: bool):
    store(body(**changes))
    assert Match.objects.get().usable is usable
    assert set(Participant.objects.values_list("usable", flat=True)) == {usable}
    assert set(Player.objects.values_list("ranked_games", flat=True)) == {int(usable)}


@pytest.mark.django_db
def test_bots_are_participants_without_a_player():
    stored = store(body(people=("Ada", "BOT", "BOT", "BOT")))
    assert (stored.players_created, stored.participants_created) == (1, 4)
    assert Participant.objects.filter(player=None).count() == 3


@pytest.mark.django_db
def test_an_unusable_body_is_recorded_with_its_reason_and_costs_one_row():
    stored = store(body(people=(), endOfGameResult="Abort_Unexpected"))
    assert (stored.created, stored.state, stored.records_created) == (False, "broken", 1)
    assert stored.reason == BacklogMatch.objects.get().reason == "empty shell: no participants (Abort_Unexpected)"
    assert not Match.objects.exists()


@pytest.mark.django_db
def test_a_usable_body_mends_a_broken_match_and_never_the_other_way_round():
    broken = body(people=())
    store(broken)
    store(body())
    store(broken)
    assert (BacklogMatch.objects.get().state, BacklogMatch.objects.get().reason) == ("fetched", "")


@pytest.mark.django_db
def test_name_and_level_follow_the_newest_match_whatever_the_order_of_arrival():
    def named(name: str, level: int) -> dict[str, Any]:
        return {"riotIdGameName": name, "summonerLevel": level}

    store(body("EUW1_2", ("Ada",), started_at=NOON, each=named("Now", 120)))
    store(body("EUW1_1", ("Ada",), started_at=NOON - timedelta(days=9), each=named("Before", 110)))
    ada = Player.objects.get()
    assert (ada.game_name, ada.summoner_level, ada.ranked_games) == ("Now", 120, 2)
    store(body("EUW1_3", ("Ada",), started_at=NOON + timedelta(days=1), each=named("", 121)))
    ada.refresh_from_db()
    assert (ada.game_name, ada.summoner_level) == ("Now", 121)


@pytest.mark.django_db(transaction=True)
def test_an_older_match_that_does_not_count_leaves_its_players_alone():
    store(body("EUW1_2"))
    before = {row for row in row_versions() if row[0] == "players"}
    store(body("EUW1_1", started_at=NOON - timedelta(days=1), queueId=450))
    assert {row for row in row_versions() if row[0] == "players"} == before


@pytest.mark.django_db
def test_a_match_of_the_future_does_not_freeze_what_is_known():
    store(body("EUW1_1", ("Ada",), started_at=NOW + timedelta(days=3000), each={"summonerLevel": 1}))
    later = body("EUW1_2", ("Ada",), started_at=NOW, each={"summonerLevel": 130})
    store_match(source(), "EUW1_2", later, now=NOW + timedelta(days=1), discover=None)
    assert Player.objects.get().summoner_level == 130


@pytest.mark.django_db
def test_games_are_counted_once_within_one_transaction_too():
    readings = [read_body(id_of(match), match) for match in several(5) * 2]
    batch = store_matches(source(), readings, now=NOW, discover=None)
    assert (len(batch.created), batch.participants_created) == (5, 50)
    assert set(Player.objects.values_list("ranked_games", flat=True)) == {5}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(match=damaged_bodies())
@pytest.mark.django_db
def test_whatever_is_read_from_garbage_can_be_stored(match: dict[str, Any]):
    match_id = "EUW1_7000000001"
    Participant.objects.all().delete()
    Match.objects.all().delete()
    stored = store_match(source(), match_id, match, now=NOW, discover=EVERYBODY)
    assert stored.created is (stored.state == "fetched")


@pytest.mark.django_db(transaction=True)
def test_workers_that_store_matches_of_the_same_people_at_once_do_not_deadlock():
    source()
    known("Ada", tracked=True, tracked_at=NOON)
    dice = random.Random(7)
    crowd = [*TEN, *(f"Guest{place}" for place in range(8))]
    matches = [body(f"EUW1_{number}", dice.sample(crowd, 10)) for number in range(60)]

    def worker(seed: int) -> Callable[[], None]:
        mine = random.Random(seed).sample(matches, 40)
        return lambda: [store(match) for match in mine] and None

    assert at_once(*(worker(seed) for seed in range(8))) == []
    for match in matches:
        store(match)
    assert Match.objects.count() == 60
    assert Participant.objects.count() == 600
    for player in Player.objects.all():
        assert player.ranked_games == player.games.filter(usable=True).count()


@pytest.mark.django_db(transaction=True)
def test_a_cursor_may_move_with_its_ids_while_the_same_matches_are_stored():
    ada = known("Ada", tracked=True, tracked_at=NOON)
    matches = several(30)
    place = source()

    def list_again() -> None:
        for last in range(1, 31):
            with transaction.atomic():
                backlog.add(place, map(id_of, matches[:last]), lane=BacklogMatch.TRACKED, now=NOW)
                Player.objects.filter(pk=ada.pk).update(listed_until=NOON + timedelta(hours=last))

    def store_all() -> None:
        for match in matches:
            store(match)

    assert at_once(list_again, store_all, list_again, store_all) == []
    assert set(BacklogMatch.objects.values_list("state", flat=True)) == {"fetched"}
