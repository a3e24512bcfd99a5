from django.db import models
from django.db.models import Q


class RiotKey(models.Model):
    """A key that is stored here, encrypted; or that a process found in its environment: then only a mark of it."""

    ENVIRONMENT, STORED = "environment", "stored"

    origin = models.CharField(max_length=12, choices=[(ENVIRONMENT, "the environment"), (STORED, "stored here")])
    mark = models.CharField(max_length=32, help_text="Keyed hash: tells keys apart and gives none away.")
    secret = models.TextField(blank=True, default="", help_text="Encrypted; empty for a key of the environment.")
    last4 = models.CharField("ends in", max_length=4, blank=True, default="")
    noted_at = models.DateTimeField(help_text="When it was stored, or first found in an environment.")

    class Meta:
        db_table = "riot_keys"
        verbose_name = "Riot key"
        constraints = [
            models.UniqueConstraint(fields=["origin", "mark"], name="riot_keys_mark"),
            models.UniqueConstraint(fields=["origin"], condition=Q(origin="stored"), name="riot_keys_one_stored"),
        ]

    def __str__(self) -> str:
        return f"…{self.last4}"


class KeyOutage(models.Model):
    """The one row that says whether Riot refuses the key, since when and why: every process goes by it."""

    REFUSED, FOREIGN = "refused", "foreign"
    THE_ROW = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ROW)
    kind = models.CharField(max_length=8, blank=True, default="", choices=[(REFUSED, REFUSED), (FOREIGN, FOREIGN)])
    since = models.DateTimeField(null=True, blank=True, help_text="Empty while the key is accepted.")
    why = models.TextField(blank=True, default="", help_text="What Riot answered, and where.")
    platform = models.CharField(max_length=16, blank=True, default="", help_text="Where the key is tried again.")
    key_mark = models.CharField(max_length=32, blank=True, default="", help_text="Of the key tried last.")
    next_probe_at = models.DateTimeField(null=True, blank=True, help_text="Whoever comes first after this tries.")
    cleared_at = models.DateTimeField(null=True, blank=True, help_text="When a suspicion proved unfounded.")

    class Meta:
        db_table = "riot_key_outage"

    def __str__(self) -> str:
        return f"{self.kind} since {self.since:%Y-%m-%d %H:%M}" if self.since else "the key is accepted"
