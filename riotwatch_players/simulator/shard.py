"""One platform's play: matches begin and end in the order of time, each drawn from the platform's one generator."""

import heapq
import math
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import Final

from riotwatch_players.simulator.accounts import Account, open_account
from riotwatch_players.simulator.chance import generator
from riotwatch_players.simulator.lobby import gather, seat
from riotwatch_players.simulator.matches import Match, Outcome
from riotwatch_players.simulator.people import Person
from riotwatch_players.simulator.queues import ARENA, FLEX, QUEUES, SOLO, Queue

_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
_FIRST_NUMBER: Final = {"euw1": 7_600_000_000, "na1": 5_400_000_000, "kr": 8_300_000_000}
_NUMBER_STEP: Final = 37
_SORT_EVERY: Final = 48
"""Matches between two sortings of the ladder."""

_WIN_LOGIT_PER_TIER: Final = 0.32
_RATING_STEP: Final = 0.06
_NEW_ACCOUNT_STEP: Final = 0.12
_NEW_ACCOUNT_GAMES: Final = 25
_REMAKE_SHARE: Final = 0.02
_LOST_SHARE: Final = 0.0015
_SHELL_SHARE: Final = 0.001
_QUIET_SHARE: Final = 0.12
"""Willingness in the quietest hours, as a share of the peak."""
_PEAK_WIDTH_H: Final = 4.0
_USUAL_WILLINGNESS: Final = 0.45
_MS_BEFORE_NEXT_GAME: Final = 90_000


class Shard:
    """The play of one platform. `advance` alone changes it, and only with the time given."""

    def __init__(
        self, platform: str, people: Sequence[Person], *, seed: str, begins_at_s: int, live_from_s: int, speed: float
    ) -> None:
        """From `live_from_s` on matches begin `speed` times as often."""
        self.platform = platform
        self.matches: list[Match] = []
        self._rng = generator(f"{seed}/play/{platform}")
        self._live_from_ms = live_from_s * 1000
        self._speed = speed
        self._running: list[tuple[int, int]] = []
        weights = [_weights(person) for person in people]
        self._by_hour = [list(accumulate(weight[hour] for weight in weights)) for hour in range(24)]
        self.accounts = [
            open_account(person, _willingness(w, self._by_hour)) for person, w in zip(people, weights, strict=True)
        ]
        self._account_of = {account.person: account for account in self.accounts}
        self._ladder = sorted(self.accounts, key=_rating)
        self._place_all()
        self._next_ms = begins_at_s * 1000
        self._begun = 0
        self._schedule_next()

    def advance(self, now_ms: int) -> None:
        """Play everything that begins or ends up to `now_ms`."""
        while True:
            if self._running and self._running[0][0] <= self._next_ms:
                if self._running[0][0] > now_ms:
                    return
                self._finish(self.matches[heapq.heappop(self._running)[1]])
            elif self._next_ms <= now_ms:
                self._begin(self._next_ms)
                self._schedule_next()
            else:
                return

    def match(self, number: int) -> Match | None:
        """The finished match of that number."""
        serial = (number - _FIRST_NUMBER[self.platform]) // _NUMBER_STEP
        if not 0 <= serial < len(self.matches):
            return None
        found = self.matches[serial]
        return found if found.number == number and found.over else None

    def account_of(self, person: Person) -> Account:
        """The person's state at the time last advanced to."""
        return self._account_of[person]

    def _schedule_next(self) -> None:
        hour = _hour(self._next_ms)
        per_day = sum(table[-1] for table in self._by_hour) / SOLO.people / SOLO.share
        per_ms = per_day * (self._by_hour[hour][-1] * 24 / sum(table[-1] for table in self._by_hour)) / _DAY_MS
        if self._next_ms >= self._live_from_ms:
            per_ms *= self._speed
        self._next_ms += 1 + int(self._rng.expovariate(per_ms)) if per_ms else _DAY_MS

    def _begin(self, now_ms: int) -> None:
        rng, hour = self._rng, _hour(now_ms)
        queue = _queue(rng.random())
        table = self._by_hour[hour]
        anchor = self.accounts[bisect(table, rng.random() * table[-1], hi=len(table) - 1)]
        if anchor.free_at_ms > now_ms or now_ms >= anchor.leaves_at_ms:
            return
        people = gather(self._ladder, anchor, size=queue.people, start_ms=now_ms, hour=hour, rng=rng)
        if people is None:
            return
        self._begun += 1
        if self._begun % _SORT_EVERY == 0:
            self._ladder.sort(key=_rating)
            self._place_all()
        self._play(queue, seat(people, rng) if queue.has_roles else people, now_ms)

    def _play(self, queue: Queue, lineup: list[Account], creation_ms: int) -> None:
        rng = self._rng
        outcome = _outcome(rng.random(), queue)
        duration_s = _duration_s(queue, outcome, rng)
        start_ms = creation_ms + rng.randint(52_000, 78_000)
        end_ms = start_ms + duration_s * 1000 + rng.randint(50, 900)
        serial, seed = len(self.matches), rng.getrandbits(48)
        match = Match(
            number=_FIRST_NUMBER[self.platform] + serial * _NUMBER_STEP + seed % _NUMBER_STEP,
            platform=self.platform,
            queue=queue,
            outcome=outcome,
            seed=seed,
            creation_ms=creation_ms,
            start_ms=start_ms,
            end_ms=end_ms,
            duration_s=duration_s,
            lineup=tuple(account.person for account in lineup),
            levels=tuple(account.level for account in lineup),
            blue_won=rng.random() < _blue_chance([a.person.skill_at(creation_ms / 1000) for a in lineup]),
        )
        self.matches.append(match)
        heapq.heappush(self._running, (end_ms, serial))
        for account in lineup:
            account.free_at_ms = end_ms + _MS_BEFORE_NEXT_GAME

    def _finish(self, match: Match) -> None:
        match.over = True
        accounts = [self._account_of[person] for person in match.lineup]
        for account in accounts:
            account.games += 1
            account.history.append(match)
        if match.outcome in {Outcome.PLAYED, Outcome.LOST} and match.queue in {SOLO, FLEX}:
            self._rate(match, accounts)

    def _rate(self, match: Match, accounts: list[Account]) -> None:
        surprise = match.blue_won - _blue_chance([account.rating for account in accounts])
        solo = match.queue is SOLO
        for place, account in enumerate(accounts):
            blue = place < 5
            ladder = account.solo if solo else account.flex
            ladder.record(won=match.blue_won == blue, rating=account.rating)
            if solo:
                new = account.rated_games < _NEW_ACCOUNT_GAMES
                account.rated_games += 1
                account.rating += (_NEW_ACCOUNT_STEP if new else _RATING_STEP) * (surprise if blue else -surprise)

    def _place_all(self) -> None:
        for position, account in enumerate(self._ladder):
            account.position = position


