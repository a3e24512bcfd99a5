"""From stored figures to the geometry of charts; everything is in percent of the drawing's width and height."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, floor
from typing import Any

from riotwatch_players.detection.history import DIVISIONS, LP_PER_TIER, MASTER, TIERS, Rank
from riotwatch_players.detection.words import State
from riotwatch_players.labels import DASH, words
from riotwatch_players.models import RankSnapshot

LEAST_SCALE = 1.0
"""Log-odds at the end of a bar's half at least, so that weak evidence looks weak."""
TITLES = {"kda": "KDA", "rank_discrepancy": "Play compared with rank"}


@dataclass(frozen=True)
class Bar:
    """One contribution to the log-odds of a question, growing from the middle."""

    value: float
    scale: float
    """The contribution that fills a half."""

    @property
    def text(self) -> str:
        """With its sign."""
        return f"{self.value:+.2f}"

    @property
    def side(self) -> str:
        """What it speaks for: a CSS class."""
        return "for" if self.value > 0 else "against" if self.value < 0 else "none"

    @property
    def left(self) -> float:
        """Where it begins."""
        return 50 - self.width if self.value < 0 else 50.0

    @property
    def width(self) -> float:
        """How long it is."""
        return round(50 * min(abs(self.value) / self.scale, 1.0), 1)


@dataclass(frozen=True)
class FactorRow:
    """One factor, ready to be shown; figures are texts."""

    title: str
    text: str
    value: str
    unit: str
    usual: str
    interval: str
    deviations: str
    games: int
    smurf: Bar
    boosted: Bar


@dataclass(frozen=True)
class FactorChart:
    """What speaks for and against, strongest first; and what is not known."""

    rows: Sequence[FactorRow]
    unknown: Sequence[str]
    """Each with its reason."""
    smurf_sum: str
    boosted_sum: str


def factor_chart(factors: Sequence[Mapping[str, Any]]) -> FactorChart:
    """The chart of an analysis's factors."""
    known = sorted((one for one in factors if one["state"] == State.OK), key=_strength, reverse=True)
    scale = max([LEAST_SCALE, *map(_strength, known)])
    return FactorChart(
        rows=[_row(one, scale) for one in known],
        unknown=[one["text"] for one in factors if one["state"] != State.OK],
        smurf_sum=f"{sum(one['contribution'] for one in factors):+.2f}",
        boosted_sum=f"{sum(one['contribution_boosted'] for one in factors):+.2f}",
    )


def _strength(factor: Mapping[str, Any]) -> float:
    return max(abs(float(factor[name])) for name in ("contribution", "contribution_boosted"))


def _row(factor: Mapping[str, Any], scale: float) -> FactorRow:
    unit = factor["unit"]
    low_high = factor["interval"]
    return FactorRow(
        title=TITLES.get(factor["name"]) or words(factor["name"]).capitalize(),
        text=factor["text"],
        value=_figure(factor["value"], unit),
        unit=unit,
        usual=_figure(factor["baseline"], unit),
        interval=" to ".join(_figure(end, unit) for end in low_high) if low_high else DASH,
        deviations=DASH if factor["z"] is None else f"{factor['z']:+.1f}",
        games=factor["n_used"],
        smurf=Bar(factor["contribution"], scale),
        boosted=Bar(factor["contribution_boosted"], scale),
    )


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return DASH
    if unit.startswith("share"):
        return f"{value:.0%}"
    return f"{value:.0f}" if unit == "level" else f"{value:.2f}"


@dataclass(frozen=True)
class Tick:
    """A labeled line across a chart."""

    label: str
    top: float


@dataclass(frozen=True)
class RankCurve:
    """Standings over time: each holds until the next was seen."""

    path: str
    """Steps, as SVG path data in a square of 100 by 100."""
    dots: str
    """The readings, as path data of points."""
    ticks: Sequence[Tick]
    since: datetime
    until: datetime


def rank_curve(ranks: Sequence[RankSnapshot], *, now: datetime) -> RankCurve | None:
    """The curve of one queue's standings, oldest first; None where there is nothing to draw."""
    points = [(rank.seen_at, height) for rank in ranks if (height := _height(rank)) is not None]
    if not points:
        return None
    since, until = points[0][0], max(now, points[-1][0] + timedelta(minutes=1))
    low, high, step = _bounds([height for _, height in points])
    placed = [
        (round(100 * ((at - since) / (until - since)), 2), round(100 * (high - height) / (high - low), 2))
        for at, height in points
    ]
    (first_x, first_y), *later = placed
    path = f"M{first_x} {first_y}" + "".join(f"H{x}V{y}" for x, y in later) + "H100"
    dots = "".join(f"M{x} {y}h0" for x, y in placed)
    count = round((high - low) / step)
    ticks = [Tick(_standing_at(low + number * step), 100 - 100 * number / count) for number in range(count + 1)]
    return RankCurve(path, dots, ticks, since, until)


def _height(rank: RankSnapshot) -> float | None:
    place = Rank(rank.seen_at.timestamp(), rank.tier, rank.division, rank.league_points, rank.wins, rank.losses)
    return place.height


def _bounds(heights: Sequence[float]) -> tuple[float, float, float]:
    """Lowest and highest line, and their distance: divisions for a short climb, tiers for a long one."""
    step = 0.25 if max(heights) - min(heights) <= 1 else 1.0
    low = floor(min(heights) / step) * step
    return low, max(ceil(max(heights) / step) * step, low + 2 * step), step


def _standing_at(height: float) -> str:
    if height >= MASTER:
        points = (height - MASTER) * LP_PER_TIER
        return f"Master +{points:.0f} LP" if points else "Master"
    tier = TIERS[int(height)].capitalize()
    division = next((name for name, place in DIVISIONS.items() if place == height % 1), "")
    return f"{tier} {division}"
