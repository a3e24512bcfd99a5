import json
import logging
import pickle
import threading
import time
import traceback

import pytest

from riotwatch_players.riot.client import RiotClient
from riotwatch_players.riot.errors import (
    BadRequest,
    BudgetWait,
    ForeignId,
    KeyRefused,
    NetworkTrouble,
    NotFound,
    RateLimited,
    RiotError,
    ServerTrouble,
    UnexpectedAnswer,
)
from riotwatch_players.riot.limiter import Grant, Lane, Limiter, Scope, Wait
from riotwatch_players.riot.routing import UnknownPlatform
from tests.players.riot.conftest import KEY
from tests.players.riot.edge import BODIES, Scripted

PUUID = "PUUID-of-somebody-9f3c"


def test_each_method_asks_the_right_host_and_path(client, edge):
    client.account_by_riot_id("Anna", "EUW", platform="vn2")
    client.account_by_puuid(PUUID, platform="na1")
    client.summoner_by_puuid(PUUID, platform="EUW1")
    client.league_entries(PUUID, platform="kr")
    client.match("OC1_77")
    client.platform_status("me1")
    assert [path for path, _, _ in edge.requests] == [
        "/asia/riot/account/v1/accounts/by-riot-id/Anna/EUW",
        f"/americas/riot/account/v1/accounts/by-puuid/{PUUID}",
        f"/euw1/lol/summoner/v4/summoners/by-puuid/{PUUID}",
        f"/kr/lol/league/v4/entries/by-puuid/{PUUID}",
        "/sea/lol/match/v5/matches/OC1_77",
        "/me1/lol/status/v4/platform-data",
    ]
    assert {headers["X-Riot-Token"] for _, _, headers in edge.requests} == {KEY}


def test_match_ids_passes_only_what_was_asked(client, edge):
    assert client.match_ids(PUUID, platform="euw1", queue=420, start_time_s=5, count=20) == ["EUW1_2", "EUW1_1"]
    path, query, _ = edge.requests[0]
    assert path == f"/europe/lol/match/v5/matches/by-puuid/{PUUID}/ids"
    assert query == {"queue": ["420"], "startTime": ["5"], "start": ["0"], "count": ["20"]}


def test_answers_are_typed(client):
    account = client.account_by_riot_id("Anna", "EUW", platform="euw1")
    assert (account.puuid, account.game_name, account.tag_line) == ("p-1", "Anna", "EUW")
    assert client.summoner_by_puuid(PUUID, platform="euw1").level == 99
    assert client.league_entries(PUUID, platform="euw1") == []
    assert client.match("EUW1_1") == BODIES["match-v5.match"]
    assert client.platform_status("euw1").name == "EU West"


@pytest.mark.parametrize(
    ("name", "path_part"),
    [
        ("Grüße 愛", "Gr%C3%BC%C3%9Fe%20%E6%84%9B"),
        ("a/b?c#d", "a%2Fb%3Fc%23d"),
        ("100%", "100%25"),
        ("a+b&c", "a%2Bb%26c"),
        ("{0}", "%7B0%7D"),
    ],
)
def test_odd_riot_ids_stay_one_path_segment(client, edge, name, path_part):
    client.account_by_riot_id(name, "EUW", platform="euw1")
    assert edge.requests[0][0].endswith(f"/by-riot-id/{path_part}/EUW")


@pytest.mark.parametrize("name", ["", ".", "..", "...", "\ud800"])
def test_impossible_riot_ids_cost_no_request(client, edge, name):
    with pytest.raises(BadRequest):
        client.account_by_riot_id("Anna", name, platform="euw1")
    assert not edge.requests


def test_an_unknown_platform_costs_no_request(client, edge):
    with pytest.raises(UnknownPlatform):
        client.platform_status("euw")
    assert not edge.requests


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, KeyRefused),
        (403, KeyRefused),
        (404, NotFound),
        (405, UnexpectedAnswer),
        (415, UnexpectedAnswer),
        (204, UnexpectedAnswer),
        (418, UnexpectedAnswer),
        (429, RateLimited),
        (500, ServerTrouble),
        (502, ServerTrouble),
        (503, ServerTrouble),
        (504, ServerTrouble),
    ],
)
def test_each_status_has_its_error_whatever_the_body_says(client, edge, status, kind):
    edge.script.append(Scripted(status, body=b'{"status":{"status_code":200}}'))
    with pytest.raises(RiotError) as caught:
        client.summoner_by_puuid(PUUID, platform="euw1")
    error = caught.value
    assert type(error) is kind
    assert (error.status, error.endpoint, error.host) == (status, "summoner-v4.by-puuid", "euw1")


