"""What a verdict may depend on, and what must not change it."""

import copy
import json
import math
import re

import numpy as np
import pytest

from riotwatch_players.detection.cards import shipped_card
from riotwatch_players.detection.confidence import coverage
from riotwatch_players.detection.judgement import score
from riotwatch_players.detection.records import read_history
from riotwatch_players.detection.scans import scan
from riotwatch_players.detection.signal_names import EVERY_FACTOR
from riotwatch_players.detection.signals import PLAYERS_AT_ONCE
from riotwatch_players.detection.sums import SEGMENTS
from riotwatch_players.detection.verdict import verdicts_of
from riotwatch_players.detection.words import State, Verdict
from tests.players.detection.invented import factor, history, judged, record


def without(wanted, *names):
    return read_history({key: value for key, value in wanted.items() if key not in names})


def without_in_games(wanted, *names):
    games = [{key: value for key, value in game.items() if key not in names} for game in wanted["games"]]
    return read_history({**wanted, "games": games})


# --- Chance ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("games", "binary"), [(20, True), (35, True), (35, False), (80, True), (100, False)])
def test_a_change_is_as_surprising_as_shuffling_the_games_says(games, binary):
    """The table's p against 4,000 shuffles of one player's games."""
    rng = np.random.default_rng(games)
    one = (np.arange(games) < games * 0.5).astype(float) if binary else rng.normal(size=games)
    z = scanned(rng.permuted(np.tile(one, (4000, 1)), axis=1)).z
    for p, quantile in ((0.5, 0.0), (0.16, 1.0), (0.05, 1.645), (0.01, 2.326)):
        assert np.mean(z >= quantile) <= 1.25 * p + 0.005
    assert np.mean(z >= 1.0) >= 0.10


def scanned(rows):
    place = np.arange(rows.shape[1]) * SEGMENTS // rows.shape[1]
    segments = np.eye(SEGMENTS)[place]
    count = np.broadcast_to(segments.sum(axis=0), (len(rows), SEGMENTS))
    return scan(count, rows @ segments, (rows**2) @ segments)


def test_a_stretch_of_other_play_is_found_where_it_is():
    rng = np.random.default_rng(3)
    rows = rng.normal(0, 0.5, size=(1, 60))
    rows[0, 21:39] += 1.2
    found = scanned(rows)
    assert found.z[0] > 3
    assert found.difference[0] == pytest.approx(1.2, abs=0.3)
    performance = factor(judged(history(60, seed=11, stronger=1.6, stronger_from=30))[0], "performance_trends")
    assert "games 1 to 30: -0.8 SD" in performance.text


# --- What is not known counts as nothing -----------------------------------------------------------------------------


def test_with_nothing_known_there_is_no_verdict_and_no_reason():
    games = [{"at": None, "duration_s": None, "win": None} for _ in range(40)]
    (one,) = judged(read_history({"games": games}))
    assert (one.verdict, one.smurf_score, one.games_used) == (Verdict.INSUFFICIENT_DATA, None, 0)
    assert all(item.contribution <= 0 for item in one.factors)
    assert {item.state for item in one.factors} <= {State.UNKNOWN, State.NOT_ENOUGH}


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("account_level", lambda wanted: without(wanted, "summoner_level")),
        ("rank_progression", lambda wanted: without(wanted, "ranks")),
        ("duo_dependency", lambda wanted: without_in_games(wanted, "teammates")),
        ("inactivity", lambda wanted: without_in_games(wanted, "at")),
    ],
)
def test_a_factor_that_is_missing_is_neutral_and_lowers_the_confidence(name, left_out):
    wanted = record(60, seed=5, summoner_level=100, ranks=climb())
    (less,) = judged(left_out(wanted))
    missing = factor(less, name)
    assert (missing.state, missing.value) == (State.UNKNOWN, None)
    assert missing.contribution <= 0
    assert missing.contribution_boosted <= 0
    found = score([read_history(wanted), left_out(wanted)], shipped_card())
    known = coverage(found.factors, shipped_card())
    assert known[1] < known[0]
    assert known[0] == pytest.approx(1)  # a sum of shares
    assert less.summary.partition("unknown: ")[2]


def climb():
    first = {"at": 0, "tier": "SILVER", "division": "IV", "lp": 0, "wins": 10, "losses": 10}
    last = {"at": 10**6, "tier": "PLATINUM", "division": "IV", "lp": 0, "wins": 40, "losses": 30}
    return [first, last]


