"""Messages that do not arrive are told by job_health; the dead man's switch and the other targets tell it on."""

from datetime import UTC, datetime

import pytest

from riotwatch import health_checks
from riotwatch_messages import telling
from riotwatch_messages.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def ill(targets):
    """What is ill about messages."""

    def found() -> dict[str, str]:
        findings = {one.part: one for one in health_checks.messages(datetime.now(UTC))}
        assert set(findings) == {"messages to phone", "messages to team"}
        return {part: one.ill for part, one in findings.items() if one.ill}

    return found


def test_a_target_where_nothing_arrives_is_ill_from_the_second_attempt_until_something_does(
    ill, deliver, phone, let_pass
):
    phone.status = 500
    telling.test("phone", by="ann")
    assert ill() == {}
    deliver()
    assert ill() == {}
    let_pass(minutes=2)
    deliver()
    assert list(ill()) == ["messages to phone"]
    assert ill()["messages to phone"].startswith("they do not arrive: Failed to send JSON")
    phone.status = 200
    let_pass(minutes=6)
    deliver()
    assert ill() == {}


def test_another_message_whose_first_attempt_fails_too_does_not_make_a_target_well(ill, deliver, phone, let_pass):
    phone.status = 500
    telling.test("phone", by="ann")
    deliver()
    let_pass(minutes=2)
    deliver()
    before = ill()
    telling.test("phone", by="ben")
    deliver()
    assert Message.objects.order_by("-tried_at").first().attempts == 1
    assert ill() == before != {}


def test_an_address_that_cannot_be_read_is_ill_at_once(ill, deliver, settings):
    settings.NOTIFY_URLS |= {"phone": "nosuch://secret"}
    telling.test("phone", by="ann")
    deliver()
    told = "they do not arrive: Apprise cannot read the address of this target: see NOTIFY_URLS"
    assert ill() == {"messages to phone": told}


def test_messages_that_nobody_sends_are_ill(ill, let_pass):
    telling.test("phone", by="ann")
    let_pass(minutes=29)
    assert ill() == {}
    let_pass(minutes=2)
    assert ill() == {"messages to phone": "they do not arrive: nobody has sent them for half an hour"}


def test_without_targets_nothing_is_said(settings):
    settings.NOTIFY_URLS = {}
    Message.objects.create(event="test", level="info", text="old", target="phone", state="failed", why="refused")
    assert list(health_checks.messages(datetime.now(UTC))) == []
