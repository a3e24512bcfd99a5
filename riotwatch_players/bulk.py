"""Adding many players by Riot ID: a result for every line, and nothing lost of those that did not work out.

Riot is asked once per line. What concerns all lines alike (a refused key, a used-up budget, the limit of tracked
players) ends the asking: the lines that are left are reported as not tried.
"""

import csv
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from riotwatch_players import gateway, outages, tracking
from riotwatch_players.models import Player
from riotwatch_players.riot.client import RiotClient
from riotwatch_players.riot.errors import BudgetUnavailable, BudgetWait, KeyRefused, RiotError
from riotwatch_players.riot.limiter import Lane
from riotwatch_players.riot.routing import UnknownPlatform, platform_host

TROUBLES_IN_A_ROW = 3
"""After so many lines that Riot failed to answer, the rest are not tried."""
HEADINGS = frozenset({"riot_id", "riot id", "riotid", "player", "name"})


class Outcome(StrEnum):
    """What became of a line."""

    ADDED = "added"
    KNOWN = "already known"
    TRACKED = "now tracked"
    ALREADY_TRACKED = "already tracked"
    REPEATED = "repeated"
    BAD_LINE = "not understood"
    NOT_FOUND = "not found"
    ERASED = "erased before"
    OVER_LIMIT = "over the limit"
    TROUBLE = "no answer"
    NOT_TRIED = "not tried yet"


SUCCESSES = frozenset(
    {Outcome.ADDED, Outcome.KNOWN, Outcome.TRACKED, Outcome.ALREADY_TRACKED, Outcome.REPEATED},
)


@dataclass(frozen=True)
class Line:
    """A line that names a player, or cannot be read."""

    number: int
    """From 1."""
    text: str
    riot_id: str = ""
    platform: str = ""
    problem: str = ""
    """Why it cannot be read; "" where it can."""


@dataclass(frozen=True)
class LineResult:
    """What became of a line."""

    line: Line
    outcome: Outcome
    detail: str = ""
    player: Player | None = None
    new: bool = False
    """Whether the player was not known before."""

    @property
    def change(self) -> str:
        """What was changed, for the audit: "tracked", "added", or "" for nothing."""
        return "tracked" if self.outcome is Outcome.TRACKED else "added" if self.new else ""

    @property
    def succeeded(self) -> bool:
        """Whether nothing is left to do about the line."""
        return self.outcome in SUCCESSES


class _CannotGoOn(Exception):
    """Nothing more can be asked; `result` is that of the line at which it showed."""

    def __init__(self, result: LineResult) -> None:
        self.result = result


def read_lines(text: str, *, platform: str) -> list[Line]:
    """A Line for each that is not blank: `Name#TAG`, `Name#TAG platform`, or the two as CSV with or without a heading.

    `platform` is that of lines which name none.
    """
    numbered = [(number, one.strip()) for number, one in enumerate(text.splitlines(), start=1) if one.strip()]
    if numbered and _is_heading(numbered[0][1]):
        numbered = numbered[1:]
    return [_read(number, one, platform) for number, one in numbered]


def _is_heading(text: str) -> bool:
    return _cells(text)[0].lower() in HEADINGS


def _cells(text: str) -> list[str]:
    """The fields of a CSV line, or the whole text as one."""
    for mark in (",", ";", "\t"):
        if mark in text:
            return [cell.strip() for cell in next(csv.reader([text], delimiter=mark, skipinitialspace=True))]
    return [text.strip('" ')]


def _read(number: int, text: str, platform: str) -> Line:
    riot_id, *rest = _cells(text)
    named = rest[0] if rest else ""
    if not rest:
        # A tag has no spaces: what stands behind it is the platform.
        name, hash_sign, tail = riot_id.rpartition("#")
        tag, _, named = tail.strip().partition(" ")
        riot_id = f"{name}{hash_sign}{tag}"
    try:
        tracking.split_riot_id(riot_id)
        return Line(number, text, riot_id, platform_host(named.strip() or platform))
    except (tracking.BadRiotId, UnknownPlatform) as problem:
        return Line(number, text, problem=str(problem))


