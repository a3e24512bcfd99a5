"""Five disturbances on real servers leave the same rows as an undisturbed run."""

import random
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import toys_on_workers  # noqa: F401 - registers the toys in this process too
from django.core.management import call_command
from django.db import connections
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from stack import wait_until

from riotwatch_jobs import dispatch, messages, scheduling, slots
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Execution, JobConfiguration, Trigger, WorkItem
from riotwatch_players import tracking
from riotwatch_players.models import BacklogMatch, Participant, Player, RankSnapshot
from riotwatch_players.simulator.app import Options
from riotwatch_players.simulator.ids import DEMO_KEY
from riotwatch_players.simulator.limits import parse_rates
from riotwatch_players.simulator.server import serve
from riotwatch_players.simulator.world import World

JOBS = ("tracked_player_updater", "match_fetcher")
Rows = dict[str, list[object]]


@pytest.fixture(scope="module")
def still_riot() -> Iterator[object]:
    """A world in which nobody plays on, so that every run of a test meets the same facts."""
    world = World("disturbed", began_at_s=int(time.time()), people=100, history_days=25, speed=1e-9)
    # Slow enough for a run to be disturbed half-way.
    options = Options(application_rates=parse_rates("100000:10"), latency_s=0.04)
    with serve(world, options=options) as simulator:
        yield simulator


@pytest.fixture
def riot(still_riot, settings):
    settings.RIOT_API_URL = still_riot.url
    settings.RIOT_API_KEY = DEMO_KEY
    return still_riot


@pytest.fixture
def workers(stack, riot, busiest):
    """Two workers, housekeeping, three tracked players; histories of discovered people are left out."""
    JobConfiguration.objects.filter(job_id="match_fetcher").update(config={"discovered_per_run": 0})
    track(busiest(3))
    stack.worker("left", concurrency=4)
    stack.worker("right", concurrency=4)
    stack.housekeeping()
    return stack


def track(riot_ids: list[tuple[str, str]]) -> None:
    for riot_id, platform in riot_ids:
        player = tracking.add_player(riot_id, platform=platform, now=timezone.now())
        tracking.track(player, now=timezone.now())


def final_rows() -> Rows:
    """What riotwatch knows afterwards, without the times at which it learned it."""
    return {
        "backlog": sorted(BacklogMatch.objects.values_list("match_id", "state", "lane")),
        "participants": sorted(
            Participant.objects.values_list("match__match_id", "position", "player__puuid", "champion_id", "win")
        ),
        "ranks": sorted(
            RankSnapshot.objects.values_list("player__puuid", "queue", "tier", "league_points", "wins", "losses")
        ),
        "players": sorted(
            Player.objects.values_list("puuid", "game_name", "tracked", "ranked_games", "times_met", "listed_depth")
        ),
        "discovered": sorted(Player.objects.discovered().values_list("puuid", flat=True)),
    }


def ask(job_id: str) -> Execution:
    return dispatch.request(dispatch.Request(job_id=job_id, trigger=Trigger.CLI), now=database_now())[0]


def finish(run: Execution, *, seconds: float = 150) -> None:
    def ended() -> bool:
        run.refresh_from_db()
        return not run.is_open

    wait_until(ended, seconds=seconds, what=f"the end of {run}")
    assert (run.state, run.items_failed) == ("COMPLETED", 0), run.reason


def both_jobs(disturb: Callable[[], None] = lambda: None) -> Rows:
    finish(ask(JOBS[0]))
    run = ask(JOBS[1])
    wait_until(
        lambda: run.items.filter(state="DONE").count() >= 3 or not is_open(run), seconds=60, what="a run half-way"
    )
    assert is_open(run), "the run was over before it could be disturbed"
    disturb()
    finish(run)
    return final_rows()


def differences(rows: Rows, expected: Rows) -> dict[str, tuple[list[object], list[object]]]:
    """Per kind of row what is too much and what is missing: readable where a plain comparison is not."""
    found = {}
    for kind, values in rows.items():
        surplus, missing = set(values) - set(expected[kind]), set(expected[kind]) - set(values)
        if surplus or missing or len(values) != len(expected[kind]):
            found[kind] = (sorted(surplus, key=repr)[:5], sorted(missing, key=repr)[:5])
    return found


