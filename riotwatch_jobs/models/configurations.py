"""What operators set for each job, and the stop of everything."""

from datetime import datetime, timedelta
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from riotwatch_jobs import registry
from riotwatch_jobs.base import Job, Overlap

LONGEST_LIMIT_S = 31 * 86_400
WITHIN_LIMITS = [MinValueValidator(1), MaxValueValidator(LONGEST_LIMIT_S)]


class JobConfiguration(models.Model):
    """What an operator set for one job; empty fields follow the code's defaults."""

    job_id = models.CharField(max_length=64, primary_key=True)
    enabled = models.BooleanField(default=True)
    config = models.JSONField(default=dict, blank=True, help_text="Settings that differ from the job's defaults.")
    timeout_s = models.PositiveIntegerField(
        null=True, blank=True, validators=WITHIN_LIMITS, help_text="One item's working time, in seconds."
    )
    deadline_s = models.PositiveIntegerField(
        null=True, blank=True, validators=WITHIN_LIMITS, help_text="One run's longest duration, in seconds."
    )
    overlap = models.CharField(max_length=8, blank=True, choices=Overlap.CHOICES, default="")
    catch_up_s = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(LONGEST_LIMIT_S)],
        help_text="How late a missed slot is still made up for, in seconds; 0 = never.",
    )
    after = models.CharField(
        max_length=64, blank=True, default="", help_text="The job whose completed runs are followed by one of this job."
    )
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True, help_text="Its own end; empty: when resumed.")
    paused_by = models.CharField(max_length=150, blank=True, default="")
    paused_reason = models.CharField(max_length=500, blank=True, default="")
    synced_schedule = models.CharField(
        max_length=200, blank=True, help_text="The default schedule last written; a row that differs was edited."
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "job_configurations"
        verbose_name, verbose_name_plural = "job", "jobs"
        ordering = ["job_id"]

    def __str__(self) -> str:
        return self.job_id

    @property
    def stored_settings(self) -> dict[str, Any]:
        """What the row holds; nothing where somebody stored something else than an object."""
        return self.config if isinstance(self.config, dict) else {}

    @property
    def job(self) -> type[Job]:
        """The job's class; raises UnknownJob where the code is gone."""
        return registry.get(self.job_id)

    def effective_config(self) -> dict[str, Any]:
        """Code defaults, then what the environment seeds, then what the operator set."""
        return {**self.job.seeded_config(), **self.config}

    def is_paused(self, now: datetime) -> bool:
        """No run of the job is to start: it was paused, and neither resumed nor has the pause ended."""
        if self.paused_until is not None:
            return now < self.paused_until
        return self.paused_at is not None

    def slots_count_after(self, now: datetime) -> datetime | None:
        """After which instant slots become runs; None while only somebody can switch the job on or resume it."""
        if not self.enabled:
            return None
        if not self.is_paused(now):
            return now
        # A slot at the very end of the pause makes a run.
        return self.paused_until - timedelta(microseconds=1) if self.paused_until else None

    def pause_in_words(self) -> str:
        """Who paused the job, until when and why; the same words for as long as the pause lasts."""
        who = f" by {self.paused_by}" if self.paused_by else ""
        until = f"until {self.paused_until:%Y-%m-%d %H:%M} UTC" if self.paused_until else "until it is resumed"
        why = f": {self.paused_reason}" if self.paused_reason else ""
        return f"paused{who} {until}{why}"


class EmergencyStop(models.Model):
    """The one row that exists while no new work is to begin; open items end, everything else waits."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    stopped_at = models.DateTimeField()
    stopped_by = models.CharField(max_length=150)
    reason = models.CharField(max_length=500)

    class Meta:
        db_table = "emergency_stop"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_emergency_stop")]

    def __str__(self) -> str:
        return f"emergency stop by {self.stopped_by} since {self.stopped_at:%Y-%m-%d %H:%M} UTC: {self.reason}"
