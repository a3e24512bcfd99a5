"""The people of the world: who they are, how they play, and what is really going on with them."""

import math
from dataclasses import dataclass
from random import Random
from typing import Final

from riotwatch_players.simulator.champions import CHAMPIONS, ROLES
from riotwatch_players.simulator.chance import generator
from riotwatch_players.simulator.names import riot_id

DAY_S: Final = 86_400
PLATFORM_SHARES: Final = {"euw1": 0.6, "na1": 0.24, "kr": 0.16}

_KIND_SHARES: Final = (
    ("smurf_fresh", 0.05),
    ("boosted", 0.034),
    ("improver", 0.04),
    ("one_trick", 0.08),
)
"""What is not listed is "normal"."""

_MEAN_SKILL, _SKILL_SD, _LEAST_SKILL, _MOST_SKILL = 3.6, 1.45, 0.3, 8.8
_VANISHED_SHARE: Final = 0.015
_RENAMED_SHARE: Final = 0.02
LEAVER: Final = 0
"""Index of the one person who is sure to vanish soon after the world begins: something for a demo to notice."""
LEAVER_STAYS_S: Final = 150
_LEAVERS_GAMES_A_DAY: Final = 6.0
_RANKED_LEVEL: Final = 30
_MOST_GAMES_A_DAY: Final = 8.0


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One account and the truth about it. Times are epoch seconds; skill and rating count in tiers (Iron IV = 0)."""

    index: int
    """Place among the world's people."""
    platform: str
    kind: str
    """normal, one_trick, improver, smurf_fresh (a strong player's new account), boosted (somebody stronger plays)."""
    game_name: str
    tag_line: str
    former_name: str
    """The game name until `renamed_at_s`; the same as `game_name` for most."""
    renamed_at_s: int
    joined_at_s: int
    """No game before this."""
    vanished_at_s: int | None
    """Since then the account resolves no more (deleted); old matches still list it."""
    skill: float
    skill_per_day: float
    """How fast an improver gets better, from the world's beginning on."""
    skilled_from_s: int
    operator_skill: float
    """Skill of whoever plays between `operator_from_s` and `operator_until_s`."""
    operator_from_s: int
    operator_until_s: int
    first_rating: float
    """Where matchmaking first puts the account."""
    first_points: int
    """League points (through all divisions) at the world's beginning."""
    past_wins: int
    past_losses: int
    first_level: int
    icon: int
    role: str
    second_role: str
    pools: dict[str, tuple[int, ...]]
    """Champions by role, favorite first."""
    ranked_per_day: float
    peak_hour: float
    """Hour of the day (UTC) around which most games are played."""

    @property
    def riot_id(self) -> str:
        """Name#TAG as it is now."""
        return f"{self.game_name}#{self.tag_line}"

    def name_at(self, at_s: float) -> str:
        """The game name a match of that time shows."""
        return self.game_name if at_s >= self.renamed_at_s else self.former_name

    def skill_at(self, at_s: float) -> float:
        """Skill of whoever plays on this account at that time."""
        if self.operator_from_s <= at_s < self.operator_until_s:
            return self.operator_skill
        if not self.skill_per_day:
            return self.skill
        return min(self.skill + self.skill_per_day * max(0.0, at_s - self.skilled_from_s) / DAY_S, _MOST_SKILL)

    def exists_at(self, at_s: float) -> bool:
        """Whether Riot still resolves the account at that time."""
        return self.vanished_at_s is None or at_s < self.vanished_at_s


def populate(seed: str, *, people: int, begins_at_s: int, began_at_s: int) -> list[Person]:
    """The same people for the same arguments. History lies between the two times; some accounts vanish later."""
    taken: set[tuple[str, str]] = set()
    platforms = _platforms(people)
    return [
        _Birth(generator(f"{seed}/person/{index}"), index, platform, begins_at_s, began_at_s).person(taken)
        for index, platform in enumerate(platforms)
    ]


def _platforms(people: int) -> list[str]:
    counts = {platform: int(people * share) for platform, share in PLATFORM_SHARES.items()}
    counts["euw1"] += people - sum(counts.values())
    return [platform for platform, count in counts.items() for _ in range(count)]


