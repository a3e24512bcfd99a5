"""Old rows into verified files, and back. Matches are here; whoever keeps other rows says how they are put back.

A match stays as long as an analysis may look at it: an archive never changes a verdict. Of a player nothing but our id
goes into a file, which says nothing once the player is erased.
"""

import itertools
import json
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction

from riotwatch_players import archive_files
from riotwatch_players.archive_files import SUFFIX
from riotwatch_players.detection.history import MAX_GAMES
from riotwatch_players.models import Archive, ArchiveKind, BacklogMatch, BacklogState, Match, Participant

ROWS_AT_ONCE = 200
"""Of a match with its ten places: a megabyte."""
KEPT_FOR = timedelta(days=30)
"""What was stored, or put back, so short a time ago is not taken by a schedule, however old it is."""

# An analysis looks at the newest MAX_GAMES usable games of whoever is tracked or was analyzed.
_FREE = """
FROM matches
WHERE started_at >= {begin} AND started_at < {end} AND stored_at < %(stored_before)s
  AND NOT (usable AND EXISTS (
      SELECT FROM match_participants AS one JOIN players ON players.id = one.player_id
      WHERE one.match_id = matches.id AND (players.tracked OR players.analyzed_at IS NOT NULL)
        AND one.started_at >= coalesce((
            SELECT started_at FROM match_participants WHERE player_id = players.id AND usable
            ORDER BY started_at DESC OFFSET %(most)s - 1 LIMIT 1), '-infinity')))
"""
_LOCK = "SELECT id {free} ORDER BY id FOR UPDATE".format(free=_FREE.format(begin="%(begin)s", end="%(end)s"))
# One free match of a day is enough: only those that stay are looked at one by one.
_DAYS = """
SELECT day FROM (
    SELECT DISTINCT (started_at AT TIME ZONE 'UTC')::date AS day FROM matches
    WHERE started_at >= %(begin)s AND started_at < %(end)s AND stored_at < %(stored_before)s) AS days
WHERE EXISTS (SELECT {free})
ORDER BY day
""".format(free=_FREE.format(begin="day::timestamp AT TIME ZONE 'UTC'", end="(day + 1)::timestamp AT TIME ZONE 'UTC'"))  # noqa: S608 - our own

_ROWS = """
SELECT (to_jsonb(matches) - ARRAY['id', 'usable', 'stored_at'] || jsonb_build_object('participants', (
    SELECT jsonb_agg(to_jsonb(one) - ARRAY['id', 'match_id'] ORDER BY one.position)
    FROM match_participants AS one WHERE one.match_id = matches.id)))::text
FROM matches WHERE id = ANY(%(ids)s) ORDER BY id
"""

# In the order in which ingest locks players.
_LOCK_PLAYERS = """
SELECT id FROM players
WHERE id IN (SELECT player_id FROM match_participants WHERE match_id = ANY(%(ids)s) AND usable)
ORDER BY puuid COLLATE "C" FOR NO KEY UPDATE
"""
_COUNT_GAMES = """
UPDATE players
SET ranked_games = greatest(ranked_games + %(sign)s * counted.games, 0),
    analyzed_games = greatest(analyzed_games + %(sign)s * counted.games, 0)
FROM (
    SELECT player_id, count(*) AS games FROM match_participants
    WHERE match_id = ANY(%(ids)s) AND usable AND player_id IS NOT NULL GROUP BY player_id
) AS counted
WHERE players.id = counted.player_id
"""
# An imported match may have no row yet; with one nobody fetches it again.
_SET_BACKLOG = """
INSERT INTO match_backlog
    (match_id, source_id, platform, region, lane, state, reason, added_at, holder, attempts, fetched_at)
SELECT match_id, source_id, platform, region, %(lane)s, %(state)s, '', %(now)s, '', 0, %(now)s
FROM matches WHERE id = ANY(%(ids)s) ORDER BY match_id COLLATE "C"
ON CONFLICT (match_id) DO UPDATE SET state = excluded.state
"""
_DELETE = (
    "DELETE FROM match_teams WHERE match_id = ANY(%(ids)s)",
    "DELETE FROM match_participants WHERE match_id = ANY(%(ids)s)",
    "DELETE FROM matches WHERE id = ANY(%(ids)s)",
)


