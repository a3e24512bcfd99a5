from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from riotwatch_players.models import ForeignDatabase, Participant, Player, Source, Stage, Waiting
from tests.players.concurrency import at_once
from tests.players.factories import API_URL, NOON, known, puuid_of, source

RIOT = "https://{host}.api.riotgames.com"
HOUR = timedelta(hours=1)


@pytest.mark.django_db
def test_the_current_source_is_made_once():
    first = Source.objects.current(API_URL)
    assert Source.objects.current(API_URL) == first
    assert (first.application, first.active) == (1, True)


@pytest.mark.django_db
def test_a_database_of_another_address_is_refused():
    Source.objects.current(API_URL)
    with pytest.raises(ForeignDatabase) as refused:
        Source.objects.current(RIOT)
    assert (refused.value.found, refused.value.wanted) == (API_URL, RIOT)
    assert RIOT in str(refused.value)
    assert Source.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_processes_that_start_at_once_share_one_source():
    assert at_once(*[lambda: Source.objects.current(API_URL)] * 6) == []
    assert Source.objects.count() == 1


@pytest.mark.django_db
def test_another_application_takes_over_and_knows_its_own_puuids():
    old = known("Ada").source
    Source.objects.filter(pk=old.pk).update(active=False)
    new = Source.objects.create(api_url=API_URL, application=2)
    assert Source.objects.current(API_URL) == new
    Player.objects.create(source=new, puuid=puuid_of("Ada"), platform="euw1")
    with pytest.raises(IntegrityError), transaction.atomic():
        Player.objects.create(source=new, puuid=puuid_of("Ada"), platform="euw1")


@pytest.mark.django_db
@pytest.mark.parametrize("why_not", [{"paused": True}, {"unavailable_at": NOON}])
def test_only_active_players_cost_requests(why_not: dict[str, object]):
    ada, bela = known("Ada", tracked=True), known("Bela", tracked=True, **why_not)
    assert list(Player.objects.tracked().active()) == [ada]
    assert (ada.active, bela.active) == (True, False)


@pytest.mark.django_db
def test_histories_are_filled_most_met_first():
    known("Known")
    known("Tracked", discovered_at=NOON, tracked=True, times_met=50)
    known("Full", discovered_at=NOON, times_met=40, history_full_at=NOON)
    known("Paused", discovered_at=NOON, times_met=30, paused=True)
    seldom, often = (known(name, discovered_at=NOON, times_met=times) for name, times in (("Seldom", 1), ("Often", 9)))
    assert list(Player.objects.awaiting_history()) == [often, seldom]


@pytest.mark.django_db
def test_a_riot_id_is_found_whatever_its_case():
    ada = known("Ädá Łovelace", tag_line="EuW")
    known("Ädá Łovelace", tag_line="EuW", platform="na1", puuid="elsewhere")
    found = Player.objects.with_riot_id("äDÁ łOVELACE", "euw", platform="EUW1")
    assert list(found) == [ada]
    assert list(Player.objects.with_puuid(source(), ada.puuid)) == [ada]


@pytest.mark.parametrize(
    ("fields", "waiting"),
    [
        ({}, None),
        ({"discovered_at": NOON}, Waiting(Stage.MATCHES, NOON)),
        ({"tracked": True, "tracked_at": NOON, "discovered_at": NOON - HOUR}, Waiting(Stage.MATCHES, NOON)),
        ({"discovered_at": NOON, "history_full_at": NOON + HOUR}, Waiting(Stage.RANK, NOON + HOUR)),
        (
            {"discovered_at": NOON, "history_full_at": NOON + HOUR, "rank_checked_at": NOON + 2 * HOUR},
            Waiting(Stage.ANALYSIS, NOON + 2 * HOUR),
        ),
        (
            {
                "discovered_at": NOON,
                "history_full_at": NOON,
                "rank_checked_at": NOON,
                "analyzed_at": NOON + 3 * HOUR,
            },
            Waiting(Stage.ANALYZED, NOON + 3 * HOUR),
        ),
    ],
)
def test_a_player_shows_what_comes_next_and_since_when(fields: dict[str, object], waiting: Waiting | None):
    assert Player(**fields).waiting_for == waiting


