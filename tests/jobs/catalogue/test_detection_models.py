"""detection_models: files with cards become rows, stored matches a baseline; a run says what it refused, and why."""

from riotwatch_jobs.models import ExecutionLog
from riotwatch_players import baselines, model_cards
from riotwatch_players.ingest import record_rank, store_match
from riotwatch_players.models import DetectionBaseline, DetectionModel, ModelOrigin, Player
from tests.players.factories import NOW, id_of, several, solo_queue, source
from tests.players.model_files import brought_in, card_text


def test_a_run_reports_what_it_found_and_why_it_refused(run_job, settings, tmp_path):
    settings.DETECTION_MODELS_DIR = tmp_path
    run_job("detection_models")
    (tmp_path / "good.json").write_text(card_text())
    (tmp_path / "bad.json").write_text(card_text(hysteresis=0))
    run = run_job("detection_models")
    assert (run.state, run.is_partial) == ("COMPLETED", False)
    assert (run.result["added"], run.result["refused"], run.result["removed"]) == (1, 1, 0)
    row = DetectionModel.objects.get(origin=ModelOrigin.FOLDER)
    messages = " ".join(ExecutionLog.objects.filter(execution=run).values_list("message", flat=True))
    assert f"model={row}" in messages
    assert "bad.json: hysteresis" in messages
    (tmp_path / "good.json").unlink()
    assert run_job("detection_models").result["removed"] == 1


def test_a_folder_that_is_not_there_fails_the_run_with_the_remedy(run_job, settings, tmp_path):
    settings.DETECTION_MODELS_DIR = tmp_path / "absent"
    run = run_job("detection_models")
    assert run.state == "FAILED"
    assert "absent cannot be listed" in str(list(run.items.values_list("reason", flat=True)))


def test_a_baseline_is_built_from_enough_matches_and_not_again_before_its_time(run_job, monkeypatch):
    monkeypatch.setattr(baselines, "LEAST_ROWS", 100)
    model_cards.activate(brought_in(), by="ann", now=NOW)
    for match in several(10):
        store_match(source(), id_of(match), match, now=NOW, discover=None)
    without_ranks = run_job("detection_models")
    assert (without_ranks.state, without_ranks.result["baselines_built"]) == ("COMPLETED", 0)
    record_rank(Player.objects.get(game_name="Ada"), [solo_queue()], now=NOW)
    assert run_job("detection_models").result["baselines_built"] == 1
    assert DetectionBaseline.objects.get().current
    assert run_job("detection_models").items.count() == 1
