"""What must hold whatever happens, read from the database's own record of every change of state.

The record is written by triggers that these tests add to their database; nothing in the project knows of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from riotwatch_jobs.models import OPEN_ITEM_STATES, OPEN_STATES, Execution, ItemState, WorkItem

RECORD = """
CREATE TABLE fault_changes (
    id bigserial PRIMARY KEY,
    kind text NOT NULL,
    row_id bigint NOT NULL,
    job_id text,
    scope text,
    slot timestamptz,
    state text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE fault_halves (item_id bigint, half int, PRIMARY KEY (item_id, half));

CREATE FUNCTION fault_run_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO fault_changes (kind, row_id, job_id, scope, slot, state)
    VALUES ('run', NEW.id, NEW.job_id, NEW.scope, NEW.slot, NEW.state);
    RETURN NULL;
END $$;
CREATE TRIGGER fault_run_inserted AFTER INSERT ON job_executions
FOR EACH ROW EXECUTE FUNCTION fault_run_changed();
CREATE TRIGGER fault_run_changed AFTER UPDATE OF state ON job_executions
FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION fault_run_changed();

CREATE FUNCTION fault_item_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO fault_changes (kind, row_id, state) VALUES ('item', NEW.id, NEW.state);
    RETURN NULL;
END $$;
CREATE TRIGGER fault_item_changed AFTER UPDATE OF state ON work_items
FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION fault_item_changed();
"""


def start_recording() -> None:
    """Add the record to the database."""
    with connection.cursor() as cursor:
        cursor.execute(RECORD)


@dataclass(frozen=True)
class Losses:
    """What must be zero."""

    lost: int
    """Runs that did not end, and items of completed runs that did not."""
    doubled: int
    """Runs and items that ended twice, slots with two runs, runs of a scope side by side, sums that are too high."""


def losses(runs: Sequence[Execution]) -> Losses:
    """Count over these runs; the doubled over everything the database has recorded."""
    return Losses(lost=_lost(runs), doubled=_ended_twice() + _slots_twice() + _side_by_side() + _counted_twice(runs))


def _lost(runs: Sequence[Execution]) -> int:
    ids = [run.pk for run in runs]
    open_runs = Execution.objects.filter(pk__in=ids, state__in=OPEN_STATES).count()
    missing_runs = len(set(ids)) - Execution.objects.filter(pk__in=ids).count()
    open_items = WorkItem.objects.filter(execution__in=ids, state__in=OPEN_ITEM_STATES)
    return open_runs + missing_runs + open_items.exclude(execution__state__in=OPEN_STATES).count()


def _ended_twice() -> int:
    return _count(
        "SELECT count(*) FROM (SELECT kind, row_id FROM fault_changes"
        " WHERE state NOT IN ('PENDING', 'IN_PROGRESS', 'WAITING', 'QUEUED', 'RUNNING')"
        " GROUP BY kind, row_id HAVING count(*) > 1) AS twice"
    )


def _slots_twice() -> int:
    return _count(
        "SELECT count(*) FROM (SELECT job_id, scope, slot FROM fault_changes WHERE kind = 'run' AND slot IS NOT NULL"
        " GROUP BY job_id, scope, slot HAVING count(DISTINCT row_id) > 1) AS twice"
    )


def _side_by_side() -> int:
    """Runs of one scope of which a second was in progress before the first had ended."""
    return _count(
        "WITH spans AS (SELECT row_id, job_id, scope, min(id) FILTER (WHERE state = 'IN_PROGRESS') AS began,"
        " coalesce(max(id) FILTER (WHERE state NOT IN ('PENDING', 'IN_PROGRESS')), 9e18) AS ended"
        " FROM fault_changes WHERE kind = 'run' GROUP BY row_id, job_id, scope)"
        " SELECT count(*) FROM spans AS a JOIN spans AS b ON a.job_id = b.job_id AND a.scope = b.scope"
        " AND a.row_id < b.row_id AND a.began < b.ended AND b.began < a.ended"
    )


def _counted_twice(runs: Sequence[Execution]) -> int:
    """How much more a run's sum says than its items did."""
    surplus = 0
    for run in Execution.objects.filter(pk__in=[run.pk for run in runs]).exclude(state__in=OPEN_STATES):
        if "worked" in run.result:
            surplus += max(0, run.result["worked"] - run.items.filter(state=ItemState.DONE).count())
    return surplus


def half_written() -> int:
    """Items of which one half is there without the other."""
    return _count(
        "SELECT count(*) FROM (SELECT item_id FROM fault_halves GROUP BY item_id HAVING count(*) <> 2) AS halves"
    )


def _count(query: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return int(cursor.fetchone()[0])


def first_after(kind: str, row_id: int, state: str, since: datetime) -> datetime | None:
    """When a run or item first came to a state after an instant."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(at) FROM fault_changes WHERE kind = %s AND row_id = %s AND state = %s AND at > %s",
            [kind, row_id, state, since],
        )
        found: datetime | None = cursor.fetchone()[0]
    return found


def seconds_until(kind: str, rows: Iterable[int], state: str, since: datetime) -> list[float]:
    """How long each row took to come to a state; fails where one never did."""
    found = [first_after(kind, row_id, state, since) for row_id in rows]
    assert None not in found, f"a {kind} did not become {state}"
    return [(at - since).total_seconds() for at in found if at]
