"""How messages get through to each target."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Max, Min, OuterRef, Q, Subquery

from riotwatch_messages import targets
from riotwatch_messages.models import Message, MessageState
from riotwatch_messages.targets import Target

SPAN = timedelta(hours=24)
OVERDUE_AFTER = timedelta(minutes=30)
"""Longer than messages wait for each other, and for their target's limit."""
ATTEMPTS_BEFORE_TOLD = 2


@dataclass(frozen=True)
class Arrivals:
    """One target, and what became of its messages in the last 24 hours."""

    target: Target
    waiting: int = 0
    sent: int = 0
    failed: int = 0
    last_sent: datetime | None = None
    newest: Message | None = None
    """The last that was tried: what it met tells how things are now."""

    @property
    def trouble(self) -> str:
        """Why the newest one did not arrive; empty where it did."""
        return self.newest.why if self.newest else ""


def of_targets(now: datetime) -> list[Arrivals]:
    """Every target that is configured."""
    counts, newest = _counts(now), _newest()
    return [
        Arrivals(target, **counts.get(name, {}), newest=newest.get(name))
        for name, target in targets.configured().items()
    ]


def _counts(now: datetime) -> Mapping[str, dict[str, Any]]:
    recent = Message.objects.filter(Q(created_at__gt=now - SPAN) | Q(state=MessageState.PENDING)).order_by()
    rows: Iterable[Any] = recent.values("target").annotate(
        waiting=Count("pk", filter=Q(state=MessageState.PENDING)),
        sent=Count("pk", filter=Q(state=MessageState.SENT)),
        failed=Count("pk", filter=Q(state=MessageState.FAILED)),
        last_sent=Max("sent_at"),
    )
    return {row.pop("target"): row for row in rows}


def _newest() -> dict[str, Message]:
    tried = Message.objects.filter(tried_at__isnull=False, target__in=targets.configured())
    return {message.target: message for message in tried.order_by("target", "-tried_at").distinct("target")}


def trouble_of_targets(now: datetime) -> dict[str, tuple[str, datetime | None]]:
    """Of every target why messages do not arrive there, and since when; "" and None where they do."""
    newest, failing, overdue = _newest(), _failing(), _overdue(now)
    return {name: _trouble(newest.get(name), failing.get(name), overdue.get(name)) for name in targets.configured()}


def _trouble(newest: Message | None, failing: datetime | None, overdue: datetime | None) -> tuple[str, datetime | None]:
    if overdue is not None:
        return "nobody has sent them for half an hour", overdue
    return (newest.why, failing) if newest and newest.why and failing else ("", None)


def _failing() -> dict[str, datetime]:
    """Since when none has got through to a target: those that were given up, or tried more than once since."""
    sent = Message.objects.filter(target=OuterRef("target"), sent_at__isnull=False).order_by("-sent_at")
    tried = Message.objects.exclude(why="").alias(last_sent=Subquery(sent.values("sent_at")[:1]))
    since = tried.filter(Q(last_sent=None) | Q(tried_at__gt=F("last_sent")))
    settled = since.filter(Q(state=MessageState.FAILED) | Q(attempts__gte=ATTEMPTS_BEFORE_TOLD)).order_by()
    rows: Iterable[tuple[str, datetime]] = settled.values_list("target").annotate(since=Min("created_at"))
    return dict(rows)


def _overdue(now: datetime) -> dict[str, datetime]:
    """Since when the longest overdue message of a target has been due."""
    late = Message.objects.pending().filter(next_try_at__lt=now - OVERDUE_AFTER).order_by()
    rows: Iterable[tuple[str, datetime]] = late.values_list("target").annotate(since=Min("next_try_at"))
    return dict(rows)
