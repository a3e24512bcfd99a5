"""`manage.py analyze_histories`: lines in, lines out, no database."""

import json

import pytest
from django.core.management import CommandError, call_command

from riotwatch_players.detection.cards import hash_of, sealed, shipped_card
from riotwatch_players.detection.signal_names import EVERY_FACTOR
from tests.players.detection.invented import record
from tests.players.detection.making_cards import document


def test_every_history_becomes_a_line_in_the_same_order(tmp_path, capsys):
    histories = [record(40, seed=1), {"id": "nothing known"}, record(10, seed=2), record(60, seed=3)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(one) + "\n" for one in histories))
    call_command("analyze_histories", str(tmp_path / "in.jsonl"), str(tmp_path / "out.jsonl"))
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [line["id"] for line in lines] == [one["id"] for one in histories]
    assert [line["verdict"] == "insufficient_data" for line in lines] == [False, True, True, False]
    for line in lines:
        assert set(line["factors"]) == set(EVERY_FACTOR)
        assert line["model_version"] == shipped_card().version_hash
        known = line["verdict"] != "insufficient_data"
        assert all(
            (line[name] is not None) == known for name in ("smurf_score", "boosted_score", "smurf_p", "boosted_p")
        )
    assert "4 histories judged" in capsys.readouterr().out


@pytest.mark.parametrize("line", ["[1]", "{", "12"])
def test_a_line_that_is_no_history_is_named(tmp_path, line):
    (tmp_path / "in.jsonl").write_text(json.dumps(record(20)) + "\n" + line + "\n")
    with pytest.raises(CommandError, match="Line 2 is no JSON object"):
        call_command("analyze_histories", str(tmp_path / "in.jsonl"), str(tmp_path / "out.jsonl"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CommandError, match="absent") as refused:
        call_command("analyze_histories", str(tmp_path / "absent.jsonl"), str(tmp_path / "out.jsonl"))
    assert refused.value.returncode == 2


def test_another_card_judges_and_what_is_no_card_is_refused(tmp_path):
    (tmp_path / "in.jsonl").write_text(json.dumps(record(40)) + "\n")
    (tmp_path / "made.json").write_text(sealed(document()))
    wanted = [str(tmp_path / name) for name in ("in.jsonl", "out.jsonl")]
    call_command("analyze_histories", *wanted, model=tmp_path / "made.json")
    assert json.loads((tmp_path / "out.jsonl").read_text())["model_version"] == f"made-1.2.3+{hash_of(document())[:8]}"
    (tmp_path / "made.json").write_text("{}")
    with pytest.raises(CommandError, match=r"made\.json: sha256") as refused:
        call_command("analyze_histories", *wanted, model=tmp_path / "made.json")
    assert refused.value.returncode == 2
