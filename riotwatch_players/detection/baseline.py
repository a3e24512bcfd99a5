"""What a ranked game of a tier, role and result usually looks like: median and spread per metric.

Levels drift with patches and differ between sources, so nobody is judged by a table alone: the same comparison is made
for the teammates of each game, and the difference counts (see `plays`).
"""

from typing import Annotated, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from riotwatch_players.detection.history import ROLES, TIERS, Floats, Numbers, Values
from riotwatch_players.detection.metrics import METRICS

MIN_ROWS = 60
"""A cell with fewer rows borrows from the tiers beside it."""
MAD_TO_SD = 1.4826
"""Of normally distributed values."""
UNKNOWN_TIER = TIERS.index("GOLD")
RESULTS = 2
SHAPE = (len(TIERS), len(ROLES), RESULTS, len(METRICS))

Nested = tuple[tuple[tuple[tuple[FiniteFloat, ...], ...], ...], ...]
Counts = tuple[tuple[tuple[Annotated[int, Field(ge=0)], ...], ...], ...]


class BaselineTable(BaseModel):
    """Cells by [tier][role][lost, won][metric], in the orders of TIERS, ROLES and METRICS."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(min_length=1, max_length=32)]
    built_at: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    patch: str = ""
    median: Nested
    mad: Nested
    """Median absolute deviations."""
    n: Counts
    """Rows behind a cell, by [tier][role][lost, won]; 0 = interpolated or assumed."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for name, table, shape in (("median", self.median, SHAPE), ("mad", self.mad, SHAPE), ("n", self.n, SHAPE[:-1])):
            try:
                found = np.array(table).shape
            except ValueError:
                found = ()
            if found != shape:
                raise ValueError(f"{name} must have the shape {shape}, not {found or 'one that differs by row'}")
        if not (np.array(self.mad) > 0).all():
            raise ValueError("mad must be positive everywhere")
        return self

    @classmethod
    def of_arrays(
        cls, table_id: str, median: Floats, *, mad: Floats, n: Floats, built_at: str, patch: str = ""
    ) -> Self:
        """The table of arrays in the same order; values are rounded to what is worth keeping."""
        return cls.model_validate(
            {
                "id": table_id,
                "built_at": built_at,
                "patch": patch,
                "median": np.round(median, 4).tolist(),
                "mad": np.round(mad, 4).tolist(),
                "n": n.astype(int).tolist(),
            }
        )


def completed(
    table_id: str, median: Floats, *, mad: Floats, n: Floats, fallback: BaselineTable, built_at: str, patch: str = ""
) -> BaselineTable:
    """A table from counted cells, as arrays in the order of `BaselineTable`; values may be NaN where n is 0.

    A cell with fewer than MIN_ROWS rows takes the mean with the tiers beside it, weighted by rows; where those do not
    suffice either, the fallback's cell.
    """
    weight = np.where(np.isfinite(median).all(axis=-1) & np.isfinite(mad).all(axis=-1), n, 0)
    beside = _with_neighbors(weight)
    share = np.maximum(beside, 1)[..., None]
    wide_median = _with_neighbors(weight[..., None] * np.nan_to_num(median)) / share
    wide_mad = _with_neighbors(weight[..., None] * np.nan_to_num(mad)) / share
    own, wide = (weight >= MIN_ROWS)[..., None], (beside >= MIN_ROWS)[..., None]
    chosen = np.where(own, median, np.where(wide, wide_median, np.array(fallback.median)))
    spread = np.where(own, mad, np.where(wide, wide_mad, np.array(fallback.mad)))
    spread = np.where(spread > 0, spread, np.array(fallback.mad))
    return BaselineTable.of_arrays(table_id, chosen, mad=spread, n=weight, built_at=built_at, patch=patch)


def _with_neighbors(values: Floats) -> Floats:
    total = values.copy()
    total[1:] += values[:-1]
    total[:-1] += values[1:]
    return total


class Baseline:
    """A table as arrays for looking up."""

    def __init__(self, table: BaselineTable) -> None:
        self.version = table.id
        self._median = _by_metric(np.array(table.median))
        self._per_spread = _by_metric(1 / (MAD_TO_SD * np.array(table.mad)))

    def z(self, metrics: Values, *, tier: Floats, role: Numbers, win: Floats) -> Values:
        """Robust z of metrics (first axis METRICS): tier and role as indices (NaN = unknown), win 0 or 1.

        An unknown tier is taken as GOLD; with an unknown role or result there is no z (NaN).
        """
        by_tier = np.where(np.isfinite(tier), tier, UNKNOWN_TIER) * (len(ROLES) * RESULTS)
        cell = by_tier + role * RESULTS + win
        place = np.where(np.isfinite(cell), cell, _NO_CELL).astype(np.intp)
        z = np.empty_like(metrics)
        for one, values, median, per_spread in zip(z, metrics, self._median, self._per_spread, strict=True):
            np.subtract(values, median[place], out=one)
            one *= per_spread[place]
        return z


_NO_CELL = len(TIERS) * len(ROLES) * RESULTS


def _by_metric(table: Floats) -> Floats:
    """A row of cells for each metric, and beyond the last cell NaN."""
    cells = table.astype(np.float32).reshape(-1, len(METRICS)).T
    return np.hstack([cells, np.full((len(METRICS), 1), np.nan, dtype=np.float32)])
