"""Signs of life."""

from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models

LEASE_DEAD_AFTER = timedelta(seconds=30)


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
    # The default is the database's, too: workers of the release before insert rows during a deployment.
    hanging = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Items that are long past their working time."
    )
    hanging_since = models.DateTimeField(null=True, blank=True, help_text="When the first of them was begun.")

    objects = WorkerLeaseQuerySet.as_manager()

    class Meta:
        db_table = "worker_leases"
        verbose_name, verbose_name_plural = "worker", "workers"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.node} ({self.host}, pid {self.pid})"


class Heartbeat(models.Model):
    """A sign of life of a process that executes no items: beat, housekeeping."""

    kind = models.CharField(max_length=32)
    host = models.CharField(max_length=100)
    pid = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "heartbeats"
        constraints = [models.UniqueConstraint(fields=["kind", "host", "pid"], name="one_heartbeat_per_process")]
        indexes = [models.Index(fields=["kind", "-at"], name="heartbeats_newest")]

    def __str__(self) -> str:
        return f"{self.kind} ({self.host}, pid {self.pid})"


class Canary(models.Model):
    """The last message that was sent into a queue for its answer alone: a worker may live and yet take nothing.

    Each worker has, besides the queues that it shares, one of its own (messages.direct_queue).
    """

    queue = models.CharField(max_length=200, primary_key=True)
    sent_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "canaries"

    def __str__(self) -> str:
        return self.queue


class IllPart(models.Model):
    """A part of the system that is not well, as long as it is not."""

    part = models.CharField(max_length=200, primary_key=True)
    noted_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True, help_text="When people were told.")

    class Meta:
        db_table = "ill_parts"

    def __str__(self) -> str:
        return self.part
