"""Verdicts on whole ladders: a simulated one, whose truth is known, and real histories, whose truth is not."""

import json
import lzma
import os
from pathlib import Path

import numpy as np
import pytest

from riotwatch_players.detection.card import SHIPPED
from riotwatch_players.detection.judgement import judge
from riotwatch_players.detection.records import read_history
from riotwatch_players.detection.words import FLAGGED, Verdict
from tests.players.detection.ladder import simulated

PAYLOADS = Path(os.environ.get("RIOTWATCH_PAYLOADS") or Path(__file__).parents[4] / "shared/data/riot/payloads.tar.xz")
REAL = PAYLOADS.with_name("histories-kr-challenger.jsonl.xz")


def auc(positive, negative):
    """How often one of the first scores above one of the second; ties count half."""
    return np.mean([(one > negative).mean() + (one == negative).mean() / 2 for one in positive])


def test_on_the_simulated_ladder_smurfs_score_above_others_and_the_ordinary_are_left_alone():
    people = simulated("detection", people=500, newest=30)
    judgements = judge([read_history(record) for _, record in people], SHIPPED)
    pairs = [(kind, one) for (kind, _), one in zip(people, judgements, strict=True) if one.smurf_score is not None]
    smurfs = np.array([one.smurf_score for kind, one in pairs if kind == "smurf_fresh"])
    others = np.array([one.smurf_score for kind, one in pairs if kind != "smurf_fresh"])
    assert len(smurfs) >= 10
    assert auc(smurfs, others) >= 0.93
    ordinary = [one for kind, one in pairs if kind in {"normal", "one_trick"}]
    assert sum(one.verdict in FLAGGED for one in ordinary) <= 0.01 * len(ordinary)


@pytest.mark.skipif(not REAL.exists(), reason=f"no real histories beside RIOTWATCH_PAYLOADS ({REAL.name})")
def test_hardly_any_real_challenger_is_called_a_smurf():
    with lzma.open(REAL, "rt") as lines:
        judgements = judge([read_history(json.loads(line)) for line in lines], SHIPPED)
    flagged = sum(one.verdict in {Verdict.LIKELY_SMURF, Verdict.MIXED} for one in judgements)
    assert flagged <= 0.05 * len(judgements)
    assert all(one.games_used >= 30 for one in judgements)
