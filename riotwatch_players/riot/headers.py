"""The rate-limit headers of Riot's answers. Any of them can be absent, garbled or in any order."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_PART = re.compile(r"\s*(\d{1,9}):(\d{1,7})\s*", re.ASCII)
_SECONDS = re.compile(r"\s*\d{1,9}(\.\d+)?\s*", re.ASCII)
LONGEST_RETRY_AFTER_S = 3600.0
"""No wait is believed to be longer: one wrong header must not silence a host for days."""

Windows = Mapping[int, int]
"""Window length in seconds → number of requests."""


@dataclass(frozen=True)
class RateHeaders:
    """What one answer says about limits."""

    app_limits: Windows
    """Empty when the header is absent or unreadable; the same for the three below."""
    app_counts: Windows
    """Requests already counted, this one included."""
    method_limits: Windows
    method_counts: Windows
    retry_after_s: float | None
    kind: str | None
    """X-Rate-Limit-Type: application, method, service, or whatever Riot comes up with."""


def read_rate_headers(headers: Mapping[str, str]) -> RateHeaders:
    """Read what is there; never raises. Names are compared without regard to case."""
    lower = {name.lower(): value for name, value in headers.items()}
    return RateHeaders(
        app_limits=_limits(lower.get("x-app-rate-limit", "")),
        app_counts=_counts(lower.get("x-app-rate-limit-count", "")),
        method_limits=_limits(lower.get("x-method-rate-limit", "")),
        method_counts=_counts(lower.get("x-method-rate-limit-count", "")),
        retry_after_s=_retry_after_s(lower.get("retry-after", "")),
        kind=lower.get("x-rate-limit-type", "").strip().lower()[:32] or None,
    )


def parse_windows(text: str) -> list[tuple[int, int]]:
    """`"20:1,100:120"` → `[(20, 1), (100, 120)]`; parts that are not `number:seconds` are left out."""
    matches = (_PART.fullmatch(part) for part in text.split(","))
    return [(int(match[1]), int(match[2])) for match in matches if match]


def _limits(text: str) -> Windows:
    """The tightest limit of each window; a limit or window of zero is no limit anybody could keep."""
    found: dict[int, int] = {}
    for limit, window_s in parse_windows(text):
        if limit and window_s:
            found[window_s] = min(limit, found.get(window_s, limit))
    return dict(sorted(found.items()))


def _counts(text: str) -> Windows:
    return {window_s: count for count, window_s in parse_windows(text)}


def _retry_after_s(text: str) -> float | None:
    if not _SECONDS.fullmatch(text):
        return None
    return min(float(text), LONGEST_RETRY_AFTER_S)
