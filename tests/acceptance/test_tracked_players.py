"""The main job as its user runs it: manage.py, four worker processes, a server with a production key's limits."""

import collections

import pytest
import requests
from django.db.models import Count

from riotwatch_players.models import BacklogMatch, Match, Player, RankSnapshot


def test_all_jobs_end_0_with_four_workers_and_the_server_counts_no_429(stack, riot, busiest):
    for number in range(4):
        stack.worker(f"worker{number}", concurrency=16)
    stack.housekeeping()
    for riot_id, platform in busiest(8):
        tracked = stack.manage("track_player", riot_id, "--platform", platform)
        assert tracked.returncode == 0, tracked.stderr
    for job in ("tracked_player_updater", "match_fetcher", "smurf_analyzer", "player_analyzer", "ban_checker"):
        ended = stack.manage("trigger_job", job, "--wait", "--timeout", "300", timeout_s=320)
        assert ended.returncode == 0, f"{job}: {ended.stdout}{ended.stderr}"

    state = requests.get(f"{riot.control}/state", timeout=10).json()
    assert not state["refused"]
    fetches = requests.get(f"{riot.control}/matches", timeout=10).json()
    assert max(fetches.values()) == 1
    settled = collections.Counter(BacklogMatch.objects.values_list("state", flat=True))
    assert settled["pending"] == 0
    assert Match.objects.count() == settled["fetched"] > 300
    for player in Player.objects.tracked():
        listed = ranked_matches_of(riot, player)
        known = set(BacklogMatch.objects.filter(match_id__in=listed).values_list("match_id", flat=True))
        assert known == set(listed)
    judged = Player.objects.filter(analyzed_at__isnull=False)
    assert judged.count() > 20
    assert not Player.objects.active().filter(ranked_games__gte=20, analyzed_at=None).exists()
    for player in judged.flagged():
        assert player.analyses.get().summary.startswith("Why: ")
        assert player.ban_checks.filter(result="resolves").exists()
    twice = RankSnapshot.objects.values("player", "queue").annotate(rows=Count("id")).filter(rows__gt=1)
    assert not twice.exists()


def ranked_matches_of(riot, player):
    """The newest ranked games that the server listed when the test began."""
    person = next(p for p in riot.world.people if p.riot_id == player.riot_id)
    began_at_ms = riot.world.began_at_s * 1000
    games = [match for match in riot.world.account(person).history if match.queue.number == 420]
    games = sorted((match for match in games if match.end_ms < began_at_ms), key=lambda match: match.start_ms)
    return [match.id for match in games[-190:]]  # a few more were played while the test ran


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("trigger_job", "no_such_job"), 2, "there is no job"),
        (("trigger_job", "match_fetcher", "--set", "discovered_per_run=many"), 2, "discovered_per_run"),
        (("trigger_job", "match_fetcher", "--wait"), 4, "--inline"),
        (("track_player", "nobody", "--platform", "euw1"), 2, "Name#TAG"),
        (("track_player", "No One#EUW", "--platform", "euw9"), 2, "euw1"),
    ],
)
def test_the_command_line_says_what_is_wrong_and_what_to_do(stack, riot, arguments, code, words):
    finished = stack.manage(*arguments)
    assert finished.returncode == code
    assert words in finished.stderr
    assert "Traceback" not in finished.stderr
