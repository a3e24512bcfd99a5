"""Columns over time as inline SVG, with the same figures as text: drawn on the server, and no script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, floor, log10

NICE = (1, 2, 5, 10)


@dataclass(frozen=True)
class Column:
    """One slice of time."""

    since: datetime
    text: str
    """Its figure, with its unit."""


@dataclass(frozen=True)
class Plot:
    """All that `riotwatch_pages/plot.html` shows; the drawing is 100 wide and 100 high."""

    id: str
    title: str
    text: str
    """What it comes to, in words: who does not see the drawing misses nothing."""
    path: str
    """The columns, as SVG path data; nothing is drawn where nothing is known."""
    top: str
    """What the upper edge stands for."""
    length: str
    """How far back the left edge is."""
    columns: Sequence[Column]
    """Newest first."""


def plot(
    identity: str,
    title: str,
    *,
    text: str,
    values: Mapping[datetime, float],
    starts: Sequence[datetime],
    form: str,
    length: str,
    top: float | None = None,
) -> Plot:
    """Draw values by the beginnings of their slices; `form` tells a figure, `top` is the scale's end if it is given."""
    end = top or nice(max(values.values(), default=0))
    return Plot(
        id=identity,
        title=title,
        text=text,
        path=_path([values.get(start) for start in starts], end),
        top=form.format(end),
        length=length,
        columns=[Column(start, form.format(values[start])) for start in reversed(starts) if start in values],
    )


def nice(value: float) -> float:
    """The next number upwards that people like at the end of a scale; 1 at least."""
    if value <= 1:
        return 1
    power = 10 ** floor(log10(value))
    return float(next(ceil(step * power) for step in NICE if step * power >= value))


def _path(heights: Sequence[float | None], end: float) -> str:
    width = 100 / len(heights)
    columns = [
        f"M{number * width:.2f} 100V{100 - 100 * min(height / end, 1):.1f}h{0.8 * width:.2f}V100z"
        for number, height in enumerate(heights)
        if height
    ]
    return "".join(columns)