def _rating(account: Account) -> float:
    return account.rating


def _hour(at_ms: int) -> int:
    return at_ms // _HOUR_MS % 24


def _weights(person: Person) -> list[float]:
    """The person's ranked games a day, spread over the hours."""
    shape = [
        _QUIET_SHARE + math.exp(-(_hours_apart(hour, person.peak_hour) ** 2) / (2 * _PEAK_WIDTH_H**2))
        for hour in range(24)
    ]
    return [person.ranked_per_day * value / sum(shape) for value in shape]


def _hours_apart(one: float, other: float) -> float:
    apart = abs(one - other) % 24
    return min(apart, 24 - apart)


def _willingness(weights: list[float], by_hour: list[list[float]]) -> tuple[float, ...]:
    """Relative to what is usual at that hour, so that a quiet hour's few matches still fill up."""
    people = len(by_hour[0])
    return tuple(
        min(1.0, _USUAL_WILLINGNESS * weight * people / table[-1])
        for weight, table in zip(weights, by_hour, strict=True)
    )


def _queue(roll: float) -> Queue:
    for queue in QUEUES:
        if roll < queue.share:
            return queue
        roll -= queue.share
    return SOLO


def _outcome(roll: float, queue: Queue) -> Outcome:
    if roll < _LOST_SHARE:
        return Outcome.LOST
    if roll < _LOST_SHARE + _SHELL_SHARE:
        return Outcome.SHELL
    if roll < _LOST_SHARE + _SHELL_SHARE + _REMAKE_SHARE and queue is not ARENA:
        return Outcome.REMAKE
    return Outcome.PLAYED


def _duration_s(queue: Queue, outcome: Outcome, rng: Random) -> int:
    if outcome is Outcome.REMAKE:
        return rng.randint(90, 205)
    minutes = rng.gauss(queue.mean_minutes, queue.mean_minutes * 0.19)
    return int(60 * min(max(minutes, queue.mean_minutes * 0.54), queue.mean_minutes * 1.7))


def _blue_chance(strengths: list[float]) -> float:
    gap = sum(strengths[:5]) - sum(strengths[5:10])
    return 1 / (1 + math.exp(-_WIN_LOGIT_PER_TIER * gap))
