"""Runs of jobs."""

from datetime import datetime
from typing import Any

import pydantic
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from riotwatch_jobs import registry
from riotwatch_jobs.base import Job
from riotwatch_jobs.models.items import OPEN_ITEM_STATES, ItemState, WorkItem

DEFAULT_SCOPE = "default"


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
FAILED_STATES = (ExecutionState.FAILED, ExecutionState.ABANDONED)
JUDGED_STATES = (*FAILED_STATES, ExecutionState.COMPLETED, ExecutionState.RATE_LIMITED)
"""How runs end that say something about their job; nothing ran, or a person ended it, in the other states."""


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
    request_id = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="Of the web request that asked for it."
    )
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
    abandoned = models.BooleanField(default=False, help_text="An operator gave it up, for its workers died.")
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
    retry_of = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="retries",
        help_text="What it repeats.",
    )
    archived_at = models.DateTimeField(null=True, blank=True, help_text="When a file came to hold it.")
    restored_at = models.DateTimeField(null=True, blank=True, help_text="When it was put back from there.")
    slots_skipped = models.PositiveIntegerField(default=0, help_text="Slots this skipped run stands for.")

    objects = ExecutionQuerySet.as_manager()

    class Meta:
        db_table = "job_executions"
        verbose_name, verbose_name_plural = "run", "runs"
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
    def log_ids(self) -> dict[str, Any]:
        """What every log line about it tells: its own id, and that of the web request that asked for it."""
        return {"run": self.pk} | ({"request": self.request_id} if self.request_id else {})

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