def add_players(
    lines: Sequence[Line],
    *,
    track: bool,
    clock: Callable[[], datetime],
    patience_s: float | None = None,
    client: RiotClient | None = None,
) -> Iterator[LineResult]:
    """The lines' results in their order, as they come about; `patience_s` bounds the whole (None: for ever).

    Raises ForeignDatabase before anything is asked.
    """
    gateway.current_source()
    until = None if patience_s is None else time.monotonic() + patience_s
    asking = _Asking(client or gateway.client(Lane.INTERACTIVE), track=track, clock=clock, until=until)
    return _results(lines, asking)


def _results(lines: Sequence[Line], asking: "_Asking") -> Iterator[LineResult]:
    remaining = iter(lines)
    try:
        for line in remaining:
            yield asking.result_of(line)
    except _CannotGoOn as end:
        yield end.result
        yield from (LineResult(line, Outcome.NOT_TRIED, end.result.detail) for line in remaining)


def retained(results: Iterable[LineResult]) -> str:
    """The lines that did not work out, as they were given: what stays to be mended or tried again."""
    return "\n".join(one.line.text for one in results if not one.succeeded)


class _Asking:
    """One pass over the lines."""

    def __init__(self, client: RiotClient, *, track: bool, clock: Callable[[], datetime], until: float | None) -> None:
        """`until` is in monotonic seconds."""
        self._client = client
        self._track = track
        self._clock = clock
        self._until = until
        self._seen: dict[tuple[str, str], int] = {}
        self._troubles = 0

    def result_of(self, line: Line) -> LineResult:
        """Ask about one line; raises _CannotGoOn."""
        if line.problem:
            return LineResult(line, Outcome.BAD_LINE, line.problem)
        first = self._seen.setdefault((line.riot_id.casefold(), line.platform), line.number)
        if first != line.number:
            return LineResult(line, Outcome.REPEATED, f"the same as line {first}")
        if self._until is not None and time.monotonic() >= self._until:
            raise _CannotGoOn(LineResult(line, Outcome.NOT_TRIED, "there was no more time: try the rest again"))
        return self._asked(line)

    def _asked(self, line: Line) -> LineResult:
        try:
            result = self._added(line)
        except tracking.NoSuchPlayer as problem:
            return LineResult(line, Outcome.NOT_FOUND, str(problem))
        except tracking.WasErased as problem:
            return LineResult(line, Outcome.ERASED, str(problem))
        except BudgetWait as wait:
            self._wait(line, wait)
            return self._asked(line)
        except (KeyRefused, BudgetUnavailable) as problem:
            raise _CannotGoOn(LineResult(line, Outcome.NOT_TRIED, outages.explained(problem))) from None
        except RiotError as problem:
            return self._trouble(line, problem)
        self._troubles = 0
        return result

    def _added(self, line: Line) -> LineResult:
        player, new = tracking.ask_for_player(
            line.riot_id, platform=line.platform, now=self._clock(), client=self._client
        )
        if not self._track:
            return LineResult(line, Outcome.ADDED if new else Outcome.KNOWN, player=player, new=new)
        try:
            now_tracked = tracking.track(player, now=self._clock())
        except tracking.TooManyTracked as problem:
            raise _CannotGoOn(LineResult(line, Outcome.OVER_LIMIT, str(problem), player, new)) from None
        return LineResult(line, Outcome.TRACKED if now_tracked else Outcome.ALREADY_TRACKED, player=player, new=new)

    def _wait(self, line: Line, wait: BudgetWait) -> None:
        if self._until is not None and time.monotonic() + wait.seconds > self._until:
            raise _CannotGoOn(LineResult(line, Outcome.NOT_TRIED, outages.explained(wait)))
        time.sleep(wait.seconds)

    def _trouble(self, line: Line, problem: RiotError) -> LineResult:
        self._troubles += 1
        result = LineResult(line, Outcome.TROUBLE, str(problem))
        if self._troubles >= TROUBLES_IN_A_ROW:
            raise _CannotGoOn(result)
        return result
