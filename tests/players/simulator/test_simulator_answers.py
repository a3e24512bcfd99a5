import pytest

from riotwatch_players.simulator.app import Options
from riotwatch_players.simulator.ids import DEMO_KEY
from riotwatch_players.simulator.matches import Outcome


def _ids(riot, puuid, **query):
    return riot.get("europe", f"/lol/match/v5/matches/by-puuid/{puuid}/ids", **query).json()


def test_ids_come_newest_first_in_pages_that_meet(riot, world, busy):
    puuid = riot.puuid(busy.riot_id)
    history = [match.id for match in reversed(world.account(busy).history)]

    assert _ids(riot, puuid) == history[:20]
    assert _ids(riot, puuid, start=20, count=15) == history[20:35]
    assert _ids(riot, puuid, count=0) == []
    assert _ids(riot, puuid, start=10_000) == []


def test_ids_are_filtered_by_queue_type_and_time(riot, world, busy):
    puuid = riot.puuid(busy.riot_id)
    history = list(reversed(world.account(busy).history))
    middle = history[len(history) // 2]
    since = middle.creation_ms // 1000

    def listed(keep):
        return [match.id for match in history if keep(match)][:100]

    assert _ids(riot, puuid, count=100, queue=420) == listed(lambda m: m.queue.number == 420)
    assert _ids(riot, puuid, count=100, type="ranked") == listed(lambda m: m.queue.number in {420, 440})
    assert _ids(riot, puuid, count=100, type="normal", queue=420) == []
    assert _ids(riot, puuid, count=100, startTime=since) == listed(lambda m: m.creation_ms >= since * 1000)
    assert _ids(riot, puuid, count=100, endTime=since) == listed(lambda m: m.creation_ms <= since * 1000)
    assert _ids(riot, puuid, count=100, beginTime=since) == listed(lambda m: True)


@pytest.mark.parametrize(
    "query", [{"count": 101}, {"count": -1}, {"start": "x"}, {"queue": "solo"}, {"type": "fun"}, {"startTime": "-5"}]
)
def test_bad_parameters_are_refused(riot, busy, query):
    answer = riot.get("europe", f"/lol/match/v5/matches/by-puuid/{riot.puuid(busy.riot_id)}/ids", **query)

    assert answer.status_code == 400
    assert answer.json()["status"]["status_code"] == 400


def test_an_account_is_found_from_any_region_and_by_its_puuid(riot, busy):
    name, tag = busy.riot_id.split("#")
    by_name = riot.get("asia", f"/riot/account/v1/accounts/by-riot-id/{name.lower()}/{tag}").json()

    assert (by_name["gameName"], by_name["tagLine"]) == (name, tag)
    assert riot.get("americas", f"/riot/account/v1/accounts/by-puuid/{by_name['puuid']}").json() == by_name
    region = riot.get("europe", f"/riot/account/v1/region/by-game/lol/by-puuid/{by_name['puuid']}").json()
    assert region == {"puuid": by_name["puuid"], "game": "lol", "region": "euw1"}


def test_names_in_any_script_are_found(riot, world):
    person = next(p for p in world.people if not p.game_name.isascii() and p.exists_at(world.now_s))
    assert len(riot.puuid(person.riot_id)) == 78


def test_platform_data_lives_on_the_accounts_platform(riot, world, busy):
    puuid = riot.puuid(busy.riot_id)
    summoner = riot.get("euw1", f"/lol/summoner/v4/summoners/by-puuid/{puuid}").json()
    entries = {e["queueType"]: e for e in riot.get("euw1", f"/lol/league/v4/entries/by-puuid/{puuid}").json()}

    account = world.account(busy)
    assert summoner["summonerLevel"] == account.level
    solo = entries["RANKED_SOLO_5x5"]
    assert (solo["tier"], solo["rank"], solo["leaguePoints"]) == account.solo.standing()
    assert (solo["wins"], solo["losses"]) == (account.solo.wins, account.solo.losses)
    assert riot.get("kr", f"/lol/summoner/v4/summoners/by-puuid/{puuid}").status_code == 404
    assert riot.get("kr", f"/lol/league/v4/entries/by-puuid/{puuid}").json() == []


def test_a_vanished_account_resolves_no_more_but_stays_in_old_matches(riot, world):
    gone = next(p for p in world.people if not p.exists_at(world.now_s) and world.account(p).history)
    name, tag = gone.riot_id.split("#")
    match = world.account(gone).history[-1]
    region = {"euw1": "europe", "na1": "americas", "kr": "asia"}[gone.platform]
    body = riot.get(region, f"/lol/match/v5/matches/{match.id}").json()
    puuid = body["metadata"]["participants"][match.lineup.index(gone)]

    assert riot.get("europe", f"/riot/account/v1/accounts/by-riot-id/{name}/{tag}").status_code == 404
    assert riot.get("europe", f"/riot/account/v1/accounts/by-puuid/{puuid}").status_code == 404
    assert riot.get(gone.platform, f"/lol/summoner/v4/summoners/by-puuid/{puuid}").status_code == 404
    assert match.id in riot.get(region, f"/lol/match/v5/matches/by-puuid/{puuid}/ids").json()


def test_listed_matches_can_be_lost_or_empty(simulators, small_world):
    world = small_world(history_days=120)
    riot = simulators.start(world)
    by_outcome = {match.outcome: match for match in world.matches() if match.outcome in {Outcome.LOST, Outcome.SHELL}}
    region = {"EUW1": "europe", "NA1": "americas", "KR": "asia"}

    def fetch(match):
        return riot.get(region[match.platform.upper()], f"/lol/match/v5/matches/{match.id}")

    assert fetch(by_outcome[Outcome.LOST]).json() == {
        "status": {"message": "Data not found - match file not found", "status_code": 404}
    }
    shell = fetch(by_outcome[Outcome.SHELL]).json()
    assert len(shell["metadata"]["participants"]) == by_outcome[Outcome.SHELL].queue.people
    assert (shell["info"]["participants"], shell["info"]["endOfGameResult"]) == ([], "Abort_Unexpected")


@pytest.mark.parametrize("match_id", ["EUW1_1", "EUW1_x", "euw1_7600000000", "XX1_7600000000", "nonsense"])
def test_unknown_matches_are_not_found(riot, match_id):
    assert riot.get("europe", f"/lol/match/v5/matches/{match_id}").status_code == 404


@pytest.mark.parametrize(
    ("host", "path", "status", "message"),
    [
        ("nowhere", "/lol/status/v4/platform-data", 404, "no host"),
        ("euw1", "/lol/match/v5/matches/EUW1_1", 400, "Invalid routing value euw1"),
        ("sea", "/riot/account/v1/accounts/by-puuid/x", 400, "Invalid routing value sea"),
        ("europe", "/lol/status/v4/platform-data", 403, "Forbidden"),
        ("euw1", "/lol/summoner/v4/summoners/by-name/x", 403, "Forbidden"),
    ],
)
def test_the_wrong_host_or_path_is_refused_as_riot_does(riot, host, path, status, message):
    answer = riot.get(host, path)

    assert answer.status_code == status
    assert message in answer.json()["status"]["message"]


def test_ids_belong_to_an_application(simulators, world, busy):
    options = Options(keys={"one": "first", "two": "first", "other": "second"})
    one = simulators.start(world, options)
    one.session.headers["X-Riot-Token"] = "one"
    two, other = simulators.client(one.simulator, "two"), simulators.client(one.simulator, "other")
    path = "/riot/account/v1/accounts/by-puuid/"

    puuid = one.puuid(busy.riot_id)

    assert two.puuid(busy.riot_id) == puuid != other.puuid(busy.riot_id)
    foreign = other.get("europe", path + puuid)
    assert (foreign.status_code, foreign.json()["status"]["message"]) == (
        400,
        f"Bad Request - Exception decrypting {puuid}",
    )
    assert other.get("europe", path + "garbage").status_code == 400
    newest = world.account(busy).history[-1].id
    bodies = [
        client.get("europe", f"/lol/match/v5/matches/{newest}").json()["metadata"] for client in (one, two, other)
    ]
    assert bodies[0] == bodies[1] != bodies[2]


def test_keys_are_needed_and_expire_and_come_at_run_time(riot, simulators):
    path = "/lol/status/v4/platform-data"
    assert simulators.client(riot.simulator, None).get("euw1", path).status_code == 401
    stranger = simulators.client(riot.simulator, "RGAPI-new")
    assert stranger.get("euw1", path).json()["status"] == {"message": "Unknown apikey", "status_code": 401}

    riot.control("keys", {"key": "RGAPI-new", "application": "demo"})
    riot.control("keys", {"key": DEMO_KEY, "expired": 403})

    assert stranger.get("euw1", path).status_code == 200
    assert riot.get("euw1", path).json()["status"] == {"message": "Forbidden", "status_code": 403}
    assert "X-App-Rate-Limit" not in riot.get("euw1", path).headers
