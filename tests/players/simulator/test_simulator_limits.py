import pytest

from riotwatch_players.simulator.app import Options
from riotwatch_players.simulator.limits import BadRates, Limits, parse_rates, written

STATUS = "/lol/status/v4/platform-data"


def _limits(app: str = "3:10,5:60", method: str = "100:10") -> Limits:
    return Limits(parse_rates(app), {"m": parse_rates(method), "n": parse_rates(method)})


def _count(limits: Limits, now: float, key: str = "k", host: str = "h", endpoint: str = "m"):
    return limits.count(key, host, endpoint=endpoint, now=now)


def test_a_window_begins_with_its_first_request_and_ends_after_its_length():
    limits = _limits()
    assert [_count(limits, now).refused_by for now in (104.0, 110.0, 113.9)] == [None] * 3
    refused = _count(limits, 113.9)

    assert (refused.refused_by, refused.retry_after_s) == ("application", 1)
    assert refused.headers["X-App-Rate-Limit-Count"] == "4:10,4:60"
    fresh = _count(limits, 114.0)
    assert fresh.refused_by is None
    assert fresh.headers["X-App-Rate-Limit-Count"] == "1:10,5:60"


def test_refused_requests_count_against_every_window():
    limits = _limits()
    for _ in range(6):
        _count(limits, 100.0)

    later = _count(limits, 110.0)

    assert later.headers["X-App-Rate-Limit-Count"] == "1:10,7:60"
    assert (later.refused_by, later.retry_after_s) == ("application", 50)


def test_keys_hosts_and_methods_are_counted_apart():
    limits = _limits(method="1:10")
    assert _count(limits, 0.0).refused_by is None
    assert _count(limits, 0.0, endpoint="n").refused_by is None
    assert _count(limits, 0.0, host="other").refused_by is None
    assert _count(limits, 0.0, key="other").refused_by is None

    second = _count(limits, 0.1)

    assert (second.refused_by, second.retry_after_s) == ("method", 10)
    assert second.headers["X-Method-Rate-Limit-Count"] == "2:10"


def test_the_server_refuses_as_riot_does(simulators, world):
    riot = simulators.start(world, Options(application_rates=parse_rates("2:30")))
    first = riot.get("euw1", STATUS)
    riot.get("euw1", STATUS)
    refused = riot.get("euw1", STATUS)

    assert first.headers["X-App-Rate-Limit"] == "2:30"
    assert first.headers["X-App-Rate-Limit-Count"] == "1:30"
    assert first.headers["X-Method-Rate-Limit"] == "1000:10"
    assert first.headers["X-Method-Rate-Limit-Count"] == "1:10"
    assert refused.status_code == 429
    assert refused.content == b'{"status":{"message":"Rate limit exceeded","status_code":429}}'
    assert refused.headers["X-Rate-Limit-Type"] == "application"
    assert 1 <= int(refused.headers["Retry-After"]) <= 30
    assert refused.headers["X-App-Rate-Limit-Count"] == "3:30"
    assert riot.get("kr", STATUS).status_code == 200
    assert riot.control("state")["refused"] == {"application:euw1": 1}


def test_errors_carry_the_limits_too(riot):
    missing = riot.get("europe", "/lol/match/v5/matches/EUW1_1")
    garbage = riot.get("europe", "/lol/match/v5/matches/by-puuid/x/ids")

    assert (missing.status_code, garbage.status_code) == (404, 400)
    assert missing.headers["X-App-Rate-Limit-Count"] == "1:10"
    assert garbage.headers["X-App-Rate-Limit-Count"] == "2:10"


def test_limits_change_at_run_time(riot):
    riot.control("limits", {"application": "7:5", "methods": {"lol-status-v4.platform-data": "4:5"}})

    headers = riot.get("euw1", STATUS).headers

    assert (headers["X-App-Rate-Limit"], headers["X-Method-Rate-Limit"]) == ("7:5", "4:5")


@pytest.mark.parametrize("text", ["", "20", "20:x", "0:1", "20:1,", "1:2:3"])
def test_what_gives_no_limits_is_refused(text):
    with pytest.raises(BadRates):
        parse_rates(text)


def test_limits_are_written_as_they_are_read():
    assert written(parse_rates("20:1,100:120")) == "20:1,100:120"
