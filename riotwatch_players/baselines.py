"""What stored matches say is usual: medians and spreads by tier, role and result, and ranks by level.

Everything is counted by the database in two statements; a version is kept only where it rests on enough.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection, transaction

from riotwatch_players.detection.baseline import SHAPE
from riotwatch_players.detection.history import DIVISIONS, LP_PER_TIER, MASTER, ROLES, TIERS, Floats
from riotwatch_players.detection.metrics import LEAST_PER_MINUTE
from riotwatch_players.detection.model_card import LevelBand
from riotwatch_players.models import SOLO_QUEUE, BaselineCount, DetectionBaseline, Match

MOST_MATCHES = 20_000
"""The newest: 200,000 places, which the database sorts in a few seconds."""
PLACES = 10
LEAST_ROWS = 6_000
"""With fewer most of the 100 cells would be the model's own anyway."""
LEAST_ACCOUNTS = 60
"""In a band of levels; with fewer the model's own band stays."""
LEAST_SPREAD_TIERS = 1.3
"""Standard deviation of the ranks of all accounts. A ladder has about 1.8; an installation that watches one rank knows
young accounts of that rank only, and would call a high rank usual for them."""

# The tier of a place is that of the player, else the mean of those in the match whose rank is known: a game of ranked
# solo is one of people of about one rank. (`greatest` would take a value that is not known for the least one.)
_CELLS = """
WITH newest AS (
    SELECT id, duration_s / 60.0 AS minutes FROM matches WHERE usable ORDER BY started_at DESC LIMIT %(most)s
), ranked AS (
    SELECT DISTINCT ON (player_id) player_id, array_position(%(tiers)s::text[], tier::text) - 1 AS tier
    FROM player_ranks WHERE queue = %(solo)s ORDER BY player_id, seen_at DESC
), places AS (
    SELECT COALESCE(ranked.tier, round(avg(ranked.tier) OVER (PARTITION BY one.match_id)))::int AS tier,
           array_position(%(roles)s::text[], one.team_position::text) - 1 AS role, one.win::int AS win,
           ln((one.kills + one.assists + 1)::float8 / (one.deaths + 1)) AS m0,
           ln(CASE WHEN one.cs / minutes < %(least)s THEN %(least)s ELSE one.cs / minutes END::float8) AS m1,
           ln(CASE WHEN one.gold / minutes < %(least)s THEN %(least)s ELSE one.gold / minutes END::float8) AS m2,
           one.damage_share AS m3,
           ln(CASE WHEN one.vision_score / minutes < %(least)s THEN %(least)s
                   ELSE one.vision_score / minutes END::float8) AS m4,
           one.kill_participation AS m5
    FROM newest JOIN match_participants AS one ON one.match_id = newest.id LEFT JOIN ranked USING (player_id)
), whole AS MATERIALIZED (
    SELECT * FROM places WHERE num_nulls(tier, role, win, m0, m1, m2, m3, m4, m5) = 0
), medians AS (
    SELECT tier, role, win, count(*) AS n, {medians} FROM whole GROUP BY tier, role, win
)
SELECT tier, role, win, max(n), {centers}, {spreads}
FROM whole JOIN medians USING (tier, role, win) GROUP BY tier, role, win
"""
_METRICS = range(SHAPE[-1])
_CELLS = _CELLS.format(
    medians=", ".join(f"percentile_cont(0.5) WITHIN GROUP (ORDER BY m{i}) AS c{i}" for i in _METRICS),
    centers=", ".join(f"max(c{i})" for i in _METRICS),
    spreads=", ".join(f"percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(m{i} - c{i}))" for i in _METRICS),
)

_LEVELS = """
WITH heights AS (
    SELECT DISTINCT ON (rank.player_id) rank.player_id, players.summoner_level AS level,
           CASE WHEN place.tier >= %(master)s THEN %(master)s
                ELSE place.tier + COALESCE((%(divisions)s::jsonb ->> rank.division)::float8, 0.5) END
           + rank.league_points / %(lp_per_tier)s::float8 AS height
    FROM player_ranks AS rank JOIN players ON players.id = rank.player_id,
         LATERAL (SELECT array_position(%(tiers)s::text[], rank.tier::text) - 1 AS tier) AS place
    WHERE rank.queue = %(solo)s AND players.summoner_level > 0 AND place.tier IS NOT NULL
    ORDER BY rank.player_id, rank.seen_at DESC
)
SELECT width_bucket(level, %(below)s::int[]), count(*), avg(height), stddev_samp(height)
FROM heights GROUP BY GROUPING SETS ((1), ())
"""
_EVERYBODY = None
"""The row of the whole has no bucket."""


