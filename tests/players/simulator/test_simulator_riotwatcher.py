"""RiotWatcher, a widely used client that knows nothing of this project, walks the simulator."""

import json

import pytest
import requests
from riotwatcher import LolWatcher, RiotWatcher
from riotwatcher._apis import UrlConfig

from riotwatch_players.simulator.app import Options
from riotwatch_players.simulator.ids import DEMO_KEY
from riotwatch_players.simulator.limits import parse_rates


class Watchers:
    """Both of RiotWatcher's clients, remembering the answers they got."""

    def __init__(self) -> None:
        self.lol, self.riot = LolWatcher(DEMO_KEY, timeout=20), RiotWatcher(DEMO_KEY, timeout=20)
        self.answers: list[requests.Response] = []
        for session in self.sessions():
            session.trust_env = False
            session.hooks["response"].append(lambda answer, *_, **__: self.answers.append(answer))

    def sessions(self) -> list[requests.Session]:
        return [watcher._base_api._session for watcher in (self.lol, self.riot)]

    def close(self) -> None:
        for session in self.sessions():
            session.close()


@pytest.fixture
def watchers(monkeypatch, simulators, world):
    """RiotWatcher's own setting of where the API is points at a simulator with small limits."""
    made = Watchers()
    riot = simulators.start(world, Options(application_rates=parse_rates("50:2,1000:60")))
    template = riot.simulator.url.replace("{host}", "{platform}")
    monkeypatch.setattr(UrlConfig, "root_url", template)
    monkeypatch.setattr(UrlConfig, "riot_url", template)
    made.control = riot.control
    yield made
    made.close()


def test_riotwatcher_walks_every_endpoint(watchers, world, busy):
    name, tag = busy.riot_id.split("#")
    account = watchers.riot.account.by_riot_id("europe", name, tag)
    puuid = account["puuid"]
    assert watchers.riot.account.by_puuid("europe", puuid) == account
    assert watchers.lol.summoner.by_puuid("euw1", puuid)["puuid"] == puuid
    assert {entry["puuid"] for entry in watchers.lol.league.by_puuid("euw1", puuid)} == {puuid}
    ids = watchers.lol.match.matchlist_by_puuid("euw1", puuid, count=5, queue=420)
    assert len(ids) == 5
    assert watchers.lol.match.by_id("euw1", ids[0])["metadata"]["matchId"] == ids[0]
    assert watchers.lol.lol_status_v4.platform_data("euw1")["id"] == "EUW1"
    for answer in watchers.answers:
        for scope in ("App", "Method"):
            limits = answer.headers[f"X-{scope}-Rate-Limit"].split(",")
            counts = answer.headers[f"X-{scope}-Rate-Limit-Count"].split(",")
            assert [limit.split(":")[1] for limit in limits] == [count.split(":")[1] for count in counts]


def test_riotwatcher_sees_a_404_as_riots(watchers):
    with pytest.raises(requests.HTTPError) as caught:
        watchers.lol.match.by_id("euw1", "EUW1_1")

    assert caught.value.response.status_code == 404
    assert json.loads(caught.value.response.text)["status"]["status_code"] == 404


def test_riotwatcher_sees_a_429_and_waits_as_long_as_it_says(watchers):
    watchers.control("faults", {"kind": "method", "count": 1, "retry_after_s": 1})

    with pytest.raises(requests.HTTPError) as caught:
        watchers.lol.lol_status_v4.platform_data("euw1")
    headers = caught.value.response.headers
    assert (caught.value.response.status_code, headers["Retry-After"], headers["X-Rate-Limit-Type"]) == (
        429,
        "1",
        "method",
    )
    assert watchers.lol.lol_status_v4.platform_data("euw1")["id"] == "EUW1"
    assert watchers.answers[-1].headers["X-App-Rate-Limit-Count"]


def test_riotwatcher_keeps_within_the_limits_it_is_told(watchers):
    for _ in range(60):
        watchers.lol.lol_status_v4.platform_data("kr")

    assert watchers.control("state")["refused"] == {}
