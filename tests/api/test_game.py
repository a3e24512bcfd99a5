"""Champions and the patch through the API."""

import pytest

from riotwatch_players import champion_index, patches
from riotwatch_players.ingest import store_match
from riotwatch_players.models import PlatformState
from tests.api.callers import problem
from tests.players.factories import NOON, NOW, id_of, several, source

pytestmark = pytest.mark.django_db(transaction=True)

ANNIE, OLAF, URGOT = 1, 2, 6


@pytest.fixture
def counted():
    """Twelve games of the same ten; those of the first five win all."""
    for match in several(12):
        store_match(source(), id_of(match), match, now=NOW, discover=None)
    champion_index.count(days=60, now=NOW)


@pytest.mark.usefixtures("counted")
def test_synergies_are_pairs_of_one_team_best_first_each_once(viewer):
    page = viewer.get("/champions/synergies", limit=15).json()
    rest = viewer.get("/champions/synergies", limit=15, cursor=page["next_cursor"]).json()
    pairs = page["items"] + rest["items"]
    assert len({(one["champion_id"], one["other_id"]) for one in pairs}) == len(pairs) == 20
    differences = [one["difference"] for one in pairs]
    assert differences == sorted(differences, reverse=True)
    annies = viewer.get("/champions/synergies", champion_id=OLAF).json()["items"]
    assert {one["other"] for one in annies} == {"Annie", "Galio", "Twisted Fate", "Xin Zhao"}
    assert {one["champion"] for one in annies} == {"Olaf"}


@pytest.mark.usefixtures("counted")
def test_counters_are_those_whom_a_champion_met_in_its_role(viewer):
    (one,) = viewer.get("/champions/counters", champion_id=ANNIE).json()["items"]
    assert (one["other"], one["games"], one["wins"], one["win_rate"]) == ("Urgot", 12, 12, 1.0)
    assert 0 < one["difference"] < one["win_rate"] - one["expected_win_rate"]
    assert viewer.get("/champions/counters", champion_id=ANNIE, at_least=13).json()["items"] == []


@pytest.mark.usefixtures("counted")
def test_a_champion_shows_its_roles_and_its_pairs(viewer):
    told = viewer.get(f"/champions/{URGOT}").json()
    assert (told["champion"], told["games"], told["wins"], told["matches"]) == ("Urgot", 12, 0, 12)
    assert told["roles"] == [{"role": "Top", "games": 12, "wins": 0, "win_rate": 0.0}]
    assert [one["other"] for one in told["weak_against"]] == ["Annie"]
    assert told["strong_against"] == []


@pytest.mark.parametrize("champion", [0, 999, -1, 2**40])
def test_a_champion_that_nobody_played_is_not_found_and_the_remedy_is_told(viewer, champion):
    answer = viewer.get(f"/champions/{champion}")
    assert answer.status_code == 404
    assert "history_index" in problem(answer)["detail"]


def test_the_patch_comes_with_its_source_and_the_state_of_platforms(viewer):
    answer = viewer.get("/patch")
    assert answer.status_code == 404
    assert "patch_metadata" in problem(answer)["detail"]
    store_match(source(), "EUW1_7000000001", several(1)[0], now=NOW, discover=None)
    patches.learn(now=NOW)
    told = [{"id": 7, "title": "Login trouble", "status": None, "severity": "warning"}]
    PlatformState.objects.create(platform="euw1", incidents=told, seen_at=NOW)
    patch = viewer.get("/patch").json()
    assert (patch["patch"], patch["source"]) == ("16.7", "last_known"), "nobody has looked since April"
    assert patch["last_updated"].startswith(f"{NOON:%Y-%m-%d}")
    assert patch["age_s"] > 0
    (platform,) = patch["platforms"]
    assert platform["incidents"] == [{"title": "Login trouble", "status": None, "severity": "warning"}]
