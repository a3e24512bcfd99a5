"""One key's budget, shared by every process on every machine through Redis.

The rule (in `limiter*.lua`, together one script): a slot is held from its grant until the response plus the window, so
that any interval of a window's length sees at most as many requests as the limit allows, whatever the network does.
It holds while an answer is awaited for less than half a lease and nobody sends a request twice.
"""

import hashlib
import json
import random
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import NoScriptError, RedisError

from riotwatch_players.riot.capacity import CapacityWatch
from riotwatch_players.riot.errors import BudgetUnavailable
from riotwatch_players.riot.headers import RateHeaders, Windows, parse_windows, read_rate_headers

log = structlog.stdlib.get_logger(__name__)

LEASE_S = 24.0
"""A slot whose worker died is released after this and the window."""
STARTS_WHEN_UNKNOWN = 1
_PREFIX = "riotwatch:limit:"
_PARTS = ("limiter.lua", "limiter_acquire.lua", "limiter_complete.lua")
_SCRIPT = "\n".join(Path(__file__).with_name(part).read_text(encoding="utf-8") for part in _PARTS)
_SHA = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()
"""The name by which Redis knows a script."""
_APPLICATION = "app"
"""The scope of the application's limits on a host; endpoints have a dot in their name."""


class Lane(IntEnum):
    """Who goes first."""

    INTERACTIVE = 0
    """A person waits; never paced."""
    TRACKED = 1
    DISCOVERY = 2


@dataclass(frozen=True)
class Scope:
    """What a request counts against: the application's limits on the host and the method's."""

    host: str
    endpoint: str


@dataclass(frozen=True)
class Grant:
    """Leave to send one request, now."""

    id: str
    scope: Scope
    lane: Lane
    granted_monotonic: float


@dataclass(frozen=True)
class Wait:
    """No leave yet: ask again after `seconds`."""

    seconds: float
    ticket: str
    """Hand it in with the next try to keep the place among the waiters."""


@dataclass(frozen=True)
class Pads:
    """How much longer than Riot's window a slot is held; learned from refusals on top of these."""

    short_s: float = 0.5
    """For windows up to a second: reports of 429s from timing alone all concern them."""
    long_s: float = 0.125


@dataclass(frozen=True)
class WindowUsage:
    """One limit and how much of it is taken."""

    limit: int
    window_s: int
    used: int


@dataclass(frozen=True)
class ScopeUsage:
    """The limits of one host, or of one method on it."""

    host: str
    endpoint: str | None
    """None: the application's limits on the host."""
    windows: tuple[WindowUsage, ...]
    """Empty for a method without limits of its own."""
    blocked_s: float
    """Nothing is granted for so long; 0 when open."""


@dataclass(frozen=True)
class HostTally:
    """What happened at one host since it is in use; it begins anew after a day without."""

    host: str
    granted: dict[Lane, int]
    waits: dict[Lane, int]
    """How often somebody was told to wait, in place or to come back later."""
    waited_s: dict[Lane, float]
    """For how long they were told to, in sum."""
    answers: dict[str, int]
    """By status."""
    refused: dict[str, int]
    """The 429s, by whose limit they named: application, method or service."""


