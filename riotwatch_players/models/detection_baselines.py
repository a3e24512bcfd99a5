from django.db import models
from django.db.models import Q


class DetectionBaseline(models.Model):
    """What stored matches say is usual: one version, measured at one time.

    The current one replaces the model's own; where it has too few places, the model's own stands in.
    """

    name = models.CharField(max_length=40, unique=True, help_text="The version that analyses name.")
    sha256 = models.CharField(max_length=64, help_text="Of the figures.")
    built_at = models.DateTimeField()
    patch = models.CharField(max_length=8, blank=True, default="", help_text="Of the newest match in it.")
    matches = models.IntegerField(help_text="Matches that were looked at.")
    rows = models.IntegerField(help_text="Participants in them whose tier, role and measures are known.")
    # By tier, role, result (and metric), in the orders of `BaselineTable`.
    median = models.JSONField(help_text="Null where nothing was counted.")
    mad = models.JSONField(help_text="Median absolute deviations.")
    n = models.JSONField(help_text="Places in each cell.")
    level_bands = models.JSONField(
        null=True, help_text="Usual ranks by level (`LevelBand`); empty: too few accounts, or of too few ranks."
    )
    current = models.BooleanField(default=False)

    class Meta:
        db_table = "detection_baselines"
        constraints = [
            models.UniqueConstraint(fields=["current"], condition=Q(current=True), name="detection_baselines_current")
        ]

    def __str__(self) -> str:
        return self.name


class BaselineCount(models.Model):
    """The one row that says when matches were counted last, and how many; whether or not a baseline came of it."""

    THE_ROW = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ROW)
    counted_at = models.DateTimeField()
    matches = models.IntegerField(help_text="Matches that were looked at.")

    class Meta:
        db_table = "detection_baseline_count"

    def __str__(self) -> str:
        return f"{self.matches} matches at {self.counted_at:%Y-%m-%d %H:%M}"
