"""detection_models: files with cards become rows; what is wrong with others stands in the run's log."""

from riotwatch_jobs.models import ExecutionLog
from riotwatch_players.models import DetectionModel, ModelOrigin
from tests.players.model_files import card_text


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
