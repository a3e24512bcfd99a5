"""An installation at work."""

from datetime import timedelta

import pytest
from rows_and_messages import empty_broker

from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import EmergencyStop, Execution, ExecutionState, Heartbeat, Trigger, WorkerLease, WorkItem
from riotwatch_players.models import KeyOutage


@pytest.fixture
def busy(transactional_db):
    """A run that failed, one at work with items, a worker, a beat, a stop and a refused key."""
    empty_broker()  # of what tests before this one have left
    now = database_now()
    fields = {"job_id": "match_fetcher", "trigger": Trigger.CLI, "timeout_s": 9, "deadline_s": 9, "queued_at": now}
    Execution.objects.create(
        state=ExecutionState.FAILED, started_at=now, finished_at=now, api_requests_made=7, items_failed=2, **fields
    )
    run = Execution.objects.create(state=ExecutionState.IN_PROGRESS, started_at=now, **fields)
    for number in range(3):
        WorkItem.objects.create(
            execution=run, key=str(number), queue="matches", available_at=now, waits_for_budget=number == 0
        )
    slot = {**fields, "job_id": "ban_checker", "trigger": Trigger.SCHEDULE, "slot": now - timedelta(seconds=40)}
    Execution.objects.create(state=ExecutionState.SKIPPED, finished_at=now, **slot)
    WorkerLease.objects.create(
        host="h", pid=1, node="n", queues=["matches"], concurrency=16, started_at=now, renewed_at=now
    )
    Heartbeat.objects.create(kind="beat", host="h", pid=2, at=now)
    EmergencyStop.objects.create(stopped_at=now, stopped_by="anna", reason="because")
    KeyOutage.objects.create(kind=KeyOutage.REFUSED, since=now)
