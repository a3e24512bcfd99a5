"""Delivering messages: grouped, limited per target, tried again, and given up with a reason.

What is due is claimed in a short transaction (the next try is moved ahead), sent outside of it, and recorded on the
claim: after a crash in between it is tried again. One process claims at a time, so the limits hold among several.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Min

from riotwatch_messages import events, sending, targets
from riotwatch_messages.models import Message, MessageQuerySet, MessageState
from riotwatch_messages.sending import NotSent

GROUPED_FOR = timedelta(minutes=1)
"""After one of an event was sent to a target, those that follow wait so long for each other."""
LIMIT_SPAN = timedelta(minutes=10)
MOST_IN_SPAN = 20
"""So many a target is sent in the span; the others wait, and so become fewer."""
MOST_IN_ONE = 1_000
CHARACTERS_IN_ONE = 1_800
"""What the strictest of the usual services takes."""
HELD_FOR = timedelta(minutes=3)
"""Longer than Apprise takes at most."""
TRIED_AGAIN_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 20, 60, 180))
KEPT = timedelta(days=30)
CLAIM_LOCK = 0x52570002

log = structlog.stdlib.get_logger(__name__)

Group = tuple[str, str, str]
"""Target, event and level: what can be sent as one."""


@dataclass(frozen=True)
class Post:
    """Messages that are sent as one, claimed at an instant."""

    target: str
    event: str
    level: str
    at: datetime
    messages: Sequence[Message]

    @property
    def title(self) -> str:
        """What happened, and how often."""
        name = "riotwatch demo" if settings.DEMO else "riotwatch"
        count = f" ({len(self.messages)})" if len(self.messages) > 1 else ""
        return f"{name}: {events.title_of(self.event, self.level)}{count}"

    @property
    def body(self) -> str:
        """As many as fit, in the order in which they happened."""
        lines: list[str] = []
        room = CHARACTERS_IN_ONE
        for message in self.messages:
            room -= len(message.text) + 1
            if lines and room < 0:
                break
            lines.append(message.text)
        if more := len(self.messages) - len(lines):
            lines.append(f"… and {more} more: see Messages in the admin.")
        return "\n".join(lines)


def deliver_next(clock: Callable[[], datetime]) -> bool:
    """Send what may be sent first, as one; False where nothing may be sent now."""
    post = claim(clock())
    if post is None:
        return False
    failure = _send(post)
    record(post, failure, now=clock())
    return True


def claim(now: datetime) -> Post | None:
    """Take the oldest group that may be sent; None where there is none, or somebody else is claiming."""
    with transaction.atomic():
        if not _locked():
            return None
        group = next(_sendable(now), None)
        if group is None:
            return None
        target, event, level = group
        due = _due(now).filter(target=target, event=event, level=level).order_by("id")
        messages = list(due.select_for_update()[:MOST_IN_ONE])
        claimed = Message.objects.filter(pk__in=[message.pk for message in messages])
        claimed.update(attempts=F("attempts") + 1, tried_at=now, next_try_at=now + HELD_FOR)
        return Post(target, event, level, now, messages)


def _locked() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [CLAIM_LOCK])
        return bool(cursor.fetchone()[0])


def _due(now: datetime) -> MessageQuerySet:
    return Message.objects.pending().filter(next_try_at__lte=now)


def _sendable(now: datetime) -> Iterator[Group]:
    """The groups that are due and that neither wait for more of their kind nor for their target, oldest first."""
    tried = Message.objects.filter(tried_at__gt=now - LIMIT_SPAN).order_by()
    posts = list(tried.values_list("target", "event", "level", "tried_at").distinct())
    waiting = {post[:3] for post in posts if post[3] and post[3] > now - GROUPED_FOR}
    full = {name for name in {post[0] for post in posts} if sum(post[0] == name for post in posts) >= MOST_IN_SPAN}
    groups = _due(now).order_by().values_list("target", "event", "level").annotate(first=Min("id")).order_by("first")
    for target, event, level, _ in groups:
        at_once = event in events.BY_ID and events.BY_ID[event].at_once
        if target not in full and (at_once or (target, event, level) not in waiting):
            yield target, event, level


def _send(post: Post) -> NotSent | None:
    target = targets.configured().get(post.target)
    if target is None:
        return NotSent("NOTIFY_URLS has no target of this name", for_good=True)
    try:
        sending.send(target, title=post.title, body=post.body, level=post.level)
    except NotSent as failure:
        return failure
    return None


def record(post: Post, failure: NotSent | None, *, now: datetime) -> None:
    """Note what became of a post, unless its claim has run out and others have tried since."""
    ours = Message.objects.pending().filter(pk__in=[message.pk for message in post.messages], tried_at=post.at)
    if failure is None:
        ours.update(state=MessageState.SENT, sent_at=now, why="")
        log.info("message_sent", target=post.target, about=post.event, count=len(post.messages))
        return
    last = 0 if failure.for_good else len(TRIED_AGAIN_AFTER)
    ours.filter(attempts__gt=last).update(state=MessageState.FAILED, why=str(failure))
    for attempts, pause in enumerate(TRIED_AGAIN_AFTER, start=1):
        ours.filter(attempts=attempts).update(next_try_at=now + pause, why=str(failure))
    log.warning("message_not_sent", target=post.target, about=post.event, why=str(failure))


def prune(now: datetime) -> int:
    """Delete what was told long ago; what still waits stays."""
    deleted, _ = Message.objects.filter(created_at__lt=now - KEPT).exclude(state=MessageState.PENDING).delete()
    return deleted
