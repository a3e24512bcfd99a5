import time

import pytest

from riotwatch_players.simulator.app import Options
from riotwatch_players.simulator.server import NotLoopback, serve


def test_the_world_plays_on_while_time_passes(simulators, small_world, began_at_s):
    clock = [began_at_s]
    riot = simulators.start(small_world(), wall=lambda: clock[0])
    before = riot.control("state")["world"]["matches"]

    clock[0] += 86_400

    assert riot.control("state")["world"]["matches"] > before


def test_a_lag_made_smaller_lets_what_lies_between_happen_at_once(simulators, small_world, began_at_s):
    world = small_world()
    riot = simulators.start(world, Options(lag_s=5 * 86_400), wall=lambda: began_at_s + 5 * 86_400)
    person = next(
        p for p in world.people if p.platform == "euw1" and world.account(p).history and p.vanished_at_s is None
    )
    puuid = riot.puuid(person.riot_id)
    path = f"/lol/match/v5/matches/by-puuid/{puuid}/ids"
    before = riot.get("europe", path).json()

    assert riot.control("clock", {"lag_s": 0})["now_s"] == began_at_s + 5 * 86_400

    newer = riot.get("europe", path, count=100, startTime=began_at_s).json()
    assert newer
    assert not set(newer) & set(before)


def test_state_people_showcase_and_bodies_can_be_read(riot, world):
    match = next(m for m in world.matches() if m.platform == "euw1" and m.outcome == "played")
    for _ in range(2):
        riot.get("europe", f"/lol/match/v5/matches/{match.id}")

    state = riot.control("state")
    assert state["by_endpoint"] == {"match-v5.match": 2}
    assert state["bodies"] == {"matches": 1, "fetches": 2}
    assert riot.control("matches") == {f"{match.id} demo": 2}
    people = riot.control("people?application=demo")
    assert len(people) == len(world.people)
    assert people[0]["puuid"] == riot.puuid(people[0]["riot_id"])
    assert len(riot.control("showcase?count=2")) <= 2
    riot.control("reset", {})
    assert riot.control("state")["requests"] == 0


def test_latency_delays_every_answer(simulators, world):
    riot = simulators.start(world, Options(latency_s=0.15, jitter_s=0.05))
    started = time.monotonic()
    riot.get("euw1", "/lol/status/v4/platform-data")
    assert time.monotonic() - started >= 0.1


def test_other_methods_are_not_allowed(riot):
    url = riot.simulator.url.format(host="euw1") + "/lol/status/v4/platform-data"
    assert riot.session.post(url, timeout=20).status_code == 405


@pytest.mark.parametrize("address", ["0.0.0.0", "example.org", ""])
def test_only_loopback_addresses_are_served(world, address):
    with pytest.raises(NotLoopback):
        serve(world, address=address)


def test_stopping_twice_is_harmless_and_frees_the_port(world):
    first = serve(world)
    first.stop()
    first.stop()

    with serve(world, port=first.port) as second:
        assert second.port == first.port
