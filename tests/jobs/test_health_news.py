"""What people are told of the system's health."""

from datetime import timedelta

import pytest

from riotwatch_jobs import health_news, leases
from riotwatch_jobs.checkups import Finding
from riotwatch_jobs.models import IllPart
from riotwatch_messages.models import Message

pytestmark = pytest.mark.django_db

BROKER = Finding("broker", "it does not answer", remedy="start Redis")
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _phone(settings):
    settings.NOTIFY_URLS = {"phone": "json://127.0.0.1:9/"}


@pytest.fixture
def look():
    """What a housekeeper notes so many seconds after the beginning."""
    began_at = leases.database_now()

    def note(after_s, *ill):
        health_news.note([Finding("disk"), *ill], now=began_at + after_s * SECOND)
        return list(Message.objects.order_by("id").values_list("level", "text"))

    return note


def test_what_is_ill_for_a_minute_is_told_once_and_told_when_it_is_well_again(look):
    assert look(0, BROKER) == []
    assert look(59, BROKER) == []
    ill = ("failure", "broker: it does not answer. What helps: start Redis")
    assert look(60, BROKER) == [ill]
    assert look(300, BROKER) == [ill]
    assert look(365) == [ill, ("success", "broker is well again, after 6 min 5 s")]
    assert look(400)[2:] == []
    assert not IllPart.objects.exists()


def test_what_is_soon_well_again_is_not_told(look):
    look(0, BROKER)
    look(30)
    assert look(70, BROKER) == []


def test_what_has_events_of_its_own_is_not_told_twice(look):
    own = [Finding("Riot key", "refused"), Finding("schedules", "slots were missed")]
    look(0, *own)
    assert look(61, *own) == []


def test_while_the_database_is_gone_nothing_counts_as_well(look):
    look(0, BROKER)
    look(60, BROKER)
    gone = Finding("database", "it does not answer")
    assert len(look(70, gone)) == 1
    assert IllPart.objects.get().part == "broker"
