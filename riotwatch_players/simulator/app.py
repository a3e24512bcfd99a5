"""Requests to replies: keys, limits, faults, and then the endpoint's answer.

Data, under `/{host}` with the host a platform or region in lower case (unknown: 404), key in `X-Riot-Token`:
account-v1 by-riot-id, by-puuid, region; summoner-v4 and league-v4 entries by-puuid; match-v5 ids, match, timeline
(always 404); lol-status-v4. A regional endpoint on another kind of host answers 400 "Bad request - Invalid routing
value euw1", as match-v5 does; a platform endpoint on a regional host, and any path that is no endpoint, answers 403.
Refused keys are not counted; everything else counts and carries the four limit headers.

Control, under `/_control`, JSON (see `control`).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from riotwatch_players.simulator.answers import Answer, Answers, Question, error_body
from riotwatch_players.simulator.chance import generator
from riotwatch_players.simulator.counters import Counters
from riotwatch_players.simulator.faults import Fault, Faults, Kind
from riotwatch_players.simulator.hosts import HOSTS
from riotwatch_players.simulator.ids import DEMO_APPLICATION, DEMO_KEY, Directory
from riotwatch_players.simulator.keys import KeyRefused, Keys
from riotwatch_players.simulator.limits import PRODUCTION, Counted, Limits, Rates
from riotwatch_players.simulator.routes import Endpoint, find_endpoint
from riotwatch_players.simulator.world import World

TOO_MANY: Final = "Rate limit exceeded"
_SERVER_TOO_MANY: Final = b"server rate limit exceeded"
_JSON: Final = {"Content-Type": "application/json;charset=utf-8"}
_STATUS_TEXTS: Final = {
    401: "Unknown apikey",
    403: "Forbidden",
    500: "Internal server error",
    503: "Service unavailable",
}
_BAD_GATEWAY: Final = b"<!DOCTYPE html><html><head><title>Bad Gateway</title></head><body></body></html>"
_GARBAGE: Final = b'{"metadata":{"dataVersion":"2","matchId":'


class Manner(StrEnum):
    """How a reply is sent."""

    WHOLE = "whole"
    HANG = "hang"
    """Not at all: the connection is closed after the delay."""
    DROP = "drop"
    """Half of it, then the connection is closed."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is read of an HTTP request."""

    method: str
    path: str
    """Still percent-encoded."""
    query: Mapping[str, str]
    key: str | None


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent, how, and after what delay."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    delay_s: float = 0.0
    manner: Manner = Manner.WHOLE


@dataclass(frozen=True, slots=True)
class Options:
    """How a server behaves."""

    keys: Mapping[str, str] = field(default_factory=lambda: {DEMO_KEY: DEMO_APPLICATION})
    """Key to application; the keys of one application see the same ids."""
    application_rates: Rates = PRODUCTION
    method_rates: Mapping[str, Rates] = field(default_factory=dict)
    """Overrides by endpoint."""
    latency_s: float = 0.0
    jitter_s: float = 0.0
    """An answer takes the latency plus or minus up to this much."""
    lag_s: float = 0.0
    """How far the world's time is behind the real one; made less at run time, what lies between is played at once."""
    faults: Sequence[Fault] = ()