def _columns(model: type[models.Model], *without: str) -> list[str]:
    """What a file keeps of a row: not its number, and nothing that the database makes itself."""
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.GeneratedField)]
    return [str(field.column) for field in fields if not field.primary_key and field.column not in without]


_PUT_MATCHES = """
INSERT INTO matches ({columns}, stored_at)
SELECT {columns}, %(now)s FROM jsonb_populate_recordset(null::matches, %(rows)s::jsonb)
ORDER BY match_id COLLATE "C"
ON CONFLICT (match_id) DO NOTHING
RETURNING id
""".format(columns=", ".join(_columns(Match, "stored_at")))
_LOCK_PEOPLE = 'SELECT id FROM players WHERE id = ANY(%(people)s) ORDER BY puuid COLLATE "C" FOR NO KEY UPDATE'
_PUT_PLACES = """
INSERT INTO match_participants (match_id, player_id, {columns})
SELECT matches.id, CASE WHEN place.player_id = ANY(%(known)s) THEN place.player_id END, {places}
FROM jsonb_array_elements(%(rows)s::jsonb) AS one (row)
JOIN matches ON matches.match_id = one.row ->> 'match_id' AND matches.id = ANY(%(ids)s)
CROSS JOIN LATERAL jsonb_populate_recordset(null::match_participants, one.row -> 'participants') AS place
ORDER BY matches.id, place.position
""".format(
    columns=", ".join(_columns(Participant, "match_id", "player_id")),
    places=", ".join(f"place.{column}" for column in _columns(Participant, "match_id", "player_id")),
)


@dataclass(frozen=True)
class Span:
    """Which rows are to go: of these days in UTC, both included."""

    first: date
    last: date
    by_hand: bool = False
    """Somebody named the days: what was stored lately goes as well."""

    @property
    def begin(self) -> datetime:
        """The first instant."""
        return datetime.combine(self.first, time.min, UTC)

    @property
    def end(self) -> datetime:
        """The first instant after it."""
        return datetime.combine(self.last, time.min, UTC) + timedelta(days=1)

    def of(self, day: date) -> "Span":
        """One of its days."""
        return Span(day, day, self.by_hand)


@dataclass(frozen=True)
class Archived:
    """What went into files."""

    matches: int = 0
    runs: int = 0
    files: int = 0
    size_bytes: int = 0


class CannotRestore(Exception):
    """A file cannot be put back; the text says why and what to do."""


def _unused_name(kind: ArchiveKind, day: date, number: int) -> str:
    """A name that no archive has. What lies under it is from an attempt that ended before its rows were gone."""
    endings = itertools.chain([""], (f"-{again}" for again in itertools.count(2)))
    names = (f"{kind}-{day}-{number}{ending}{SUFFIX}" for ending in endings)
    return next(name for name in names if not Archive.objects.filter(name=name).exists())


def days_with_matches(span: Span, *, now: datetime) -> list[date]:
    """The days of a span with matches that can go."""
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, _which(span, now))
        return [day for (day,) in cursor.fetchall()]


