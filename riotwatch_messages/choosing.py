"""What people choose: which targets hear of an event, from which threshold on, and who follows a subject."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction

from riotwatch_messages import events, targets
from riotwatch_messages.events import Event
from riotwatch_messages.models import EventSetting, Follow, Message


@dataclass(frozen=True)
class Choice:
    """What holds for one event now."""

    event: Event
    heard_by: frozenset[str]
    """Of the targets that are configured."""
    threshold: int | None
    """None where the event has none."""


def choices() -> list[Choice]:
    """Of every event that is not told to followers alone."""
    stored = EventSetting.objects.in_bulk()
    return [_choice(event, stored.get(event.event_id)) for event in events.EVENTS if not event.followed]


def _choice(event: Event, stored: EventSetting | None) -> Choice:
    excepted = stored.except_targets if stored else []
    threshold = event.threshold.default if event.threshold else None
    if stored and stored.threshold is not None:
        threshold = stored.threshold
    return Choice(event, frozenset(targets.configured().keys() - set(excepted)), threshold)


def choose(choice: Choice) -> EventSetting:
    """Store one. What was chosen for targets that are not configured now stays."""
    row, _ = EventSetting.objects.get_or_create(event=choice.event.event_id)
    known = targets.configured().keys()
    row.except_targets = sorted({*(set(row.except_targets) - known), *(known - choice.heard_by)})
    default = choice.event.threshold.default if choice.event.threshold else None
    row.threshold = None if choice.threshold == default else choice.threshold
    row.save()
    return row


def followers(subject: str) -> set[str]:
    """The targets, of those that are configured, that hear whatever is told of a subject."""
    following = Follow.objects.filter(subject=subject, target__in=targets.configured())
    return set(following.values_list("target", flat=True))


def follow(subject: str, names: Collection[str]) -> bool:
    """From now on these targets, of those that are configured, and no others follow it. False: they did before."""
    wanted = targets.configured().keys() & set(names)
    with transaction.atomic():
        before = followers(subject)
        Follow.objects.filter(subject=subject, target__in=before - wanted).delete()
        new = [Follow(subject=subject, target=name) for name in sorted(wanted - before)]
        Follow.objects.bulk_create(new, ignore_conflicts=True)
    return before != wanted


def pass_on(old: str, new: str) -> None:
    """Two subjects turned out to be one: who followed the old one follows the new, and its messages are about it."""
    already = Follow.objects.filter(subject=new).values("target")
    Follow.objects.filter(subject=old, target__in=already).delete()
    for rows in (Follow.objects.all(), Message.objects.all()):
        rows.filter(subject=old).update(subject=new)
