"""Model cards: what is read is what was written, whole; anything else is refused by name and reason."""

import json

import numpy as np
import pytest

from riotwatch_players.detection.baseline import SHAPE, BaselineTable, completed
from riotwatch_players.detection.cards import BadCard, hash_of, read_card, sealed
from riotwatch_players.detection.metrics import METRICS
from riotwatch_players.detection.scoring import scored
from tests.players.detection.making_cards import document, flat_table, line


def changed(**changes):
    return sealed({**document(), **changes})


def test_a_sealed_document_is_read_whole():
    card = read_card(sealed(document()), name="made.json")
    assert (card.name, card.version_hash) == ("made-1.2.3", f"made-1.2.3+{card.sha256[:8]}")
    assert card.smurf.terms["wins"].values == (-3.2, -0.8, 0.0, 0.8, 1.6, 3.2)
    assert card.baseline.version == "flat"


def test_the_order_of_keys_and_whitespace_are_no_change():
    text = sealed(document())
    shuffled = json.dumps(dict(reversed(json.loads(text).items())), indent=7)
    assert read_card(shuffled, name="x").sha256 == read_card(text, name="x").sha256


def band(below):
    return {"below": below, "mean": 3.0, "sd": 1.5}


def infinite(*where, sign=""):
    """A sealed card with what Python, though not JSON, takes for a number."""
    made = document()
    place = made["smurf"]
    for key in where[:-1]:
        place = place[key]
    place[where[-1]] = float(f"{sign}inf")
    return json.dumps(made | {"sha256": hash_of(made)})


def with_values(**values):
    """A card whose terms reach such a value at the last knot, where the golden vector is."""
    terms = {name: {"mean": 0, "scale": 1, "values": [0, 0, 0, 0, 0, value]} for name, value in values.items()}
    golden = {**document()["golden"], "signals": {"youth": None, **dict.fromkeys(values, 4.0)}}
    smurf = {**document()["smurf"], "terms": terms, "pairs": [], "platt": {"slope": 100.0, "offset": 0.0}}
    return changed(smurf=smurf, golden=golden)


def with_term(**term):
    whole = {"mean": 0, "scale": 1, "values": line(1.0), **term}
    return changed(smurf={**document()["smurf"], "terms": {"wins": whole}, "pairs": []})


def without_hash(text, **changes):
    return json.dumps({**json.loads(text), **changes})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "no JSON"),
        ("[]", "no JSON object"),
        (without_hash(sealed(document()), min_games=10), "sha256 is .* it was changed"),
        (changed(min_games="many"), "min_games: "),
        (changed(schema_version=1), "schema_version: 1 is an older riotwatch's"),
        (changed(schema_version=3), "schema_version: "),
        (changed(surprise=1), "surprise: "),
        (changed(smurf={**document()["smurf"], "prevalence": 1.5}), "smurf.prevalence: "),
        (
            changed(smurf={**document()["smurf"], "thresholds": {"watch": 80, "likely": 70, "strong": 95}}),
            "smurf.thresholds: .*must not fall",
        ),
        (
            changed(
                boosted={
                    **document()["boosted"],
                    "pairs": [],
                    "terms": {"shoe_size": {"mean": 0, "scale": 1, "values": line(1.0)}},
                }
            ),
            "boosted.terms: this version computes no signal 'shoe_size'",
        ),
        (
            changed(golden={**document()["golden"], "smurf_score": 1.0}),
            "golden.smurf_score: this version computes .*, the card says 1.0",
        ),
        (changed(golden={**document()["golden"], "signals": {}}), "golden.signals: 'wins' is absent"),
        pytest.param("[" * 400_000, "no JSON of a card: nested too deeply", id="deep"),
        pytest.param('{"a": 1' + "0" * 5_000 + "}", "no JSON: ", id="long number"),
        (r'{"a": "\ud800"}', "no JSON of a card: .* no Unicode"),
        (changed(level_bands=[]), "level_bands: "),
        (changed(level_bands=[band(75), band(50)]), "level_bands: .*further up"),
        (changed(level_bands=[band(50), band(50)]), "level_bands: .*further up"),
        (changed(smurf={**document()["smurf"], "terms": {}}), "smurf.terms: "),
        (with_term(values=[0.0, 0.0]), "smurf.terms.wins.values: "),
        (with_term(values=[0, 0, 0.1, 1, 2, 3]), "smurf.terms.wins.values: .*must add nothing"),
        (
            changed(smurf={**document()["smurf"], "pairs": [{"signals": ["wins", "kda"], "weight": 1}]}),
            "smurf: .*'kda' has no term",
        ),
        (
            changed(smurf={**document()["smurf"], "pairs": [{"signals": ["wins", "youth"], "weight": -1}]}),
            "smurf.pairs.0.weight: ",
        ),
        (infinite("platt", "slope"), "smurf.platt.slope: .*finite"),
        (infinite("terms", "wins", "missing", sign="-"), "smurf.terms.wins.missing: .*finite"),
        (with_values(wins=1e308, kda=-1e308), "golden: .* is no score"),
    ],
)
def test_what_is_no_card_is_refused_by_name_and_reason(text, problem):
    with pytest.raises(BadCard, match=f"^bad.json: {problem}"):
        read_card(text, name="bad.json")