def test_an_id_of_another_application_is_told_apart(client, edge):
    body = json.dumps({"status": {"message": f"Bad Request - Exception decrypting {PUUID}", "status_code": 400}})
    edge.script.append(Scripted(400, body=body.encode()))
    with pytest.raises(ForeignId) as caught:
        client.summoner_by_puuid(PUUID, platform="euw1")
    assert PUUID not in str(caught.value)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[1,", b'"text"', b"null", b"5", b"{}", b"\xff\xfe\x00", b"[" * 200_000, b"[]"]
)
def test_a_200_that_makes_no_sense_is_an_unexpected_answer(client, edge, body):
    edge.script.append(Scripted(200, body=body))
    with pytest.raises(UnexpectedAnswer):
        client.account_by_puuid(PUUID, platform="euw1")


def test_redirects_are_not_followed(client, edge):
    edge.script.append(Scripted(302, {"Location": edge.api_url.replace("{host}", "evil") + "/x"}))
    with pytest.raises(UnexpectedAnswer) as caught:
        client.match("EUW1_1")
    assert caught.value.status == 302
    assert len(edge.requests) == 1


def test_cookies_are_not_kept(client, edge):
    edge.script.append(Scripted(200, {"Set-Cookie": "a=b"}, body=b"{}"))
    client.match("EUW1_1")
    client.match("EUW1_1")
    assert "Cookie" not in edge.requests[1][2]


def test_proxies_of_the_environment_do_not_get_the_key(client, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert client.match("EUW1_1")


@pytest.mark.parametrize("fault", ["drop", "half"])
def test_an_interrupted_answer_is_network_trouble_and_is_not_asked_again(client, edge, limiter, fault):
    client.match("EUW1_1")
    edge.script.append(Scripted(fault=fault))
    with pytest.raises(NetworkTrouble) as caught:
        client.match("EUW1_1")
    assert caught.value.sent
    assert len(edge.requests) == 2
    assert limiter.usage()[0].windows[1].used == 2


@pytest.mark.parametrize("fault", ["stall", "trickle"])
def test_an_endless_answer_ends_at_the_deadline(make_client, edge, fault):
    client = make_client(edge, timeout_s=0.5)
    edge.script.append(Scripted(fault=fault))
    began = time.monotonic()
    with pytest.raises(NetworkTrouble):
        client.match("EUW1_1")
    assert time.monotonic() - began < 5


def test_a_client_with_a_time_ends_its_requests_by_then(make_client, edge):
    make_client(edge).match("EUW1_1")
    client = make_client(edge).within(0.5)
    edge.script.append(Scripted(fault="stall"))
    began = time.monotonic()
    with pytest.raises(NetworkTrouble):
        client.match("EUW1_1")
    assert time.monotonic() - began < 5
    with pytest.raises(NetworkTrouble, match="the time is used up"):
        client.match("EUW1_1")
    assert len(edge.requests) == 2


def test_a_refused_connection_costs_no_slot(make_client, edge, limiter):
    make_client(edge).match("EUW1_1")
    with pytest.raises(NetworkTrouble) as caught:
        make_client("http://127.0.0.1:9/{host}").match("EUW1_1")
    assert not caught.value.sent
    assert limiter.usage()[0].windows[1].used == 1


def test_connections_are_reused(client, edge):
    for _ in range(5):
        client.match("EUW1_1")
    assert edge.connections == 1


def test_sixteen_threads_share_one_client(make_client, make_edge):
    edge = make_edge(app=((500, 10),), latency_s=0.005)
    sent = []
    client = make_client(edge, on_request=sent.append)
    threads = [threading.Thread(target=lambda: [client.match("EUW1_1") for _ in range(5)]) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert edge.statuses == {200: 80}
    assert sent == ["match-v5.match"] * 80
    assert edge.connections <= 16


def test_every_request_really_sent_is_reported_once(make_client, edge):
    everything, own = [], []
    client = make_client(edge, on_request=everything.append)
    edge.script.extend([Scripted(404), Scripted(fault="drop"), Scripted(200)])
    with pytest.raises(NotFound):
        client.match("EUW1_1")
    with pytest.raises(NetworkTrouble):
        client.match("EUW1_1")
    client.for_lane(Lane.INTERACTIVE, on_request=own.append).match("EUW1_1")
    assert everything == ["match-v5.match"] * 2
    assert own == ["match-v5.match"]


def test_a_wait_beyond_patience_is_raised_and_nothing_is_held(make_client, make_edge, limiter):
    edge = make_edge(app=((3, 30),))
    client = make_client(edge, patience_s=0.3)
    for _ in range(3):
        client.match("EUW1_1")
    with pytest.raises(BudgetWait) as caught:
        client.match("EUW1_1")
    assert 25 < caught.value.seconds <= 31
    assert len(edge.requests) == 3
    assert limiter.usage()[0].windows[0].used == 3


def test_a_wait_within_patience_is_waited_in_place(make_client, make_edge):
    edge = make_edge(app=((2, 1),))
    client = make_client(edge, patience_s=5)
    for _ in range(5):
        client.match("EUW1_1")
    assert edge.statuses == {200: 5}


def test_a_grant_slept_on_is_given_back_and_taken_anew(redis_server, edge):
    class SlowLimiter(Limiter):
        """Its first grant is old when it arrives, as after a laptop's sleep."""

        first: Grant | None = None

        def acquire(self, scope: Scope, lane: Lane, *, patience_s: float = 0.0, ticket: str = "") -> Grant | Wait:
            grant = super().acquire(scope, lane, patience_s=patience_s, ticket=ticket)
            if self.first is None and isinstance(grant, Grant):
                self.first = grant = Grant(grant.id, grant.scope, grant.lane, grant.granted_monotonic - self.lease_s)
            return grant

    limiter = SlowLimiter(redis_server, "budget")
    client = RiotClient(edge.api_url, KEY, limiter)
    client.match("EUW1_1")
    client.close()
    assert limiter.first is not None
    assert len(edge.requests) == 1
    assert limiter.usage()[0].windows[1].used == 1


def test_a_timeout_longer_than_half_the_lease_is_refused(limiter, edge):
    with pytest.raises(ValueError, match="lease"):
        RiotClient(edge.api_url, KEY, limiter, timeout_s=13)


@pytest.mark.parametrize("key", ["RGAPI-a\r\nX: y", "RGAPI-ä", " RGAPI-a"])
def test_a_key_that_no_header_carries_is_refused_without_being_shown(limiter, key):
    with pytest.raises(ValueError, match="key") as caught:
        RiotClient("http://127.0.0.1:9/{host}", key, limiter)
    assert "RGAPI" not in str(caught.value)


FAILURES = [Scripted(status) for status in (400, 401, 404, 405, 429, 503)]
FAILURES += [Scripted(fault="drop"), Scripted(fault="half"), Scripted(fault="stall"), Scripted(200, body=b"x")]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.fault or str(failure.status))
def test_neither_key_nor_puuid_gets_into_errors_or_logs(make_client, edge, caplog, failure):
    caplog.set_level(logging.DEBUG)
    client = make_client(edge, timeout_s=0.5)
    edge.script.append(failure)
    with pytest.raises(RiotError) as caught:
        client.account_by_puuid(PUUID, platform="euw1")
    assert_secrets_kept(caught.value, caplog.text)


def test_neither_key_nor_puuid_gets_into_the_error_of_a_refused_connection(make_client, caplog):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(NetworkTrouble) as caught:
        make_client("http://127.0.0.1:9/{host}").account_by_puuid(PUUID, platform="euw1")
    assert_secrets_kept(caught.value, caplog.text)


def assert_secrets_kept(error: RiotError, logged: str) -> None:
    told = [repr(error), str(error), repr(error.__context__), *traceback.format_exception(error), logged]
    assert PUUID not in "".join(told)
    assert KEY not in "".join(told)


def test_errors_pass_between_processes():
    for error in (
        RateLimited(endpoint="a.b", host="europe", kind=None, retry_after_s=None, wait_s=2.5),
        BudgetWait(endpoint="a.b", host="europe", seconds=3.0),
        NetworkTrouble(endpoint="a.b", host="europe", detail="Timeout", sent=True),
    ):
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))