class App:
    """The server's state and its replies. Used from one thread."""

    def __init__(self, world: World, options: Options, *, wall: Callable[[], float] = time.time) -> None:
        """`wall` gives the real time in epoch seconds."""
        self.world = world
        self.options = options
        self.keys = Keys.of(options.keys)
        self.limits = Limits(options.application_rates, dict(options.method_rates))
        self.faults = Faults(seed=world.seed)
        for fault in options.faults:
            self.faults.arm(fault)
        self.counters = Counters()
        self.lag_s = options.lag_s
        self._wall = wall
        self._answers = Answers(world)
        self._directories: dict[str, Directory] = {}
        self._jitter = generator(f"{world.seed}/latency")

    def now_s(self) -> float:
        """The world's time; asking for it lets the world play on."""
        self.world.advance(self._wall() - self.lag_s)
        return self.world.now_s

    def directory(self, application: str) -> Directory:
        """The ids of an application."""
        found = self._directories.get(application)
        if found is None:
            platforms = [person.platform for person in self.world.people]
            found = self._directories[application] = Directory(self.world.seed, application, platforms=platforms)
        return found

    def reply(self, request: Request) -> Reply:
        """The reply to a request for data."""
        reply = self._reply(request)
        self.counters.requests += 1
        self.counters.by_status[str(reply.status)] += 1
        return reply

    def _reply(self, request: Request) -> Reply:
        host, _, rest = request.path.lstrip("/").partition("/")
        if host not in HOSTS:
            return _error(404, f"no host {host}")
        self.counters.by_host[host] += 1
        if request.method != "GET":
            return _error(405, "Method not allowed")
        application = self.keys.application(request.key)
        if isinstance(application, KeyRefused):
            return _error(application.status, application.message)
        found = find_endpoint("/" + rest)
        if found is None:
            return _error(403, "Forbidden")
        endpoint, parts = found
        if host not in endpoint.hosts:
            return _wrong_host(endpoint, host)
        question = Question(host, parts, request.query, self.directory(application))
        return self._counted(endpoint.name, request.key or "", question)

    def _counted(self, endpoint: str, key: str, question: Question) -> Reply:
        self.counters.by_endpoint[endpoint] += 1
        counted = self.limits.count(key, question.host, endpoint=endpoint, now=time.monotonic())
        delay_s = self._delay_s()
        if counted.refused_by:
            self.counters.refused[f"{counted.refused_by}:{question.host}"] += 1
            return _too_many(counted.headers, counted.refused_by, counted.retry_after_s, delay_s=delay_s)
        fault = self.faults.strike(endpoint, question.host)
        if fault is None:
            return self._answered(endpoint, question, counted, delay_s=delay_s)
        self.counters.faults[fault.kind] += 1
        return self._spoiled(fault, endpoint, question, counted=counted, delay_s=delay_s)

    def _answered(self, endpoint: str, question: Question, counted: Counted, *, delay_s: float) -> Reply:
        self.now_s()
        answer = self._answers.answer(endpoint, question)
        if endpoint == "match-v5.match" and answer.status == 200:
            self.counters.bodies[f"{question.parts[0]} {question.directory.application}"] += 1
        return Reply(answer.status, {**_JSON, **counted.headers}, answer.body, delay_s=delay_s)

    def _spoiled(self, fault: Fault, endpoint: str, question: Question, *, counted: Counted, delay_s: float) -> Reply:
        headers = {**_JSON, **counted.headers}
        if fault.kind is Kind.HANG:
            return Reply(504, headers, b"", delay_s=fault.hang_s, manner=Manner.HANG)
        if fault.kind is Kind.GARBAGE:
            return Reply(200, headers, _GARBAGE, delay_s=delay_s)
        if fault.kind is Kind.STATUS:
            return _failed(fault.status, counted.headers, delay_s=delay_s)
        if fault.kind is Kind.SERVER:
            server = {"Content-Type": "text/plain", "X-Rate-Limit-Type": "server", **_retry_after(fault.retry_after_s)}
            return Reply(429, server, _SERVER_TOO_MANY, delay_s=delay_s)
        if fault.kind in {Kind.DROP, Kind.MISSING}:
            return self._half_or_never(fault, endpoint, question, counted=counted, delay_s=delay_s)
        kind = None if fault.kind is Kind.UNLABELLED else fault.kind.value
        return _too_many(counted.headers, kind, fault.retry_after_s, delay_s=delay_s)

    def _half_or_never(
        self, fault: Fault, endpoint: str, question: Question, *, counted: Counted, delay_s: float
    ) -> Reply:
        if fault.kind is Kind.MISSING:
            self._answers.missing.add(question.parts[0])
            return self._answered(endpoint, question, counted, delay_s=delay_s)
        whole: Answer = self._answers.answer(endpoint, question)
        return Reply(whole.status, {**_JSON, **counted.headers}, whole.body, delay_s=delay_s, manner=Manner.DROP)

    def _delay_s(self) -> float:
        options = self.options
        if not options.jitter_s:
            return options.latency_s
        return max(0.0, options.latency_s + self._jitter.uniform(-options.jitter_s, options.jitter_s))


def _error(status: int, message: str) -> Reply:
    return Reply(status, _JSON, error_body(status, message))


def _wrong_host(endpoint: Endpoint, host: str) -> Reply:
    if endpoint.regional:
        return _error(400, f"Bad request - Invalid routing value {host}")
    return _error(403, "Forbidden")


def _too_many(headers: Mapping[str, str], kind: str | None, retry_after_s: int | None, *, delay_s: float) -> Reply:
    labelled = {"X-Rate-Limit-Type": kind} if kind else {}
    return Reply(
        429,
        {**_JSON, **headers, **labelled, **_retry_after(retry_after_s)},
        error_body(429, TOO_MANY),
        delay_s=delay_s,
    )


def _retry_after(seconds: int | None) -> dict[str, str]:
    return {} if seconds is None else {"Retry-After": str(seconds)}


def _failed(status: int, headers: Mapping[str, str], *, delay_s: float) -> Reply:
    message = _STATUS_TEXTS.get(status)
    if message is None:
        return Reply(status, {"Content-Type": "text/html"}, _BAD_GATEWAY, delay_s=delay_s)
    counts = {} if status in {401, 403} else headers
    return Reply(status, {**_JSON, **counts}, error_body(status, message), delay_s=delay_s)
