"""Measures against hand-made cases, fitting against what is known to be best, and training that repeats itself."""

import json
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from riotwatch_players.detection.cards import read_card, shipped_card
from riotwatch_players.evaluation.anchors import shipped_table
from riotwatch_players.evaluation.fitting import Bounds, fit_logistic, fit_platt
from riotwatch_players.evaluation.metrics import auc, average_precision, ece, quality, tpr_at
from riotwatch_players.evaluation.rules import AGAINST, EITHER, FOR, PAIRS, RULES

FREE = Bounds(np.full(2, -np.inf), np.full(2, np.inf))


# --- Measures --------------------------------------------------------------------------------------------------------


def test_measures_of_a_hand_made_case():
    score, truth = np.array([0.9, 0.8, 0.7, 0.6, 0.1]), np.array([True, False, True, False, False])
    assert auc(score, truth) == pytest.approx(5 / 6)
    assert average_precision(score, truth) == pytest.approx((1 + 2 / 3) / 2)
    assert tpr_at(score, truth, fpr=0.0) == 0.5
    assert auc(np.zeros(5), truth) == 0.5


def test_calibration_is_perfect_where_shares_are_as_said_and_off_by_what_they_are_not():
    said = np.repeat([0.25, 0.75], 400)
    truth = np.arange(800) % 4 < np.repeat([1, 3], 400)
    assert ece(said, truth) == pytest.approx(0.0)
    assert ece(np.full(800, 0.95), truth) == pytest.approx(0.45)
    assert quality(said, truth).brier == pytest.approx(0.1875)


# --- Fitting ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def drawn():
    rng = np.random.default_rng(1)
    x = np.stack([rng.normal(size=40_000), np.ones(40_000)], axis=1)
    return x, rng.random(40_000) < 1 / (1 + np.exp(-(x @ [1.5, -2.0])))


def test_the_coefficients_that_made_the_data_are_found_again(drawn):
    x, y = drawn
    assert fit_logistic(x, y, FREE, ridge=0.0) == pytest.approx([1.5, -2.0], abs=0.06)


def test_a_coefficient_never_leaves_its_bounds(drawn):
    x, y = drawn
    bounded = fit_logistic(x, y, Bounds(np.array([-np.inf, -np.inf]), np.array([0.0, np.inf])), ridge=0.0)
    assert bounded[0] == 0.0
    assert bounded[1] == pytest.approx(np.log(y.mean() / (1 - y.mean())), abs=1e-6)


def test_platt_undoes_overconfidence(drawn):
    x, y = drawn
    slope, offset = fit_platt(3 * (x @ np.array([1.5, -2.0])) + 1, y)
    assert (slope, offset) == pytest.approx((1 / 3, -1 / 3), abs=0.03)


# --- Training --------------------------------------------------------------------------------------------------------


def test_training_gives_the_same_card_byte_for_byte_and_tells_when_it_would_not(tmp_path):
    card, size = tmp_path / "card.json", {"train": 120, "calibrate": 120, "test": 300}
    call_command("train_detection", output=card, **size)
    assert read_card(card.read_text(), name="small").name == shipped_card().name
    call_command("train_detection", output=card, check=True, **size)
    card.write_text(card.read_text().replace("ladder", "other"))
    changed = card.read_text()
    with pytest.raises(CommandError, match="another card"):
        call_command("train_detection", output=card, check=True, **size)
    assert card.read_text() == changed


def test_the_shipped_card_speaks_in_the_directions_that_its_signals_mean():
    card = shipped_card()
    for question, target in (("smurf", card.smurf), ("boosted", card.boosted)):
        for name, rule in RULES[question].items():
            slopes = np.diff(target.terms[name].values) if name in target.terms else np.zeros(1)
            assert slopes.min() >= 0 or rule in {AGAINST, EITHER}, (question, name)
            assert slopes.max() <= 0 or rule in {FOR, EITHER}, (question, name)
        assert {pair.signals for pair in target.pairs} <= set(PAIRS[question])


def test_the_shipped_card_was_made_from_the_shipped_baseline_and_says_how_good_it_is():
    card = shipped_card()
    assert card.baseline_table == shipped_table()
    assert card.metrics["measured_on"] == "simulated ladders"
    assert card.metrics["worlds"]["base"]["smurf"]["50"]["auc"] > 0.9


# --- The command -----------------------------------------------------------------------------------------------------


def test_a_world_is_measured_as_json_and_as_tables(capsys):
    call_command("evaluate_detection", size=1_000, world=["null", "small_gaps"], json=True)
    report = json.loads(capsys.readouterr().out)
    assert report["model"] == shipped_card().version_hash
    assert set(report["worlds"]) == {"small_gaps"}
    assert 0.5 < report["worlds"]["small_gaps"]["smurf"]["50"]["auc"] < 1
    assert report["null_world_flagged"]["50"] <= 0.02
    call_command("evaluate_detection", size=1_000, world=["small_gaps"])
    shown = capsys.readouterr().out
    assert "simulated ladders, not from real players" in shown
    assert "small_gaps" in shown


def test_figures_are_whole_and_say_where_they_come_from(tmp_path):
    call_command("evaluate_detection", size=1_000, plots=tmp_path / "figures")
    files = sorted((tmp_path / "figures").iterdir())
    assert [file.name for file in files] == ["classes.svg", "precision-recall.svg", "reliability.svg", "roc.svg"]
    for file in files:
        root = ElementTree.parse(file).getroot()
        assert "simulated ladder" in root.find("{http://www.w3.org/2000/svg}title").text


def test_a_size_that_measures_nothing_is_refused():
    with pytest.raises(CommandError, match="at least 1000") as refused:
        call_command("evaluate_detection", size=10)
    assert refused.value.returncode == 2
