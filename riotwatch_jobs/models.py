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

from datetime import datetime, timedelta
from typing import Any

import pydantic
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from riotwatch_jobs import registry
from riotwatch_jobs.base import Job, Overlap
from riotwatch_jobs.outcomes import Lane, Target

DEFAULT_SCOPE = "default"
LEASE_DEAD_AFTER = timedelta(seconds=30)


class JobConfiguration(models.Model):
    """What an operator set for one job; empty fields follow the code's defaults."""

    job_id = models.CharField(max_length=64, primary_key=True)
    enabled = models.BooleanField(default=True)
    config = models.JSONField(default=dict, blank=True, help_text="Settings that differ from the job's defaults.")
    timeout_s = models.PositiveIntegerField(null=True, blank=True, help_text="One item's working time, in seconds.")
    deadline_s = models.PositiveIntegerField(null=True, blank=True, help_text="One run's longest duration, in seconds.")
    overlap = models.CharField(max_length=8, blank=True, choices=Overlap.CHOICES, default="")
    synced_schedule = models.CharField(
        max_length=200, blank=True, help_text="The default schedule last written; a row that differs was edited."
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "job_configurations"
        ordering = ["job_id"]

    def __str__(self) -> str:
        return self.job_id

    @property
    def job(self) -> type[Job]:
        """The job's class; raises UnknownJob where the code is gone."""
        return registry.get(self.job_id)

    def effective_config(self) -> dict[str, Any]:
        """Code defaults, then what the environment seeds, then what the operator set."""
        return {**self.job.seeded_config(), **self.config}


class ExecutionState(models.TextChoices):
    """Where a run stands."""

    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    RATE_LIMITED = "RATE_LIMITED"
    SKIPPED = "SKIPPED"
    CANCELLED = "CANCELLED"
    ABANDONED = "ABANDONED"


OPEN_STATES = (ExecutionState.PENDING, ExecutionState.IN_PROGRESS)


class Trigger(models.TextChoices):
    """What started a run."""

    SCHEDULE = "schedule"
    ADMIN = "admin"
    CLI = "cli"
    API = "api"
    CATCH_UP = "catch-up"
    RETRY = "retry"
    EVENT = "event"
    AFTER = "after"


class ExecutionQuerySet(models.QuerySet["Execution"]):
    """Named sets of runs."""

    def open(self) -> "ExecutionQuerySet":
        """Runs that have not ended."""
        return self.filter(state__in=OPEN_STATES)

    def in_progress(self) -> "ExecutionQuerySet":
        """Runs that are being worked on."""
        return self.filter(state=ExecutionState.IN_PROGRESS)

    def without_open_items(self) -> "ExecutionQuerySet":
        """Runs in progress whose last item has ended: ready to be closed."""
        unfinished = WorkItem.objects.filter(execution=models.OuterRef("pk"), state__in=OPEN_ITEM_STATES)
        return self.in_progress().filter(~models.Exists(unfinished))


class Execution(models.Model):
    """One run of a job. At most one is in progress and one pending per (job, scope); a slot makes one run at most."""

    job_id = models.CharField(max_length=64)
    scope = models.CharField(
        max_length=100, default=DEFAULT_SCOPE, help_text="Runs of one scope never overlap: a schedule, a player."
    )
    slot = models.DateTimeField(null=True, blank=True, help_text="The due instant of a scheduled run.")
    trigger = models.CharField(max_length=16, choices=Trigger)
    triggered_by = models.CharField(max_length=150, blank=True)
    state = models.CharField(max_length=16, choices=ExecutionState, default=ExecutionState.PENDING)
    reason = models.TextField(blank=True, help_text="Why the run ended as it did.")
    players = ArrayField(models.BigIntegerField(), default=list, blank=True)
    config = models.JSONField(default=dict, help_text="The configuration this run uses.")
    timeout_s = models.PositiveIntegerField()
    deadline_s = models.PositiveIntegerField()
    queued_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When its dispatch message was last published.")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    deadline_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    stop_reason = models.TextField(blank=True, help_text="Why an item stopped the whole run.")
    deadline_passed_at = models.DateTimeField(null=True, blank=True)
    phase = models.PositiveSmallIntegerField(default=0, help_text="The part it has come to; most have only part 0.")
    items_total = models.PositiveIntegerField(default=0)
    items_done = models.PositiveIntegerField(default=0)
    items_failed = models.PositiveIntegerField(default=0)
    items_skipped = models.PositiveIntegerField(default=0)
    api_requests_made = models.PositiveIntegerField(default=0)
    records_created = models.PositiveIntegerField(default=0)
    records_updated = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict, blank=True)
    traceback = models.TextField(blank=True)
    slots_skipped = models.PositiveIntegerField(default=0, help_text="Slots this skipped run stands for.")

    objects = ExecutionQuerySet.as_manager()

    class Meta:
        db_table = "job_executions"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["job_id", "scope"],
                condition=Q(state="IN_PROGRESS"),
                name="one_run_in_progress_per_scope",
            ),
            models.UniqueConstraint(
                fields=["job_id", "scope"], condition=Q(state="PENDING"), name="one_pending_run_per_scope"
            ),
            models.UniqueConstraint(
                fields=["job_id", "scope", "slot"], condition=Q(slot__isnull=False), name="one_run_per_slot"
            ),
        ]
        indexes = [
            models.Index(fields=["job_id", "-id"], name="executions_by_job"),
            models.Index(fields=["id"], condition=Q(state__in=["PENDING", "IN_PROGRESS"]), name="executions_open"),
            models.Index(fields=["finished_at"], name="executions_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id} run {self.pk}"

    @property
    def is_open(self) -> bool:
        """The run has not ended."""
        return self.state in OPEN_STATES

    @property
    def is_partial(self) -> bool:
        """It completed, but not every item did."""
        return self.state == ExecutionState.COMPLETED and self.items_failed > 0

    @property
    def duration_s(self) -> float | None:
        """From start to end, in seconds."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()

    def job_instance(self) -> Job:
        """The job with the configuration this run was started with; raises OtherCode where either is unknown here."""
        job = registry.get(self.job_id)
        try:
            config = job.Config.model_validate(self.config)
        except pydantic.ValidationError as problem:
            fields = ", ".join(".".join(map(str, error["loc"])) for error in problem.errors(include_url=False))
            raise registry.OtherCode(f"this code cannot read the settings of {self}: {fields}") from None
        return job(config, self.players)

    def waiting_for_budget_until(self) -> datetime | None:
        """When the run goes on, where all its open items wait for the key's budget."""
        items = self.items.filter(state__in=OPEN_ITEM_STATES)
        if items.exclude(state=ItemState.WAITING, waits_for_budget=True).exists():
            return None
        until: datetime | None = items.aggregate(until=models.Min("available_at"))["until"]
        return until


class ItemState(models.TextChoices):
    """Where an item stands."""

    WAITING = "WAITING"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    CANCELLED = "CANCELLED"
    QUARANTINED = "QUARANTINED"


OPEN_ITEM_STATES = (ItemState.WAITING, ItemState.QUEUED, ItemState.RUNNING)
FAILED_ITEM_STATES = (ItemState.FAILED, ItemState.QUARANTINED)


class WorkItemQuerySet(models.QuerySet["WorkItem"]):
    """Named sets of items."""

    def open(self) -> "WorkItemQuerySet":
        """Items that have not ended."""
        return self.filter(state__in=OPEN_ITEM_STATES)

    def due(self, now: datetime) -> "WorkItemQuerySet":
        """Waiting items whose time has come, in the order they are to be sent."""
        return self.filter(state=ItemState.WAITING, available_at__lte=now).order_by("lane", "available_at", "id")


class WorkItem(models.Model):
    """One unit of a run's work, and the only place that knows how far it is.

    `delivery` numbers the messages: a message claims the item only if it carries the number the row holds.
    """

    execution = models.ForeignKey(Execution, on_delete=models.CASCADE, related_name="items")
    key = models.CharField(max_length=100)
    data = models.JSONField(default=dict)
    queue = models.CharField(max_length=32)
    region = models.CharField(max_length=16, blank=True)
    lane = models.PositiveSmallIntegerField(default=Lane.TRACKED)
    phase = models.PositiveSmallIntegerField(default=0, help_text="The part of its run that it belongs to.")
    state = models.CharField(max_length=12, choices=ItemState, default=ItemState.WAITING)
    available_at = models.DateTimeField(help_text="Not before this instant.")
    waits_for_budget = models.BooleanField(default=False)
    delivery = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    owner_id = models.BigIntegerField(null=True, blank=True, help_text="The lease of the process that runs it.")
    host = models.CharField(max_length=100, blank=True)
    pid = models.PositiveIntegerField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0, help_text="Failures of its own.")
    lost_count = models.PositiveIntegerField(default=0, help_text="Times its worker died.")
    alone = models.BooleanField(default=False, help_text="It runs with nothing beside it in its process.")
    lost_alone_count = models.PositiveIntegerField(default=0)
    reason = models.TextField(blank=True)
    is_error = models.BooleanField(default=False, help_text="The failure is a bug, not an expected one.")
    traceback = models.TextField(blank=True)
    result = models.JSONField(null=True, blank=True)
    api_requests_made = models.PositiveIntegerField(default=0)
    records_created = models.PositiveIntegerField(default=0)
    records_updated = models.PositiveIntegerField(default=0)

    objects = WorkItemQuerySet.as_manager()

    class Meta:
        db_table = "work_items"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["execution", "key"], name="one_item_per_target"),
        ]
        indexes = [
            models.Index(
                fields=["queue", "region", "lane", "available_at", "id"],
                condition=Q(state="WAITING"),
                name="items_due",
            ),
            models.Index(
                fields=["queue", "region"], condition=Q(state__in=["QUEUED", "RUNNING"]), name="items_outstanding"
            ),
            models.Index(
                fields=["execution"], condition=Q(state__in=["WAITING", "QUEUED", "RUNNING"]), name="items_open"
            ),
            models.Index(fields=["owner_id"], condition=Q(state="RUNNING"), name="items_by_owner"),
            models.Index(fields=["finished_at"], condition=Q(finished_at__isnull=False), name="items_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.key} of run {self.execution_id}"

    @property
    def target(self) -> Target:
        """What the job is to work on, with what earlier attempts remember."""
        return Target(key=self.key, data=self.data, lane=Lane(self.lane), region=self.region)


class ExecutionLog(models.Model):
    """One line of a run's log: ours, or what a library logged or printed while an item of the run was worked on."""

    execution = models.ForeignKey(Execution, on_delete=models.CASCADE, related_name="log_lines")
    item = models.ForeignKey(WorkItem, on_delete=models.SET_NULL, null=True, blank=True, related_name="log_lines")
    at = models.DateTimeField()
    level = models.PositiveSmallIntegerField()
    logger = models.CharField(max_length=100)
    message = models.TextField()

    class Meta:
        db_table = "execution_logs"
        ordering = ["id"]
        indexes = [models.Index(fields=["execution", "id"], name="logs_by_execution")]

    def __str__(self) -> str:
        return self.message


class WorkerLeaseQuerySet(models.QuerySet["WorkerLease"]):
    """Named sets of leases."""

    def live(self, now: datetime) -> "WorkerLeaseQuerySet":
        """Processes that renewed in time. `now` is the database's clock, as `renewed_at` is."""
        return self.filter(renewed_at__gt=now - LEASE_DEAD_AFTER)


class WorkerLease(models.Model):
    """A process that executes items: alive as long as it renews this row (dead after 30 s, database clock)."""

    host = models.CharField(max_length=100)
    pid = models.PositiveIntegerField()
    node = models.CharField(max_length=150, help_text="The Celery node it belongs to.")
    queues = ArrayField(models.CharField(max_length=32), default=list)
    concurrency = models.PositiveIntegerField(default=1)
    started_at = models.DateTimeField()
    renewed_at = models.DateTimeField(db_index=True)

    objects = WorkerLeaseQuerySet.as_manager()

    class Meta:
        db_table = "worker_leases"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.node} ({self.host}, pid {self.pid})"
