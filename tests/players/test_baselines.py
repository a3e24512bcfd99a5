"""What is usual, counted by the database and compared with the same counted by NumPy."""

from datetime import timedelta

import numpy as np
import pytest
from django.db import connection

from riotwatch_players import baselines, ingest, standings
from riotwatch_players.detection.history import ROLES, TIERS
from riotwatch_players.detection.metrics import metrics_of
from riotwatch_players.detection.model_card import LevelBand
from riotwatch_players.models import DetectionBaseline, Match, Participant, Player, RankSnapshot
from tests.players.factories import NOW, body, id_of, known, several, solo_queue, source

GOLD, PLATINUM = TIERS.index("GOLD"), TIERS.index("PLATINUM")
BANDS = (LevelBand(below=50, mean=2.5, sd=1.5), LevelBand(below=75, mean=3.0, sd=1.6))
GAMES = 60
pytestmark = pytest.mark.django_db


@pytest.fixture
def played():
    """Sixty games of ten people with random figures; one is Gold, one Platinum, of the others no rank is known."""
    for match in several(GAMES):
        ingest.store_match(source(), id_of(match), match, now=NOW, discover=None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(
            "UPDATE match_participants SET kills = 15 * random(), deaths = 12 * random(), assists = 20 * random(),"
            " cs = 50 + 200 * random(), gold = 6000 + 9000 * random(), damage_share = 0.4 * random(),"
            " vision_score = 60 * random(), kill_participation = random()"
        )
    ranked("Ada", "GOLD")
    ranked("Bela", "PLATINUM")


def ranked(name, tier, division="II"):
    standings.record_rank(Player.objects.get(game_name=name), [solo_queue(tier, division)], now=NOW)


def rows_of(name, *, win):
    """The figures of somebody's games, as metrics."""
    fields = ("kills", "deaths", "assists", "cs", "gold", "damage_share", "vision_score", "kill_participation")
    found = Participant.objects.filter(player__game_name=name, win=win).values_list(*fields)
    scores = np.insert(np.array(found, dtype=np.float64), 0, 0.0, axis=1).T
    return metrics_of(scores, np.full(scores.shape[1], 30.0)).T


def test_medians_and_spreads_by_tier_role_and_result_are_those_of_the_stored_games(played):
    measured = baselines.measure()
    assert (measured.matches, measured.rows) == (GAMES, 10 * GAMES)
    # Ada is a Gold top laner who won; the tier of the top laner who lost is that of the lobby: between Gold and
    # Platinum, and half of a tier is rounded up.
    cells = {(GOLD, 0, 1): "Ada", (PLATINUM, 0, 0): "Finn", (PLATINUM, 1, 1): "Bela", (PLATINUM, 2, 1): "Cleo"}
    for (tier, role, win), name in cells.items():
        rows = rows_of(name, win=bool(win))
        center = np.median(rows, axis=0)
        assert measured.n[tier, role, win] == len(rows) == GAMES
        np.testing.assert_allclose(measured.median[tier, role, win], center)
        np.testing.assert_allclose(measured.mad[tier, role, win], np.median(np.abs(rows - center), axis=0))
    assert np.count_nonzero(measured.n) == 2 * len(ROLES)


def test_what_is_not_whole_or_not_usable_does_not_count(played):
    aram = body("EUW1_7999999999", queueId=450)
    ingest.store_match(source(), id_of(aram), aram, now=NOW, discover=None)
    Participant.objects.filter(player__game_name="Ada").update(gold=None)
    Participant.objects.filter(player__game_name="Bela").update(team_position="")
    assert baselines.measure().rows == 8 * GAMES


def test_without_ranks_there_is_nothing_to_count(played):
    RankSnapshot.objects.all().delete()
    assert baselines.measure().rows == 0


def test_the_newest_rank_of_solo_queue_counts(played):
    ada, flex = Player.objects.get(game_name="Ada"), solo_queue("IRON", queue_type="RANKED_FLEX_SR")
    standings.record_rank(ada, [solo_queue("SILVER")], now=NOW + timedelta(days=1))
    standings.record_rank(ada, [flex], now=NOW + timedelta(days=2))
    assert baselines.measure().n[TIERS.index("SILVER"), 0, 1] == GAMES


@pytest.fixture
def little_is_enough(monkeypatch):
    monkeypatch.setattr(baselines, "LEAST_ROWS", 600)
    monkeypatch.setattr(baselines, "LEAST_ACCOUNTS", 20)


def test_a_version_is_kept_only_where_it_rests_on_enough(played, monkeypatch):
    assert baselines.build(BANDS, now=NOW) is None
    assert not DetectionBaseline.objects.exists()


def test_versions_are_kept_and_one_is_current(played, little_is_enough):
    first = baselines.build(BANDS, now=NOW)
    assert (first.current, first.rows, first.patch) == (True, 600, "16.7")
    assert first.name == f"stored-20260420-{first.sha256[:8]}"
    Participant.objects.filter(player__game_name="Ada").update(kills=20)
    second = baselines.build(BANDS, now=NOW + timedelta(days=14))
    first.refresh_from_db()
    assert (first.current, second.current) == (False, True)
    assert second.sha256 != first.sha256


def test_the_same_figures_are_no_new_version_and_nobody_is_judged_again_for_them(played, little_is_enough):
    first = baselines.build(BANDS, now=NOW)
    later = NOW + timedelta(days=14)
    again = baselines.build(BANDS, now=later)
    assert (again.pk, again.name, again.built_at, again.current) == (first.pk, first.name, later, True)


def test_a_baseline_is_due_again_after_a_while_and_not_before_there_are_matches(played, little_is_enough):
    every = timedelta(days=14)
    assert baselines.is_due(every=every, now=NOW)
    baselines.build(BANDS, now=NOW)
    assert not baselines.is_due(every=every, now=NOW + every - timedelta(minutes=1))
    assert baselines.is_due(every=every, now=NOW + every)


def test_a_baseline_is_due_earlier_when_twice_as_many_matches_are_stored(played, little_is_enough):
    baselines.build(BANDS, now=NOW)
    for count, expected in ((GAMES - 1, False), (1, True)):
        for match in several(count, first=Match.objects.count() + 1):
            ingest.store_match(source(), id_of(match), match, now=NOW, discover=None)
        assert baselines.is_due(every=timedelta(days=14), now=NOW) is expected


def test_a_count_that_came_to_nothing_is_not_repeated_before_its_time(played, monkeypatch):
    monkeypatch.setattr(baselines, "LEAST_ROWS", 600)
    Participant.objects.filter(player__game_name="Ada").update(gold=None)
    every = timedelta(days=14)
    assert baselines.is_due(every=every, now=NOW)
    assert baselines.build(BANDS, now=NOW) is None
    assert not baselines.is_due(every=every, now=NOW + timedelta(minutes=5))
    assert baselines.is_due(every=every, now=NOW + every)


def test_figures_that_stay_the_same_while_matches_double_are_not_counted_again_and_again(played, little_is_enough):
    baselines.build(BANDS, now=NOW)
    for match in several(GAMES, first=GAMES + 1):
        ingest.store_match(source(), id_of(match), match, now=NOW, discover=None)
    Participant.objects.filter(match__in=Match.objects.order_by("-pk")[:GAMES]).update(gold=None)
    every, later = timedelta(days=14), NOW + timedelta(minutes=5)
    assert baselines.is_due(every=every, now=later)
    baselines.build(BANDS, now=later)
    assert DetectionBaseline.objects.count() == 1
    assert not baselines.is_due(every=every, now=later + timedelta(minutes=5))


def test_too_few_matches_are_not_even_counted(played):
    assert not baselines.is_due(every=timedelta(days=14), now=NOW)


# --- Levels ----------------------------------------------------------------------------------------------------------


def accounts(count, *, level, tiers):
    for number in range(count):
        one = known(f"L{level}-{number}", summoner_level=level)
        standings.record_rank(one, [solo_queue(tiers[number % len(tiers)], "IV", 0)], now=NOW)


def test_usual_ranks_by_level_are_those_of_the_stored_accounts(little_is_enough):
    accounts(40, level=35, tiers=["IRON", "SILVER"])
    accounts(40, level=60, tiers=["GOLD", "DIAMOND"])
    young, older = baselines.level_bands(BANDS)
    assert (young.below, young.mean) == (50, 1.0)
    assert young.sd == pytest.approx(np.std([0.0, 2.0] * 20, ddof=1), abs=0.001)
    assert (older.below, older.mean) == (75, 4.5)


def test_a_band_with_few_accounts_keeps_the_models_own(little_is_enough):
    accounts(40, level=60, tiers=["IRON", "DIAMOND"])
    accounts(19, level=35, tiers=["IRON", "MASTER"])
    young, older = baselines.level_bands(BANDS)
    assert young == BANDS[0]
    assert older != BANDS[1]


def test_accounts_of_one_rank_say_nothing_about_levels(little_is_enough):
    accounts(40, level=35, tiers=["DIAMOND", "EMERALD"])
    assert baselines.level_bands(BANDS) is None


def test_nobody_at_all_says_nothing_about_levels():
    assert baselines.level_bands(BANDS) is None
