from django.db import models
from django.db.models import Q

from riotwatch_players.models.sources import Source


class BacklogState(models.TextChoices):
    """Where a match stands. Only a pending one is fetched; fetched ones have their row in `matches`."""

    PENDING = "pending"
    FETCHED = "fetched"
    GONE = "gone", "gone (Riot has no body)"
    BROKEN = "broken", "broken (body unusable)"
    ARCHIVED = "archived"
    ERASED = "erased"


class BacklogMatch(models.Model):
    """What is known about fetching one match: the truth per match, so that a body is fetched once whoever needs it.

    PENDING goes to FETCHED, GONE or BROKEN. A pending match is claimed by a holder for a time; an expired hold is free.
    A usable body that turns up later (an import) still makes a GONE or BROKEN match FETCHED.
    """

    TRACKED = 1
    DISCOVERY = 2
    LANES = ((TRACKED, "tracked"), (DISCOVERY, "discovery"))

    match_id = models.CharField(max_length=40, unique=True)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, db_index=False)
    platform = models.CharField(max_length=16)
    region = models.CharField(max_length=16, blank=True, help_text="Empty where no host serves the platform.")
    lane = models.SmallIntegerField(choices=LANES, help_text="The lowest anybody asked for; it is never raised.")
    state = models.CharField(max_length=8, choices=BacklogState.choices, default=BacklogState.PENDING)
    reason = models.CharField(max_length=200, blank=True, default="", help_text="Why the body is unusable.")
    added_at = models.DateTimeField()
    holder = models.CharField(max_length=64, blank=True, default="", help_text="Who is fetching it.")
    held_until = models.DateTimeField(null=True, blank=True)
    attempts = models.IntegerField(default=0, help_text="How often it was claimed.")
    fetched_at = models.DateTimeField(null=True, blank=True, help_text="When it left the pending state.")

    class Meta:
        db_table = "match_backlog"
        verbose_name_plural = "match backlog"
        indexes = [
            # Fetchers take what is pending, per region, by lane and age; done rows are the many.
            models.Index(
                fields=["region", "lane", "added_at"], condition=Q(state="pending"), name="match_backlog_pending"
            ),
            # Whoever is done gives back what they still hold.
            models.Index(
                fields=["holder"], condition=Q(state="pending", held_until__isnull=False), name="match_backlog_held"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.match_id} {self.state}"
