"""A report of `measuring.evaluate` as text for a terminal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from riotwatch_players.evaluation.rules import RULES

_MEASURES = (
    ("auc", "AUC"),
    ("average_precision", "AP"),
    ("fpr_at_tpr_95", "FPR@95"),
    ("tpr_at_fpr_5", "TPR@5%"),
    ("tpr_at_fpr_1", "TPR@1%"),
    ("tpr_at_fpr_01", "TPR@.1%"),
    ("precision_at_100", "P@100"),
    ("ece", "ECE"),
    ("brier", "Brier"),
    ("positives", "positives"),
)


def tables(report: Mapping[str, Any]) -> str:
    """All tables, one after another."""
    parts = [
        f"{report['model']}, baseline {report['baseline']}: {report['accounts_per_world']} accounts per world.\n"
        "Every figure is from simulated ladders, not from real players."
    ]
    parts += [_quality(question, report["worlds"]) for question in RULES if report["worlds"]]
    if report["worst_single_assumption_world"]:
        parts.append(_worst(report["worst_single_assumption_world"]))
    if "classes" in report:
        parts += [_classes(window, shares) for window, shares in report["classes"].items()]
        flips = report["flips_per_5_games"]
        parts.append(
            f"Normal accounts whose flag changes with five more games: {flips['normals']:.2%} "
            f"({flips['without_hysteresis']:.2%} without hysteresis)"
        )
    if "null_world_flagged" in report:
        shares = ", ".join(f"{share:.2%} at {window}" for window, share in report["null_world_flagged"].items())
        parts.append(f"Flagged where everybody is normal: {shares} games")
    return "\n\n".join(parts)


def labels_table(report: Mapping[str, Mapping[str, Any]]) -> str:
    """What people's labels say, by question."""
    figures = {"labels": "labels", "positives": "positives", "flagged": "flagged", "auc": "AUC"}
    figures |= {"precision": "precision", "recall": "recall"}
    rows = [[question, *(_figure(found[name]) for name in figures)] for question, found in report.items()]
    title = "what people say of the newest analyses (no sample: they look at what they are shown)"
    return _table(title, ["question", *figures.values()], rows)


def _quality(question: str, worlds: Mapping[str, Any]) -> str:
    rows = [
        [world, window, *(_figure(values[name]) for name, _ in _MEASURES)]
        for world, questions in worlds.items()
        for window, values in questions[question].items()
    ]
    return _table(question, ["world", "games", *(title for _, title in _MEASURES)], rows)


def _worst(worst: Mapping[str, Any]) -> str:
    rows = [
        [question, window, found["world"], _figure(found["auc"]), _figure(found["largest_ece"])]
        for question, by_window in worst.items()
        for window, found in by_window.items()
    ]
    return _table("worst single-assumption world", ["question", "games", "world", "AUC", "largest ECE"], rows)


def _classes(window: str, shares: Mapping[str, Mapping[str, float]]) -> str:
    rows = [
        [kind, *(f"{found[name]:.1%}" for name in ("smurf", "boosted", "flagged"))] for kind, found in shares.items()
    ]
    title = f"base world, {window} games: share above the 1 % FPR score, and flagged by verdict"
    return _table(title, ["class", "smurf", "boosted", "flagged"], rows)


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    text = [" ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([f"== {title}", *text])
