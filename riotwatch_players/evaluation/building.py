"""The document of a whole model card: trained, calibrated, and measured on ladders it has not seen."""

from typing import Any

from riotwatch_players.detection.cards import SHIPPED_NAME, read_card, sealed
from riotwatch_players.evaluation.anchors import shipped_table
from riotwatch_players.evaluation.measuring import evaluate
from riotwatch_players.evaluation.training import Size, train

CREATED = "2026-11-24"
CREATED_BY = "manage.py train_detection"
LIMITS = (
    "Accuracy is known on the simulated ladder only: nobody publishes labels of real players.",
    "A score recommends a look. It is no proof, and no ground for a sanction by itself.",
    "Ranked solo games only; fewer than 20 give no verdict, fewer than 30 no more than watch.",
    "Probabilities hold at the shares of the training mix; where such accounts are rarer, more of the flagged are not.",
    "A tier of skill is assumed to move the log-odds of winning by 0.32 and single figures by 0.14 to 0.18 SD.",
)


def build_card(size: Size) -> dict[str, Any]:
    """The same document for the same size."""
    card_id, _, version = SHIPPED_NAME.rpartition("-")
    document: dict[str, Any] = {
        "schema_version": 2,
        "id": card_id,
        "version": version,
        "created": CREATED,
        "created_by": CREATED_BY,
        "min_games": 20,
        "min_games_likely": 30,
        "hysteresis": 0.7,
        "limits": list(LIMITS),
        "metrics": {},
        **train(size, table=shipped_table()),
    }
    card = read_card(sealed(document), name=SHIPPED_NAME)
    return document | {"metrics": _kept(evaluate(card, accounts=size.test))}


def _kept(report: dict[str, Any]) -> dict[str, Any]:
    """What of a report a card carries; `evaluate_detection` gives all of it again."""
    kept = ("auc", "tpr_at_fpr_1", "ece")
    return {
        "measured_on": "simulated ladders",
        "accounts_per_world": report["accounts_per_world"],
        "worlds": {
            world: {
                question: {window: {name: values[name] for name in kept} for window, values in by_window.items()}
                for question, by_window in questions.items()
            }
            for world, questions in report["worlds"].items()
        },
        "worst_single_assumption_world": report["worst_single_assumption_world"],
        "null_world_flagged": report["null_world_flagged"],
        "flips_per_5_games": report["flips_per_5_games"],
    }
