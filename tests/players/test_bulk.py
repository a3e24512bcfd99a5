"""Adding many players: what lines may look like, a result for each, and where the asking ends."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from riotwatch_players import bulk, gateway
from riotwatch_players.bulk import Outcome, read_lines
from riotwatch_players.models import Player, Source
from riotwatch_players.riot.client import RiotClient
from riotwatch_players.riot.errors import BudgetWait


def add(text, *, track=True, patience_s=None):
    results = bulk.add_players(
        read_lines(text, platform="euw1"), track=track, clock=timezone.now, patience_s=patience_s
    )
    return list(results)


def outcomes(results):
    return [one.outcome for one in results]


# --- Lines -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "riot_id", "platform"),
    [
        ("Faker#KR1", "Faker#KR1", "euw1"),
        ("  Faker#KR1  ", "Faker#KR1", "euw1"),
        ("Hide on bush#KR1", "Hide on bush#KR1", "euw1"),
        ("Hide on bush#KR1 KR", "Hide on bush#KR1", "kr"),
        ("Faker#KR1,kr", "Faker#KR1", "kr"),
        ("Faker#KR1; kr", "Faker#KR1", "kr"),
        ("Faker#KR1\tkr", "Faker#KR1", "kr"),
        ('"Hide on bush#KR1", "kr"', "Hide on bush#KR1", "kr"),
        ("Faker#KR1,", "Faker#KR1", "euw1"),
    ],
)
def test_a_line_names_a_player_and_perhaps_a_platform(text, riot_id, platform):
    (line,) = read_lines(text, platform="euw1")
    assert (line.riot_id, line.platform, line.problem) == (riot_id, platform, "")


def test_blank_lines_and_a_heading_are_passed_over_and_the_numbers_stay_those_of_the_text():
    lines = read_lines("riot_id,platform\n\nFaker#KR1,kr\n\nAda#EUW\n", platform="euw1")
    assert [(line.number, line.riot_id, line.platform) for line in lines] == [
        (3, "Faker#KR1", "kr"),
        (5, "Ada#EUW", "euw1"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [("Faker", "write Name#TAG"), ("Faker#KR1 mars1", "unknown platform 'mars1'"), ("#KR1", "write Name#TAG")],
)
def test_a_line_that_names_nobody_says_what_is_wrong_with_it(text, said):
    (line,) = read_lines(text, platform="euw1")
    assert said in line.problem


# --- Asking ----------------------------------------------------------------------------------------------------------


def test_each_line_has_a_result_and_only_what_failed_stays(riot):
    results = add(f"{riot[0]}\nNobody Ever#0000\nno hash sign\n{riot[1]}\n{riot[0].upper()}")
    assert outcomes(results) == [
        Outcome.TRACKED,
        Outcome.NOT_FOUND,
        Outcome.BAD_LINE,
        Outcome.TRACKED,
        Outcome.REPEATED,
    ]
    assert bulk.retained(results) == "Nobody Ever#0000\nno hash sign"
    assert set(Player.objects.tracked()) == {results[0].player, results[3].player}
    assert outcomes(add(riot[0])) == [Outcome.ALREADY_TRACKED]


def test_players_may_be_added_without_being_tracked(riot):
    assert outcomes(add(riot[0], track=False)) == [Outcome.ADDED]
    assert outcomes(add(riot[0], track=False)) == [Outcome.KNOWN]
    assert not Player.objects.tracked().exists()


def test_at_the_limit_the_rest_is_not_tried_and_stays(riot, settings):
    settings.MAX_TRACKED_PLAYERS = 1
    results = add("\n".join(riot[:4]))
    assert outcomes(results) == [Outcome.TRACKED, Outcome.OVER_LIMIT, Outcome.NOT_TRIED, Outcome.NOT_TRIED]
    assert all("untrack one, or raise it" in one.detail for one in results[1:])
    assert bulk.retained(results) == "\n".join(riot[1:4])
    assert Player.objects.count() == 2
    assert [one.change for one in results] == ["tracked", "added", "", ""]
    assert [one.change for one in add("\n".join(riot[:2]))] == ["", ""]


def test_a_refused_key_ends_the_asking_and_nothing_is_lost(riot, settings):
    settings.RIOT_API_KEY = "RGAPI-unknown-and-refused"
    results = add(f"{riot[0]}\n{riot[1]}")
    assert outcomes(results) == [Outcome.NOT_TRIED, Outcome.NOT_TRIED]
    assert "set_riot_key" in results[1].detail
    assert "RGAPI" not in results[0].detail


def test_a_riot_that_does_not_answer_is_not_asked_for_every_line(settings, transactional_db):
    settings.RIOT_API_URL = "http://127.0.0.1:9/{host}"
    results = add("\n".join(f"P{number}#EUW" for number in range(5)))
    assert outcomes(results) == [Outcome.TROUBLE] * 3 + [Outcome.NOT_TRIED] * 2


def test_without_time_nothing_is_asked_and_everything_stays(riot):
    results = add(f"{riot[0]}\n{riot[1]}", patience_s=0)
    assert outcomes(results) == [Outcome.NOT_TRIED] * 2
    assert not Player.objects.exists()


def test_a_short_wait_for_the_budget_is_waited_for_and_a_long_one_ends_the_asking(riot, monkeypatch):
    ask, waits = RiotClient.account_by_riot_id, iter([0.01, None, 60.0])

    def with_budget(self, *arguments, **named):
        if seconds := next(waits):
            raise BudgetWait(endpoint="account-v1", host="europe", seconds=seconds)
        return ask(self, *arguments, **named)

    monkeypatch.setattr(RiotClient, "account_by_riot_id", with_budget)
    results = add("\n".join(riot[:3]), patience_s=30)
    assert outcomes(results) == [Outcome.TRACKED, Outcome.NOT_TRIED, Outcome.NOT_TRIED]
    assert "60 s" in results[1].detail


# --- The command -----------------------------------------------------------------------------------------------------


def run(*arguments):
    """Exit code, output and message of `import_players`."""
    out = io.StringIO()
    try:
        call_command("import_players", *arguments, stdout=out)
    except CommandError as ended:
        return ended.returncode, out.getvalue(), str(ended)
    return 0, out.getvalue(), ""


@pytest.fixture
def file(tmp_path):
    def write(*lines):
        path = tmp_path / "players.csv"
        path.write_text("\n".join(lines))
        return str(path)

    return write


def test_a_file_is_imported_and_told_line_by_line(riot, file):
    code, out, _ = run(file(riot[0], f"{riot[1]},euw1"))
    assert code == 0
    assert f"line 1: {riot[0]}: now tracked" in out
    assert out.endswith("2 now tracked\n")
    assert Player.objects.tracked().count() == 2


def test_json_holds_every_line_and_a_partial_import_ends_with_5(riot, file):
    code, out, summary = run(file(riot[0], "Nobody Ever#0000"), "--no-track", "--json")
    assert (code, summary) == (5, "1 added, 1 not found")
    first, second = json.loads(out)
    assert (first["outcome"], first["riot_id"], first["platform"]) == ("added", riot[0], "euw1")
    assert (second["line"], second["outcome"], second["riot_id"]) == (2, "not_found", None)


def test_nothing_but_bad_lines_ends_with_2_and_a_riot_that_does_not_answer_with_1(settings, transactional_db, file):
    settings.RIOT_API_URL = "http://127.0.0.1:9/{host}"
    assert run(file("no hash sign"))[0] == 2
    assert run(file("Ada#EUW"))[0] == 1


@pytest.mark.parametrize("options", [["--platform", "mars1"], []])
def test_a_bad_platform_and_a_file_without_a_line_end_with_2(db, file, options):
    code, _, message = run(file("riot_id,platform"), *options)
    assert code == 2
    assert "mars1" in message or "Name#TAG" in message


def test_a_file_that_is_not_there_ends_with_2_and_a_database_of_another_riot_with_4(riot, file, tmp_path):
    assert run(str(tmp_path / "absent"))[0] == 2
    Source.objects.all().delete()
    Source.objects.create(api_url="https://{host}.api.riotgames.com")
    code, _, message = run(file(riot[0]))
    assert code == 4
    assert "Set RIOT_API_URL back" in message
    assert gateway.key_in_use().text not in message