@pytest.mark.django_db
def test_the_ranked_history_of_a_player_is_one_index_scan():
    newest = Participant.objects.filter(player_id=5, usable=True).order_by("-started_at")[:100]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
    plan = newest.explain()
    assert "Index Scan using match_participants_usable" in plan
    assert "Sort" not in plan


# --- The named sets that the admin's filters offer -------------------------------------------------------------------

WEEK = timedelta(days=7)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("facts", "stage"),
    [
        ({"tracked_at": NOON - WEEK}, Stage.MATCHES),
        ({"tracked_at": NOON, "history_full_at": NOON - WEEK}, Stage.RANK),
        ({"tracked_at": NOON, "history_full_at": NOON, "rank_checked_at": NOON - WEEK}, Stage.ANALYSIS),
    ],
)
@pytest.mark.parametrize("watched", ["tracked", "discovered"])
def test_who_waits_for_more_than_a_week_is_stuck(facts: dict[str, object], stage: Stage, watched: str):
    if watched == "discovered":
        facts = {"discovered_at" if name == "tracked_at" else name: at for name, at in facts.items()}
    player = known("Ada", tracked=watched == "tracked", **facts)
    since = player.waiting_for.since
    assert player.waiting_for.stage is stage
    assert list(Player.objects.stuck(now=since + WEEK + HOUR)) == [player]
    assert not Player.objects.stuck(now=since + WEEK - HOUR).exists()


@pytest.mark.django_db
def test_who_is_analyzed_paused_or_merely_known_is_not_stuck():
    done = {"history_full_at": NOON, "rank_checked_at": NOON}
    known("Analyzed", tracked=True, tracked_at=NOON, analyzed_at=NOON, **done)
    known("Paused", tracked=True, tracked_at=NOON, paused=True)
    known("Unavailable", discovered_at=NOON, unavailable_at=NOON)
    known("Known")
    assert not Player.objects.stuck(now=NOON + 10 * WEEK).exists()


@pytest.mark.django_db
def test_the_stages_are_those_that_players_show():
    done = {"history_full_at": NOON, "rank_checked_at": NOON, "analyzed_at": NOON}
    for number, _ in enumerate(Stage):
        known(f"P{number}", discovered_at=NOON, **dict(list(done.items())[:number]))
    known("Known")
    for stage in Stage:
        (player,) = Player.objects.in_stage(stage)
        assert player.waiting_for.stage is stage


@pytest.mark.django_db
def test_a_player_tells_how_it_is_watched_and_what_stops_requests():
    assert known("Ada").states == ("known",)
    assert known("Bela", discovered_at=NOON, unavailable_at=NOON).states == ("discovered", "unavailable")
    assert known("Cleo", tracked=True, discovered_at=NOON, paused=True).states == ("tracked", "paused")
    assert list(Player.objects.merely_known().values_list("game_name", flat=True)) == ["Ada"]
    assert list(Player.objects.unavailable().values_list("game_name", flat=True)) == ["Bela"]
    assert list(Player.objects.paused().values_list("game_name", flat=True)) == ["Cleo"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ada LOVE#euw", {"Ada Love#EUW"}),
        ("ada", {"Ada#EUW", "Ada Love#EUW"}),
        ("ADA#", {"Ada#EUW"}),
        ("love", set()),
        ("%", set()),
    ],
)
def test_players_are_found_by_riot_id_or_the_beginning_of_the_name(text: str, found: set[str]):
    known("Ada")
    known("Ada Love")
    known("Bela")
    assert {player.riot_id for player in Player.objects.named(text)} == found


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["ada#euw", "ada"])
def test_finding_a_name_among_many_reads_an_index(text: str):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "Seq Scan" not in Player.objects.named(text).explain()
