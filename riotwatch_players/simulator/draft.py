"""A match drawn in full from its seed: who played which champion how well. The same match gives the same draft."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Final

from riotwatch_players.simulator.champions import CHAMPIONS, EVERYONE, ROLES
from riotwatch_players.simulator.chance import generator
from riotwatch_players.simulator.matches import Match, Outcome
from riotwatch_players.simulator.people import Person
from riotwatch_players.simulator.play import Game, Player, performance
from riotwatch_players.simulator.queues import ARENA
from riotwatch_players.simulator.scoreboard import Stats, Team, kills_of, share_out, team_stats

TEAM_SIZE: Final = 5
PAIR_SIZE: Final = 2
_ARENA_KILLS: Final = 75
_NO_BAN: Final = -1
_NO_BAN_SHARE: Final = 0.06
_FAVORITE_SHARE: Final = {"one_trick": 0.9}
_USUAL_FAVORITE_SHARE: Final = 0.35
_SURRENDER_SHARE: Final = 0.28
_SURRENDER_FROM_S: Final = 15 * 60


@dataclass(frozen=True)
class Draft:
    """A match with everything that its body says about play."""

    match: Match
    players: Sequence[Player]
    stats: Sequence[Stats]
    bans: Sequence[int]
    surrendered: bool
    first_blood: int
    """Place in the lineup, or -1."""
    placements: Sequence[int]
    """Arena only: each pair's place."""

    @cached_property
    def team_kills(self) -> tuple[int, int]:
        """Kills of the first and the second half of the lineup."""
        half = len(self.stats) // 2
        return sum(s.kills for s in self.stats[:half]), sum(s.kills for s in self.stats[half:])


def draft(match: Match) -> Draft:
    """Draw the match."""
    rng = generator(match.seed)
    placements = rng.sample(range(1, 9), 8) if match.queue is ARENA else []
    players = _players(match, placements)
    champions = _champions(players, rng)
    game = Game(match.queue, match.duration_s / 60)
    stats = (_arena if placements else _two_teams)(players, champions, game, rng)
    return Draft(
        match=match,
        players=players,
        stats=stats,
        bans=_bans(rng, count=len(players) if match.queue.map_number != 12 else 0),
        surrendered=_surrendered(match, rng),
        first_blood=_first_blood(stats, rng) if match.queue.has_roles else -1,
        placements=placements,
    )


def _players(match: Match, placements: Sequence[int]) -> list[Player]:
    at_s = match.creation_ms / 1000
    skills = [person.skill_at(at_s) for person in match.lineup]
    mean = sum(skills) / len(skills)
    players = []
    for place, (person, skill) in enumerate(zip(match.lineup, skills, strict=True)):
        role = ROLES[place % TEAM_SIZE] if match.queue.has_roles else ""
        won = placements[place // PAIR_SIZE] <= 4 if placements else (place < TEAM_SIZE) == match.blue_won
        players.append(Player(person, role, skill - mean, skill, won))
    return players


def _champions(players: Sequence[Player], rng: Random) -> list[int]:
    taken: list[int] = []
    for player in players:
        champion = _favorite(player.person, player.role, rng) if player.role else rng.choice(EVERYONE)
        while champion in taken:
            champion = rng.choice(list(CHAMPIONS[player.role]) if player.role else EVERYONE)
        taken.append(champion)
    return taken


def _favorite(person: Person, role: str, rng: Random) -> int:
    pool = person.pools[role]
    if rng.random() < _FAVORITE_SHARE.get(person.kind, _USUAL_FAVORITE_SHARE):
        return pool[0]
    return rng.choice(pool)


def _two_teams(players: Sequence[Player], champions: Sequence[int], game: Game, rng: Random) -> list[Stats]:
    rates = [performance(player, game, rng) for player in players]
    sides = (slice(0, TEAM_SIZE), slice(TEAM_SIZE, None))
    totals = [kills_of(game, rng, won=players[side][0].won) for side in sides]
    kills = [share_out(total, [r.fight for r in rates[side]], rng) for total, side in zip(totals, sides, strict=True)]
    deaths = [
        share_out(total, [r.fragility for r in rates[side]], rng)
        for total, side in zip(reversed(totals), sides, strict=True)
    ]
    stats = []
    for one, side in enumerate(sides):
        team = Team(players[side], rates[side], champions[side], kills[one], deaths[one])
        stats += team_stats(team, game, rng)
    return stats


def _arena(players: Sequence[Player], champions: Sequence[int], game: Game, rng: Random) -> list[Stats]:
    rates = [performance(player, game, rng) for player in players]
    kills = share_out(
        _ARENA_KILLS, [r.fight * (1.5 if p.won else 0.8) for r, p in zip(rates, players, strict=True)], rng
    )
    deaths = share_out(_ARENA_KILLS, [r.fragility for r in rates], rng)
    stats = []
    for first in range(0, len(players), PAIR_SIZE):
        pair = slice(first, first + PAIR_SIZE)
        stats += team_stats(Team(players[pair], rates[pair], champions[pair], kills[pair], deaths[pair]), game, rng)
    return stats


def _bans(rng: Random, *, count: int) -> list[int]:
    return [_NO_BAN if rng.random() < _NO_BAN_SHARE else rng.choice(EVERYONE) for _ in range(count)]


def _surrendered(match: Match, rng: Random) -> bool:
    possible = match.outcome is not Outcome.REMAKE and match.queue is not ARENA and match.duration_s > _SURRENDER_FROM_S
    return possible and rng.random() < _SURRENDER_SHARE


def _first_blood(stats: Sequence[Stats], rng: Random) -> int:
    killers = [place for place, one in enumerate(stats) for _ in range(one.kills)]
    return rng.choice(killers) if killers else -1
