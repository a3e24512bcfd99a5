"""The seeded world: people who keep playing while time passes.

A world is a pure function of (seed, began_at_s, speed, people, history_days). Its matches happen at times drawn once,
in order, from one generator per platform; `advance` only moves the present along that fixed course. So a restart with
the same arguments shows the same people and the same old matches, plus what has been played since, whatever the
pattern of calls was.

World time is the caller's clock and never runs ahead of it: `speed` does not stretch time (a client filters matches
by its own clock) but makes matches begin more often from `began_at_s` on. Nobody plays two matches at once, so the
world fills up: a match that finds too few free people does not happen. Measured with 1,500 people: 386 matches a day
at speed 1, 1,720 at 6, 2,360 at 10, 4,618 at 60.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from riotwatch_players.simulator.accounts import Account
from riotwatch_players.simulator.matches import Match
from riotwatch_players.simulator.names import folded
from riotwatch_players.simulator.people import DAY_S, LEAVER, PLATFORM_SHARES, Person, populate
from riotwatch_players.simulator.queues import SOLO
from riotwatch_players.simulator.shard import Shard

DEFAULT_PEOPLE: Final = 1500
FEWEST_PEOPLE: Final = 100
DEFAULT_HISTORY_DAYS: Final = 45
_SHOWCASE_LEAST_GAMES: Final = 100
_SHOWCASE_DEPTH: Final = 200
"""The newest ranked games that are looked through for people worth meeting."""


class Introduction(NamedTuple):
    """Somebody worth tracking."""

    riot_id: str
    """Name#TAG"""
    platform: str
    vanishes_at_s: int | None
    """When the account is going to be deleted, if it is."""


class World:
    """People, ladder and matches of three platforms, at one point in time."""

    def __init__(
        self,
        seed: int | str = 1,
        *,
        began_at_s: int,
        speed: float = 1.0,
        people: int = DEFAULT_PEOPLE,
        history_days: int = DEFAULT_HISTORY_DAYS,
    ) -> None:
        """Play the history up to `began_at_s` (epoch seconds); from there on matches begin `speed` times as often.

        Raises ValueError for fewer than 100 people or a speed that is not positive.
        """
        if people < FEWEST_PEOPLE or speed <= 0:
            raise ValueError(f"a world needs at least {FEWEST_PEOPLE} people and a positive speed")
        self.seed = str(seed)
        self.began_at_s = began_at_s
        self.speed = speed
        self.now_s: float = began_at_s
        begins_at_s = began_at_s - history_days * DAY_S
        self.people = populate(self.seed, people=people, begins_at_s=begins_at_s, began_at_s=began_at_s)
        self._shards = {
            platform: Shard(
                platform,
                [person for person in self.people if person.platform == platform],
                seed=self.seed,
                begins_at_s=begins_at_s,
                live_from_s=began_at_s,
                speed=speed,
            )
            for platform in PLATFORM_SHARES
        }
        self._by_name = {folded(person.game_name, person.tag_line): person for person in self.people}
        self._play_until(began_at_s)
        self._showcase = _worth_tracking(self)

    def advance(self, now_s: float) -> None:
        """Move the present to `now_s`; a time that has passed already changes nothing."""
        if now_s > self.now_s:
            self._play_until(now_s)

    def find(self, riot_id: str) -> Person | None:
        """Who bears that Riot ID (Name#TAG) now, vanished or not; case and spaces do not count."""
        game_name, _, tag_line = riot_id.rpartition("#")
        return self._by_name.get(folded(game_name, tag_line))

    def account(self, person: Person) -> Account:
        """The person's state at present."""
        return self._shards[person.platform].account_of(person)

    def match(self, match_id: str) -> Match | None:
        """A match that is over by now."""
        platform, _, number = match_id.partition("_")
        shard = self._shards.get(platform.lower())
        if shard is None or platform != platform.upper() or not (number.isascii() and number.isdigit()):
            return None
        return shard.match(int(number))

    def matches(self) -> Iterator[Match]:
        """Every match that is over by now, by platform and age."""
        return (match for shard in self._shards.values() for match in shard.matches if match.over)

    def match_count(self) -> int:
        """How many matches have begun so far."""
        return sum(len(shard.matches) for shard in self._shards.values())

    def truth(self) -> list[dict[str, object]]:
        """What is really going on with everybody: kind, skill, who else played when, and when they vanished."""
        return [_truth(person) for person in self.people]

    def showcase(self, count: int) -> list[Introduction]:
        """People a demo should track, the same for the same world: active, with many ranked games.

        The first met the most smurfs and at least one account that has vanished since; the second vanishes soon.
        """
        return [
            Introduction(person.riot_id, person.platform, person.vanished_at_s) for person in self._showcase[:count]
        ]

    def _play_until(self, now_s: float) -> None:
        for shard in self._shards.values():
            shard.advance(int(now_s * 1000))
        self.now_s = now_s


def _truth(person: Person) -> dict[str, object]:
    operated = person.operator_until_s > 0
    return {
        "riot_id": person.riot_id,
        "platform": person.platform,
        "kind": person.kind,
        "skill": round(person.skill, 3),
        "operator_skill": round(person.operator_skill, 3) if operated else None,
        "operator_from_s": person.operator_from_s if operated else None,
        "operator_until_s": person.operator_until_s if operated else None,
        "joined_at_s": person.joined_at_s,
        "vanished_at_s": person.vanished_at_s,
    }


def _worth_tracking(world: World) -> list[Person]:
    """Alternating between platforms, those first who met a vanished account and many smurfs; second the leaver."""
    ranked = sorted(
        (person for person in world.people if person.vanished_at_s is None and _solo_games(world, person)),
        key=lambda person: _interest(world, person),
        reverse=True,
    )
    by_platform = {platform: [p for p in ranked if p.platform == platform] for platform in PLATFORM_SHARES}
    turns = ("euw1", "euw1", "na1", "euw1", "kr")
    chosen: list[Person] = []
    while any(by_platform.values()):
        chosen.extend(by_platform[platform].pop(0) for platform in turns if by_platform[platform])
    leaver = world.people[LEAVER]
    return [*chosen[:1], *([leaver] if _solo_games(world, leaver) else []), *chosen[1:]]


def _solo_games(world: World, person: Person) -> list[Match]:
    """The newest ranked games of somebody who plays enough of them, else none."""
    games = [match for match in world.account(person).history if match.queue is SOLO]
    return games[-_SHOWCASE_DEPTH:] if len(games) >= _SHOWCASE_LEAST_GAMES else []


def _interest(world: World, person: Person) -> tuple[bool, int]:
    others = [other for match in _solo_games(world, person) for other in match.lineup if other is not person]
    gone = any(not other.exists_at(world.began_at_s) for other in others)
    return gone, sum(other.kind == "smurf_fresh" for other in others)