class Limiter:
    """The budget of one key. Safe for many threads; every method raises BudgetUnavailable without Redis."""

    def __init__(self, redis: Redis, budget: str, *, lease_s: float = LEASE_S, pads: Pads | None = None) -> None:
        """`budget` names the key's budget without giving the key away."""
        pads = pads or Pads()
        self.lease_s = lease_s
        self._redis = redis
        self._budget = budget
        self._terms = {
            "lease": round(lease_s * 1000),
            "pad_short": round(pads.short_s * 1000),
            "pad_long": round(pads.long_s * 1000),
        }
        self._capacity = CapacityWatch(redis, f"{_PREFIX}near:{budget}:")
        self._doubtful = False

    def acquire(self, scope: Scope, lane: Lane, *, patience_s: float = 0.0, ticket: str = "") -> Grant | Wait:
        """Take a slot in every window of the scope, or none and learn how long to wait.

        A caller that will wait in place says how long at most: when the wait is within `patience_s` it keeps a place
        among the waiters of its lane. Who will not wait leaves it at 0.
        """
        grant_id = ticket or f"{scope.endpoint}|{secrets.token_hex(8)}"
        # Taken before the command, so that a slow command counts as part of the lease.
        asked = time.monotonic()
        patience_ms = int(patience_s * 1000)
        wait_ms = self._milliseconds("acquire", scope, id=grant_id, lane=int(lane), patience=patience_ms)
        if wait_ms:
            return Wait(seconds=wait_ms / 1000, ticket=grant_id)
        return Grant(id=grant_id, scope=scope, lane=lane, granted_monotonic=asked)

    def may_send(self, grant: Grant) -> bool:
        """Whether the grant is fresh enough for the answer to come within its lease."""
        return time.monotonic() < grant.granted_monotonic + self.lease_s / 2

    def complete(self, grant: Grant, *, status: int, headers: Mapping[str, str]) -> float:
        """Settle an answered request and learn from its headers; returns the seconds to wait after a 429, else 0."""
        rate = read_rate_headers(headers)
        wait_ms = self._milliseconds(
            "complete",
            grant.scope,
            id=grant.id,
            status=status,
            kind=rate.kind,
            limits=_limits_by_scope(rate, grant.scope.endpoint),
            retry_after=None if rate.retry_after_s is None else round(rate.retry_after_s * 1000),
            # The script's own random numbers are the same in every run.
            random=random.random(),  # noqa: S311
        )
        self._capacity.look(grant.scope.host, rate)
        return wait_ms / 1000

    def fail(self, grant: Grant) -> None:
        """Settle a request that was sent and not answered: Riot may have counted it."""
        self._milliseconds("fail", grant.scope, id=grant.id)

    def give_back(self, grant: Grant) -> None:
        """Free the slot of a request that was never sent."""
        self._milliseconds("give_back", grant.scope, id=grant.id)

    def starts_within(self, host: str, seconds: float) -> int:
        """How many requests the application's limits on `host` let start in that time at a steady pace, at least 1."""
        try:
            text = self._redis.hget(f"{self._key(host)}:limits", _APPLICATION)
        except RedisError as error:
            raise self._unavailable(Scope(host, _APPLICATION), error) from None
        windows = parse_windows(_text(text))
        if not windows:
            return STARTS_WHEN_UNKNOWN
        return max(1, int(min(seconds * limit / window_s for limit, window_s in windows)))

    def usage(self) -> list[ScopeUsage]:
        """What is known about every host in use, hosts and methods in alphabetical order; for a status page."""
        return [row for host in self._hosts(":limits") for row in self._usage_of(host)]

    def tallies(self) -> list[HostTally]:
        """What happened at every host in use, by all processes together; for who looks on."""
        return [self._tally_of(host) for host in self._hosts(":tally")]

    def _hosts(self, suffix: str) -> list[str]:
        """Those of which a key with this suffix is there, in alphabetical order."""
        start, end = self._key("")[:-1], f"}}{suffix}"
        try:
            keys = sorted(_text(key) for key in self._redis.scan_iter(match=f"{start}*{end}", count=1000))
        except RedisError as error:
            raise self._unavailable(Scope("*", "usage"), error) from None
        return [key.removeprefix(start).removesuffix(end) for key in keys]

    def _tally_of(self, host: str) -> HostTally:
        counts: dict[str, dict[str, int]] = {}
        for field, count in json.loads(_text(self._run("tallied", Scope(host, _APPLICATION), {}))).items():
            kind, _, name = field.partition(":")
            counts.setdefault(kind, {})[name] = count
        granted, waits, waited_ms = (_by_lane(counts.get(kind, {})) for kind in ("granted", "waits", "waited_ms"))
        waited_s = {lane: milliseconds / 1000 for lane, milliseconds in waited_ms.items()}
        return HostTally(host, granted, waits, waited_s, counts.get("answers", {}), counts.get("refused", {}))

    def _usage_of(self, host: str) -> list[ScopeUsage]:
        rows = json.loads(_text(self._run("usage", Scope(host, _APPLICATION), {})))
        return [_scope_usage(host, row) for row in sorted(rows, key=_application_first)]

    def _milliseconds(self, operation: str, scope: Scope, **facts: object) -> int:
        return int(self._run(operation, scope, facts))

    def _run(self, operation: str, scope: Scope, facts: Mapping[str, object]) -> bytes | str | int:
        """Run one operation of the script; facts that are None are left out."""
        given = {name: fact for name, fact in facts.items() if fact is not None}
        ask = json.dumps({"op": operation, "endpoint": scope.endpoint, **self._terms, **given})
        try:
            return self._evaluate(self._key(scope.host), ask)
        except RedisError as error:
            self._doubtful = True
            raise self._unavailable(scope, error) from None

    def _evaluate(self, key: str, ask: str) -> bytes | str | int:
        """A server that was out of reach, or does not have the script, may have lost slots: limits are probed anew."""
        if self._doubtful:
            self._forget_limits()
            self._doubtful = False
        try:
            answer: bytes | str | int = self._redis.evalsha(_SHA, 1, key, ask)
        except NoScriptError:
            self._forget_limits()
            self._redis.script_load(_SCRIPT)
            answer = self._redis.evalsha(_SHA, 1, key, ask)
        return answer

    def _forget_limits(self) -> None:
        """Of every budget: after a restart or a failover all of them are in the same doubt."""
        for key in self._redis.scan_iter(match=f"{_PREFIX}*:limits", count=1000):
            self._redis.unlink(key)
        log.info("riot_limits_forgotten")

    def _unavailable(self, scope: Scope, error: RedisError) -> BudgetUnavailable:
        detail = type(error).__name__
        log.warning("riot_budget_unavailable", host=scope.host, endpoint=scope.endpoint, error=detail)
        return BudgetUnavailable(endpoint=scope.endpoint, host=scope.host, detail=detail)

    def _key(self, host: str) -> str:
        return f"{_PREFIX}{{{self._budget}:{host}}}"


