"""What people are told of the system's health: once when a part was ill for a minute, once when it is well again.

What is ill is kept as rows: several housekeepers, and one that was started again, tell it once.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from riotwatch_jobs.checkups import Finding
from riotwatch_jobs.models import IllPart
from riotwatch_messages import telling
from riotwatch_messages.events import PART_ILL, Level
from riotwatch_messages.telling import News
from riotwatch_pages import times

TOLD_AFTER = timedelta(seconds=60)
"""Processes that are started again are back by then."""
TOLD_ELSEWHERE = frozenset({"Riot key", "schedules"})
"""These have events of their own."""


def note(findings: Iterable[Finding], *, now: datetime) -> None:
    """Keep what is ill, and tell what has been for long enough, or is over."""
    ill = {finding.part: finding for finding in findings if finding.ill and finding.part not in TOLD_ELSEWHERE}
    if "database" in ill:
        return  # nothing else is known of then
    known = {row.part: row for row in IllPart.objects.all()}
    new = [IllPart(part=part, noted_at=now) for part in ill.keys() - known.keys()]
    IllPart.objects.bulk_create(new, ignore_conflicts=True)
    for part, row in known.items():
        if part not in ill:
            _end(row, now=now)
        elif row.told_at is None and row.noted_at <= now - TOLD_AFTER:
            _begin(row, ill[part], now=now)


def _begin(row: IllPart, finding: Finding, *, now: datetime) -> None:
    with transaction.atomic():
        if IllPart.objects.filter(pk=row.pk, told_at=None).update(told_at=now):
            text = f"{row.part}: {finding.ill}. What helps: {finding.remedy}"
            telling.tell(PART_ILL, [News(f"part:{row.part}", text, Level.FAILURE)])


def _end(row: IllPart, *, now: datetime) -> None:
    with transaction.atomic():
        deleted, _ = IllPart.objects.filter(pk=row.pk).delete()
        if deleted and row.told_at:
            text = f"{row.part} is well again, after {times.span((now - row.noted_at).total_seconds())}"
            telling.tell(PART_ILL, [News(f"part:{row.part}", text, Level.SUCCESS)])
