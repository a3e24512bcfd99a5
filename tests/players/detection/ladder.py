"""The simulated ladder as histories: what its matches would say in a body, without the detour over HTTP."""

from typing import Any

from riotwatch_players.simulator.draft import Draft, draft
from riotwatch_players.simulator.matches import Outcome
from riotwatch_players.simulator.people import Person
from riotwatch_players.simulator.queues import SOLO
from riotwatch_players.simulator.world import World

BEGAN_AT_S = 1_790_000_000


def simulated(seed: str, *, people: int, newest: int) -> list[tuple[str, dict[str, Any]]]:
    """What each person really is, and the person's newest games as `analyze_histories` reads them."""
    world = World(seed, began_at_s=BEGAN_AT_S, people=people)
    played: dict[int, list[tuple[Draft, int]]] = {person.index: [] for person in world.people}
    for match in world.matches():
        if match.queue is SOLO and match.outcome is Outcome.PLAYED:
            drawn = draft(match)
            for place, person in enumerate(match.lineup):
                played[person.index].append((drawn, place))
    return [(person.kind, _record(world, person, played[person.index], newest)) for person in world.people]


def _record(world: World, person: Person, played: list[tuple[Draft, int]], newest: int) -> dict[str, Any]:
    account = world.account(person)
    tier, division, points = account.solo.standing()
    rank = {"at": BEGAN_AT_S, "tier": tier, "division": division, "lp": points}
    played.sort(key=lambda one: one[0].match.start_ms)
    return {
        "id": person.riot_id,
        "platform": person.platform.upper(),
        "summoner_level": account.level,
        "ranks": [rank | {"wins": account.solo.wins, "losses": account.solo.losses}],
        "games": [_game(drawn, place) for drawn, place in played[-newest:]],
    }


def _game(drawn: Draft, place: int) -> dict[str, Any]:
    side = range(5) if place < 5 else range(5, 10)
    return {
        "at": drawn.match.start_ms // 1000,
        "duration_s": drawn.match.duration_s,
        "win": drawn.players[place].won,
        **_line(drawn, place),
        "teammates": [_line(drawn, other) for other in side if other != place],
    }


def _line(drawn: Draft, place: int) -> dict[str, Any]:
    stats, half = drawn.stats[place], place // 5
    team = drawn.stats[half * 5 : half * 5 + 5]
    return {
        "id": drawn.match.lineup[place].riot_id,
        "position": drawn.players[place].role,
        "champion_id": stats.champion_id,
        "kills": stats.kills,
        "deaths": stats.deaths,
        "assists": stats.assists,
        "cs": stats.minions + stats.jungle,
        "gold": stats.gold,
        "damage_share": stats.damage / sum(one.damage for one in team),
        "vision": stats.vision,
        "kill_participation": min(1.0, (stats.kills + stats.assists) / max(1, drawn.team_kills[half])),
    }
