"""smurf_analyzer on players that the simulator's world provides, worked off in this process."""

import pytest
from django.utils import timezone

from riotwatch_jobs import dispatch, inline, registry
from riotwatch_jobs.jobs import smurf_analyzer
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Trigger
from riotwatch_players import model_cards, models_in_use
from riotwatch_players.models import Analysis, DetectionModel, ModelState, Player, ShadowJudgement, Stage
from tests.players.model_files import brought_in

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


def test_the_active_model_judges_and_a_swap_has_everybody_judged_again_beside_its_shadow(met, run_job):
    run_job("detection_models")
    shipped = DetectionModel.objects.get(state=ModelState.ACTIVE)
    other = brought_in()
    model_cards.cast_shadow(other, by="ann", now=timezone.now())
    models_in_use.forget()
    assert run_job("smurf_analyzer").result["analyzed"] == len(met)
    assert set(Analysis.objects.values_list("model_version", flat=True)) == {str(shipped)}
    assert ShadowJudgement.objects.filter(model=other).count() == len(met)
    model_cards.activate(other, by="ann", now=timezone.now())
    models_in_use.forget()
    assert run_job("smurf_analyzer").result["analyzed"] == len(met)
    newest = Analysis.objects.order_by("player", "-analyzed_at").distinct("player")
    assert {one.model_version for one in newest} == {str(other)}
    assert run_job("smurf_analyzer").result["analyzed"] == 0


def test_who_is_new_is_worked_on_before_those_whom_a_new_model_makes_due(met, run_job, monkeypatch):
    monkeypatch.setattr(smurf_analyzer, "BATCH", 1)
    run_job("smurf_analyzer")
    new, news = met[-1], met[-2]
    Player.objects.filter(pk=new.pk).update(analyzed_at=None)
    Player.objects.filter(pk=news.pk).update(ranked_games=news.ranked_games + 5)
    model_cards.activate(brought_in(), by="ann", now=timezone.now())
    models_in_use.forget()
    run = run_job("smurf_analyzer")
    assert run.result["analyzed"] == len(met)
    by_age = Analysis.objects.order_by("-pk")[: len(met)][::-1]
    assert [one.player_id for one in by_age[:2]] == [new.pk, news.pk]


def test_an_active_model_that_cannot_be_used_fails_the_run_with_the_remedy_and_stops_nobody_else(met, run_job):
    row = brought_in()
    model_cards.activate(row, by="ann", now=timezone.now())
    DetectionModel.objects.filter(pk=row.pk).update(document="{}")
    models_in_use.forget()
    run = run_job("smurf_analyzer")
    assert run.state == "FAILED"
    assert "Activate another one" in run.reason + run.traceback
    assert not Analysis.objects.exists()
    assert run_job("match_fetcher").state == "COMPLETED"
