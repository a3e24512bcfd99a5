"""Whatever order messages come in, however often, and whoever dies: a run ends with the rows of an undisturbed one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rows_and_messages import empty_broker
from toy_jobs import Tally, toy_job

from riotwatch_jobs import dispatch, feeder, housekeeping, leases, runner, scheduling, slots
from riotwatch_jobs.leases import Lease
from riotwatch_jobs.models import Execution, ItemState, WorkerLease, WorkItem
from riotwatch_jobs.outcomes import Done, Target
from riotwatch_jobs.registry import registered_temporarily

pytestmark = pytest.mark.usefixtures("lease")

FIRST_SLOT = datetime(2026, 12, 5, tzinfo=UTC)
UNCLAIMED = timedelta(seconds=31)
DEATHS_SURVIVED = 3  # the first leaves an item to be run alone, and three deaths alone would quarantine it
CHILD = Target("child")
OUTCOMES = {
    "a": Done(Tally(worked=1), children=(CHILD,)),
    "b": Done(Tally(worked=1, apples=2)),
    "c": Done(Tally(apples=5)),
}
STEPS = ("deliver", "deliver an old one", "die", "freeze and thaw", "sweep", "start again", "beat again")
_number = iter(range(10**6))


class Disturber:
    """One run, and what can befall it."""

    def __init__(self, slot: datetime) -> None:
        self.plan = scheduling.Plan(job_id="toy", scope=f"schedule:{slot:%j%H%M%S}", schedule=slots.Every(60))
        self.slot = slot
        opened = [scheduling.open_slot(self.plan, slot, now=leases.database_now()) for _ in range(2)]
        assert [run is None for run in opened] == [False, True]
        self.run = opened[0]
        self.deaths = 0
        dispatch.start(self.run.pk, now=leases.database_now())

    def item(self, number: int) -> WorkItem:
        items = list(self.run.items.select_related("execution").order_by("id"))
        return items[number % len(items)]

    def step(self, kind: str, number: int) -> None:
        {
            "deliver": self.deliver,
            "deliver an old one": self.deliver_an_old_one,
            "die": self.die,
            "freeze and thaw": self.freeze_and_thaw,
            "sweep": lambda _: self.sweep(),
            "start again": lambda _: dispatch.start(self.run.pk, now=leases.database_now()),
            "beat again": lambda _: scheduling.open_slot(self.plan, self.slot, now=leases.database_now()),
        }[kind](number)

    def deliver(self, number: int) -> None:
        item = self.item(number)
        runner.run(item.pk, item.delivery)

    def deliver_an_old_one(self, number: int) -> None:
        item = self.item(number)
        runner.run(item.pk, max(0, item.delivery - 1 - number % 2))

    def begin_elsewhere(self, number: int) -> WorkItem | None:
        """Another process claims an item; its lease ends before it has recorded anything."""
        item = self.item(number)
        if self.deaths >= DEATHS_SURVIVED or item.state != ItemState.QUEUED:
            return None
        other = Lease("other", queues=[], concurrency=1)
        claimed = runner.claim(item, other)
        WorkerLease.objects.filter(pk=other.id).delete()
        self.deaths += int(claimed)
        return item if claimed else None

    def die(self, number: int) -> None:
        self.begin_elsewhere(number)

    def freeze_and_thaw(self, number: int) -> None:
        """It wakes up after its item was given to somebody else, and records what it came to."""
        item = self.begin_elsewhere(number)
        if item is not None:
            self.sweep()
            recorder = runner.ItemRecorder(item, timeout_s=5)
            runner.record(item, Done(Tally(worked=99, apples=99)), recorder, retries=0)

    def sweep(self) -> None:
        """What the housekeeping process does: it sweeps, and it feeds."""
        leases.current().renew()
        now = leases.database_now()
        housekeeping.sweep(now + UNCLAIMED, judge_leases=False)
        feeder.feed(now=now)

    def finish(self) -> Execution:
        """No more disturbances; the broker has lost every message."""
        empty_broker()
        for _ in range(8):
            self.sweep()
            for item in self.run.items.filter(state=ItemState.QUEUED):
                runner.run(item.pk, item.delivery)
        self.run.refresh_from_db()
        return self.run


@pytest.fixture(autouse=True)
def _toy():
    with registered_temporarily(toy_job(OUTCOMES)) as job:
        run = job.run
        job.run = lambda self, target, log: Done() if target.key == CHILD.key else run(self, target, log)
        yield
    empty_broker()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 7)), max_size=25))
def test_a_run_under_any_disturbances_ends_as_an_undisturbed_one(steps):
    Execution.objects.all().delete()  # one example's trouble is not to become the next one's
    disturber = Disturber(FIRST_SLOT + next(_number) * timedelta(minutes=1))
    for kind, number in steps:
        disturber.step(kind, number)
    run = disturber.finish()
    assert (run.state, run.items_done, run.items_failed, run.items_skipped) == ("COMPLETED", 4, 0, 0)
    assert run.result == {"worked": 2, "apples": 7}
    assert sorted(run.items.values_list("key", "state")) == [(key, "DONE") for key in ("a", "b", "c", "child")]
    assert Execution.objects.filter(job_id="toy", scope=run.scope).count() == 1
