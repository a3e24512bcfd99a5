"""The records of work: what is configured, each run, each of its items, its log, and who is alive.

Rows are the truth; Celery's messages are hints (docs/decisions/0001). The states and who moves them:

    Execution (a run)
      PENDING ──dispatch──▶ IN_PROGRESS ──last item, cancel, deadline──▶ COMPLETED | FAILED | RATE_LIMITED | CANCELLED
         │                       └──an operator, when its workers died──▶ ABANDONED
         └──precondition, overlap, pause──▶ SKIPPED

    WorkItem
      WAITING ──feeder──▶ QUEUED ──claim──▶ RUNNING ──outcome──▶ DONE | FAILED | SKIPPED
         ▲                  │                  ├──Snooze, Retry──▶ WAITING or QUEUED again
         │                  └──unclaimed───────┤
         └───────────its worker was lost───────┴──third death alone──▶ QUARANTINED
      WAITING and QUEUED ──run cancelled──▶ CANCELLED

    A run of a job with phases goes on when its last item has ended: its `phase` is raised and the items of the next
    phase are inserted, in one transaction. Cancel, Stop and the deadline end the run in whatever phase it is.

Every move is one conditional UPDATE on the state it leaves; an UPDATE that matches no row means somebody was faster.
"""

from riotwatch_jobs.models.configurations import LONGEST_LIMIT_S, EmergencyStop, JobConfiguration
from riotwatch_jobs.models.executions import (
    DEFAULT_SCOPE,
    FAILED_STATES,
    JUDGED_STATES,
    OPEN_STATES,
    Execution,
    ExecutionQuerySet,
    ExecutionState,
    Trigger,
)
from riotwatch_jobs.models.items import (
    FAILED_ITEM_STATES,
    OPEN_ITEM_STATES,
    ItemState,
    WorkItem,
    WorkItemQuerySet,
)
from riotwatch_jobs.models.leases import LEASE_DEAD_AFTER, Canary, Heartbeat, IllPart, WorkerLease
from riotwatch_jobs.models.logs import ExecutionLog
from riotwatch_jobs.models.ownership import ScheduleOwner

__all__ = [
    "DEFAULT_SCOPE",
    "FAILED_ITEM_STATES",
    "FAILED_STATES",
    "JUDGED_STATES",
    "LEASE_DEAD_AFTER",
    "LONGEST_LIMIT_S",
    "OPEN_ITEM_STATES",
    "OPEN_STATES",
    "Canary",
    "EmergencyStop",
    "Execution",
    "ExecutionLog",
    "ExecutionQuerySet",
    "ExecutionState",
    "Heartbeat",
    "IllPart",
    "ItemState",
    "JobConfiguration",
    "ScheduleOwner",
    "Trigger",
    "WorkItem",
    "WorkItemQuerySet",
    "WorkerLease",
]