def _limits_by_scope(rate: RateHeaders, endpoint: str) -> dict[str, object]:
    """Only the scopes whose limits the answer names."""
    seen = {_APPLICATION: (rate.app_limits, rate.app_counts), endpoint: (rate.method_limits, rate.method_counts)}
    return {scope: _limits_as_json(limits, counts) for scope, (limits, counts) in seen.items() if limits}


def _limits_as_json(limits: Windows, counts: Windows) -> dict[str, object]:
    text = ",".join(f"{limit}:{window_s}" for window_s, limit in limits.items())
    return {"text": text, "counts": {str(window_s): count for window_s, count in counts.items()}}


def _scope_usage(host: str, row: dict[str, Any]) -> ScopeUsage:
    """`windows` comes as {} instead of [] when empty: the script's language has one type for both."""
    windows = tuple(WindowUsage(limit=w["slots"], window_s=w["seconds"], used=w["held"]) for w in row["windows"] or [])
    endpoint = None if row["scope"] == _APPLICATION else row["scope"]
    return ScopeUsage(host=host, endpoint=endpoint, windows=windows, blocked_s=row["blocked"] / 1000)


def _by_lane(counts: Mapping[str, int]) -> dict[Lane, int]:
    return {Lane(int(lane)): count for lane, count in counts.items()}


def _application_first(row: dict[str, Any]) -> tuple[bool, str]:
    return row["scope"] != _APPLICATION, row["scope"]


def _text(value: object) -> str:
    """Redis answers in bytes or text, as its client was configured."""
    if isinstance(value, bytes):
        return value.decode()
    return value if isinstance(value, str) else ""