@dataclass(slots=True)
class _Birth:
    """Draws one person; every draw comes from the person's own generator."""

    rng: Random
    index: int
    platform: str
    begins_at_s: int
    began_at_s: int

    def person(self, taken: set[tuple[str, str]]) -> Person:
        rng = self.rng
        kind = self._kind()
        game_name, tag_line = riot_id(rng, self.platform, taken=taken)
        renamed = rng.random() < _RENAMED_SHARE
        former = riot_id(rng, self.platform, taken=taken)[0] if renamed else game_name
        rating = min(max(rng.gauss(_MEAN_SKILL, _SKILL_SD), _LEAST_SKILL), _MOST_SKILL)
        fresh = kind == "smurf_fresh"
        rating = rng.uniform(1.8, 4.2) if fresh else rating
        operator_from, operator_until = self._operated(kind)
        past = 0 if fresh else int(rng.expovariate(1 / 60))
        past_wins = sum(rng.random() < 0.5 for _ in range(past))
        role, second_role = rng.sample(ROLES, 2)
        return Person(
            index=self.index,
            platform=self.platform,
            kind=kind,
            game_name=game_name,
            tag_line=tag_line,
            former_name=former,
            renamed_at_s=self._within_history() if renamed else 0,
            joined_at_s=self._within_history(until=0.6) if fresh else 0,
            vanished_at_s=self._vanishes(),
            skill=min(rating + rng.uniform(1.8, 3.4), _MOST_SKILL + 1) if fresh else rating,
            skill_per_day=rng.uniform(0.015, 0.035) if kind == "improver" else 0.0,
            skilled_from_s=self.begins_at_s,
            operator_skill=rating + rng.uniform(1.8, 3.2),
            operator_from_s=operator_from,
            operator_until_s=operator_until,
            first_rating=rating + rng.gauss(0, 0.2),
            first_points=max(0, int(rating * 400 + rng.gauss(0, 60))),
            past_wins=past_wins,
            past_losses=past - past_wins,
            first_level=_RANKED_LEVEL if fresh else _RANKED_LEVEL + int(rng.expovariate(1 / 170)),
            icon=rng.choice((rng.randint(1, 28), rng.randint(3000, 6900))),
            role=role,
            second_role=second_role,
            pools=self._pools(kind),
            ranked_per_day=self._ranked_per_day(),
            peak_hour=(rng.gauss(20, 3) - {"euw1": 1, "na1": -6, "kr": 9}[self.platform]) % 24,
        )

    def _kind(self) -> str:
        roll = self.rng.random()
        for kind, share in _KIND_SHARES:
            if roll < share:
                return kind
            roll -= share
        return "normal"

    def _within_history(self, *, until: float = 1.0) -> int:
        return self.begins_at_s + int((self.began_at_s - self.begins_at_s) * self.rng.uniform(0.05, until))

    def _operated(self, kind: str) -> tuple[int, int]:
        if kind != "boosted":
            return 0, 0
        starts = self._within_history(until=0.7)
        return starts, starts + int((self.began_at_s - self.begins_at_s) * self.rng.uniform(0.2, 0.5))

    def _ranked_per_day(self) -> float:
        least = _LEAVERS_GAMES_A_DAY if self.index == LEAVER else 1.0
        return min(max(self.rng.lognormvariate(math.log(2.0), 0.55), least), _MOST_GAMES_A_DAY)

    def _vanishes(self) -> int | None:
        if self.index == LEAVER:
            return self.began_at_s + LEAVER_STAYS_S
        if self.rng.random() >= _VANISHED_SHARE:
            return None
        before = self.rng.random() < 0.7
        days = -self.rng.uniform(2, 20) if before else self.rng.uniform(0.02, 30)
        return self.began_at_s + int(days * DAY_S)

    def _pools(self, kind: str) -> dict[str, tuple[int, ...]]:
        width = 2 if kind == "one_trick" else 6
        return {role: tuple(self.rng.sample(sorted(CHAMPIONS[role]), width)) for role in ROLES}
