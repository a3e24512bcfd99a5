"""player_analyzer against the simulator over HTTP: three phases over a few discovered players."""

import pytest
from django.db import connection

from riotwatch_jobs import registry
from riotwatch_jobs.jobs.player_analyzer import Phase
from riotwatch_players.models import Analysis, BanCheck, Match, Player

PER_RUN = 3


@pytest.fixture
def discovered(track, run_job):
    """A tracked player and whom its newest matches made known."""
    track(1)
    run_job("tracked_player_updater", max_new_matches_per_player=5)
    players = Player.objects.discovered()
    assert players.count() > PER_RUN
    return players


def analyze(run_job, **settings):
    return run_job("player_analyzer", **{"unanalyzed_players_per_run": PER_RUN, **settings})


def phases(run):
    return [run.items.filter(phase=phase).count() for phase in Phase]


def test_a_run_takes_discovered_players_from_no_history_to_a_verdict_and_a_check(discovered, run_job):
    stored = Match.objects.count()
    run = analyze(run_job, min_smurf_score=0)
    judged = discovered.filter(analyzed_at__isnull=False)
    assert (run.state, run.is_partial, run.phase) == ("COMPLETED", False, Phase.CHECK)
    assert phases(run) == [PER_RUN, judged.count(), BanCheck.objects.count()]
    assert run.result == {
        "players": PER_RUN,
        "matches_fetched": Match.objects.count() - stored,
        "analyzed": judged.count(),
        "flagged": judged.flagged().count(),
        "ban_checked": judged.filter(smurf_score__isnull=False).count(),
    }
    assert run.result["matches_fetched"] > 20
    assert run.result["ban_checked"] > 0
    assert run.api_requests_made > run.result["matches_fetched"]
    assert discovered.filter(history_full_at__isnull=False).count() == PER_RUN


def test_the_next_run_goes_on_with_others_and_nobody_is_done_twice(discovered, run_job):
    seen = [{item.data["history"] for item in analyze(run_job).items.filter(phase=0)} for _ in range(2)]
    assert not seen[0] & seen[1]
    assert set(Analysis.objects.values_list("player", flat=True)) <= seen[0] | seen[1]


def test_a_player_whose_history_is_full_already_is_analyzed_without_another_request(discovered, run_job):
    run_job("match_fetcher", discovered_per_run=1)
    full = discovered.get(history_full_at__isnull=False)
    Player.objects.filter(pk=full.pk).update(times_met=1000)
    run = analyze(run_job, unanalyzed_players_per_run=1)
    assert (run.result["players"], run.result["matches_fetched"], run.result["analyzed"]) == (1, 0, 1)
    assert run.items.get(phase=0).api_requests_made == 0
    assert full.analyses.count() == 1


def test_a_long_wait_for_budget_ends_the_phase_and_the_next_one_starts(riot, discovered, run_job):
    stored = Match.objects.count()
    riot.control("limits", application="120:36000")
    run = analyze(run_job, min_smurf_score=0)
    assert (run.state, run.phase) == ("COMPLETED", Phase.CHECK)
    assert run.items.filter(phase=Phase.FETCH, state="SKIPPED").count() >= 1
    assert 0 < run.result["matches_fetched"] == Match.objects.count() - stored
    enough = discovered.filter(ranked_games__gte=20, pk__in=[i.data["history"] for i in run.items.filter(phase=0)])
    assert run.result["analyzed"] == enough.count() >= 1
    checks = run.items.filter(phase=Phase.CHECK)
    assert checks.count() >= 1
    assert set(checks.values_list("state", flat=True)) == {"SKIPPED"}
    assert not riot.control("state")["refused"]


def test_one_players_error_fails_one_item_and_the_run_goes_on(discovered, run_job):
    foreign = discovered.awaiting_history()[0]
    Player.objects.filter(pk=foreign.pk).update(puuid="of-another-application")
    run = analyze(run_job)
    assert (run.state, run.is_partial, run.items_failed) == ("COMPLETED", True, 1)
    assert run.result["players"] == PER_RUN - 1
    assert run.result["analyzed"] >= 1


@pytest.fixture
def no_analysis_can_be_stored(discovered):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE player_analysis ADD CONSTRAINT broken CHECK (false) NOT VALID")
        yield
        cursor.execute("ALTER TABLE player_analysis DROP CONSTRAINT broken")


@pytest.mark.usefixtures("no_analysis_can_be_stored")
def test_a_database_error_is_rolled_back_and_fails_the_run(discovered, run_job):
    run = analyze(run_job, min_smurf_score=0)
    assert (run.state, run.phase) == ("FAILED", Phase.ANALYZE)
    assert run.reason.startswith("database: ")
    assert "broken" in run.reason
    assert not discovered.filter(analyzed_at__isnull=False).exists()
    assert run.result["matches_fetched"] > 0


def test_it_is_switched_off_unless_somebody_enables_it():
    job = registry.get("player_analyzer")
    assert not job.enabled_by_default
