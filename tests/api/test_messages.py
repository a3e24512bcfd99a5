"""Messages to people over the API: a test, what became of it, sending again."""

import pytest
from django.contrib.admin.models import LogEntry

from riotwatch_jobs.leases import database_now
from riotwatch_messages import delivery, telling
from riotwatch_messages.events import JOB_FAILED
from riotwatch_messages.models import Message
from riotwatch_messages.telling import News
from tests.api.callers import problem
from tests.messages.receiving import TOKEN, receiving


@pytest.fixture
def phone(settings):
    with receiving() as mailbox:
        settings.NOTIFY_URLS = {"phone": mailbox.url}
        yield mailbox


def deliver():
    while delivery.deliver_next(database_now):
        pass


def test_a_test_is_sent_and_looked_at(operator, viewer, phone):
    asked = operator.post("/messages/test", {"target": "phone"})
    assert (asked.status_code, asked.json()["state"]) == (202, "pending")
    deliver()
    assert phone.texts == ["Messages to phone arrive. otto (API key test) asked for this test."]
    found = viewer.get(f"/messages/{asked.json()['id']}").json()
    assert (found["state"], found["why"], found["target"]) == ("sent", "", "phone")
    assert found["sent_at"] is not None
    entry = LogEntry.objects.get(change_message="Sent a test message to phone.")
    assert entry.user.get_username() == "otto"


def test_a_target_that_is_not_there_is_named_with_those_that_are(operator, phone):
    told = problem(operator.post("/messages/test", {"target": "fax"}))
    assert (told["status"], told["errors"][0]["field"]) == (422, "target")
    assert "there are: phone" in told["detail"]
    assert not Message.objects.exists()


def test_what_failed_is_told_without_the_address_and_sent_again_once(operator, phone, settings):
    settings.NOTIFY_URLS = {"phone": f"nosuch://{TOKEN}"}
    made = operator.post("/messages/test", {"target": "phone"}).json()
    assert problem(operator.post(f"/messages/{made['id']}/retry"))["status"] == 409  # it waits
    deliver()
    found = operator.get(f"/messages/{made['id']}")
    assert found.json()["state"] == "failed"
    assert TOKEN not in found.content.decode()
    settings.NOTIFY_URLS = {"phone": phone.url}
    assert operator.post(f"/messages/{made['id']}/retry").json()["state"] == "pending"
    deliver()
    assert len(phone.texts) == 1
    assert problem(operator.post(f"/messages/{made['id']}/retry"))["status"] == 409


def test_messages_are_listed_by_what_they_are_about(viewer, phone):
    telling.tell(JOB_FAILED, [News("job:toy", "toy failed"), News("job:other", "other failed")])
    telling.test("phone", by="ann")
    for query, count in (({}, 3), ({"subject": "job:toy"}, 1), ({"event": "test"}, 1), ({"state": "sent"}, 0)):
        assert len(viewer.get("/messages", **query).json()["items"]) == count
    first = viewer.get("/messages", limit=2).json()
    second = viewer.get("/messages", limit=2, cursor=first["next_cursor"]).json()
    assert [one["event"] for one in first["items"] + second["items"]] == ["test", "job_failed", "job_failed"]
    assert problem(viewer.get("/messages", state="lost"))["status"] == 422
    assert problem(viewer.get("/messages/999999"))["status"] == 404
