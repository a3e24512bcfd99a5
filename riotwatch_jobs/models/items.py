"""Work items: the units of a run's work."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from riotwatch_jobs.outcomes import Lane, Target


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

    def end(self, state: ItemState, *, reason: str, now: datetime) -> int:
        """End these before their time; under another delivery, whoever works on one can no longer record it."""
        ended = {"state": state, "reason": reason, "finished_at": now, "owner_id": None}
        return self.update(**ended, delivery=F("delivery") + 1)


class WorkItem(models.Model):
    """One unit of a run's work, and the only place that knows how far it is.

    `delivery` numbers the messages: a message claims the item only if it carries the number the row holds.
    """

    execution = models.ForeignKey("riotwatch_jobs.Execution", on_delete=models.CASCADE, related_name="items")
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
        verbose_name, verbose_name_plural = "item", "items"
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
