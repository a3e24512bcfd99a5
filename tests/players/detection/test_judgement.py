"""What a verdict may depend on, and what must not change it."""

import copy
import json
import math

import numpy as np
import pytest

from riotwatch_players.detection.card import FACTORS, SHIPPED
from riotwatch_players.detection.changes import strongest_change
from riotwatch_players.detection.records import read_history
from riotwatch_players.detection.verdict import verdicts_of
from riotwatch_players.detection.words import FLAGGED, State, Verdict
from tests.players.detection.invented import evidence, factor, history, judged, record


def without(wanted, *names):
    return read_history({key: value for key, value in wanted.items() if key not in names})


# --- Nobody is suspected for nothing ---------------------------------------------------------------------------------


def test_in_a_world_where_everybody_is_alike_hardly_anybody_is_flagged_or_watched():
    rng = np.random.default_rng(1)
    people = [history(40, seed=seed, wins=int(rng.binomial(40, 0.5))) for seed in range(600)]
    verdicts = [one.verdict for one in judged(*people)]
    assert sum(one in FLAGGED for one in verdicts) <= 6
    assert verdicts.count(Verdict.NORMAL) >= 570


@pytest.mark.parametrize(("games", "binary"), [(20, True), (35, True), (35, False), (80, True), (100, False)])
def test_a_change_is_as_surprising_as_shuffling_the_games_says(games, binary):
    """The table's p against 4,000 shuffles of one player's games."""
    rng = np.random.default_rng(games)
    one = (np.arange(games) < games * 0.5).astype(float) if binary else rng.normal(size=games)
    z = strongest_change(rng.permuted(np.tile(one, (4000, 1)), axis=1)).z
    for p, quantile in ((0.5, 0.0), (0.16, 1.0), (0.05, 1.645), (0.01, 2.326)):
        assert np.mean(z >= quantile) <= 1.25 * p + 0.005
    assert np.mean(z >= 1.0) >= 0.10


def test_a_real_step_is_found_where_it_is_and_told_from_a_slow_rise():
    rng = np.random.default_rng(3)
    noise = rng.normal(0, 0.5, size=(2, 60))
    step = np.where(np.arange(60) < 35, 0.0, 1.2) + noise[0]
    rise = np.linspace(0, 1.6, 60) + noise[1]
    change = strongest_change(np.stack([step, rise]))
    assert change.z[0] > 3
    assert 32 <= change.after[0] <= 38
    assert change.step[0] == pytest.approx(1.2, abs=0.3)
    assert change.step_over_line[0] > 0 > change.step_over_line[1]


# --- What is not known counts as nothing -----------------------------------------------------------------------------


def test_with_nothing_known_but_the_number_of_games_the_score_is_the_reference_prior():
    games = [{"at": None, "duration_s": None, "win": None} for _ in range(40)]
    (one,) = judged(read_history({"games": games}))
    assert (one.verdict, one.smurf_score, one.games_used) == (Verdict.INSUFFICIENT_DATA, None, 0)
    assert {item.contribution for item in one.factors} == {0.0}
    assert {item.state for item in one.factors} <= {State.UNKNOWN, State.NOT_ENOUGH}


def test_a_factor_that_is_missing_is_neutral_and_lowers_the_confidence():
    wanted = record(60, seed=5, summoner_level=100)
    whole, no_level = judged(read_history(wanted), without(wanted, "summoner_level"))
    level = factor(no_level, "account_level")
    assert (level.state, level.value, level.contribution) == (State.UNKNOWN, None, 0.0)
    assert abs(no_level.smurf_score - whole.smurf_score) < 1  # at this level hardly anything is lost
    assert no_level.confidence < whole.confidence
    others = [name for name in FACTORS if name != "account_level"]
    assert [factor(no_level, name) for name in others] == [factor(whole, name) for name in others]
    assert "account level" in no_level.summary.partition("unknown: ")[2]


def test_leaving_out_the_rank_changes_nothing_but_what_rests_on_it():
    wanted = record(60, seed=6)
    whole, no_rank = judged(read_history(wanted), without(wanted, "ranks"))
    assert no_rank.smurf_score <= whole.smurf_score
    assert factor(no_rank, "rank_progression").state is State.UNKNOWN
    assert factor(whole, "rank_progression").state is State.NOT_ENOUGH


def test_without_teammates_a_player_is_compared_with_the_baseline():
    wanted = record(40, seed=7, stronger=1.0)
    for game in wanted["games"]:
        del game["teammates"]
    (one,) = judged(read_history(wanted))
    assert factor(one, "rank_discrepancy").state is State.OK


def test_games_of_nobody_in_particular_and_impossible_values_are_unknown_and_raise_nothing():
    strange = record(30, seed=8)
    for game, broken in zip(strange["games"], (-5, None, "many", 10**12, float("inf"), float("nan")), strict=False):
        game |= {"kills": broken, "gold": broken, "duration_s": broken, "damage_share": broken, "position": broken}
        game["teammates"] = broken
    strange["games"].append("no game")
    one, same = judged(read_history(strange), read_history({}))
    assert one.games_used >= 24
    assert same.verdict is Verdict.INSUFFICIENT_DATA
    json.dumps([item.text for item in one.factors], allow_nan=False)


