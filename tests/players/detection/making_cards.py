"""A small model card, made by hand."""

from typing import Any

import numpy as np

from riotwatch_players.detection.baseline import SHAPE, BaselineTable
from riotwatch_players.detection.cards import golden_of
from riotwatch_players.detection.model_card import KNOTS, Target


def flat_table() -> BaselineTable:
    return BaselineTable.of_arrays(
        "flat", np.zeros(SHAPE), mad=np.ones(SHAPE), n=np.zeros(SHAPE[:-1]), built_at="2026-11-24"
    )


def line(slope: float) -> list[float]:
    """The values of a term that is a straight line."""
    return [slope * x for x in KNOTS]


def _target(slope: float) -> dict[str, Any]:
    wins = {"mean": 0.0, "scale": 1.0, "values": line(slope), "missing": -0.2}
    return {
        "bias": {"few": -1.5, "many": -2.5},
        "terms": {"wins": wins, "youth": {"mean": 0.0, "scale": 2.0, "values": line(0.0)}},
        "pairs": [{"signals": ["wins", "youth"], "weight": 0.6}],
        "platt": {"slope": 0.9, "offset": 0.1},
        "prevalence": 0.05,
        "thresholds": {"watch": 40.0, "likely": 75.0, "strong": 95.0},
    }


def document() -> dict[str, Any]:
    """A card's document, not sealed yet."""
    smurf, boosted = _target(0.8), _target(0.3)
    golden = golden_of(
        {"wins": 1.5, "youth": None},
        games=50,
        smurf=Target.model_validate(smurf),
        boosted=Target.model_validate(boosted),
    )
    return {
        "schema_version": 2,
        "id": "made",
        "version": "1.2.3",
        "created": "2026-11-24",
        "created_by": "a test",
        "smurf": smurf,
        "boosted": boosted,
        "level_bands": [{"below": 75, "mean": 3.0, "sd": 1.5}],
        "baseline_table": flat_table().model_dump(mode="json"),
        "metrics": {},
        "limits": ["for tests"],
        "golden": golden.model_dump(mode="json"),
    }
