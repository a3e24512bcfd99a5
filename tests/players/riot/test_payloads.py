import pytest

from riotwatch_players.riot.payloads import (
    Account,
    LeagueEntry,
    PlatformStatus,
    Summoner,
    WrongShape,
    league_entries_from_json,
    match_ids_from_json,
)


def test_unknown_fields_are_ignored_and_missing_names_are_empty():
    assert Account.from_json({"puuid": "p", "newest": [1]}) == Account(puuid="p", game_name="", tag_line="")


def test_a_summoner_of_old_with_names_and_ids():
    summoner = Summoner.from_json(
        {
            "id": "x",
            "accountId": "y",
            "puuid": "p",
            "name": "n",
            "profileIconId": 5,
            "revisionDate": 9,
            "summonerLevel": 75,
        }
    )
    assert summoner == Summoner(puuid="p", level=75, profile_icon_id=5, revision_at=9)


def test_an_arena_entry_has_no_tier():
    entry = LeagueEntry.from_json({"queueType": "CHERRY", "leaguePoints": 0, "wins": 3, "losses": 1, "hotStreak": True})
    assert (entry.tier, entry.division, entry.wins, entry.hot_streak, entry.veteran) == (None, None, 3, True, False)


def test_the_division_is_what_riot_calls_rank():
    (entry,) = league_entries_from_json(
        [{"queueType": "RANKED_SOLO_5x5", "tier": "GOLD", "rank": "II", "miniSeries": {}}]
    )
    assert (entry.tier, entry.division) == ("GOLD", "II")


def test_a_platform_status_with_nulls():
    status = PlatformStatus.from_json(
        {
            "id": "BR1",
            "name": "Brazil",
            "maintenances": [],
            "incidents": [
                {
                    "id": 3148,
                    "archive_at": None,
                    "updated_at": None,
                    "maintenance_status": None,
                    "incident_severity": "info",
                    "titles": [{"locale": "pt_BR", "content": "Presentes"}, {"locale": "en_US", "content": "Gifts"}],
                },
                {"id": 1, "titles": None, "incident_severity": None},
            ],
        }
    )
    assert [(i.title, i.severity, i.status) for i in status.incidents] == [("Gifts", "info", None), ("", None, None)]


@pytest.mark.parametrize("value", [None, [], "x", 3, {}, {"puuid": None}, {"puuid": ""}, {"puuid": 5}])
def test_no_account_without_a_puuid(value):
    with pytest.raises(WrongShape):
        Account.from_json(value)


@pytest.mark.parametrize("value", [None, {}, "EUW1_1", [1], [""], [["EUW1_1"]]])
def test_match_ids_are_a_list_of_texts(value):
    with pytest.raises(WrongShape):
        match_ids_from_json(value)
