"""The readings of the budget: one a minute and host, pruned, and what they come to over a span."""

from datetime import UTC, datetime, timedelta

import pytest
from freezegun import freeze_time

from riotwatch_messages.models import EventSetting, Message
from riotwatch_players import budget_history, gateway
from riotwatch_players.models import BudgetReading
from riotwatch_players.riot.limiter import Grant, Lane, Scope
from riotwatch_players.slices import Span

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
NOW = datetime(2026, 3, 28, 12, 20, tzinfo=UTC)
HEADERS = {"X-App-Rate-Limit": "20:1,100:120", "X-App-Rate-Limit-Count": "1:1,1:120"}


@pytest.fixture
def key(settings, request):
    """A budget that no other test uses."""
    settings.RIOT_API_KEY = f"RGAPI-of-{request.node.name}"


def ask(host):
    limiter, scope = gateway.limiter(), Scope(host, "match-v5.match")
    grant = limiter.acquire(scope, Lane.TRACKED)
    assert isinstance(grant, Grant)
    limiter.complete(grant, status=200, headers=HEADERS)


@pytest.mark.usefixtures("key")
def test_what_is_taken_of_each_host_is_noted_once_a_minute():
    with freeze_time(NOW):
        assert budget_history.take_reading() == 0
        ask("europe")
        assert budget_history.take_reading() == 1
        assert budget_history.take_reading() == 0
    reading = BudgetReading.objects.get()
    assert (reading.host, reading.at, reading.used, reading.possible, reading.blocked) == ("europe", NOW, 1, 100, False)
    ask("kr")
    with freeze_time(NOW + timedelta(seconds=61)):
        assert budget_history.take_reading() == 2


@pytest.mark.usefixtures("key")
def test_people_are_told_when_a_budget_is_used_up_and_again_only_after_an_hour_below(settings):
    settings.NOTIFY_URLS = {"phone": "json://127.0.0.1:9/"}
    EventSetting.objects.create(event="budget_used", threshold=1)
    for minutes, told in ((0, 1), (1, 1), (50, 1), (109, 1), (170, 2)):
        with freeze_time(NOW + timedelta(minutes=minutes)):
            ask("europe")
            assert budget_history.take_reading() == 1
        assert Message.objects.count() == told
    text = Message.objects.earliest("id").text
    assert text.startswith("europe: 1 of 100 requests of the longest window are used (1 %). Jobs wait")


@pytest.mark.usefixtures("key")
def test_a_budget_with_room_left_is_not_told(settings):
    settings.NOTIFY_URLS = {"phone": "json://127.0.0.1:9/"}
    with freeze_time(NOW):
        ask("europe")
        budget_history.take_reading()
    assert not Message.objects.exists()


@pytest.mark.usefixtures("key")
def test_readings_are_kept_for_a_week_and_a_day():
    old = BudgetReading(host="kr", at=NOW - timedelta(days=8, minutes=1), used=1, possible=9, blocked=False)
    young = BudgetReading(host="kr", at=NOW - timedelta(days=7, hours=23), used=1, possible=9, blocked=False)
    BudgetReading.objects.bulk_create([old, young])
    with freeze_time(NOW):
        budget_history.take_reading()
    assert list(BudgetReading.objects.filter(host="kr", at__lt=NOW)) == [young]


def test_a_span_tells_mean_peak_and_what_was_blocked_of_each_host_the_busiest_first():
    def reading(host, minutes_ago, used, *, blocked=False):
        at = NOW - timedelta(minutes=minutes_ago)
        return BudgetReading(host=host, at=at, used=used, possible=100, blocked=blocked)

    BudgetReading.objects.bulk_create(
        [
            *(reading("kr", 5, 10), reading("europe", 5, 90, blocked=True)),
            *(reading("europe", 10, 30), reading("europe", 90, 60), reading("europe", 5 * 60, 100)),
        ]
    )
    span = Span.up_to(NOW, length=3 * HOUR, slice=HOUR)
    europe, kr = budget_history.of_hosts(span)
    assert (kr.host, kr.mean, kr.peak, kr.minutes_blocked) == ("kr", 0.1, 0.1, 0)
    assert (europe.host, round(europe.mean, 3), europe.peak, europe.minutes_blocked) == ("europe", 0.6, 0.9, 1)
    noon = NOW.replace(minute=0)
    assert europe.slices == {noon: 0.9, noon - 2 * HOUR: 0.6}


def test_the_slices_of_a_span_stay_where_they_are_while_it_moves_on():
    early, late = (Span.up_to(NOW + timedelta(minutes=minutes), length=2 * HOUR, slice=HOUR) for minutes in (0, 39))
    assert early == late
    assert early.starts == [NOW.replace(hour=11, minute=0), NOW.replace(minute=0)]
    assert Span.up_to(NOW + timedelta(minutes=40), length=2 * HOUR, slice=HOUR).starts[-1] == NOW.replace(
        hour=13, minute=0
    )
