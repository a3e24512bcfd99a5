from django.db import models


class PatchSource(models.TextChoices):
    """Where the current patch is known from."""

    RIOT_STATUS = "riot_status", "a notice of Riot's status"
    MATCHES = "matches", "the newest stored match"
    LAST_KNOWN = "last_known", "an earlier look"


class CurrentPatch(models.Model):
    """The one row that says which patch the game is at."""

    THE_ROW = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ROW)
    patch = models.CharField(max_length=8, help_text="As matches number it, such as 16.7.")
    source = models.CharField(max_length=16, choices=PatchSource)
    last_updated = models.DateTimeField(help_text="When the match was played, or the notice read, that told the patch.")
    checked_at = models.DateTimeField()

    class Meta:
        db_table = "current_patch"

    def __str__(self) -> str:
        return self.patch


class PlatformState(models.Model):
    """What Riot says of a platform: maintenances and incidents, as of the last time it answered."""

    platform = models.CharField(max_length=16, unique=True)
    maintenances = models.JSONField(default=list, help_text="Each with id, title, status and severity.")
    incidents = models.JSONField(default=list, help_text="The same.")
    seen_at = models.DateTimeField(null=True, help_text="When Riot answered last.")
    problem = models.TextField(blank=True, help_text="Why Riot did not answer since; empty: it did.")

    class Meta:
        db_table = "platform_states"

    def __str__(self) -> str:
        return self.platform
