"""How the key's budget was used: a reading a minute and host, taken by housekeeping, and what they come to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Avg, Count, F, FloatField, Max, Q
from django.db.models.functions import Cast
from django.utils import timezone

from riotwatch_messages import telling
from riotwatch_messages.events import BUDGET_USED
from riotwatch_messages.telling import News
from riotwatch_players import gateway
from riotwatch_players.models import BudgetReading
from riotwatch_players.riot.errors import BudgetUnavailable
from riotwatch_players.riot.limiter import ScopeUsage
from riotwatch_players.slices import Span

KEPT = timedelta(days=8)
TOLD_AGAIN_AFTER = timedelta(hours=1)


def take_reading() -> int:
    """Note what is taken of each host's budget, once a minute whoever asks; returns how many were noted."""
    minute = timezone.now().replace(second=0, microsecond=0)
    if BudgetReading.objects.filter(at=minute).exists():
        return 0
    try:
        usage = gateway.limiter().usage()
    except BudgetUnavailable:
        return 0
    taken = [_reading(row, minute) for row in usage if row.endpoint is None and row.windows]
    try:
        with transaction.atomic():
            BudgetReading.objects.bulk_create(taken)
            _tell_of_high_use(taken)
    except IntegrityError:
        return 0  # another housekeeper was faster
    BudgetReading.objects.filter(at__lt=minute - KEPT).delete()
    return len(taken)


def _reading(row: ScopeUsage, minute: datetime) -> BudgetReading:
    longest = max(row.windows, key=lambda window: window.window_s)
    return BudgetReading(host=row.host, at=minute, used=longest.used, possible=longest.limit, blocked=row.blocked_s > 0)


def _tell_of_high_use(taken: Sequence[BudgetReading]) -> None:
    """Of hosts whose use was below the threshold for an hour."""
    if not telling.somebody_listens():
        return
    most = telling.threshold(BUDGET_USED) / 100
    high = [one for one in taken if one.possible and one.used >= most * one.possible]
    telling.tell(BUDGET_USED, [_news_of(one) for one in high if not _was_high_before(one, most)])


def _was_high_before(reading: BudgetReading, most: float) -> bool:
    before = BudgetReading.objects.filter(host=reading.host, at__lt=reading.at, at__gte=reading.at - TOLD_AGAIN_AFTER)
    return before.filter(possible__gt=0, used__gte=F("possible") * most).exists()


def _news_of(reading: BudgetReading) -> News:
    share = 100 * reading.used / reading.possible
    text = f"{reading.used} of {reading.possible} requests of the longest window are used ({share:.0f} %)"
    return News(f"host:{reading.host}", f"{reading.host}: {text}. Jobs wait for the budget; nothing is lost.")


@dataclass(frozen=True)
class HostUse:
    """How one host's budget was used in a span."""

    host: str
    mean: float
    """Share of what was possible, 0 to 1."""
    peak: float
    minutes_blocked: int
    slices: dict[datetime, float]
    """The highest share in each slice in which readings were taken."""


def of_hosts(span: Span) -> list[HostUse]:
    """Every host in use in the span, the busiest first."""
    within = BudgetReading.objects.filter(at__gte=span.since, at__lt=span.until, possible__gt=0).order_by()
    readings = within.annotate(share=Cast("used", FloatField()) / F("possible"))
    blocked = Count("pk", filter=Q(blocked=True))
    totals = readings.values_list("host").annotate(mean=Avg("share"), peak=Max("share"), minutes=blocked)
    slices: dict[str, dict[datetime, float]] = {}
    sliced = readings.annotate(slice=span.slice_of("at")).values_list("host", "slice")
    for host, at, peak in sliced.annotate(peak=Max("share")):
        slices.setdefault(host, {})[at] = peak
    found = [HostUse(host, mean, peak, minutes, slices[host]) for host, mean, peak, minutes in totals]
    return sorted(found, key=lambda use: (-use.peak, use.host))