def archive_matches(span: Span, *, number: int, now: datetime) -> Archived:
    """Move the matches of one day into a file; `number` is whose work it is, for its name."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK, _which(span, now))
        ids = [pk for (pk,) in cursor.fetchall()]
        if not ids:
            return Archived()
        kept = store(ArchiveKind.MATCHES, span.first, _match_rows(ids), number=number, now=now)
        cursor.execute(_LOCK_PLAYERS, {"ids": ids})
        cursor.execute(_COUNT_GAMES, {"ids": ids, "sign": -1})
        _set_backlog(cursor, ids, state=BacklogState.ARCHIVED, now=now)
        for statement in _DELETE:
            cursor.execute(statement, {"ids": ids})
    return Archived(matches=kept.rows, files=1, size_bytes=kept.size_bytes)


def store(kind: ArchiveKind, day: date, rows: Iterable[str], *, number: int, now: datetime) -> Archive:
    """Write a file and note it, in the transaction that takes the rows out; raises OSError or Damaged."""
    name, folder = _unused_name(kind, day, number), Path(settings.ARCHIVE_DIR)
    written = archive_files.write(folder / name, {"kind": kind.value, "day": str(day), "made_at": str(now)}, rows)
    return Archive.objects.create(
        name=name,
        kind=kind,
        day=day,
        rows=written.rows,
        size_bytes=written.size_bytes,
        sha256=written.sha256,
        host=socket.gethostname(),
        folder=str(folder),
        made_at=now,
    )


Restorer = Callable[[Sequence[dict[str, Any]], datetime], int]
_restorers: dict[ArchiveKind, Restorer] = {}


def when_restoring(kind: ArchiveKind, put_back: Restorer) -> None:
    """Say how rows of a kind are put back; it returns how many were not there any more."""
    _restorers[kind] = put_back


def restore(archive: Archive, *, folder: Path, now: datetime) -> int:
    """Put a file's rows back and return how many were missing; nothing of a file that is not whole.

    In a transaction for each part, so that nobody waits long for the players in it. Where that breaks off, doing it
    again puts the rest back. Raises CannotRestore.
    """
    path, put_back = folder / archive.name, _restorers[ArchiveKind(archive.kind)]
    restored = 0
    try:
        for part in _in_parts(archive_files.read(path, sha256=archive.sha256)):
            with transaction.atomic():
                restored += put_back(part, now)
    except FileNotFoundError:
        where = f"it was written on {archive.host} to {archive.folder}"
        raise CannotRestore(f"{path} is not there: {where}. Copy it here, or name its folder with --folder") from None
    except (OSError, archive_files.Damaged) as problem:
        raise CannotRestore(f"{archive.name} was not put back: {problem}") from None
    archive.restored_at = now
    archive.save(update_fields=["restored_at"])
    return restored


def _in_parts(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    part: list[dict[str, Any]] = []
    for row in rows:
        part.append(row)
        if len(part) == ROWS_AT_ONCE:
            yield part
            part = []
    if part:
        yield part


def _which(span: Span, now: datetime) -> dict[str, Any]:
    stored_before = datetime.max.replace(tzinfo=UTC) if span.by_hand else now - KEPT_FOR
    return {"begin": span.begin, "end": span.end, "stored_before": stored_before, "most": MAX_GAMES}


def _match_rows(ids: Sequence[int]) -> Iterator[str]:
    with connection.cursor() as cursor:
        for first in range(0, len(ids), ROWS_AT_ONCE):
            cursor.execute(_ROWS, {"ids": list(ids[first : first + ROWS_AT_ONCE])})
            yield from (row for (row,) in cursor.fetchall())


def _set_backlog(cursor: Any, ids: Sequence[int], *, state: BacklogState, now: datetime) -> None:  # noqa: ANN401
    cursor.execute(_SET_BACKLOG, {"ids": ids, "state": state, "now": now, "lane": BacklogMatch.DISCOVERY})


def _put_matches_back(rows: Sequence[dict[str, Any]], now: datetime) -> int:
    with connection.cursor() as cursor:
        people = {place["player_id"] for row in rows for place in row["participants"]} - {None}
        values: dict[str, Any] = {"rows": json.dumps(rows), "now": now}
        # Matches, then players: in the order of ingest. Whoever was erased meanwhile is nobody.
        cursor.execute(_PUT_MATCHES, values)
        ids = [pk for (pk,) in cursor.fetchall()]
        cursor.execute(_LOCK_PEOPLE, {"people": list(people)})
        known = [pk for (pk,) in cursor.fetchall()]
        cursor.execute(_PUT_PLACES, {**values, "known": known, "ids": ids})
        cursor.execute(_COUNT_GAMES, {"ids": ids, "sign": 1})
        _set_backlog(cursor, ids, state=BacklogState.FETCHED, now=now)
    return len(ids)


when_restoring(ArchiveKind.MATCHES, _put_matches_back)
