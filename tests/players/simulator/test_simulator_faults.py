import pytest
import requests

from riotwatch_players.simulator.faults import BadFault, parse_fault

STATUS = "/lol/status/v4/platform-data"


@pytest.mark.parametrize("kind", ["application", "method", "service"])
def test_a_429_of_any_type_comes_with_and_without_retry_after(riot, kind):
    riot.control("faults", [{"kind": kind, "count": 1, "retry_after_s": 7}, {"kind": kind, "count": 1}])
    told, untold, well = (riot.get("euw1", STATUS) for _ in range(3))

    assert (told.status_code, untold.status_code, well.status_code) == (429, 429, 200)
    assert told.headers["X-Rate-Limit-Type"] == untold.headers["X-Rate-Limit-Type"] == kind
    assert told.headers["Retry-After"] == "7"
    assert "Retry-After" not in untold.headers
    assert riot.control("state")["faults"] == {kind: 2}
    assert riot.control("state")["refused"] == {}


def test_the_odd_429s_have_no_type_or_an_unknown_one(riot):
    riot.control("faults", [{"kind": "unlabelled", "count": 1}, {"kind": "server", "count": 1, "retry_after_s": 5}])
    unlabelled, server = riot.get("euw1", STATUS), riot.get("euw1", STATUS)

    assert "X-Rate-Limit-Type" not in unlabelled.headers
    assert (server.headers["X-Rate-Limit-Type"], server.text) == ("server", "server rate limit exceeded")
    assert "X-App-Rate-Limit" not in server.headers


@pytest.mark.parametrize("status", [401, 403, 500, 502, 503, 504])
def test_a_status_strikes_once_and_only_there(riot, status):
    riot.control("faults", {"kind": "status", "status": status, "host": "kr", "count": 1})

    assert riot.get("euw1", STATUS).status_code == 200
    assert riot.get("kr", STATUS).status_code == status
    assert riot.get("kr", STATUS).status_code == 200


def test_garbage_is_a_200_that_is_no_json(riot):
    riot.control("faults", {"kind": "garbage", "endpoint": "lol-status-v4.platform-data", "count": 1})
    answer = riot.get("euw1", STATUS)

    assert answer.status_code == 200
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


def test_a_body_can_break_off(riot, world):
    riot.control("faults", {"kind": "drop", "count": 1})

    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
        riot.get("euw1", STATUS)
    assert riot.get("euw1", STATUS).status_code == 200


def test_an_answer_can_fail_to_come(riot):
    riot.control("faults", {"kind": "hang", "hang_s": 0.2, "count": 1})

    with pytest.raises(requests.exceptions.ConnectionError):
        riot.get("euw1", STATUS)


def test_a_client_that_gives_up_on_a_hanging_answer_does_no_harm(riot):
    riot.control("faults", {"kind": "hang", "hang_s": 0.4, "count": 1})

    with pytest.raises(requests.exceptions.ReadTimeout):
        riot.session.get(riot.simulator.url.format(host="euw1") + STATUS, timeout=0.1)
    assert riot.get("euw1", STATUS).status_code == 200


def test_a_listed_match_goes_missing_for_good(riot, world):
    match = next(m for m in world.matches() if m.platform == "euw1" and m.outcome == "played")
    riot.control("faults", {"kind": "missing", "count": 1})

    assert riot.get("euw1", STATUS).status_code == 200
    gone = [riot.get("europe", f"/lol/match/v5/matches/{match.id}").status_code for _ in range(2)]

    assert gone == [404, 404]


def test_a_probability_strikes_some_of_many(riot):
    riot.control("faults", {"kind": "status", "status": 503, "probability": 0.5})
    statuses = [riot.get("euw1", STATUS).status_code for _ in range(60)]

    assert 10 < statuses.count(503) < 50
    riot.session.delete(f"{riot.simulator.control}/faults", timeout=20).raise_for_status()
    assert riot.get("euw1", STATUS).status_code == 200


@pytest.mark.parametrize(
    "bad", ["kind=nonsense", "kind=status,status=418", "kind=drop,probability=0", "kind=drop,colour=red"]
)
def test_a_fault_that_cannot_be_is_refused(bad):
    with pytest.raises(BadFault):
        parse_fault(bad)


def test_the_control_refuses_bad_requests_and_web_pages(riot):
    assert riot.session.post(f"{riot.simulator.control}/faults", json={"kind": "x"}, timeout=20).status_code == 400
    assert riot.session.get(f"{riot.simulator.control}/nothing", timeout=20).status_code == 404
    page = {"Origin": "https://page.example"}
    assert riot.session.get(f"{riot.simulator.control}/state", headers=page, timeout=20).status_code == 403
