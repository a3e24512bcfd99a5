"""How champions do together and against each other, counted from stored matches by the database in three statements.

All ten places of a match count, whoever was watched in it: for each champion that won, another one lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, QuerySet

from riotwatch_players.models import ChampionCount, ChampionPair, ChampionRecord, Match, Relation

MOST_MATCHES = 50_000
"""The newest: half a million places and five times as many pairs, three seconds of one core (two cores, 24 GB)."""
SHOWN = 5
SHOWN_FROM_GAMES = 10
PRIOR_GAMES = 100
"""So many games as expected are added to each pair's, and half as many of either result to each champion's."""

_PLACES = """
CREATE TEMPORARY TABLE champion_places AS
WITH newest AS (
    SELECT id FROM matches WHERE usable AND started_at >= %(since)s ORDER BY started_at DESC LIMIT %(most)s
)
SELECT one.match_id, one.team_id AS team, one.champion_id AS champion, one.team_position AS role, one.win::int AS win
FROM newest JOIN match_participants AS one ON one.match_id = newest.id
WHERE num_nulls(one.champion_id, one.team_id, one.win) = 0
"""

# These rows have pages, whose addresses are to last.
_RECORDS = """
INSERT INTO champion_records (champion_id, role, games, wins)
SELECT champion, role, count(*), sum(win) FROM champion_places GROUP BY champion, role
ON CONFLICT (champion_id, role) DO UPDATE SET games = excluded.games, wins = excluded.wins;
DELETE FROM champion_records WHERE (champion_id, role) NOT IN (SELECT champion, role FROM champion_places)
"""

# What a champion adds to a team is counted in log-odds: two in one team add up, of opponents one is taken off.
_PAIRS = """
INSERT INTO champion_pairs (relation, champion_id, other_id, games, wins, expected, difference)
WITH strength AS (
    SELECT champion, ln((sum(win) + %(prior)s / 2.0) / (count(*) - sum(win) + %(prior)s / 2.0))::float8 AS odds
    FROM champion_places GROUP BY champion
), counted AS (
    SELECT one.team = other.team AS together, one.champion, other.champion AS other,
           count(*) AS games, sum(one.win) AS wins
    FROM champion_places AS one JOIN champion_places AS other
         ON other.match_id = one.match_id AND other.champion <> one.champion
            AND (other.team = one.team OR (other.role = one.role AND one.role <> ''))
    GROUP BY 1, 2, 3
), compared AS (
    SELECT counted.*, 1 / (1 + exp(-own.odds - CASE WHEN together THEN met.odds ELSE -met.odds END)) AS expected
    FROM counted JOIN strength AS own USING (champion) JOIN strength AS met ON met.champion = counted.other
)
SELECT CASE WHEN together THEN 'with' ELSE 'against' END, champion, other, games, wins, expected,
       (wins - games * expected) / (games + %(prior)s)
FROM compared
"""


@dataclass(frozen=True)
class Counted:
    """What a count came to."""

    matches: int = 0
    champions: int = 0
    pairs: int = 0
    """Rows, one for either side."""


def is_due(*, days: int, now: datetime) -> bool:
    """Whether a usable match was stored since the last count, or one has grown too old on a later day."""
    last = ChampionCount.objects.first()
    if last is None or last.since.date() != _since(days, now).date():
        return True
    return _last_stored_at() != last.last_stored_at


def count(*, days: int, now: datetime) -> Counted:
    """Count the newest MOST_MATCHES usable matches of so many days anew; nobody finds the tables empty meanwhile."""
    since = _since(days, now)
    last_stored_at = _last_stored_at()
    with transaction.atomic(), connection.cursor() as cursor:
        # Two counts at once: the second waits here, and counts again.
        cursor.execute("LOCK TABLE champion_pairs IN SHARE ROW EXCLUSIVE MODE")
        ChampionPair.objects.all().delete()
        cursor.execute(_PLACES, {"since": since, "most": MOST_MATCHES})
        cursor.execute("ANALYZE champion_places")  # otherwise the database does not know that they are many
        cursor.execute("SELECT count(DISTINCT match_id), count(DISTINCT champion) FROM champion_places")
        matches, champions = cursor.fetchone()
        cursor.execute(_RECORDS)
        cursor.execute(_PAIRS, {"prior": PRIOR_GAMES})
        pairs = cursor.rowcount
        cursor.execute("DROP TABLE champion_places")
        ChampionCount.objects.update_or_create(
            pk=ChampionCount.THE_ROW,
            defaults={"counted_at": now, "since": since, "matches": matches, "last_stored_at": last_stored_at},
        )
    return Counted(matches, champions, pairs)


@dataclass(frozen=True)
class Champion:
    """What was counted of a champion."""

    roles: Sequence[ChampionRecord]
    """Most played first."""
    best_with: Sequence[ChampionPair]
    strong_against: Sequence[ChampionPair]
    weak_against: Sequence[ChampionPair]

    @property
    def games(self) -> int:
        """In all roles."""
        return sum(one.games for one in self.roles)

    @property
    def wins(self) -> int:
        """Of them."""
        return sum(one.wins for one in self.roles)


def champion(champion_id: int) -> Champion | None:
    """A champion's roles and most remarkable pairs; None where no counted match has it."""
    roles = list(ChampionRecord.objects.filter(champion_id=champion_id).order_by("-games", "role"))
    pairs = ChampionPair.objects.filter(champion_id=champion_id, games__gte=SHOWN_FROM_GAMES)
    together, against = (pairs.filter(relation=relation) for relation in (Relation.WITH, Relation.AGAINST))
    if not roles:
        return None
    return Champion(
        roles=roles,
        best_with=list(together.filter(difference__gt=0).order_by("-difference", "-id")[:SHOWN]),
        strong_against=list(against.filter(difference__gt=0).order_by("-difference", "-id")[:SHOWN]),
        weak_against=list(against.filter(difference__lt=0).order_by("difference", "id")[:SHOWN]),
    )


def once_each(pairs: QuerySet[ChampionPair]) -> QuerySet[ChampionPair]:
    """Pairs of one team without those that tell the same from the other side."""
    return pairs.filter(champion_id__lt=F("other_id"))


def _since(days: int, now: datetime) -> datetime:
    return now - timedelta(days=days)


def _last_stored_at() -> datetime | None:
    newest = Match.objects.filter(usable=True).order_by("-stored_at")
    return newest.values_list("stored_at", flat=True).first()
