from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from riotwatch_players.bodies import read_body
from riotwatch_players.facts import MatchFacts, Unusable
from tests.players.factories import NOON, TEN, body, participant, puuid_of
from tests.players.garbage import damaged_bodies, json_values

MATCH = "EUW1_7000000001"


def read(match: object, match_id: str = MATCH) -> MatchFacts:
    facts = read_body(match_id, match)
    assert isinstance(facts, MatchFacts), facts
    return facts


def reason(match: object, match_id: str = MATCH) -> str:
    unusable = read_body(match_id, match)
    assert isinstance(unusable, Unusable)
    assert unusable.match_id == match_id
    return unusable.reason


def without(match: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        del match["info"][name]
    return match


def test_an_ordinary_game_is_read_whole():
    facts = read(body())
    assert (facts.platform, facts.region, facts.queue_id, facts.patch) == ("euw1", "europe", 420, "16.7")
    assert facts.started_at == NOON
    assert facts.created_at == NOON - timedelta(seconds=15)
    assert facts.ended_at == NOON + timedelta(seconds=1800)
    assert (facts.duration_s, facts.remake, facts.surrendered) == (1800, False, False)
    ada = facts.participants[0]
    assert (ada.position, ada.puuid, ada.game_name, ada.tag_line) == (0, puuid_of("Ada"), "Ada", "EUW")
    assert (ada.stats.kills, ada.stats.cs, ada.stats.gold, ada.stats.vision_score) == (4, 162, 11_000, 21)
    assert ada.stats.damage_share == pytest.approx(0.2)
    assert ada.stats.kill_participation == pytest.approx(0.5)
    assert ada.stats.items == [1000, 1001, 1002, 1003, 1004, 1005, 1006]
    assert ada.stats.runes == {"styles": [8000, 8200], "perks": [8010, 9111, 8234], "stats": [5005, 5008, 5013]}
    assert ada.stats.spells == [4, 12]


def test_a_duration_without_an_end_timestamp_is_in_milliseconds():
    assert read(without(body(gameDuration=1_965_640), "gameEndTimestamp")).duration_s == 1965


def test_a_late_end_timestamp_does_not_move_the_end():
    late = body(gameEndTimestamp=int((NOON + timedelta(hours=5)).timestamp() * 1000))
    assert read(late).ended_at == NOON + timedelta(seconds=1800)


@pytest.mark.parametrize(("early", "duration_s", "remake"), [(True, 110, True), (False, 270, False)])
def test_the_flag_makes_a_remake_and_not_the_duration(early: bool, duration_s: int, remake: bool):
    flags = {"gameEndedInEarlySurrender": early, "gameEndedInSurrender": not early, "timePlayed": duration_s}
    facts = read(body(each=flags, gameDuration=duration_s))
    assert (facts.remake, facts.surrendered) == (remake, not remake)


def test_an_aborted_game_with_complete_data_counts():
    assert read(body(endOfGameResult="Abort_Unexpected")).end_result == "Abort_Unexpected"


def test_an_empty_shell_is_unusable_and_says_so():
    shell = body(
        people=(), queueId=0, gameId=0, gameCreation=0, gameStartTimestamp=0, gameVersion="", gameDuration=0,
        endOfGameResult="Abort_Unexpected",
    )  # fmt: skip
    assert reason(shell) == "empty shell: no participants (Abort_Unexpected)"


def test_bots_are_nobody():
    facts = read(body(people=("Ada", "Bela", "BOT", "BOT", "BOT")))
    assert [one.puuid for one in facts.participants] == [puuid_of("Ada"), puuid_of("Bela"), None, None, None]


def test_a_puuid_that_stands_there_twice_names_nobody():
    facts = read(body(people=("Ada", "Bela", "Bela")))
    assert [one.puuid for one in facts.participants] == [puuid_of("Ada"), None, None]


def test_arena_shares_are_those_of_the_subteam():
    match = body(people=TEN[:4], queueId=1700, mapId=30, gameMode="CHERRY")
    for place, one in enumerate(match["info"]["participants"]):
        one |= {"playerSubteamId": 1 + place // 2, "subteamPlacement": 2 - place // 2, "individualPosition": "Invalid"}
        one |= {"teamPosition": "", "totalDamageDealtToChampions": 1000 * (1 + place), "kills": 2, "assists": 2}
    dana = read(match).participants[3].stats
    assert (dana.subteam, dana.placement, dana.individual_position, dana.team_position) == (2, 1, "", "")
    assert dana.damage_share == pytest.approx(4 / 7)
    assert dana.kill_participation == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"riotIdGameName": "뾢춰", "riotIdTagline": "KR1"}, ("뾢춰", "KR1")),
        ({"riotIdGameName": "", "riotIdName": "Old", "riotIdTagline": "EUW"}, ("Old", "EUW")),
        ({"riotIdGameName": "", "riotIdName": "", "riotIdTagline": "EUW", "summonerName": "Ancient"}, ("", "")),
        ({"riotIdGameName": "a\x00b", "riotIdTagline": "EUW"}, ("", "")),
        ({"riotIdGameName": "\ud800", "riotIdTagline": "EUW"}, ("", "")),
    ],
)
def test_names_come_from_whichever_field_has_them(names: dict[str, str], expected: tuple[str, str]):
    one = read(body(people=("Ada",), each=names)).participants[0]
    assert (one.game_name, one.tag_line) == expected