@dataclass(frozen=True)
class Measured:
    """What was counted; gaps are filled when it is used."""

    matches: int
    median: Floats
    mad: Floats
    n: Floats
    """By tier, role and result, the first two also by metric; NaN where n is 0."""

    @property
    def rows(self) -> int:
        """Places in all cells."""
        return int(self.n.sum())


def measure() -> Measured:
    """Count the newest MOST_MATCHES usable matches."""
    median, mad, n = np.full(SHAPE, np.nan), np.full(SHAPE, np.nan), np.zeros(SHAPE[:-1])
    wanted = {"most": MOST_MATCHES, "tiers": list(TIERS), "roles": list(ROLES), "least": LEAST_PER_MINUTE}
    for tier, role, win, rows, *values in _fetched(_CELLS, wanted):
        n[tier, role, win] = rows
        median[tier, role, win], mad[tier, role, win] = np.array(values, dtype=np.float64).reshape(2, -1)
    matches = min(MOST_MATCHES, Match.objects.filter(usable=True)[:MOST_MATCHES].count())
    return Measured(matches, median, mad, n)


def level_bands(usual: tuple[LevelBand, ...]) -> tuple[LevelBand, ...] | None:
    """What ranks are usual in the same bands of levels here; None where the accounts do not stand for a ladder."""
    wanted = {
        "tiers": list(TIERS),
        "master": MASTER,
        "divisions": json.dumps(DIVISIONS),
        "lp_per_tier": LP_PER_TIER,
        "below": [band.below for band in usual],
    }
    found = {bucket: (count, mean, sd) for bucket, count, mean, sd in _fetched(_LEVELS, wanted)}
    _, _, spread = found.get(_EVERYBODY, (0, None, None))
    if spread is None or spread < LEAST_SPREAD_TIERS:
        return None
    return tuple(_band(band, *found.get(place, (0, None, None))) for place, band in enumerate(usual))


def _band(usual: LevelBand, count: int, mean: float | None, sd: float | None) -> LevelBand:
    if count < LEAST_ACCOUNTS or mean is None or not sd:
        return usual
    return LevelBand(below=usual.below, mean=round(mean, 3), sd=round(sd, 3))


def is_due(*, every: timedelta, now: datetime) -> bool:
    """Whether nothing was counted within `every`, or there are twice as many matches as were counted last."""
    last = BaselineCount.objects.first()
    least = LEAST_ROWS // PLACES
    if last is not None and last.counted_at > now - every:
        least = 2 * last.matches
    return least <= MOST_MATCHES and Match.objects.filter(usable=True)[:least].count() == least


def build(usual: tuple[LevelBand, ...], *, now: datetime) -> DetectionBaseline | None:
    """Measure, and make it the current baseline; None, and none is stored, below LEAST_ROWS.

    `usual` are the bands of levels to count in. The same figures as an earlier version's are no new version. Whatever
    comes of it, that it was counted is remembered for `is_due`.
    """
    measured = measure()
    # Counting is costly, so what came to nothing must not be tried again at once either.
    BaselineCount.objects.update_or_create(
        pk=BaselineCount.THE_ROW, defaults={"counted_at": now, "matches": measured.matches}
    )
    if measured.rows < LEAST_ROWS:
        return None
    bands = level_bands(usual)
    figures = {
        "median": _as_json(measured.median),
        "mad": _as_json(measured.mad),
        "n": measured.n.astype(int).tolist(),
        "level_bands": [band.model_dump() for band in bands] if bands else None,
    }
    sha256 = hashlib.sha256(json.dumps(figures, sort_keys=True).encode()).hexdigest()
    return _kept(
        DetectionBaseline(
            name=f"stored-{now:%Y%m%d}-{sha256[:8]}",
            sha256=sha256,
            built_at=now,
            patch=Match.objects.filter(usable=True).order_by("-started_at").values_list("patch", flat=True)[0],
            matches=measured.matches,
            rows=measured.rows,
            current=True,
            **figures,
        )
    )


def _as_json(values: Floats) -> list[Any]:
    """Rounded to what is worth keeping; unknown values are null."""
    rounded = np.round(values, 4).astype(object)
    rounded[~np.isfinite(values)] = None
    as_lists: list[Any] = rounded.tolist()
    return as_lists


def _kept(baseline: DetectionBaseline) -> DetectionBaseline:
    """Make it the current one, in one transaction: nobody finds none meanwhile."""
    with transaction.atomic():
        rows = {row.sha256: row for row in DetectionBaseline.objects.select_for_update().only("sha256").order_by("pk")}
        known = rows.get(baseline.sha256)
        DetectionBaseline.objects.filter(current=True).update(current=False)
        if known is None:
            baseline.save()
            return baseline
        known.built_at, known.current = baseline.built_at, True
        known.save(update_fields=["built_at", "current"])
        return known


def _fetched(statement: str, wanted: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, wanted | {"solo": SOLO_QUEUE})
        return list(cursor.fetchall())