def test_being_told_less_can_never_speak_against_an_account():
    with pytest.raises(BadCard, match=r"smurf\.terms\.wins\.missing"):
        read_card(with_term(missing=0.1), name="bad.json")


def scores_of(wins, youth, games):
    signals = {"wins": np.array([wins]), "youth": np.array([youth])}
    return scored(signals, np.array([float(games)]), read_card(sealed(document()), name="made.json").smurf)


def test_a_pair_adds_where_both_are_above_what_is_usual_and_half_of_it_to_each():
    alone, both, unknown, below = (scores_of(1.0, youth, 50) for youth in (0.0, 8.0, np.nan, -8.0))
    assert both.contributions["youth"][0] == pytest.approx(0.9 * 0.6 * np.sqrt(1.0 * 4.0) / 2)
    assert both.contributions["wins"][0] - alone.contributions["wins"][0] == pytest.approx(0.9 * 0.6 * 2.0 / 2)
    for other in (unknown, below):
        assert other.score[0] == alone.score[0]


def test_a_term_goes_straight_between_its_knots_and_no_further_than_the_last():
    found = [scores_of(wins, np.nan, 50).contributions["wins"][0] for wins in (0.5, 4.0, 40.0, np.nan)]
    assert found == pytest.approx([0.9 * 0.4, 0.9 * 3.2, 0.9 * 3.2, 0.9 * -0.2])


def test_the_bias_moves_with_the_logarithm_of_the_games_from_the_few_to_the_many():
    found = [scores_of(0.0, 0.0, games).offset[0] for games in (5, 20, 20 * np.sqrt(5), 100, 300)]
    assert np.diff(found) == pytest.approx([0.0, -0.45, -0.45, 0.0])


# --- Baselines -------------------------------------------------------------------------------------------------------


def counted(n, median):
    return completed(
        "counted",
        np.full(SHAPE, median),
        mad=np.full(SHAPE, 0.5),
        n=np.array(n),
        fallback=flat_table(),
        built_at="2026-11-24",
    )


def test_a_cell_with_few_rows_borrows_from_the_tiers_beside_it_and_else_keeps_the_fallback():
    n = np.zeros(SHAPE[:-1], dtype=int)
    n[3], n[4], n[8] = 100, 20, 30
    table = counted(n, 2.0)
    taken = [table.median[tier][0][0][0] for tier in range(SHAPE[0])]
    assert taken == [0.0, 0.0, 2.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0]


def test_a_table_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="median must have the shape"):
        BaselineTable.of_arrays(
            "bad", np.zeros((3, *SHAPE[1:])), mad=np.ones(SHAPE), n=np.zeros(SHAPE[:-1]), built_at="2026-11-24"
        )


def test_z_is_unknown_without_a_role_and_taken_at_gold_without_a_tier():
    baseline = read_card(sealed(document()), name="x").baseline
    metrics = np.full((len(METRICS), 2), 1.4826)
    nan = np.array([np.nan, np.nan])
    z = baseline.z(metrics, tier=nan, role=np.array([0.0, np.nan]), win=np.array([1.0, 1.0]))
    assert z[:, 0] == pytest.approx([1.0] * len(METRICS))
    assert np.isnan(z[:, 1]).all()
