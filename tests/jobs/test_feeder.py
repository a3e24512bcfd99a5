"""The window of messages: how many, which first, which again."""

import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from rows_and_messages import dead_broker, empty_broker, frozen_after, messages_in
from toy_jobs import toy_job

from riotwatch_jobs import feeder, registry
from riotwatch_jobs.feeder import Group
from riotwatch_jobs.models import Execution, ExecutionState, ItemState, Trigger, WorkerLease, WorkItem
from riotwatch_jobs.outcomes import Done, Lane
from riotwatch_jobs.registry import registered_temporarily
from tests.players.concurrency import at_once

pytestmark = pytest.mark.usefixtures("lease")

PLAYERS = Group("players", "europe")
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _toy():
    """No budget binds, unless a test says so."""
    empty_broker()
    with registered_temporarily(toy_job({"a": Done()})), budget(None):
        yield
    empty_broker()


@pytest.fixture
def run(now):
    return Execution.objects.create(
        job_id="toy",
        trigger=Trigger.CLI,
        state=ExecutionState.IN_PROGRESS,
        timeout_s=9,
        deadline_s=99,
        queued_at=now,
        started_at=now,
        config={"apples": 3},
    )


@pytest.fixture
def items(run, now):
    """Add waiting items."""

    def add(count, *, queue="players", region="europe", **fields):
        first = WorkItem.objects.count()
        rows = [
            WorkItem(
                execution=run,
                key=f"item{first + number}",
                queue=queue,
                region=region,
                **{"available_at": now, **fields},
            )
            for number in range(count)
        ]
        return WorkItem.objects.bulk_create(rows)

    return add


@pytest.fixture
def worker(now):
    """One more process that lives."""

    def live(*queues, concurrency=1, silent_s=0):
        at = now - silent_s * SECOND
        WorkerLease.objects.create(
            host="h", pid=1, node="n", queues=list(queues), concurrency=concurrency, started_at=at, renewed_at=at
        )

    return live


@contextmanager
def budget(per_window):
    before = registry._starts_within_window
    registry.set_region_window(lambda region: per_window)
    try:
        yield
    finally:
        registry.set_region_window(before)


def still_alive(at):
    WorkerLease.objects.update(renewed_at=at)


def sent():
    return [arguments for arguments, _ in messages_in("players")]


def queued():
    return WorkItem.objects.filter(state=ItemState.QUEUED).count()


# --- How many --------------------------------------------------------------------------------------------------------


def test_the_window_is_twice_what_live_workers_of_the_queue_can_run(worker, now):
    assert feeder.window(PLAYERS, now) == 4  # the fixture's own lease has two threads
    worker("players", "matches", concurrency=16)
    worker("matches", concurrency=16)
    worker("players", concurrency=16, silent_s=31)
    assert feeder.window(PLAYERS, now) == 36


def test_the_window_is_no_more_than_the_regions_budget_can_start(worker, now):
    worker("players", concurrency=16)
    with budget(5):
        assert feeder.window(PLAYERS, now) == 5


@pytest.mark.parametrize("per_window", [0, -3, None])
def test_the_window_is_at_least_one_also_without_workers_or_budget(now, per_window):
    WorkerLease.objects.all().delete()
    with budget(per_window):
        assert feeder.window(PLAYERS, now) == 1


def test_items_of_no_region_are_bound_by_workers_only(now):
    with budget(1):
        assert feeder.window(Group("players", ""), now) == 4


def test_feeding_fills_the_window_and_no_more_until_something_ends(items, now):
    items(10)
    assert feeder.feed(now=now) == 4
    assert feeder.feed(now=now) == 0
    WorkItem.objects.filter(pk=WorkItem.objects.filter(state=ItemState.QUEUED)[0].pk).update(state=ItemState.DONE)
    assert feeder.feed(now=now) == 1
    assert queued() == 4


def test_each_queue_and_region_has_a_window_of_its_own(items, worker, now):
    worker("matches", concurrency=1)
    items(10)
    items(10, region="asia")
    items(10, queue="matches")
    assert feeder.feed(now=now) == 4 + 4 + 2


def test_what_runs_counts_as_outstanding(items, now):
    items(3, state=ItemState.RUNNING)
    items(5)
    assert feeder.feed(now=now) == 1


def test_eight_feeders_at_once_never_overfill_a_window(items, worker, now):
    worker("players", concurrency=8)
    items(100)
    assert at_once(*[lambda: feeder.feed(now=now)] * 8) == []
    while feeder.feed(now=now):
        pass
    assert queued() == feeder.window(PLAYERS, now) == 20
    pairs = [tuple(pair) for pair in sent()]
    assert len(pairs) == len(set(pairs)) == 20


def test_a_worker_that_is_frozen_while_it_feeds_keeps_others_from_feeding_for_three_seconds_only(items, now):
    items(1)
    with frozen_after('UPDATE "work_items"', lambda: feeder.feed(now=now)):
        assert feeder.feed(now=now) == 0
        time.sleep(4)
        assert feeder.feed(now=now) == 1
    assert len(sent()) == 1


