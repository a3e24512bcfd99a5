from datetime import datetime, timedelta
from enum import StrEnum

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery

from riotwatch_players.models.players import Player, PlayerQuerySet

FAILED_CHECK_AGAIN_AFTER = timedelta(hours=20)


class Seen(StrEnum):
    """What an endpoint, or a check as a whole, said about an account. None of it says why."""

    RESOLVES = "resolves"
    NOT_FOUND = "not_found"
    MOVED = "moved"
    KEY_PROBLEM = "key_problem"
    TROUBLE = "trouble"
    NOT_ASKED = ""

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """For model fields."""
        return [(seen.value, seen.value.replace("_", " ") or "not asked") for seen in cls]


SUCCESSES = (Seen.RESOLVES, Seen.MOVED)


class BanCheckQuerySet(models.QuerySet["BanCheck"]):
    """Checks by what came of them."""

    def succeeded(self) -> "BanCheckQuerySet":
        """The account was found."""
        return self.filter(result__in=SUCCESSES)

    def failed(self) -> "BanCheckQuerySet":
        """The account was not found; answers that say nothing about it are not among these."""
        return self.filter(result=Seen.NOT_FOUND)


class BanCheck(models.Model):
    """One look at whether an account resolves: what each endpoint said."""

    player = models.ForeignKey(Player, on_delete=models.CASCADE, related_name="ban_checks", db_index=False)
    checked_at = models.DateTimeField()
    result = models.CharField(max_length=12, choices=Seen.choices())
    account = models.CharField("account-v1", max_length=12, choices=Seen.choices())
    summoner = models.CharField("summoner-v4", max_length=12, choices=Seen.choices(), help_text="On their platform.")
    region = models.CharField(
        "account-v1 region", max_length=12, blank=True, default="", choices=Seen.choices(), help_text="If it was asked."
    )
    moved_to = models.CharField(max_length=16, blank=True, default="", help_text="The platform the region names.")

    objects = BanCheckQuerySet.as_manager()

    class Meta:
        db_table = "ban_checks"
        verbose_name = "account check"
        indexes = [models.Index("player", F("checked_at").desc(), name="ban_checks_newest")]

    def __str__(self) -> str:
        return f"{self.player} {Seen(self.result).value.replace('_', ' ')}, {self.checked_at:%Y-%m-%d %H:%M}"

    @property
    def endpoints_not_found(self) -> set[str]:
        """Which of the endpoints that are always asked did not know the account."""
        return {name for name in ("account", "summoner") if getattr(self, name) == Seen.NOT_FOUND}


def due_for_check(players: PlayerQuerySet, *, now: datetime, check_after: timedelta) -> PlayerQuerySet:
    """Of these players: never checked, last success longer ago than `check_after`, or last check failed 20 h ago."""
    newest = BanCheck.objects.filter(player=OuterRef("pk")).order_by("-checked_at")
    succeeded = newest.succeeded().values("checked_at")[:1]
    checked = players.alias(
        last_result=Subquery(newest.values("result")[:1]),
        last_check=Subquery(newest.values("checked_at")[:1]),
        last_success=Subquery(succeeded),
    )
    unsettled = ~Q(last_result__in=SUCCESSES) & Q(last_check__lt=now - FAILED_CHECK_AGAIN_AFTER)
    settled = Q(last_result__in=SUCCESSES, last_success__lt=now - check_after)
    return checked.filter(Q(last_check=None) | unsettled | settled)
