"""Messages from real processes: what workers tell arrives at a service, sent by housekeeping."""

import pytest
import toys_on_workers  # noqa: F401 - registers the toys in this process too
from stack import wait_until

from riotwatch_jobs import dispatch
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Execution, Trigger
from riotwatch_messages import telling
from riotwatch_messages.models import EventSetting, Message
from tests.messages.receiving import TOKEN, receiving


@pytest.fixture
def phone(stack):
    """Everybody in the stack knows the target; nothing may be logged about its address, at whatever level."""
    with receiving() as mailbox:
        dead = f"json://caller:pa55word@127.0.0.1:9/{TOKEN}"
        stack.environment |= {"NOTIFY_URLS": f"phone={mailbox.url},dead={dead}", "LOG_LEVEL": "DEBUG"}
        yield mailbox


def test_what_a_worker_tells_arrives_and_no_process_tells_the_address(stack, phone):
    EventSetting.objects.create(event="job_failed", threshold=1)
    stack.worker(include="toys_on_workers")
    stack.housekeeping()
    wanted = dispatch.Request(job_id="toy_refusing", trigger=Trigger.CLI)
    dispatch.request(wanted, now=database_now())
    wait_until(lambda: phone.received, seconds=60, what="a message")
    (arrived,) = phone.received
    assert arrived["title"] == "riotwatch: Job fails"
    assert arrived["message"].startswith("toy_refusing failed a run, now run ")
    wait_until(lambda: Message.objects.filter(target="dead").exclude(why=""), seconds=20, what="a failed attempt")
    assert Message.objects.get(target="phone").state == "sent"
    everything = stack.logs() + repr(list(Message.objects.values()))
    assert "message_sent" in everything
    for secret in ("pa55word", TOKEN):
        assert secret not in everything


def test_the_command_tells_whether_a_test_arrived_and_why_not(stack, phone):
    stack.housekeeping()
    sent = stack.manage("send_test_message", "phone")
    assert (sent.returncode, sent.stdout.strip()) == (0, "phone: sent"), sent.stderr
    assert phone.texts == ["Messages to phone arrive. manage.py send_test_message asked for this test."]
    failed = stack.manage("send_test_message")
    assert failed.returncode == 1
    assert "phone: sent" in failed.stdout
    assert "dead: A Connection error occurred" in failed.stderr
    assert TOKEN not in failed.stdout + failed.stderr
    unknown = stack.manage("send_test_message", "fax")
    assert (unknown.returncode, "NOTIFY_URLS has no fax; there are: phone, dead" in unknown.stderr) == (2, True)


def test_without_housekeeping_the_command_says_what_is_missing(stack, phone):
    waiting = stack.manage("send_test_message", "phone", "--timeout", "1")
    assert waiting.returncode == 3
    assert "does housekeeping run?" in waiting.stderr


def test_a_service_that_does_not_answer_holds_up_no_work(stack, phone, tmp_path):
    phone.answers.clear()
    stack.worker(include="toys_on_workers")
    stack.housekeeping()
    telling.test("phone", by="ann")
    tried = Message.objects.filter(tried_at__isnull=False)
    wait_until(tried.exists, seconds=30, what="a message on its way")
    overrides = {"items": 3, "marks": str(tmp_path / "marks")}
    wanted = dispatch.Request(job_id="toy_working", trigger=Trigger.CLI, overrides=overrides)
    run, _ = dispatch.request(wanted, now=database_now())  # nobody sends it but housekeeping
    wait_until(lambda: Execution.objects.get(pk=run.pk).state == "COMPLETED", seconds=40, what="the end of the run")
    assert not Message.objects.filter(state="sent").exists()
    phone.answers.set()
    Message.objects.update(next_try_at=database_now())
    wait_until(
        lambda: "Messages to phone arrive. ann asked for this test." in phone.texts, seconds=30, what="a message"
    )
