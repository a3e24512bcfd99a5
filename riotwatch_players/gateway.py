"""From settings to a Riot client: one per process, its threads share connections, all processes the budget."""

import hashlib
import os
import threading
from collections.abc import Callable

from django.conf import settings
from redis import Redis

from riotwatch_players.models import Source
from riotwatch_players.riot.client import RiotClient
from riotwatch_players.riot.limiter import Lane, Limiter

REDIS_TIMEOUT_S = 5.0

_lock = threading.Lock()
_shared: dict[tuple[int, str, str], tuple[RiotClient, Limiter]] = {}


def current_source() -> Source:
    """Where requests go to; raises ForeignDatabase when the database belongs to another address."""
    return Source.objects.current(settings.RIOT_API_URL)


def budget_name(api_url: str, key: str) -> str:
    """The name under which all processes share a key's budget; it does not give the key away."""
    return hashlib.sha256(f"{api_url}\n{key}".encode()).hexdigest()[:16]


def client(lane: Lane, *, on_request: Callable[[str], None] | None = None) -> RiotClient:
    """The process's client, in a lane; `on_request` is called with the endpoint of each request sent."""
    shared, _ = _of_this_process()
    return shared.for_lane(lane, on_request=on_request)


def limiter() -> Limiter:
    """The budget of the configured key."""
    _, shared = _of_this_process()
    return shared


def _of_this_process() -> tuple[RiotClient, Limiter]:
    # A pool child must not share its parent's sockets, so the process is part of the key.
    key = (os.getpid(), settings.RIOT_API_URL, settings.RIOT_API_KEY)
    with _lock:
        if key not in _shared:
            _shared[key] = _connect(settings.RIOT_API_URL, settings.RIOT_API_KEY)
        return _shared[key]


def _connect(api_url: str, key: str) -> tuple[RiotClient, Limiter]:
    redis = Redis.from_url(settings.REDIS_URL, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S)
    budget = Limiter(redis, budget_name(api_url, key))
    return RiotClient(api_url, key, budget), budget
