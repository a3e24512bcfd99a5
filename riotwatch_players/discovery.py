"""Who becomes worth requests: people met in the matches of tracked players.

`times_met` counts, for everybody who is not tracked themselves, the stored matches shared with a tracked player;
`Match.people_met` says that a match has been counted, so nothing is counted twice. At most `max_discovered_players` are
discovered at a time; where there is room for some only, the most-met come first, and the others are looked at again
whenever they are met again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from riotwatch_players.models import Player

# Any constant will do that nobody else takes: "met" in ASCII.
_LOCK = 0x6D6574

# Counting who is discovered and adding to them must not interleave, or the cap would be exceeded. The lock is the last
# one that its transaction takes, so nobody who holds it ever waits for a row.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(%s)"

_MEET = """
WITH counted AS (
    UPDATE matches SET people_met = true WHERE id = ANY(%(matches)s)
),
met AS (
    SELECT player_id AS id, count(DISTINCT match_id) AS times
    FROM match_participants WHERE match_id = ANY(%(matches)s) AND player_id IS NOT NULL GROUP BY player_id
),
room AS (
    SELECT greatest(%(most)s - count(*), 0) AS places
    FROM players WHERE discovered_at IS NOT NULL AND NOT tracked
),
chosen AS (
    SELECT players.id FROM players JOIN met USING (id)
    WHERE discovered_at IS NULL AND NOT tracked
    ORDER BY times_met + met.times DESC, id
    LIMIT (SELECT places FROM room)
)
UPDATE players
SET times_met = times_met + met.times,
    discovered_at = CASE WHEN players.id IN (SELECT id FROM chosen) THEN %(now)s ELSE discovered_at END
FROM met WHERE players.id = met.id AND NOT tracked
RETURNING players.id, players.id IN (SELECT id FROM chosen)
"""

_UNCOUNTED_MATCHES = """
SELECT id FROM matches
WHERE NOT people_met AND id IN (SELECT match_id FROM match_participants WHERE player_id = %(player)s)
ORDER BY match_id COLLATE "C"
FOR NO KEY UPDATE
"""

_PEOPLE = """
SELECT id FROM players
WHERE id IN (SELECT player_id FROM match_participants WHERE match_id = ANY(%(matches)s))
ORDER BY puuid COLLATE "C"
FOR NO KEY UPDATE
"""


@dataclass(frozen=True)
class DiscoveryRule:
    """How far discovery goes."""

    max_discovered_players: int
    """At most this many are discovered at a time; tracked players do not count."""


@dataclass(frozen=True)
class Met:
    """What meeting people changed."""

    discovered: int
    """Players who became discovered."""
    updated: int
    """Player rows written, those included."""


def meet(match_keys: Sequence[int], rule: DiscoveryRule, *, now: datetime) -> Met:
    """Count the people of these matches as met and discover them as far as there is room.

    For a transaction that has locked the matches and their players already; call it last.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ONE_AT_A_TIME, [_LOCK])
        cursor.execute(_MEET, {"matches": list(match_keys), "most": rule.max_discovered_players, "now": now})
        chosen = [chosen for (_, chosen) in cursor.fetchall()]
    return Met(discovered=sum(chosen), updated=len(chosen))


def discover_around(player: Player, rule: DiscoveryRule, *, now: datetime) -> Met:
    """Meet the people of the matches of `player` that were stored before the player was tracked.

    Call it when the transaction that made the player tracked has committed (`transaction.on_commit`): matches stored
    before that commit are found here, later ones find a tracked player. Raises RuntimeError inside a transaction,
    where two of them could deadlock. Doing it again changes nothing.
    """
    with transaction.atomic(durable=True):
        matches = _keys(_UNCOUNTED_MATCHES, {"player": player.pk})
        if not matches:
            return Met(discovered=0, updated=0)
        _keys(_PEOPLE, {"matches": matches})
        return meet(matches, rule, now=now)


def _keys(statement: str, parameters: dict[str, Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [key for (key,) in cursor.fetchall()]