def test_what_is_missing_is_unknown_and_not_zero():
    match = body()
    match["info"]["participants"][2] = {"puuid": puuid_of("Cleo"), "teamId": 100}
    facts = read(match)
    cleo, ada, finn = (facts.participants[place].stats for place in (2, 0, 5))
    assert (cleo.kills, cleo.cs, cleo.win, cleo.damage_share) == (None, None, None, None)
    # Nobody knows what a share of an unknown whole is; the other team is complete.
    assert (ada.kills, ada.damage_share) == (4, None)
    assert finn.damage_share == pytest.approx(0.2)


def test_fields_nobody_has_heard_of_are_ignored():
    each = {"wasAfk": True, "PlayerScore0": 1.5, "challenges": {"new": None}, "missions": []}
    assert len(read(body(each=each, somethingNew={"a": []})).participants) == 10


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (None, "body is missing, not an object"),
        ([], "body is a list, not an object"),
        ({}, "metadata.matchId is missing"),
        ({"metadata": {"matchId": "KR_1"}, "info": {}}, "metadata.matchId names another match"),
        ({"metadata": {"matchId": MATCH}}, "info is missing, not an object"),
        ({"metadata": {"matchId": MATCH}, "info": {"participants": "ten"}}, "info.participants is a text, not a list"),
        (body(participants=[participant("Ada"), 7]), "a participant is not an object"),
        (body(queueId=None), "queueId is missing"),
        (body(gameStartTimestamp=0, gameCreation=-1), "gameStartTimestamp and gameCreation are missing"),
        (body(gameDuration="long", each={"timePlayed": None}), "gameDuration is missing"),
    ],
)
def test_what_is_no_match_says_why(match: object, expected: str):
    assert reason(match) == expected


def test_an_id_that_is_none_is_unusable():
    assert reason(body(), "../../etc") == "malformed match id"


@given(json_values)
def test_no_json_value_makes_reading_raise(value: object):
    assert isinstance(read_body(MATCH, value), Unusable)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(damaged_bodies())
def test_garbage_in_any_field_leaves_a_match_or_a_reason(match: dict[str, Any]):
    facts = read_body(MATCH, match)
    if isinstance(facts, MatchFacts):
        for one in facts.participants:
            assert one.stats.damage_share is None or 0 <= one.stats.damage_share <= 1
            assert one.stats.kills is None or 0 <= one.stats.kills < 2**15
    else:
        assert facts.reason