# --- More evidence moves a score the right way -----------------------------------------------------------------------


@pytest.mark.parametrize("games", [10, 25, 60, 61, 90, 99])
def test_one_more_win_never_lowers_the_contribution_of_the_win_rate(games):
    wanted = record(games, seed=games, wins=games // 2)
    more = copy.deepcopy(wanted)
    more["games"].append({**wanted["games"][-1], "win": True})
    turned = copy.deepcopy(wanted)
    next(game for game in turned["games"] if not game["win"])["win"] = True
    before, added, instead = evidence(*map(read_history, (wanted, more, turned)))["win_rate"].smurf
    assert added > before
    assert instead > before


def test_a_much_stronger_player_on_a_young_account_is_flagged_and_the_same_on_an_old_one_less():
    strong = {"wins": 33, "stronger": 1.0, "seed": 9}
    young, old = judged(history(50, summoner_level=32, **strong), history(50, summoner_level=400, **strong))
    assert young.verdict is Verdict.LIKELY_SMURF
    assert young.smurf_score > old.smurf_score
    assert young.boosted_score == old.boosted_score
    assert young.smurf_p < young.smurf_score / 100
    assert young.summary.startswith("Why: ")


def test_somebody_else_playing_from_a_game_on_speaks_for_boosted_and_not_for_smurf():
    changed, steady = judged(history(60, seed=11, stronger=1.6, stronger_from=30), history(60, seed=11))
    trend = factor(changed, "performance_trends")
    assert trend.contribution_boosted > 0.8 > 0 >= trend.contribution
    assert changed.boosted_score > 2 * steady.boosted_score


def test_a_climb_beyond_wins_and_losses_counts_and_needs_two_readings():
    first = {"at": 0, "tier": "SILVER", "division": "IV", "lp": 0, "wins": 10, "losses": 10}
    last = {"at": 10**6, "tier": "PLATINUM", "division": "IV", "lp": 0, "wins": 40, "losses": 30}
    (climbed,) = judged(history(50, seed=12, ranks=[first, last]))
    climb = factor(climbed, "rank_progression")
    assert (climb.value, climb.n_used) == (2.0, 2)
    assert climb.contribution > 0
    (reset,) = judged(history(50, seed=12, ranks=[last, {**first, "at": 2 * 10**6}]))
    assert factor(reset, "rank_progression").state is State.NOT_ENOUGH


# --- Verdicts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("smurf", "boosted", "games", "previous", "verdict"),
    [
        (99, 99, 19, "", Verdict.INSUFFICIENT_DATA),
        (99, 10, 29, "", Verdict.WATCH),
        (99, 10, 30, "", Verdict.LIKELY_SMURF),
        (10, 80, 30, "", Verdict.LIKELY_BOOSTED),
        (80, 80, 30, "", Verdict.MIXED),
        (74, 10, 30, "", Verdict.WATCH),
        (10, 39, 30, "", Verdict.NORMAL),
        (53, 10, 30, "likely_smurf", Verdict.LIKELY_SMURF),
        (52, 10, 30, "likely_smurf", Verdict.WATCH),
        (53, 10, 30, "likely_boosted", Verdict.WATCH),
        (29, 10, 30, "watch", Verdict.WATCH),
        (27, 10, 30, "watch", Verdict.NORMAL),
    ],
)
def test_a_verdict_follows_the_thresholds_and_is_left_later_than_entered(smurf, boosted, games, previous, verdict):
    scores = (np.array([float(value)]) for value in (smurf, boosted, games))
    assert verdicts_of(*scores, previous=[previous], card=SHIPPED) == [verdict]


def test_the_contributions_are_the_whole_score():
    for one in judged(*[history(50, seed=seed, wins=20 + seed, stronger=seed / 10) for seed in range(8)]):
        log_odds = sum(item.contribution for item in one.factors) + math.log(0.2 / 0.8)
        assert one.smurf_score == pytest.approx(100 / (1 + math.exp(-log_odds)), abs=0.2)


# --- The same history gives the same judgement -----------------------------------------------------------------------


def test_a_judgement_does_not_depend_on_who_else_is_judged():
    mine = history(37, seed=20, stronger=0.4)
    (alone,) = judged(mine)
    assert judged(history(100, seed=21), mine, history(5, seed=22))[1] == alone
    assert judged(mine) == [alone]


def test_a_known_history_keeps_its_scores_as_long_as_the_versions_stay():
    """Whoever changes these numbers changes the version of the card or of the baseline, too."""
    (one,) = judged(history(50, seed=42, wins=31, stronger=0.5, summoner_level=60))
    assert (one.model_version, one.baseline_version) == ("fixed-1.0.0", "tier-role-result-1")
    assert (one.verdict.value, one.smurf_score, one.boosted_score, one.confidence) == GOLDEN


GOLDEN = ("likely_smurf", 92.6, 21.9, 0.642)
