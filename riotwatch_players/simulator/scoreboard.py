"""From how people play to a scoreboard that adds up.

A team's kills are the sum of its players' and of the opponents' deaths; nobody assists in more kills than the others
of the team made; damage to champions splits into its three kinds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from riotwatch_players.simulator.champions import MAGES
from riotwatch_players.simulator.play import Game, Performance, Player
from riotwatch_players.simulator.queues import ARENA

_KILLS_PER_MINUTE: Final = {True: 1.02, False: 0.70}
"""By result. ARAM doubles it."""
_DAMAGE_PER_MINUTE: Final = 3_400
_PASSIVE_GOLD_PER_MINUTE: Final = 122
_GOLD_PER_CS: Final = 20
_GOLD_PER_KILL: Final = 290
_GOLD_PER_ASSIST: Final = 95
_WIN_GOLD_PER_MINUTE: Final = 25
_MOST_LEVEL: Final = 18
_MULTI_KILLS: Final = (0.72, 0.93, 0.985, 0.998)
"""Share of players whose largest multi kill is no more than 1, 2, 3, 4."""


@dataclass(slots=True)
class Stats:
    """One player's numbers at the end of a match."""

    champion_id: int
    kills: int
    deaths: int
    assists: int
    minions: int
    jungle: int
    gold: int
    level: int
    physical: int
    magic: int
    true: int
    taken: int
    healed: int
    vision: int
    wards_placed: int
    wards_killed: int
    control_wards: int
    turrets: int
    dragons: int
    barons: int
    dead_s: int
    solo_kills: int
    multi_kill: int
    spree: int

    @property
    def damage(self) -> int:
        """Damage to champions."""
        return self.physical + self.magic + self.true


def kills_of(game: Game, rng: Random, *, won: bool) -> int:
    """How many kills a team makes."""
    pace = _KILLS_PER_MINUTE[won] * (1.0 if game.queue.has_roles else 2.0)
    return round(game.minutes * pace * math.exp(rng.gauss(0, 0.25)))


def share_out(total: int, weights: Sequence[float], rng: Random) -> list[int]:
    """`total` indivisible things over the weights; the parts add up to it."""
    parts = [0] * len(weights)
    for place in rng.choices(range(len(weights)), weights, k=total):
        parts[place] += 1
    return parts


@dataclass(frozen=True, slots=True)
class Team:
    """One side of a match, in the order of its players."""

    players: Sequence[Player]
    performances: Sequence[Performance]
    champions: Sequence[int]
    kills: Sequence[int]
    deaths: Sequence[int]


def team_stats(team: Team, game: Game, rng: Random) -> list[Stats]:
    """The numbers of one side; kills and deaths are settled between the sides before."""
    won = team.players[0].won
    standing = 0.0 if game.queue is ARENA else min(game.minutes / 4, 11)
    turrets = round(standing * (rng.uniform(0.7, 1.0) if won else rng.uniform(0.1, 0.7)))
    epic = game.minutes / 7 if game.queue.has_roles else 0.0
    turret_parts = share_out(turrets, [p.fight for p in team.performances], rng)
    total_damage = _DAMAGE_PER_MINUTE * game.minutes * math.exp(rng.gauss(0, 0.12))
    total_weight = sum(p.damage for p in team.performances)
    return [
        _stats(
            team,
            place,
            game,
            rng,
            damage=total_damage * p.damage / total_weight,
            turrets=turret_parts[place],
            epic=epic,
        )
        for place, p in enumerate(team.performances)
    ]


def _stats(team: Team, place: int, game: Game, rng: Random, *, damage: float, turrets: int, epic: float) -> Stats:
    player, rates, champion = team.players[place], team.performances[place], team.champions[place]
    kills, deaths, minutes = team.kills[place], team.deaths[place], game.minutes
    others = sum(team.kills) - kills
    assists = min(max(round(rates.presence * (kills + others)) - kills, 0), others)
    cs = round(rates.cs_per_minute * minutes)
    jungler = player.role == "JUNGLE"
    jungle = round(cs * (0.8 if jungler else 0.04)) if game.queue.has_roles else 0
    one, two, three = rng.random(), rng.random(), rng.random()
    magic_share = 0.75 + 0.17 * one if champion in MAGES else 0.03 + 0.17 * one
    magic, true = round(damage * magic_share), round(damage * (0.01 + 0.05 * two))
    vision = round(rates.vision_per_hour * minutes / 60)
    return Stats(
        champion_id=champion,
        kills=kills,
        deaths=deaths,
        assists=assists,
        minions=cs - jungle,
        jungle=jungle,
        gold=_gold(player, game, cs=cs, kills=kills, assists=assists),
        level=min(_MOST_LEVEL, 1 + round(minutes * (0.47 if player.role == "UTILITY" else 0.56))),
        physical=max(0, round(damage) - magic - true),
        magic=magic,
        true=true,
        taken=round(minutes * (550 + 550 * two)),
        healed=round(minutes * (40 + 310 * one)),
        vision=vision,
        wards_placed=round(vision * 0.45),
        wards_killed=round(vision * (0.05 + 0.15 * one)),
        control_wards=round(vision * (0.02 + 0.1 * two)),
        turrets=turrets,
        dragons=round(epic * 0.5 * one * (1.5 if player.won else 0.7)) if jungler else 0,
        barons=int(jungler and player.won and minutes > 24 and two < 0.6),
        dead_s=round(deaths * min(8 + minutes * 0.9, 40)),
        solo_kills=round(kills * 0.4 * three),
        multi_kill=min(kills, _multi_kill(three)) if kills else 0,
        spree=round(kills / (1 + deaths * 0.4)),
    )


def _multi_kill(roll: float) -> int:
    return 1 + sum(roll > threshold for threshold in _MULTI_KILLS)


def _gold(player: Player, game: Game, *, cs: int, kills: int, assists: int) -> int:
    income = _PASSIVE_GOLD_PER_MINUTE + (_WIN_GOLD_PER_MINUTE if player.won else 0)
    bounties = kills * _GOLD_PER_KILL + assists * _GOLD_PER_ASSIST
    return round(500 + game.minutes * income + cs * _GOLD_PER_CS + bounties)
