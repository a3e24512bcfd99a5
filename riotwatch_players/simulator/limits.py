"""Riot's limits: fixed windows that begin with their first request, per key and host, for the application and a method.

Every request counts, also one that is refused.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple


class Rate(NamedTuple):
    """So many requests in so many seconds."""

    limit: int
    seconds: int


Rates = tuple[Rate, ...]

PRODUCTION: Final = (Rate(500, 10), Rate(30_000, 600))
DEVELOPMENT: Final = (Rate(20, 1), Rate(100, 120))
_USUAL_METHOD: Final = (Rate(1000, 10),)
METHODS: Final[Mapping[str, Rates]] = {
    "account-v1.by-riot-id": (Rate(1000, 60),),
    "account-v1.by-puuid": (Rate(1000, 60),),
    "match-v5.match": (Rate(2000, 10),),
    "match-v5.ids": (Rate(2000, 10),),
}
"""What is not listed has 1000 in 10 s."""


class BadRates(ValueError):
    """A text that gives no limits."""

    def __init__(self, text: str) -> None:
        super().__init__(f"limits read like 20:1,100:120 (requests:seconds), not {text!r}")
        self.text = text


def parse_rates(text: str) -> Rates:
    """Read `20:1,100:120`. Raises BadRates."""
    try:
        rates = tuple(Rate(*(int(number) for number in part.split(":"))) for part in text.split(","))
    except (ValueError, TypeError):
        raise BadRates(text) from None
    if any(rate.limit < 1 or rate.seconds < 1 for rate in rates):
        raise BadRates(text)
    return rates


def written(rates: Sequence[Rate]) -> str:
    """The rates as Riot's headers and `parse_rates` word them."""
    return ",".join(f"{rate.limit}:{rate.seconds}" for rate in rates)


@dataclass(slots=True)
class _Window:
    rate: Rate
    began: float = -math.inf
    count: int = 0

    def hit(self, now: float) -> None:
        if now >= self.began + self.rate.seconds:
            self.began, self.count = now, 0
        self.count += 1

    def wait_s(self, now: float) -> float:
        """Until the window ends when it is overdrawn, else 0."""
        return self.began + self.rate.seconds - now if self.count > self.rate.limit else 0.0


@dataclass(frozen=True, slots=True)
class Counted:
    """What the limits say to one request."""

    headers: dict[str, str]
    """The four headers with limits and counts."""
    refused_by: str | None
    """application, method, or None when the request may pass."""
    retry_after_s: int
    """Whole seconds, at least 1, when refused."""


@dataclass(slots=True)
class Limits:
    """Counts every request and refuses what is too much."""

    application: Rates = PRODUCTION
    methods: dict[str, Rates] = field(default_factory=dict)
    """Overrides by endpoint."""
    _windows: dict[tuple[str, ...], list[_Window]] = field(default_factory=dict)

    def count(self, key: str, host: str, *, endpoint: str, now: float) -> Counted:
        """Count a request that arrives at `now` (seconds of a monotonic clock)."""
        app = self._hit((key, host), self.application, now=now)
        method = self._hit((key, host, endpoint), self._method_rates(endpoint), now=now)
        waits = {"application": _longest(app, now), "method": _longest(method, now)}
        refused_by = next((kind for kind, wait in waits.items() if wait > 0), None)
        return Counted(
            headers={
                "X-App-Rate-Limit": _limits(app),
                "X-App-Rate-Limit-Count": _counts(app),
                "X-Method-Rate-Limit": _limits(method),
                "X-Method-Rate-Limit-Count": _counts(method),
            },
            refused_by=refused_by,
            retry_after_s=max(1, math.ceil(max(waits.values()))),
        )

    def change(self, *, application: Rates | None, methods: Mapping[str, Rates]) -> None:
        """Enforce other limits from now on; all windows begin anew."""
        self.application = application or self.application
        self.methods.update(methods)
        self._windows.clear()

    def _method_rates(self, endpoint: str) -> Rates:
        return self.methods.get(endpoint) or METHODS.get(endpoint, _USUAL_METHOD)

    def _hit(self, scope: tuple[str, ...], rates: Rates, *, now: float) -> Sequence[_Window]:
        windows = self._windows.get(scope)
        if windows is None:
            windows = self._windows[scope] = [_Window(rate) for rate in rates]
        for window in windows:
            window.hit(now)
        return windows


def _longest(windows: Sequence[_Window], now: float) -> float:
    return max(window.wait_s(now) for window in windows)


def _limits(windows: Sequence[_Window]) -> str:
    return written([window.rate for window in windows])


def _counts(windows: Sequence[_Window]) -> str:
    return ",".join(f"{window.count}:{window.rate.seconds}" for window in windows)
