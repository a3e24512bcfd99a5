"""Ended runs with what is left of their items and logs, into files and back. Nobody is named in them.

The rows stay until retention deletes them (`housekeeping.prune`), which waits for this while the archive is on.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection, models, transaction
from django.db.models.functions import TruncDate

from riotwatch_jobs.jobs._erasing import PLAYERS_GAMES
from riotwatch_jobs.models import Execution, ExecutionLog, ExecutionQuerySet, WorkItem
from riotwatch_players import archiving
from riotwatch_players.archiving import Archived, Span
from riotwatch_players.models import ArchiveKind, Player

RUNS_AT_ONCE = 20
"""With their logs, which are capped by run."""
_PUUID = re.compile(r"(?<![\w-])[\w-]{78}(?![\w-])")
_NAME_IN_ADDRESS = re.compile(r"(by-riot-id/)[^\s/]+/[^\s/?]+")
_TAG = re.compile(r"#(\w{2,10})")

_ROWS = """
SELECT (to_jsonb(run) || jsonb_build_object(
    'items', (
        SELECT coalesce(jsonb_agg(
            to_jsonb(one) || jsonb_build_object('data', one.data - %(not_kept)s) ORDER BY id), '[]')
        FROM work_items AS one WHERE one.execution_id = run.id),
    'lines', (
        SELECT coalesce(jsonb_agg(to_jsonb(one) ORDER BY id), '[]')
        FROM execution_logs AS one WHERE one.execution_id = run.id)))::text
FROM job_executions AS run WHERE run.id = ANY(%(ids)s) ORDER BY id
"""


def days_with_runs(span: Span) -> list[date]:
    """The days of a span with ended runs that no file holds."""
    days = _free(span).annotate(day=TruncDate("finished_at")).values_list("day", flat=True)
    return sorted(set(days))


def archive_runs(span: Span, *, number: int, now: datetime) -> Archived:
    """Write the runs that ended on one day into a file."""
    with transaction.atomic():
        ids = list(_free(span).order_by("pk").select_for_update().values_list("pk", flat=True))
        if not ids:
            return Archived()
        kept = archiving.store(ArchiveKind.RUNS, span.first, _rows(ids), number=number, now=now)
        Execution.objects.filter(pk__in=ids).update(archived_at=now)
    return Archived(runs=kept.rows, files=1, size_bytes=kept.size_bytes)


def _free(span: Span) -> ExecutionQuerySet:
    return Execution.objects.filter(finished_at__gte=span.begin, finished_at__lt=span.end, archived_at=None)


def _rows(ids: Sequence[int]) -> Iterator[str]:
    with connection.cursor() as cursor:
        for first in range(0, len(ids), RUNS_AT_ONCE):
            cursor.execute(_ROWS, {"ids": list(ids[first : first + RUNS_AT_ONCE]), "not_kept": list(PLAYERS_GAMES)})
            yield from nameless([text for (text,) in cursor.fetchall()])


def nameless(texts: Sequence[str]) -> Iterator[str]:
    """JSON texts without puuids and without names of players: logs hold our ids, but a library may have said more."""
    names = _names_in(texts)
    for text in texts:
        told = _NAME_IN_ADDRESS.sub(r"\1[name]", _PUUID.sub("[puuid]", text))
        for name in names:
            told = told.replace(name, "[name]")
        yield told


def _names_in(texts: Sequence[str]) -> list[str]:
    """Names of known players in texts of JSON, as JSON writes them."""
    tags = {tag for text in texts for tag in _TAG.findall(text)}
    known = Player.objects.filter(tag_line__in=tags).exclude(game_name="").values_list("game_name", "tag_line")
    names = (json.dumps(f"{name}#{tag}", ensure_ascii=False)[1:-1] for name, tag in (known.iterator() if tags else ()))
    return [name for name in names if any(name in text for text in texts)]


def _put_back(rows: Sequence[dict[str, Any]], now: datetime) -> int:
    runs = [{**row, "archived_at": str(now), "restored_at": str(now)} for row in rows]
    there = _put(Execution, runs)
    items = [item for row in rows if row["id"] in there for item in row["items"]]
    lines = [line for row in rows if row["id"] in there for line in row["lines"]]
    _put(WorkItem, items)
    _put(ExecutionLog, lines)
    return len(there)


_PUT = """
INSERT INTO {table} ({columns})
SELECT {columns} FROM jsonb_populate_recordset(null::{table}, %(rows)s::jsonb) ORDER BY id
ON CONFLICT DO NOTHING
RETURNING id
"""


def _put(model: type[models.Model], rows: Iterable[dict[str, Any]]) -> set[int]:
    """Insert rows with the numbers that they had."""
    columns = ", ".join(str(field.column) for field in model._meta.concrete_fields)
    statement = _PUT.format(table=model._meta.db_table, columns=columns)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"rows": json.dumps([_without_dead_ends(row) for row in rows])})
        return {pk for (pk,) in cursor.fetchall()}


def _without_dead_ends(row: dict[str, Any]) -> dict[str, Any]:
    """A run that this one repeated may be gone, and is not looked for."""
    return {**row, "retry_of_id": None} if "retry_of_id" in row else row


archiving.when_restoring(ArchiveKind.RUNS, _put_back)
