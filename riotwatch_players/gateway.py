"""From settings to a Riot client: one per process, its threads share connections, all processes the budget."""

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from redis import Redis

from riotwatch_players import keys
from riotwatch_players.models import Source
from riotwatch_players.riot.client import RiotClient
from riotwatch_players.riot.limiter import Lane, Limiter

REDIS_TIMEOUT_S = 5.0
KEY_REREAD_EVERY_S = 3.0
"""A key stored by another process is used at the latest after this."""


@dataclass(frozen=True)
class _Connected:
    client: RiotClient
    limiter: Limiter
    key: keys.Key


_lock = threading.Lock()
_shared: dict[tuple[int, str, str], _Connected] = {}
_known: dict[tuple[int, str, str], tuple[keys.Key, float]] = {}
"""The current key per process and settings, and when it was read (monotonic seconds)."""


def current_source() -> Source:
    """Where requests go to; raises ForeignDatabase when the database belongs to another address."""
    return Source.objects.current(settings.RIOT_API_URL)


def budget_name(api_url: str, key: str) -> str:
    """The name under which all processes share a key's budget; it does not give the key away."""
    return hashlib.sha256(f"{api_url}\n{key}".encode()).hexdigest()[:16]


def client(lane: Lane, *, on_request: Callable[[str], None] | None = None) -> RiotClient:
    """The process's client, in a lane; `on_request` is called with the endpoint of each request sent.

    It keeps its key: ask for a new one per piece of work, so that a replaced key is noticed.
    """
    return _of_this_process().client.for_lane(lane, on_request=on_request)


def limiter() -> Limiter:
    """The budget of the current key."""
    return _of_this_process().limiter


def key_in_use() -> keys.Key:
    """The current key, as this process knows it."""
    return _of_this_process().key


def reread_key() -> keys.Key:
    """The current key, read just now: `client` uses it from here on."""
    with _lock:
        _known.clear()
    return key_in_use()


@contextmanager
def client_for(key: str) -> Iterator[RiotClient]:
    """A client for a key that is only tried; it is closed behind the block. Raises ValueError for an impossible key."""
    redis = _redis()
    trial = RiotClient(
        settings.RIOT_API_URL, key, Limiter(redis, budget_name(settings.RIOT_API_URL, key)), lane=Lane.INTERACTIVE
    )
    try:
        yield trial
    finally:
        trial.close()
        redis.close()


def _of_this_process() -> _Connected:
    # A pool child must not share its parent's sockets, so the process is part of the place.
    here = (os.getpid(), settings.RIOT_API_URL, settings.RIOT_API_KEY)
    with _lock:
        key = _current_key(here)
        connected = _shared.get(here)
        if connected is None or connected.key != key:
            # The client before it is left to those who still use it: its connections end with the last of them.
            connected = _shared[here] = _connect(settings.RIOT_API_URL, key)
        return connected


def _current_key(here: tuple[int, str, str]) -> keys.Key:
    key, read_at = _known.get(here, (None, 0.0))
    if key is None or time.monotonic() - read_at > KEY_REREAD_EVERY_S:
        key = keys.current()
        _known[here] = (key, time.monotonic())
    return key


def _connect(api_url: str, key: keys.Key) -> _Connected:
    budget = Limiter(_redis(), budget_name(api_url, key.text))
    return _Connected(RiotClient(api_url, key.text, budget), budget, key)


def _redis() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S)