@pytest.mark.parametrize("seed", range(12))
def test_leaving_out_the_rank_never_raises_the_score(seed):
    """Whether it speaks for the account or against it: nobody gains by hiding, and nobody loses by being unknown."""
    rng = np.random.default_rng(seed)
    ranks = climb()[: 1 + seed % 2] if seed % 3 else [{**climb()[1], "tier": "IRON"}]
    wanted = record(
        40, seed=seed, wins=int(rng.integers(15, 30)), summoner_level=int(rng.integers(30, 120)), ranks=ranks
    )
    whole, less = judged(read_history(wanted), without(wanted, "ranks"))
    assert less.smurf_score <= whole.smurf_score + 0.5  # the tier's baseline differs a little
    assert factor(less, "rank_progression").state is State.UNKNOWN


def test_without_teammates_a_player_is_compared_with_the_baseline_and_less_is_made_of_it():
    wanted = record(40, seed=7, stronger=1.0)
    whole, alone = judged(read_history(wanted), without_in_games(wanted, "teammates"))
    assert factor(alone, "rank_discrepancy").state is State.OK
    assert 0 < factor(alone, "rank_discrepancy").value < factor(whole, "rank_discrepancy").value


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


@pytest.mark.parametrize("name", ["position", "champion_id", "at", "kills", "cs", "damage_share", "duration_s"])
def test_a_field_that_nobody_tells_makes_no_difference_to_who_is_ordinary(name):
    (one,) = judged(without_in_games(record(60, seed=4), name))
    assert one.verdict is Verdict.NORMAL


# --- More evidence moves a score the right way -----------------------------------------------------------------------


