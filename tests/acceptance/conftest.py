"""Real processes: Celery workers, beat, housekeeping, Flower and manage.py, on the test database and a real Valkey."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connection
from stack import ROOT, Stack

from riotwatch_jobs import scheduling
from riotwatch_players.simulator.app import Options
from riotwatch_players.simulator.ids import DEMO_KEY
from riotwatch_players.simulator.limits import parse_rates
from riotwatch_players.simulator.server import serve
from riotwatch_players.simulator.world import World


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/acceptance/" in str(item.path):
            item.add_marker(pytest.mark.acceptance)


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    """The test's Valkey, empty."""
    with closing(redis.Redis.from_url(django_settings.REDIS_URL)) as client:
        client.flushdb()
        yield client
        client.flushdb()


def _test_database_url() -> str:
    """The address of the database that pytest-django made, for other processes."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    query = urlencode({name: values[0] for name, values in parse_qs(parts.query).items()})
    return urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}", query=query))


@pytest.fixture
def stack(transactional_db, broker, tmp_path, settings, request) -> Iterator[Stack]:
    """No process yet; the schedules are there, switched off, so that nothing runs by itself."""
    if "riot" in request.fixturenames:
        request.getfixturevalue("riot")  # its address goes into the processes' environment
    environment = {
        **os.environ,
        "DATABASE_URL": _test_database_url(),
        "RIOT_API_URL": settings.RIOT_API_URL,
        "RIOT_API_KEY": settings.RIOT_API_KEY,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests' / 'acceptance'}",
        "PYTHONWARNINGS": "",
    }
    scheduling.sync_schedules()
    for row in scheduling.PeriodicTask.objects.all():
        scheduling.set_enabled(row, enabled=False)
    running = Stack(tmp_path, environment)
    yield running
    running.stop()
    if request.node.stash.get(FAILED, False):
        print(running.logs())  # noqa: T201 - shown with the failure
    _end_other_sessions()


def _end_other_sessions() -> None:
    """A killed process may leave a session behind, and emptying the tables would wait for it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> object:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture
def riot(settings) -> Iterator[object]:
    """A simulated Riot with a production key's limits; processes and test both ask it."""
    world = World("acceptance", began_at_s=int(time.time()), people=120, history_days=30)
    with serve(world, options=Options(application_rates=parse_rates("500:10,30000:600"))) as simulator:
        settings.RIOT_API_URL = simulator.url
        settings.RIOT_API_KEY = DEMO_KEY
        yield simulator


@pytest.fixture
def busiest(riot) -> Callable[[int], list[tuple[str, str]]]:
    """Riot IDs and platforms of people with many games, whose accounts stay."""

    def choose(count: int) -> list[tuple[str, str]]:
        people = [p for p in riot.world.people if p.vanished_at_s is None]
        people.sort(key=lambda person: -len(riot.world.account(person).history))
        return [(person.riot_id, person.platform) for person in people[:count]]

    return choose
