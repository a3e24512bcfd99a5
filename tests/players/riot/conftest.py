"""Real Valkey, real HTTP edge."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from redis import Redis

from riotwatch_players.riot.client import RiotClient
from riotwatch_players.riot.limiter import Lane, Limiter
from tests.players.riot.edge import Edge, serving
from tests.players.riot.valkey import Valkey

KEY = "RGAPI-7777-secret"


@pytest.fixture(scope="session")
def valkey() -> Iterator[Valkey]:
    server = Valkey()
    server.start()
    yield server
    server.close()


@pytest.fixture
def redis_server(valkey: Valkey) -> Iterator[Redis]:
    """Empty at the start of each test."""
    with valkey.connect() as redis:
        redis.flushall()
        yield redis


@pytest.fixture
def limiter(redis_server: Redis) -> Limiter:
    return Limiter(redis_server, "budget")


@pytest.fixture
def make_edge() -> Iterator[Callable[..., Edge]]:
    with ExitStack() as stack:
        yield lambda *args, **kwargs: stack.enter_context(serving(Edge(*args, **kwargs)))


@pytest.fixture
def edge(make_edge: Callable[..., Edge]) -> Edge:
    return make_edge()


@pytest.fixture
def make_client(limiter: Limiter) -> Iterator[Callable[..., RiotClient]]:
    with ExitStack() as stack:

        def make(edge: Edge | str, **options: object) -> RiotClient:
            url = edge if isinstance(edge, str) else edge.api_url
            options = {"lane": Lane.INTERACTIVE} | options
            client = RiotClient(url, KEY, limiter, **options)  # type: ignore[arg-type]
            stack.callback(client.close)
            return client

        yield make


@pytest.fixture
def client(make_client: Callable[..., RiotClient], edge: Edge) -> RiotClient:
    return make_client(edge)
