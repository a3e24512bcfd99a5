"""F27: Riot answers 429, 5xx, half an answer, none at all, or garbage; it refuses the key."""

import time

import pytest
import requests
from crew import ill, wait_for_end
from invariants import seconds_until
from stack import wait_until

from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import ItemState, WorkItem
from riotwatch_players.models import BacklogMatch, KeyOutage, Match, Player
from riotwatch_players.simulator.ids import DEMO_KEY

LIMITED = [
    {"kind": "application", "endpoint": "account-v1.by-puuid", "retry_after_s": 2},
    {"kind": "unlabelled", "endpoint": "account-v1.by-puuid"},
    {"kind": "service", "endpoint": "league-v4.entries-by-puuid"},
    {"kind": "method", "endpoint": "league-v4.entries-by-puuid", "retry_after_s": 2},
    {"kind": "server", "endpoint": "match-v5.ids", "retry_after_s": 1},
    {"kind": "application", "endpoint": "match-v5.ids"},
    {"kind": "method", "endpoint": "match-v5.match"},
    {"kind": "unlabelled", "endpoint": "match-v5.match", "retry_after_s": 1},
    {"kind": "service", "endpoint": "match-v5.match", "retry_after_s": 1},
]
BROKEN = [
    {"kind": "status", "status": 503},
    {"kind": "hang", "hang_s": 60},
    {"kind": "drop"},
    {"kind": "garbage"},
]
"""One fewer than the attempts of an item: whichever items they strike, none of them fails."""


class Riot:
    """The simulated Riot as a test disturbs it."""

    def __init__(self, rig):
        self.base = rig.simulator.control
        world = rig.simulator.world
        people = [one for one in world.people if one.vanished_at_s is None]
        self.people = sorted(people, key=lambda person: -len(world.account(person).history))

    def post(self, what, values):
        requests.post(f"{self.base}/{what}", json=values, timeout=10).raise_for_status()

    def state(self):
        return requests.get(f"{self.base}/state", timeout=10).json()

    def most_fetched(self):
        return max(requests.get(f"{self.base}/matches", timeout=10).json().values())

    def accept_key(self):
        self.post("keys", {"key": DEMO_KEY, "application": "demo"})

    def restore(self):
        requests.delete(f"{self.base}/faults", timeout=10).raise_for_status()
        self.accept_key()


@pytest.fixture
def riot(rig):
    riot = Riot(rig)
    riot.post("reset", {})
    yield riot
    riot.restore()
    KeyOutage.objects.update(since=None, kind="", why="", next_probe_at=None)


@pytest.fixture
def track(crew, riot, tmp_path):
    """Track so many more people, those with most games first."""

    def add(count):
        tracked = {player.riot_id for player in Player.objects.tracked()}
        chosen = [person for person in riot.people if person.riot_id not in tracked][:count]
        lines = [f"{person.riot_id},{person.platform}" for person in chosen]
        file = tmp_path / "players.csv"
        file.write_text("\n".join(["riot_id,platform", *lines]))
        told = crew.stack.manage("import_players", str(file))
        assert told.returncode == 0, told.stdout + told.stderr

    return add


def pending():
    return BacklogMatch.objects.filter(state="pending").count()


def test_f27_answers_that_are_429s_5xxs_late_broken_off_or_garbage(riot, track, ask, measured):
    track(6)
    riot.post("faults", [{**fault, "count": 1} for fault in LIMITED + BROKEN])
    updated = ask("tracked_player_updater", max_new_matches_per_player=1)
    wait_for_end(updated, seconds=150)
    fetched = ask("match_fetcher", discovered_per_run=0)
    wait_for_end(fetched, seconds=150)
    for run in (updated, fetched):
        assert (run.state, run.is_partial, run.items_failed) == ("COMPLETED", False, 0), run.reason
    state = riot.state()
    assert state["armed_faults"] == [], "something was not struck"
    assert state["refused"] == {}, "the budget was overrun"
    assert pending() == 0
    assert not WorkItem.objects.filter(execution__in=ask.runs, state=ItemState.DONE, attempts__gt=len(BROKEN)).exists()
    measured("F27", runs=ask.runs, note=f"{len(LIMITED)} 429s and {len(BROKEN)} broken answers within two runs")


def lines_of(rig, event):
    logs = [path.read_text().splitlines() for path in rig.folder.glob("*.log")]
    return sum(event in line for lines in logs for line in lines)


@pytest.mark.slow_fault
def test_f27_a_key_that_is_refused_in_the_middle_of_a_run(crew, riot, track, ask, measured):
    track(4)
    wait_for_end(ask("tracked_player_updater", max_new_matches_per_player=1), seconds=60)
    stored, alarms = Match.objects.count(), lines_of(crew, "riot_key_refused")
    run = ask("match_fetcher", discovered_per_run=0)
    wait_until(lambda: Match.objects.count() > stored + 5, seconds=30, what="a run half-way")
    riot.post("keys", {"key": DEMO_KEY, "expired": 401})
    wait_until(KeyOutage.objects.filter(since__isnull=False).exists, seconds=20, what="the outage")
    wait_until(lambda: not run.items.filter(state=ItemState.RUNNING).exists(), seconds=30, what="items that wait")
    asked = riot.state()["requests"]
    told = ill(crew.stack)["Riot key"]
    assert (bool(told["since"]), "set_riot_key" in told["remedy"]) == (True, True)
    skipped = ask("ban_checker")
    wait_for_end(skipped, seconds=30)
    assert (skipped.state, "set_riot_key" in skipped.reason) == ("SKIPPED", True)
    time.sleep(5)
    assert riot.state()["requests"] - asked <= 1, "a refused key is tried once a minute"
    assert pending() > 0
    riot.accept_key()
    accepted_at = database_now()
    wait_for_end(run, seconds=120)
    assert (run.state, run.items_failed, run.items_skipped) == ("COMPLETED", 0, 0), run.reason
    assert not run.items.filter(attempts__gt=0).exists()
    assert (pending(), riot.state()["refused"], riot.most_fetched()) == (0, {}, 1)
    assert lines_of(crew, "riot_key_refused") == alarms + 1
    assert "Riot key" not in ill(crew.stack)
    took = seconds_until("run", [run.pk], "COMPLETED", accepted_at)
    measured("F27", runs=ask.runs, seconds=took, note="from a key that is accepted again to the end of its run")
