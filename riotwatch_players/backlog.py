"""The match backlog: which matches are still to be fetched, who is fetching them, and how it ended.

Each function is one statement, so it is atomic by itself and joins a transaction where one is open. Several rows are
locked in the order of their ids, or skipped where somebody else has them: concurrent callers never deadlock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection
from django.db.models import Count, Q, QuerySet

from riotwatch_players.bodies import MATCH_ID, region_of
from riotwatch_players.models import BacklogMatch, BacklogState, Source

log = structlog.stdlib.get_logger(__name__)
REASON_LENGTH = 200

_ADD = """
INSERT INTO match_backlog (match_id, source_id, platform, region, lane, state, reason, added_at, holder, attempts)
SELECT match_id, %(source)s, platform, region, %(lane)s, 'pending', '', %(now)s, '', 0
FROM unnest(%(ids)s::text[], %(platforms)s::text[], %(regions)s::text[]) AS listed (match_id, platform, region)
ORDER BY match_id COLLATE "C"
ON CONFLICT (match_id) DO UPDATE SET lane = excluded.lane
WHERE match_backlog.state = 'pending' AND match_backlog.lane > excluded.lane
RETURNING (xmax = 0) AS created
"""

_CLAIM = """
WITH free AS (
    SELECT id FROM match_backlog
    WHERE match_id = ANY(%(ids)s) AND state = 'pending'
      AND (held_until IS NULL OR held_until <= %(now)s OR holder = %(holder)s)
    ORDER BY match_id COLLATE "C"
    FOR UPDATE SKIP LOCKED
)
UPDATE match_backlog SET holder = %(holder)s, held_until = %(until)s, attempts = attempts + 1
FROM free WHERE match_backlog.id = free.id
RETURNING match_id
"""

_RELEASE = """
WITH held AS (
    SELECT id FROM match_backlog
    WHERE holder = %(holder)s AND state = 'pending' AND held_until IS NOT NULL
      AND (%(ids)s::text[] IS NULL OR match_id = ANY(%(ids)s::text[]))
    ORDER BY match_id COLLATE "C"
    FOR UPDATE
)
UPDATE match_backlog SET holder = '', held_until = NULL FROM held WHERE match_backlog.id = held.id
"""

# Each match id comes with what became of it: "" when its body is stored, else why the body is unusable. A match that
# is stored, archived or erased is never called broken by a second body.
_SETTLE = """
INSERT INTO match_backlog
    (match_id, source_id, platform, region, lane, state, reason, added_at, holder, attempts, fetched_at)
SELECT match_id, %(source)s, platform, region, %(lane)s, CASE reason WHEN '' THEN 'fetched' ELSE 'broken' END, reason,
       %(now)s, '', 0, %(now)s
FROM unnest(%(ids)s::text[], %(platforms)s::text[], %(regions)s::text[], %(reasons)s::text[])
     AS settled (match_id, platform, region, reason)
ORDER BY match_id COLLATE "C"
ON CONFLICT (match_id) DO UPDATE
SET state = excluded.state, reason = excluded.reason, fetched_at = excluded.fetched_at, holder = '', held_until = NULL
WHERE match_backlog.state = 'pending' OR (excluded.state = 'fetched' AND match_backlog.state <> 'fetched')
RETURNING (xmax = 0) AS created
"""


@dataclass(frozen=True)
class Written:
    """Rows that a statement wrote."""

    created: int
    updated: int


@dataclass(frozen=True)
class PendingGroup:
    """Pending matches that one fetcher's slice can be cut from."""

    region: str
    lane: int
    count: int


def add(source: Source, match_ids: Iterable[str], *, lane: int, now: datetime) -> int:
    """Put listed matches into the backlog; returns how many were not known before.

    A known match stays as it is, but a pending one of a worse lane is promoted. Malformed ids are logged and left out.
    """
    regions = _fetchable(match_ids)
    if not regions:
        return 0
    parameters = {**_listed(regions), "source": source.pk, "lane": lane, "now": now}
    return _write(_ADD, parameters).created


