"""Faults on demand: what goes wrong at Riot, for the next answers or with a probability.

A fault is written as JSON or as text, for example
    kind=status,status=503,endpoint=match-v5.match,count=3
    kind=application,retry_after_s=2,host=europe,probability=0.05
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Final

from riotwatch_players.simulator.chance import generator

STATUSES: Final = (401, 403, 500, 502, 503, 504)
_DEFAULT_STATUS: Final = 503
_DEFAULT_HANG_S: Final = 60.0


class Kind(StrEnum):
    """What goes wrong. The first five are 429s, with Retry-After only where `retry_after_s` is given."""

    APPLICATION = "application"
    METHOD = "method"
    SERVICE = "service"
    SERVER = "server"
    """The undocumented type: plain text, no counts."""
    UNLABELLED = "unlabelled"
    """A 429 without X-Rate-Limit-Type."""
    STATUS = "status"
    """One of STATUSES."""
    HANG = "hang"
    """No answer for `hang_s`, then the connection is closed."""
    DROP = "drop"
    """The connection is closed in the middle of the body."""
    GARBAGE = "garbage"
    """A 200 whose body is no JSON."""
    MISSING = "missing"
    """The match that is asked for is not found, now and ever after, though it stays listed."""


class BadFault(ValueError):
    """A fault that cannot be read."""


@dataclass(slots=True)
class Fault:
    """One fault, armed until `count` answers have met it."""

    kind: Kind
    endpoint: str | None = None
    """Only there, such as match-v5.match; None is everywhere."""
    host: str | None = None
    count: int | None = None
    """How many answers it still spoils; None is without end."""
    probability: float = 1.0
    status: int = _DEFAULT_STATUS
    retry_after_s: int | None = None
    hang_s: float = _DEFAULT_HANG_S

    def aims_at(self, endpoint: str, host: str) -> bool:
        """Whether an answer of that endpoint and host can be spoiled."""
        if self.count == 0 or (self.kind is Kind.MISSING and endpoint != "match-v5.match"):
            return False
        return self.endpoint in {None, endpoint} and self.host in {None, host}


class Faults:
    """The faults that are armed."""

    def __init__(self, *, seed: str) -> None:
        self._rng = generator(f"{seed}/faults")
        self._armed: list[Fault] = []

    def arm(self, fault: Fault) -> None:
        """Add a fault; the oldest that fits an answer strikes."""
        self._armed.append(fault)

    def clear(self) -> None:
        """Disarm all."""
        self._armed.clear()

    def strike(self, endpoint: str, host: str) -> Fault | None:
        """The fault that spoils this answer, if any."""
        for fault in self._armed:
            if fault.aims_at(endpoint, host) and self._rng.random() < fault.probability:
                if fault.count is not None:
                    fault.count -= 1
                return fault
        return None

    def armed(self) -> list[dict[str, object]]:
        """What can still strike."""
        return [asdict(fault) for fault in self._armed if fault.count != 0]


def read_fault(values: Mapping[str, object]) -> Fault:
    """A fault out of JSON. Raises BadFault for unknown names and values out of range."""
    unknown = set(values) - {field.name for field in fields(Fault)}
    if unknown:
        raise BadFault(f"a fault has no {', '.join(sorted(unknown))}")
    try:
        fault = Fault(
            kind=Kind(str(values.get("kind"))),
            endpoint=_text(values.get("endpoint")),
            host=_text(values.get("host")),
            count=_whole(values.get("count")),
            probability=float(str(values.get("probability", 1.0))),
            status=int(str(values.get("status", _DEFAULT_STATUS))),
            retry_after_s=_whole(values.get("retry_after_s")),
            hang_s=float(str(values.get("hang_s", _DEFAULT_HANG_S))),
        )
    except ValueError as error:
        raise BadFault(str(error)) from None
    if fault.status not in STATUSES or not 0 < fault.probability <= 1:
        raise BadFault(f"status is one of {STATUSES}, probability above 0 and at most 1")
    return fault


def parse_fault(text: str) -> Fault:
    """A fault out of `name=value,...`. Raises BadFault."""
    pairs = [part.partition("=") for part in text.split(",")]
    return read_fault({name.strip(): value.strip() for name, _, value in pairs})


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _whole(value: object) -> int | None:
    return None if value is None else int(str(value))