@pytest.mark.parametrize("games", [20, 25, 60, 61, 90, 99])
def test_one_more_win_never_lowers_the_contribution_of_the_win_rate(games):
    wanted = record(games, seed=games, wins=games // 2)
    more = copy.deepcopy(wanted)
    more["games"].append({**wanted["games"][-1], "win": True})
    turned = copy.deepcopy(wanted)
    next(game for game in turned["games"] if not game["win"])["win"] = True
    found = score([read_history(one) for one in (wanted, more, turned)], shipped_card())
    for scores in (found.smurf, found.boosted):
        contribution = sum(scores.contributions[name] for name in ("wins", "lift") if name in scores.contributions)
        assert contribution[1] > contribution[0]
        assert contribution[2] > contribution[0]


def test_a_much_stronger_player_on_a_young_account_is_flagged_and_the_same_on_an_old_one_less():
    strong = {"wins": 35, "stronger": 1.0, "seed": 9}
    young, old = judged(history(50, summoner_level=32, **strong), history(50, summoner_level=400, **strong))
    assert young.verdict is Verdict.LIKELY_SMURF
    assert young.smurf_score > old.smurf_score
    assert young.boosted_score == old.boosted_score
    assert young.smurf_p < young.smurf_score / 100
    assert young.summary.startswith("Why: 35 of 50 games won")


def test_a_teammate_who_comes_again_and_plays_far_better_speaks_for_boosted_and_not_for_smurf():
    wanted = record(40, seed=13, wins=26)
    for game in wanted["games"][::2]:
        game["win"] = True
        game["teammates"][0] |= {
            "id": "carry",
            "kills": 18,
            "deaths": 2,
            "assists": 9,
            "damage_share": 0.4,
            "gold": 16_000,
        }
    carried, alone = judged(read_history(wanted), without_in_games(wanted, "teammates"))
    duo = factor(carried, "duo_dependency")
    assert (duo.state, duo.value) == (State.OK, 0.5)
    assert duo.contribution_boosted > 1 > 0 >= duo.contribution
    assert carried.boosted_score > 2 * alone.boosted_score
    assert "20 of 40 games with the same teammate" in duo.text


def test_other_champions_at_other_times_together_with_better_play_speak_for_boosted():
    wanted = record(60, seed=14, wins=30, stronger=1.5, stronger_from=35)
    for number, game in enumerate(wanted["games"]):
        game["at"] = number * 86_400 + (72_000 if number < 35 else 18_000)
        game["champion_id"] += 0 if number < 35 else 50
    changed, steady = judged(read_history(wanted), history(60, seed=14, wins=30))
    shift = factor(changed, "identity_shift")
    assert shift.contribution_boosted > 1 > 0 >= shift.contribution
    assert changed.boosted_score > 2 * steady.boosted_score
    assert re.search(r"champions and times of day.* differ in games 1 to 3[5-7]", shift.text)


def test_games_lost_far_below_oneself_in_a_row_are_named():
    wanted = record(50, seed=15, wins=30)
    for game in wanted["games"][10:17]:
        game |= {"win": False, "kills": 0, "deaths": 14, "assists": 1, "cs": 30, "gold": 5000, "damage_share": 0.04}
    thrown, steady = judged(read_history(wanted), history(50, seed=15, wins=30))
    item = factor(thrown, "performance_consistency")
    assert item.contribution > factor(steady, "performance_consistency").contribution
    assert re.search("[7-9] lost games in runs far below its own play", item.text)


def test_a_climb_beyond_wins_and_losses_counts_and_needs_two_readings():
    (climbed,) = judged(history(50, seed=12, ranks=climb()))
    item = factor(climbed, "rank_progression")
    assert (item.value, item.n_used) == (2.0, 2)
    assert item.contribution > 0
    first, last = climb()
    (reset,) = judged(history(50, seed=12, ranks=[last, {**first, "at": 2 * 10**6}]))
    assert factor(reset, "rank_progression").state is State.NOT_ENOUGH


# --- Verdicts --------------------------------------------------------------------------------------------------------

ABOVE, WATCHED, NOTHING = 99.0, 60.0, 10.0


@pytest.mark.parametrize(
    ("smurf", "boosted", "games", "previous", "verdict"),
    [
        (ABOVE, ABOVE, 19, "", Verdict.INSUFFICIENT_DATA),
        (ABOVE, NOTHING, 29, "", Verdict.WATCH),
        (ABOVE, NOTHING, 30, "", Verdict.LIKELY_SMURF),
        (NOTHING, ABOVE, 30, "", Verdict.LIKELY_BOOSTED),
        (ABOVE, ABOVE, 30, "", Verdict.MIXED),
        (WATCHED, NOTHING, 30, "", Verdict.WATCH),
        (NOTHING, NOTHING, 30, "", Verdict.NORMAL),
        (WATCHED, NOTHING, 30, "likely_smurf", Verdict.LIKELY_SMURF),
        (WATCHED, NOTHING, 30, "likely_boosted", Verdict.WATCH),
        (35.0, NOTHING, 30, "watch", Verdict.WATCH),
        (35.0, NOTHING, 30, "likely_smurf", Verdict.WATCH),
        (35.0, NOTHING, 30, "", Verdict.NORMAL),
        (25.0, NOTHING, 30, "watch", Verdict.NORMAL),
    ],
)
def test_a_verdict_follows_the_thresholds_and_is_left_later_than_entered(smurf, boosted, games, previous, verdict):
    scores = (np.array([float(value)]) for value in (smurf, boosted, games))
    assert verdicts_of(*scores, previous=[previous], card=shipped_card()) == [verdict]


def test_the_contributions_are_the_whole_score():
    histories = [history(50, seed=seed, wins=20 + seed, stronger=seed / 10) for seed in range(8)]
    found = score(histories, shipped_card())
    for row, one in enumerate(judged(*histories)):
        assert tuple(item.name for item in one.factors) == EVERY_FACTOR
        log_odds = sum(item.contribution for item in one.factors) + found.smurf.offset[row] + math.log(0.2 / 0.8)
        assert found.smurf.score[row] == pytest.approx(100 / (1 + math.exp(-log_odds)), abs=0.2)


# --- The same history gives the same judgement -----------------------------------------------------------------------


def test_a_judgement_does_not_depend_on_who_else_is_judged():
    mine = history(37, seed=20, stronger=0.4)
    (alone,) = judged(mine)
    assert judged(history(100, seed=21), mine, history(5, seed=22))[1] == alone
    assert judged(mine) == [alone]


@pytest.mark.parametrize("others", [PLAYERS_AT_ONCE - 1, PLAYERS_AT_ONCE])
def test_nor_on_who_is_compared_in_another_part(others):
    mine, short = history(37, seed=20, stronger=0.4), history(25, seed=21)
    found = judged(*[short] * others, mine, history(100, seed=22))
    assert found[others] == judged(mine)[0]
    assert found[:others] == judged(short) * others


def test_the_order_of_teammates_and_their_names_do_not_matter():
    wanted = record(40, seed=23)
    renamed = copy.deepcopy(wanted)
    for game in renamed["games"]:
        game["teammates"] = [{**mate, "id": f"other-{mate['id']}"} for mate in reversed(game["teammates"])]
    one, same = judged(read_history(wanted), read_history(renamed))
    assert (one.verdict, one.smurf_score) == (same.verdict, same.smurf_score)


def test_a_known_history_keeps_its_scores_as_long_as_the_version_stays():
    """Whoever changes these numbers changes the version of the card or of the baseline, too."""
    (one,) = judged(history(50, seed=42, wins=31, stronger=0.5, summoner_level=60))
    assert (one.model_version.partition("+")[0], one.baseline_version) == ("ladder-2.0.0", "tier-role-result-2")
    assert (one.verdict.value, one.smurf_score, one.boosted_score, one.confidence) == GOLDEN


GOLDEN = ("watch", 71.2, 72.1, 0.403)
