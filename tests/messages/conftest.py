"""Two people who are told things, each at a service of this machine."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F

from riotwatch_messages import delivery
from riotwatch_messages.models import Message
from tests.messages.receiving import Mailbox, receiving


@pytest.fixture
def phone() -> Iterator[Mailbox]:
    with receiving() as mailbox:
        yield mailbox


@pytest.fixture
def team() -> Iterator[Mailbox]:
    with receiving() as mailbox:
        yield mailbox


@pytest.fixture
def targets(phone: Mailbox, team: Mailbox, settings) -> None:
    settings.NOTIFY_URLS = {"phone": phone.url, "team": team.url}


@pytest.fixture
def deliver(targets: None) -> Callable[..., int]:
    """Send whatever may be sent; returns how many posts that were."""

    def all_that_is_due() -> int:
        count = 0
        while delivery.deliver_next(lambda: datetime.now(UTC)):
            count += 1
        return count

    return all_that_is_due


@pytest.fixture
def let_pass() -> Callable[..., None]:
    """As if that much time had passed."""

    def passed(**span: float) -> None:
        length = timedelta(**span)
        times = ("created_at", "next_try_at", "tried_at", "sent_at")
        Message.objects.update(**{name: F(name) - length for name in times})

    return passed
