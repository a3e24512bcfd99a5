import json
from collections import Counter

import pytest

from riotwatch_players.simulator.bodies import Bodies
from riotwatch_players.simulator.ids import Directory
from riotwatch_players.simulator.matches import Outcome

ROLES = {"TOP", "JUNGLE", "MIDDLE", "BOTTOM", "UTILITY"}


@pytest.fixture(scope="module")
def bodies(world):
    directory = Directory(world.seed, "demo", platforms=[person.platform for person in world.people])
    writer = Bodies()
    chosen = [match for match in world.matches() if match.outcome in {Outcome.PLAYED, Outcome.REMAKE}]
    by_queue = Counter()
    bodies = []
    for match in chosen:
        by_queue[match.queue.number, match.outcome] += 1
        if by_queue[match.queue.number, match.outcome] <= 60:
            bodies.append((match, json.loads(writer.body(match, directory))))
    return bodies


def _team_fights(body):
    return [[p for p in body["info"]["participants"] if p["teamId"] == team] for team in (100, 200)]


def test_there_are_bodies_of_every_queue_and_remakes(bodies):
    assert {match.queue.number for match, _ in bodies} == {420, 440, 400, 450, 1700}
    assert any(match.outcome is Outcome.REMAKE for match, _ in bodies)
    assert len(bodies) >= 200


def test_a_teams_kills_are_its_players_and_the_opponents_deaths(bodies):
    for match, body in bodies:
        blue, red = _team_fights(body)
        if match.queue.number == 1700:
            assert sum(p["kills"] for p in blue + red) == sum(p["deaths"] for p in blue + red)
            continue
        for team, own, other in zip(body["info"]["teams"], (blue, red), (red, blue), strict=True):
            kills = sum(p["kills"] for p in own)
            assert kills == team["objectives"]["champion"]["kills"] == sum(p["deaths"] for p in other)
            assert all(p["assists"] + p["kills"] <= kills for p in own)
            assert sum(p["turretKills"] for p in own) == team["objectives"]["tower"]["kills"]


def test_the_result_is_the_same_wherever_it_stands(bodies):
    for match, body in bodies:
        if match.queue.number == 1700:
            assert sum(p["win"] for p in body["info"]["participants"]) == 8
            assert {p["placement"] for p in body["info"]["participants"]} == set(range(1, 9))
            continue
        teams = {team["teamId"]: team["win"] for team in body["info"]["teams"]}
        assert sorted(teams.values()) == [False, True]
        assert all(p["win"] == teams[p["teamId"]] for p in body["info"]["participants"])


def test_every_role_is_played_once_in_a_team(bodies):
    for match, body in bodies:
        for team in _team_fights(body):
            positions = [p["teamPosition"] for p in team]
            assert set(positions) == (ROLES if match.queue.number in {420, 440, 400} else {""})
            assert len(team) == (8 if match.queue.number == 1700 else 5)


def test_times_agree(bodies):
    for match, body in bodies:
        info = body["info"]
        assert info["gameDuration"] == max(p["timePlayed"] for p in info["participants"])
        assert info["gameCreation"] < info["gameStartTimestamp"] < info["gameEndTimestamp"] == match.end_ms
        assert 0 <= info["gameEndTimestamp"] - info["gameStartTimestamp"] - info["gameDuration"] * 1000 < 1000


def test_ids_agree(bodies):
    for match, body in bodies:
        puuids = [p["puuid"] for p in body["info"]["participants"]]
        assert body["metadata"]["participants"] == puuids
        assert len(set(puuids)) == match.queue.people
        assert body["metadata"]["matchId"] == f"{body['info']['platformId']}_{body['info']['gameId']}" == match.id
        assert all(len(puuid) == 78 for puuid in puuids)


def test_damage_and_shares_add_up(bodies):
    for match, body in bodies:
        if match.queue.number == 1700:
            continue
        for team in _team_fights(body):
            damage = sum(p["totalDamageDealtToChampions"] for p in team)
            assert sum(p["challenges"]["teamDamagePercentage"] for p in team) == pytest.approx(1.0)
            for p in team:
                kinds = ("physicalDamageDealtToChampions", "magicDamageDealtToChampions", "trueDamageDealtToChampions")
                assert sum(p[kind] for kind in kinds) == p["totalDamageDealtToChampions"] <= damage
                assert 0 <= p["challenges"]["killParticipation"] <= 1


def test_a_remake_is_marked_on_everybody_and_its_end_on_the_losers(bodies):
    remakes = [body for match, body in bodies if match.outcome is Outcome.REMAKE]

    for body in remakes:
        people = body["info"]["participants"]
        assert all(p["gameEndedInEarlySurrender"] for p in people)
        assert [p["teamEarlySurrendered"] for p in people] == [not p["win"] for p in people]
        assert body["info"]["gameDuration"] < 300
    played = [body for match, body in bodies if match.outcome is Outcome.PLAYED]
    assert not any(p["gameEndedInEarlySurrender"] for body in played for p in body["info"]["participants"])


def test_levels_only_rise(world, bodies):
    person = max(world.people, key=lambda one: len(world.account(one).history))
    levels = [match.levels[match.lineup.index(person)] for match in world.account(person).history]

    assert levels == sorted(levels)
    assert levels[-1] > levels[0]
