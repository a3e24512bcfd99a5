"""How messages are grouped, limited, tried again and given up; and that no address is told to anybody."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection

from riotwatch_messages import delivery, telling
from riotwatch_messages.events import ACCOUNT_FLAGGED, ACCOUNT_UNAVAILABLE, Level
from riotwatch_messages.models import Message
from riotwatch_messages.sending import without_address
from riotwatch_messages.telling import News
from tests.messages.receiving import TOKEN

pytestmark = pytest.mark.django_db


def flag(*names: str, event=ACCOUNT_FLAGGED, level=Level.WARNING) -> None:
    telling.tell(event, [News(f"player:{name}", f"{name}: likely smurf", level) for name in names])


def states(target: str = "phone") -> list[str]:
    return list(Message.objects.filter(target=target).order_by("id").values_list("state", flat=True))


def test_a_message_arrives_at_once_with_its_event_as_title(deliver, phone, team):
    flag("Ada")
    assert deliver() == 2
    (arrived,) = phone.received
    assert (arrived["title"], arrived["message"]) == ("riotwatch: Account worth a look", "Ada: likely smurf")
    assert arrived["type"] == "warning"
    assert arrived["path"].strip("/") == TOKEN
    assert team.texts == phone.texts
    assert states() == ["sent"]
    assert Message.objects.exclude(sent_at=None).count() == 2
    assert deliver() == 0


def test_of_one_event_those_of_a_minute_become_one(deliver, phone, let_pass):
    flag("Ada")
    deliver()
    flag("Bela")
    flag("Cleo")
    assert deliver() == 0
    let_pass(seconds=61)
    deliver()
    assert phone.titles == ["riotwatch: Account worth a look", "riotwatch: Account worth a look (2)"]
    assert phone.texts[1] == "Bela: likely smurf\nCleo: likely smurf"
    assert states() == ["sent"] * 3


def test_other_events_do_not_wait_for_it_and_good_news_are_not_mixed_with_bad(deliver, phone):
    flag("Ada")
    flag("Ada", event=ACCOUNT_UNAVAILABLE)
    flag("Bela", event=ACCOUNT_UNAVAILABLE, level=Level.SUCCESS)
    deliver()
    assert sorted((one["type"], one["title"].removeprefix("riotwatch: ")) for one in phone.received) == [
        ("success", "Account resolves again"),
        ("warning", "Account unavailable"),
        ("warning", "Account worth a look"),
    ]


def test_what_does_not_fit_into_one_is_counted(deliver, phone):
    flag(*[f"Player number {number:03}" for number in range(300)])
    deliver()
    (text,) = phone.texts
    assert len(text) < 2_000
    shown = text.count("likely smurf")
    assert text.splitlines()[-1] == f"… and {300 - shown} more: see Messages in the admin."
    assert states() == ["sent"] * 300


def test_a_target_takes_twenty_in_ten_minutes_and_the_rest_waits(deliver, phone, let_pass, targets):
    for _ in range(25):
        telling.test("phone", by="ann")
        deliver()
    assert len(phone.received) == 20
    assert states() == ["sent"] * 20 + ["pending"] * 5
    flag("Ada")
    assert deliver() == 1  # the other target is not held up
    let_pass(minutes=10, seconds=1)
    deliver()
    assert phone.titles[20:] == ["riotwatch: Test message (5)", "riotwatch: Account worth a look"]


def test_what_is_not_taken_is_tried_again_and_given_up_with_the_reason(deliver, phone, let_pass):
    phone.status = 503
    telling.test("phone", by="ann")
    for attempts, minutes in enumerate((1, 5, 20, 60, 180), start=1):
        assert deliver() == 1
        message = Message.objects.get()
        assert (message.state, message.attempts) == ("pending", attempts)
        assert "error=503" in message.why
        let_pass(minutes=minutes, seconds=-5)
        assert deliver() == 0
        let_pass(seconds=6)
    deliver()
    assert states() == ["failed"]
    let_pass(days=1)
    assert deliver() == 0
    phone.status = 200
    assert Message.objects.send_again() == 1
    deliver()
    assert states() == ["sent"]
    assert Message.objects.get().why == ""
    assert len(phone.received) == 1


def test_a_service_that_is_back_takes_what_waited_for_it(deliver, phone, let_pass):
    phone.status = 500
    flag("Ada")
    deliver()
    phone.status = 200
    let_pass(minutes=2)
    deliver()
    assert phone.texts == ["Ada: likely smurf"]
    assert states() == ["sent"]


def test_one_target_that_is_down_does_not_hold_the_other_up(deliver, team, settings):
    settings.NOTIFY_URLS |= {"phone": "json://127.0.0.1:9/"}
    flag("Ada")
    deliver()
    assert team.texts == ["Ada: likely smurf"]
    assert (states("phone"), states("team")) == (["pending"], ["sent"])


@pytest.mark.parametrize("url", ["json://", "nosuch://secret-topic", "slack://secret"])
def test_an_address_that_apprise_cannot_read_fails_at_once_and_says_where_to_look(deliver, settings, url):
    settings.NOTIFY_URLS = {"phone": url}
    telling.test("phone", by="ann")
    deliver()
    assert states() == ["failed"]
    assert Message.objects.get().why == "Apprise cannot read the address of this target: see NOTIFY_URLS"


def test_a_target_that_was_taken_away_is_told_as_that(deliver, settings):
    flag("Ada")
    settings.NOTIFY_URLS = {}
    deliver()
    assert set(Message.objects.values_list("state", "why")) == {("failed", "NOTIFY_URLS has no target of this name")}


def test_a_row_of_another_release_holds_nothing_up(deliver, phone):
    Message.objects.create(event="of_tomorrow", level="purple", text="What is this?", target="phone")
    flag("Ada")
    deliver()
    assert phone.texts == ["Ada: likely smurf"]
    assert Message.objects.get(level="purple").why == "json: ValueError"


def test_after_a_crash_in_the_middle_it_is_sent_again(deliver, phone, let_pass):
    telling.test("phone", by="ann")
    assert delivery.claim(datetime.now(UTC)) is not None
    assert deliver() == 0
    let_pass(minutes=3, seconds=1)
    deliver()
    assert states() == ["sent"]


def test_a_process_that_comes_back_late_does_not_overwrite_what_others_recorded(deliver, let_pass):
    telling.test("phone", by="ann")
    late = delivery.claim(datetime.now(UTC))
    let_pass(minutes=4)
    deliver()
    assert late is not None
    delivery.record(late, delivery.NotSent("too late"), now=datetime.now(UTC))
    assert states() == ["sent"]


@pytest.mark.django_db(transaction=True)
def test_several_processes_send_each_message_once(deliver, phone):
    for number in range(40):
        flag(f"Player {number}", event=ACCOUNT_FLAGGED if number % 2 else ACCOUNT_UNAVAILABLE)

    def work() -> None:
        deliver()
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    deliver()
    assert states() == ["sent"] * 40
    assert len(phone.received) == 2
    assert sum(text.count("likely smurf") for text in phone.texts) == 40


def test_no_address_gets_into_rows(deliver, phone, settings):
    settings.NOTIFY_URLS |= {"dead": f"json://caller:pa55word@127.0.0.1:9/{TOKEN}"}
    phone.status = 401
    flag("Ada")
    deliver()
    rows = repr(list(Message.objects.values()))
    assert "A Connection error occurred" in rows
    for secret in ("pa55word", TOKEN, str(phone.port)):
        assert secret not in rows + repr(delivery.targets.configured())


def test_what_a_service_says_is_told_without_the_pieces_of_its_address():
    url = "mailto://ann:pa%2Fss:word@mail.example.org/T0k3n?to=bob@example.org"
    said = "Failed to send to bob@example.org via mail.example.org\nlogin ann / pa/ss:word refused, T0k3n, a mail"
    assert without_address(said, url) == "Failed to send to …@… via …; login … / …:… refused, …, a mail"


def test_what_is_old_is_deleted_and_what_waits_stays(deliver, phone, let_pass):
    telling.test("phone", by="ann")
    deliver()
    telling.test("team", by="ann")
    let_pass(days=31)
    assert delivery.prune(datetime.now(UTC)) == 1
    assert list(Message.objects.values_list("target", flat=True)) == ["team"]
