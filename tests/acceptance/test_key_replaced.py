"""The key dies while workers fetch, and a new one is pasted in: nothing is lost, no run is burnt, nothing restarts."""

import subprocess
import sys

import requests
from django.utils import timezone
from stack import ROOT, wait_until

from riotwatch_jobs import dispatch
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Execution, Trigger, WorkItem
from riotwatch_players import tracking
from riotwatch_players.models import BacklogMatch, KeyOutage, Match
from riotwatch_players.simulator.ids import DEMO_KEY

NEW_KEY = "RGAPI-00000000-0000-4000-8000-000000005555"


def ask(job_id: str, **overrides: int) -> Execution:
    wanted = dispatch.Request(job_id=job_id, trigger=Trigger.CLI, overrides=overrides)
    return dispatch.request(wanted, now=database_now())[0]


def ended(run: Execution) -> bool:
    run.refresh_from_db()
    return not run.is_open


def set_riot_key(stack, key: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "set_riot_key"],
        cwd=ROOT,
        env=stack.environment,
        input=key + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_key_replaced_in_the_middle_of_a_run_loses_nothing_and_burns_no_run(stack, riot, busiest):
    for riot_id, platform in busiest(4):
        tracking.track(tracking.add_player(riot_id, platform=platform, now=timezone.now()), now=timezone.now())
    stack.worker("left", concurrency=4)
    stack.worker("right", concurrency=4)
    stack.housekeeping()
    updated = ask("tracked_player_updater", max_new_matches_per_player=1)
    wait_until(lambda: ended(updated), seconds=60, what="the update")

    run = ask("match_fetcher", discovered_per_run=0)
    wait_until(lambda: Match.objects.count() > 20, seconds=30, what="a run half-way")
    control(riot, key=DEMO_KEY, expired=401)
    wait_until(lambda: KeyOutage.objects.filter(since__isnull=False), seconds=20, what="the outage")
    wait_until(lambda: not run.items.filter(state="RUNNING").exists(), seconds=20, what="items that wait")
    assert not ended(run)
    assert BacklogMatch.objects.filter(state="pending").exists()

    control(riot, key=NEW_KEY, application="demo")
    stored = set_riot_key(stack, NEW_KEY)
    assert (stored.returncode, "…5555" in stored.stdout) == (0, True), stored.stderr
    wait_until(lambda: ended(run), seconds=60, what="the end of the run")

    assert (run.state, run.items_failed, run.items_skipped) == ("COMPLETED", 0, 0), run.reason
    assert not WorkItem.objects.filter(attempts__gt=0).exists()
    assert not Execution.objects.exclude(state="COMPLETED").exists()
    assert not BacklogMatch.objects.filter(state="pending").exists()
    fetches = requests.get(f"{riot.control}/matches", timeout=10).json()
    assert max(fetches.values()) == 1
    logs = "".join(path.read_text() for path in stack.log_folder.glob("*.log"))
    assert NEW_KEY not in logs + stored.stdout + stored.stderr
    assert DEMO_KEY not in logs


def control(riot, **values: object) -> None:
    requests.post(f"{riot.control}/keys", json=values, timeout=10).raise_for_status()
