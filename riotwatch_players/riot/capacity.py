"""Saying that a host's budget is nearly used up: once per window, whichever of the processes notices first."""

import threading
import time
from contextlib import suppress

import structlog
from redis import Redis
from redis.exceptions import RedisError

from riotwatch_players.riot.headers import RateHeaders

log = structlog.stdlib.get_logger(__name__)

NEAR_CAPACITY = 0.9
"""Share of a limit from which on it counts as nearly used up."""


class CapacityWatch:
    """Logs `rate_limit_near_capacity` by what Riot's answers count. Safe for many threads."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        """`prefix` begins the keys by which processes tell each other that it was said."""
        self._redis = redis
        self._prefix = prefix
        self._lock = threading.Lock()
        self._quiet_until: dict[str, float] = {}

    def look(self, host: str, rate: RateHeaders) -> None:
        """Log if the application's longest window, which is what a day's work is bound by, is nearly used up."""
        if not rate.app_limits:
            return
        window_s, limit = max(rate.app_limits.items())
        used = rate.app_counts.get(window_s, 0)
        if used >= NEAR_CAPACITY * limit and self._first(host, window_s):
            log.warning("rate_limit_near_capacity", host=host, window_s=window_s, used=used, limit=limit)

    def _first(self, host: str, window_s: int) -> bool:
        with self._lock:
            if time.monotonic() < self._quiet_until.get(host, 0.0):
                return False
            self._quiet_until[host] = time.monotonic() + window_s
        with suppress(RedisError):
            return bool(self._redis.set(f"{self._prefix}{host}", 1, nx=True, ex=window_s))
        return False
