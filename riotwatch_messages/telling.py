"""Telling people what happened: a row per target, written in the transaction of what it tells.

So nothing is told that did not happen, and nothing that happened is lost; housekeeping sends the rows (`delivery`).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models.functions import Now

from riotwatch_messages import events, targets
from riotwatch_messages.events import Event, Level
from riotwatch_messages.models import SUBJECT_MAX, TEXT_MAX, EventSetting, Follow, Message


@dataclass(frozen=True)
class News:
    """One thing that happened, in a sentence or two that need nothing around them."""

    subject: str
    """What it is about, such as `player:12`; who follows that hears of it."""
    text: str
    level: Level = Level.WARNING


def somebody_listens() -> bool:
    """Whether there is any target: without one nobody need find out what to tell."""
    return bool(targets.configured())


def tell(event: Event, news: Sequence[News]) -> int:
    """Write the messages. Call it in the transaction of what happened; returns how many were written."""
    if not news or not somebody_listens():
        return 0
    everybody, followers = _general(event), _followers({one.subject for one in news})
    rows = [_message(event, one, target) for one in news for target in sorted(everybody | followers[one.subject])]
    return len(Message.objects.bulk_create(rows))


def _message(event: Event, news: News, target: str) -> Message:
    subject, text = news.subject[:SUBJECT_MAX], _shortened(news.text)
    return Message(event=event.event_id, level=news.level, subject=subject, text=text, target=target)


def test(target: str, *, by: str) -> Message:
    """A message that says nothing but that messages arrive."""
    text = f"Messages to {target} arrive. {by} asked for this test."
    return Message.objects.create(event=events.TEST.event_id, level=Level.INFO, text=text, target=target)


def threshold(event: Event) -> int:
    """From which number on the event is told."""
    if event.threshold is None:
        raise ValueError(f"{event.event_id} has no threshold")
    stored = EventSetting.objects.filter(pk=event.event_id).values_list("threshold", flat=True).first()
    return event.threshold.default if stored is None else stored


def was_told(event: Event, subject: str, *, within: timedelta) -> bool:
    """Whether anybody was told the same of this subject a short while ago."""
    return Message.objects.filter(event=event.event_id, subject=subject, created_at__gt=Now() - within).exists()


def _general(event: Event) -> set[str]:
    if event.followed:
        return set()
    excepted = EventSetting.objects.filter(pk=event.event_id).values_list("except_targets", flat=True).first()
    return targets.configured().keys() - set(excepted or ())


def _followers(subjects: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    following = Follow.objects.filter(subject__in=subjects, target__in=targets.configured())
    for subject, target in following.values_list("subject", "target"):
        found[subject].add(target)
    return found


def _shortened(text: str) -> str:
    """In one line: a message may become one of a list."""
    line = " ".join(text.split())
    return line if len(line) <= TEXT_MAX else f"{line[: TEXT_MAX - 1]}…"