def is_open(run: Execution) -> bool:
    return Execution.objects.open().filter(pk=run.pk).exists()


_undisturbed: dict[str, Rows] = {}


@pytest.fixture
def undisturbed(workers, busiest) -> Rows:
    """The rows of a run that nobody disturbed, made once."""
    if not _undisturbed:
        _undisturbed["rows"] = both_jobs()
        call_command("flush", interactive=False, verbosity=0)
        scheduling.sync_schedules()
        PeriodicTask.objects.update(enabled=False)
        JobConfiguration.objects.filter(job_id="match_fetcher").update(config={"discovered_per_run": 0})
        track(busiest(3))
        wait_for_leases()
    return _undisturbed["rows"]


def wait_for_leases() -> None:
    """The flush took the workers' leases as well: they take new ones at their next renewal."""
    from riotwatch_jobs.models import WorkerLease

    wait_until(lambda: WorkerLease.objects.count() >= 2, seconds=20, what="new leases")


def test_duplicated_messages_change_nothing(undisturbed):
    def publish_everything_again() -> None:
        for item in WorkItem.objects.exclude(state="WAITING")[:100]:
            for delivery in {item.delivery, max(item.delivery - 1, 0)}:
                messages.send_item(item.pk, delivery, queue=item.queue)
        for run in Execution.objects.all():
            messages.send_dispatch(run.pk)

    assert not differences(both_jobs(publish_everything_again), undisturbed)


def test_a_killed_worker_changes_nothing(undisturbed, workers):
    assert not differences(both_jobs(lambda: workers.kill("left")), undisturbed)


def test_an_emptied_broker_changes_nothing(undisturbed, broker):
    assert not differences(both_jobs(broker.flushdb), undisturbed)


def test_two_beats_change_nothing(undisturbed, workers):
    for job_id in JOBS:
        row = PeriodicTask.objects.get(name=job_id)
        scheduling.set_schedule(row, slots.Every(4))
        row.enabled = True
        row.save()
    workers.beat("one")
    workers.beat("two")
    wait_until(settled, seconds=150, what="an empty backlog and several runs of both jobs")
    assert not differences(final_rows(), undisturbed)
    slots_opened = list(Execution.objects.exclude(slot=None).values_list("job_id", "scope", "slot"))
    assert len(slots_opened) == len(set(slots_opened)) >= 4


def settled() -> bool:
    drained = not BacklogMatch.objects.filter(state="pending").exists()
    done = [Execution.objects.filter(job_id=job_id, state="COMPLETED").count() for job_id in JOBS]
    return drained and min(done) >= 2


def test_workers_that_finish_a_runs_last_items_together_close_it_once(stack, tmp_path):
    marks = tmp_path / "marks"
    marks.touch()
    stack.worker("left", concurrency=8, include="toys_on_workers")
    stack.worker("right", concurrency=8, include="toys_on_workers")
    overrides = {"marks": str(marks), "items": 16}
    for _ in range(12):
        wanted = dispatch.Request(job_id="toy_working", trigger=Trigger.CLI, overrides=overrides)
        run, _created = dispatch.request(wanted, now=database_now())
        finish(run, seconds=60)
        assert run.result == {"worked": 16}


def test_a_storm_of_random_messages_changes_nothing(undisturbed, workers, broker):
    """Duplicated, reordered and dropped messages while a worker dies and the broker is emptied once."""
    dice = random.Random(7)
    stop = threading.Event()

    def storm() -> None:
        while not stop.wait(0.05):
            for item_id, delivery, queue in WorkItem.objects.values_list("pk", "delivery", "queue").order_by("?")[:5]:
                messages.send_item(item_id, max(0, delivery - dice.randint(0, 1)), queue=queue)
        connections.close_all()

    thread = threading.Thread(target=storm)
    thread.start()
    try:

        def disturb() -> None:
            broker.flushdb()
            workers.kill("right")
            workers.worker("again", concurrency=4)

        rows = both_jobs(disturb)
    finally:
        stop.set()
        thread.join()
    assert not differences(rows, undisturbed)
