"""detection_models: files with cards become rows, stored matches a baseline; a run says what it refused, and why."""

from riotwatch_jobs.models import ExecutionLog
from riotwatch_players import baselines, model_cards, models_in_use
from riotwatch_players.ingest import store_match
from riotwatch_players.models import DetectionBaseline, DetectionModel, ModelOrigin, Player
from riotwatch_players.standings import record_rank
from tests.players.factories import NOW, id_of, known, several, solo_queue, source
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
    store(10)
    without_ranks = run_job("detection_models")
    assert (without_ranks.state, without_ranks.result["baselines_built"]) == ("COMPLETED", 0)
    record_rank(Player.objects.get(game_name="Ada"), [solo_queue()], now=NOW)
    assert run_job("detection_models").items.count() == 1
    store(10, first=11)
    assert run_job("detection_models").result["baselines_built"] == 1
    assert DetectionBaseline.objects.get().current
    assert run_job("detection_models").items.count() == 1


def test_usual_ranks_are_counted_in_the_bands_of_the_active_model_not_in_those_of_the_last_baseline(
    run_job, monkeypatch
):
    monkeypatch.setattr(baselines, "LEAST_ROWS", 100)
    monkeypatch.setattr(models_in_use, "REREAD_EVERY_S", 0)
    usual_before = [{"below": 40, "mean": 1.0, "sd": 2.0}, {"below": 75, "mean": 2.0, "sd": 2.0}]
    usual = [{"below": 50, "mean": 3.0, "sd": 1.0}, {"below": 75, "mean": 4.0, "sd": 1.0}]
    model_cards.activate(brought_in("1.0.0", level_bands=usual_before), by="ann", now=NOW)
    store(10)
    for number in range(80):
        one = known(f"L{number}", summoner_level=45)
        record_rank(one, [solo_queue("IRON" if number % 2 else "DIAMOND")], now=NOW)
    record_rank(Player.objects.get(game_name="Ada"), [solo_queue()], now=NOW)
    run_job("detection_models")
    young, older = DetectionBaseline.objects.get(current=True).level_bands
    assert young == usual_before[0]  # nobody is that young: the model's own stays
    assert older["below"] == 75
    model_cards.activate(brought_in("1.0.1", level_bands=usual), by="ann", now=NOW)
    store(10, first=11)
    assert run_job("detection_models").result["baselines_built"] == 1
    young, older = DetectionBaseline.objects.get(current=True).level_bands
    assert (young["below"], young["sd"] > 2.5) == (50, True)
    assert older == usual[1]


def store(count, *, first=1):
    for match in several(count, first=first):
        store_match(source(), id_of(match), match, now=NOW, discover=None)