def pending_groups(source: Source, *, now: datetime) -> list[PendingGroup]:
    """How much is pending and free per region and lane, better lanes first."""
    rows = _free(source, now).values("region", "lane").annotate(count=Count("id")).order_by("lane", "region")
    return [PendingGroup(**row) for row in rows]


def pending_ids(source: Source, *, region: str, lane: int, now: datetime, limit: int | None = None) -> list[str]:
    """Matches that are pending and held by nobody, oldest entries first."""
    free = _free(source, now).filter(region=region, lane=lane).order_by("added_at", "id")
    return list(free.values_list("match_id", flat=True)[:limit])


def claim(match_ids: Sequence[str], *, holder: str, lease_s: float, now: datetime) -> list[str]:
    """Hold what is pending and free, for `lease_s` seconds; returns the ids won, in the order asked for.

    What `holder` already holds is won again, with a new lease; a hold of another that has expired is free.
    """
    until = now + timedelta(seconds=lease_s)
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"ids": list(match_ids), "holder": holder, "now": now, "until": until})
        won = {match_id for (match_id,) in cursor.fetchall()}
    return [match_id for match_id in dict.fromkeys(match_ids) if match_id in won]


def release(holder: str, match_ids: Iterable[str] | None = None) -> int:
    """Free what `holder` holds, or only `match_ids` of it; returns how many rows."""
    ids = None if match_ids is None else list(match_ids)
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, {"holder": holder, "ids": ids})
        return int(cursor.rowcount)


def mark_gone(match_id: str, *, now: datetime) -> bool:
    """Riot has no body for it; False when the match was no longer pending."""
    pending = BacklogMatch.objects.filter(match_id=match_id, state=BacklogState.PENDING)
    return bool(pending.update(state=BacklogState.GONE, fetched_at=now, holder="", held_until=None))


def settle(source: Source, reasons: dict[str, str], *, lane: int, now: datetime) -> Written:
    """Write down what became of bodies: "" for a stored one, else why it is unusable. Malformed ids are left out."""
    regions = _regions(reasons)
    if not regions:
        return Written(0, 0)
    cut = [reasons[match_id][:REASON_LENGTH] for match_id in regions]
    return _write(_SETTLE, {**_listed(regions), "reasons": cut, "source": source.pk, "lane": lane, "now": now})


def _free(source: Source, now: datetime) -> QuerySet[BacklogMatch]:
    unheld = Q(held_until=None) | Q(held_until__lte=now)
    return BacklogMatch.objects.filter(unheld, source=source, state=BacklogState.PENDING)


def _regions(match_ids: Iterable[str]) -> dict[str, str]:
    """Each well-formed id once, with its region; "" where no host serves it."""
    regions = {}
    for match_id in dict.fromkeys(match_ids):
        if MATCH_ID.fullmatch(match_id):
            regions[match_id] = region_of(match_id)
        else:
            _ignore(match_id)
    return regions


def _fetchable(match_ids: Iterable[str]) -> dict[str, str]:
    """Each id that some host serves once, with that host."""
    regions = _regions(match_ids)
    for match_id in [match_id for match_id, region in regions.items() if not region]:
        del regions[match_id]
        _ignore(match_id)
    return regions


def _ignore(match_id: str) -> None:
    log.warning("backlog_id_ignored", match_id=repr(match_id)[:40])


def _listed(regions: dict[str, str]) -> dict[str, list[str]]:
    platforms = [match_id.partition("_")[0].lower() for match_id in regions]
    return {"ids": list(regions), "platforms": platforms, "regions": list(regions.values())}


def _write(statement: str, parameters: dict[str, Any]) -> Written:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        created = [created for (created,) in cursor.fetchall()]
    return Written(created=sum(created), updated=len(created) - sum(created))
