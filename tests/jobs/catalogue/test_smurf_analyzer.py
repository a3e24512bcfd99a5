"""smurf_analyzer on players that the simulator's world provides, worked off in this process."""

import pytest

from riotwatch_jobs import dispatch, inline, registry
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Trigger
from riotwatch_players.models import Analysis, Player, Stage

FACTORS = {
    *("win_rate", "kda", "account_level", "rank_discrepancy", "rank_progression"),
    *("win_rate_trend", "performance_consistency", "performance_trends", "role_performance"),
    *("duo_dependency", "identity_shift", "inactivity"),
}


@pytest.fixture
def met(track, run_job):
    """A tracked player and a few discovered ones with full histories and ranks."""
    track(1)
    run_job("tracked_player_updater")
    run_job("match_fetcher", discovered_per_run=4)
    return list(Player.objects.filter(ranked_games__gte=20, paused=False))


def test_everybody_with_enough_games_is_analyzed_once_and_nobody_twice(met, run_job):
    run = run_job("smurf_analyzer")
    assert (run.state, run.is_partial) == ("COMPLETED", False)
    assert run.result["analyzed"] == len(met) == Analysis.objects.count() >= 5
    assert run.api_requests_made == 0
    again = run_job("smurf_analyzer")
    assert (again.state, again.result["analyzed"]) == ("COMPLETED", 0)
    assert Analysis.objects.count() == len(met)


def test_an_analysis_says_what_was_measured_and_the_player_shows_it(met, run_job):
    run_job("smurf_analyzer")
    for analysis in Analysis.objects.select_related("player"):
        player = analysis.player
        assert {factor["name"] for factor in analysis.factors} == FACTORS
        assert analysis.summary.startswith("Why: ")
        assert (player.verdict, player.smurf_score) == (analysis.verdict, analysis.smurf_score)
        assert player.analyzed_at == analysis.analyzed_at
        if player.history_full_at and player.rank_checked_at:
            assert player.waiting_for.stage == Stage.ANALYZED
            states = {factor["name"]: factor["state"] for factor in analysis.factors}
            assert states["account_level"] == states["win_rate"] == states["rank_discrepancy"] == "ok"


def test_a_named_player_is_analyzed_whether_due_or_not_and_others_are_not(met, run_job):
    run_job("smurf_analyzer")
    ids = registry.get("smurf_analyzer").resolve_players([met[0].puuid])
    for _ in range(2):
        wanted = dispatch.Request(
            job_id="smurf_analyzer", trigger=Trigger.CLI, players=tuple(ids), scope=dispatch.scope_of(ids)
        )
        execution, _ = dispatch.request(wanted, now=database_now())
        run = inline.work_off(execution, give_up_after_s=30)
        assert run.result["analyzed"] == 1
    assert met[0].analyses.count() == 3
    assert Analysis.objects.count() == len(met) + 2