# --- Which first -----------------------------------------------------------------------------------------------------


def test_who_waits_in_a_better_lane_goes_first_then_who_waits_longest(items, now):
    (discovery,) = items(1, lane=Lane.DISCOVERY, available_at=now - 60 * SECOND)
    (young,) = items(1, lane=Lane.TRACKED, available_at=now - SECOND)
    (old,) = items(1, lane=Lane.TRACKED, available_at=now - 30 * SECOND)
    (person,) = items(1, lane=Lane.INTERACTIVE)
    taken = []
    with budget(1):
        while feeder.feed(now=now):
            taken.append(WorkItem.objects.get(state=ItemState.QUEUED).pk)
            WorkItem.objects.filter(state=ItemState.QUEUED).update(state=ItemState.DONE)
    assert taken == [person.pk, old.pk, young.pk, discovery.pk]


def test_what_is_not_due_yet_waits(items, now):
    items(2, available_at=now + SECOND)
    assert feeder.feed(now=now) == 0
    assert feeder.feed(now=now + SECOND) == 2


# --- On the wire -----------------------------------------------------------------------------------------------------


def test_a_message_holds_the_items_id_and_its_delivery_and_nothing_else(items, now):
    (item,) = items(1, data={"puuid": "secret"})
    feeder.feed(now=now)
    assert messages_in("players") == [([item.pk, 1], {})]
    item.refresh_from_db()
    assert (item.state, item.delivery, item.sent_at) == (ItemState.QUEUED, 1, now)


def test_an_item_is_published_once_however_often_somebody_feeds(items, now):
    items(3)
    for _ in range(5):
        feeder.feed(now=now)
    assert len(sent()) == 3


def test_a_dead_broker_is_asked_once_not_for_every_item(items, worker, now, logged):
    worker("players", concurrency=50)
    items(60)
    with dead_broker():
        assert feeder.feed(now=now) == 0
    assert len(logged("message_not_sent")) == 1
    assert queued() == 0
    assert feeder.feed(now=now) == 60, "they wait again and go out with the next feeding"


# --- Again -----------------------------------------------------------------------------------------------------------


def test_what_nobody_claims_for_20_seconds_is_sent_again_as_the_next_delivery(items, now):
    (item,) = items(1, available_at=now - SECOND)
    feeder.feed(now=now)
    empty_broker()
    still_alive(now + 25 * SECOND)
    assert feeder.resend_unclaimed(now=now + 20 * SECOND) == 0
    assert feeder.resend_unclaimed(now=now + 21 * SECOND) == 1
    assert sent() == [[item.pk, 2]]
    assert feeder.resend_unclaimed(now=now + 21 * SECOND) == 0


def test_what_could_not_be_sent_is_sent_when_the_broker_is_back(items, now):
    items(3)
    with dead_broker():
        feeder.feed(now=now)
    assert sent() == []
    assert feeder.feed(now=now + SECOND) == 3
    assert {delivery for _, delivery in sent()} == {2}


def test_nothing_is_sent_again_where_no_worker_lives_to_claim_it(items, worker, now):
    items(1, queue="matches")
    feeder.feed(now=now)
    worker("matches", silent_s=31)
    assert feeder.resend_unclaimed(now=now + 40 * SECOND) == 0
    WorkerLease.objects.update(renewed_at=now + 35 * SECOND, queues=["matches"])
    assert feeder.resend_unclaimed(now=now + 40 * SECOND) == 1


def test_an_item_that_celery_will_redeliver_is_left_alone_until_20_seconds_after_that(items, lease, now):
    (item,) = items(1, state=ItemState.QUEUED, delivery=1, sent_at=now, available_at=now + 25 * SECOND)
    still_alive(now + 50 * SECOND)
    assert feeder.resend_unclaimed(now=now + 31 * SECOND) == 0
    assert feeder.resend_unclaimed(now=now + 45 * SECOND) == 0
    assert feeder.resend_unclaimed(now=now + 46 * SECOND) == 1
    item.refresh_from_db()
    assert item.delivery == 2


@pytest.mark.parametrize("state", [ItemState.RUNNING, ItemState.DONE, ItemState.CANCELLED, ItemState.WAITING])
def test_only_queued_items_are_sent_again(items, now, state):
    items(1, state=state, sent_at=now - 60 * SECOND, available_at=now - 60 * SECOND)
    assert feeder.resend_unclaimed(now=now) == 0


def test_several_housekeepers_send_an_unclaimed_item_once(items, now):
    items(20, state=ItemState.QUEUED, delivery=1, sent_at=now - 60 * SECOND, available_at=now - 60 * SECOND)
    assert at_once(*[lambda: feeder.resend_unclaimed(now=now)] * 4) == []
    assert sorted(delivery for _, delivery in sent()) == [2] * 20
