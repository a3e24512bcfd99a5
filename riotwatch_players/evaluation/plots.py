"""The figures of docs/detection.md as SVG: how probabilities hold, what is found at which cost, and who is flagged.

Written by hand, so that the same card gives the same file; colors follow the reader's light or dark scheme.
"""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from riotwatch_players.detection.history import Bools, Floats
from riotwatch_players.evaluation.measuring import Shown, classes
from riotwatch_players.evaluation.metrics import auc, average_precision, reliability
from riotwatch_players.evaluation.rules import Question

WIDTH, HEIGHT = 480, 360
LEFT, TOP, RIGHT, BOTTOM = 62, 68, 30, 48
POINTS = 160
SOURCE = "simulated ladder"
_STYLE = """
svg { font: 12px system-ui, sans-serif; --ink: #1f2933; --soft: #d5dbe1; --smurf: #b3541e; --boosted: #1c6aa8; }
@media (prefers-color-scheme: dark) {
  svg { --ink: #e4e9ee; --soft: #46525e; --smurf: #f09a5e; --boosted: #6fb7ee; }
}
text { fill: var(--ink); } .grid { stroke: var(--soft); } .title { font-weight: 600; }
.smurf { stroke: var(--smurf); fill: var(--smurf); } .boosted { stroke: var(--boosted); fill: var(--boosted); }
polyline { fill: none !important; stroke-width: 2; } .label { stroke: none; } rect { stroke: none !important; }
"""

Point = tuple[float, float]


def figures(shown: Shown, *, games: int) -> dict[str, str]:
    """SVG texts by file name, of one world after a number of games."""
    of_both = {question: (shown.probability[question], shown.truth[question]) for question in shown.probability}
    after = f"{SOURCE}, base world, {games} games"
    return {
        "reliability.svg": _reliability(of_both, after),
        "roc.svg": _roc(of_both, after),
        "precision-recall.svg": _precision_recall(of_both, after),
        "classes.svg": _classes(classes(shown), after),
    }


def _reliability(of_both: Mapping[Question, tuple[Floats, Bools]], after: str) -> str:
    lines: dict[str, list[Point]] = {}
    labels: dict[str, str] = {}
    for question, (probability, truth) in of_both.items():
        _, mean, share, _ = reliability(probability, truth)
        lines[question] = list(zip(mean.tolist(), share.tolist(), strict=True))
        labels[question] = question
    return _chart(
        ("Do probabilities hold?", after), "probability", "share that is of the kind", lines, labels, diagonal=True
    )


def _roc(of_both: Mapping[Question, tuple[Floats, Bools]], after: str) -> str:
    lines: dict[str, list[Point]] = {}
    labels: dict[str, str] = {}
    for question, (probability, truth) in of_both.items():
        rates = np.logspace(-3, 0, POINTS)
        at = np.quantile(probability[~truth], 1 - rates)
        found = [(probability[truth] >= threshold).mean() for threshold in at]
        lines[question] = [
            (float(1 + np.log10(rate) / 3), float(share)) for rate, share in zip(rates, found, strict=True)
        ]
        labels[question] = f"{question}, AUC {auc(probability, truth):.3f}"
    ticks = {0.0: "0.1 %", 1 / 3: "1 %", 2 / 3: "10 %", 1.0: "100 %"}
    return _chart(("Found against falsely flagged", after), "of the others flagged", "found", lines, labels, ticks)


def _precision_recall(of_both: Mapping[Question, tuple[Floats, Bools]], after: str) -> str:
    lines: dict[str, list[Point]] = {}
    labels: dict[str, str] = {}
    for question, (probability, truth) in of_both.items():
        found = truth[np.argsort(-probability, kind="stable")].cumsum()
        recall, precision = found / found[-1], found / np.arange(1, len(found) + 1)
        at = np.searchsorted(recall, np.linspace(0.02, 1, POINTS))
        lines[question] = [(float(recall[place]), float(precision[place])) for place in np.minimum(at, len(found) - 1)]
        labels[question] = f"{question}, AP {average_precision(probability, truth):.3f}"
    return _chart(("Precision against recall", after), "found", "of the flagged are of the kind", lines, labels)


def _chart(
    titles: tuple[str, str],
    x_title: str,
    y_title: str,
    lines: Mapping[str, Sequence[Point]],
    labels: Mapping[str, str],
    x_ticks: Mapping[float, str] | None = None,
    *,
    diagonal: bool = False,
) -> str:
    parts = [_text(LEFT, 18, titles[0], css="title"), _text(LEFT, 35, titles[1])]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        (x0, y), (x1, _) = _place((0, share)), _place((1, share))
        parts.append(f'<line class="grid" x1="{x0:.1f}" y1="{y:.1f}" x2="{x1:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(x0 - 8, y + 4, f"{share:.0%}", anchor="end"))
    for share, label in (x_ticks or {share: f"{share:.0%}" for share in (0.0, 0.25, 0.5, 0.75, 1.0)}).items():
        x, y = _place((share, 0))
        parts.append(_text(x, y + 18, label, anchor="middle"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x_title, anchor="middle"))
    parts.append(_text(LEFT, TOP - 9, y_title))
    if diagonal:
        parts.append(_polyline([(0, 0), (1, 1)], "grid"))
    for number, (name, points) in enumerate(lines.items()):
        parts.append(_polyline(points, name))
        x, y = _place((0.5, 0.12))
        parts.append(_text(x, y + 18 * number, labels[name], css=f"{name} label"))
    return _svg(parts, " ".join(titles), HEIGHT)


def _classes(shares: Mapping[str, Mapping[str, float]], after: str) -> str:
    row, wide, left, top = 34, 560, 120, 52
    title = "Above the score that 1 % of all others reach"
    parts = [_text(10, 18, title, css="title"), _text(10, 35, after)]
    for number, (kind, found) in enumerate(shares.items()):
        y = top + number * row
        parts.append(_text(left - 8, y + 16, kind.replace("_", " "), anchor="end"))
        for place, question in enumerate(("smurf", "boosted")):
            length = found[question] * (wide - left - 70)
            parts.append(
                f'<rect class="{question}" x="{left}" y="{y + 13 * place}" width="{length:.1f}" height="11" rx="1"/>'
            )
            label = f"{found[question]:.1%} {question}" if found[question] >= 0.0005 else f"0 {question}"
            parts.append(_text(left + length + 6, y + 13 * place + 10, label))
    return _svg(parts, f"{title} {after}", top + len(shares) * row + 8, width=wide + 60)


def _place(point: Point) -> Point:
    return LEFT + point[0] * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - point[1] * (HEIGHT - TOP - BOTTOM)


def _polyline(points: Sequence[Point], css: str) -> str:
    placed = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(_place, points))
    return f'<polyline class="{css}" points="{placed}"/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", css: str = "") -> str:
    return f'<text class="{css}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(parts: Sequence[str], title: str, height: int, *, width: int = WIDTH) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    body = "\n".join(parts)
    return f'{head} role="img"><title>{escape(title)}</title>\n<style>{_STYLE}</style>\n{body}\n</svg>\n'
