"""Callers of each role, a toy job, and a player."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from toy_jobs import toy_job

from riotwatch_api.models import Role
from riotwatch_jobs import scheduling
from riotwatch_jobs.outcomes import Done
from riotwatch_jobs.registry import registered_temporarily
from riotwatch_players.simulator.app import Options
from riotwatch_players.simulator.ids import DEMO_KEY
from riotwatch_players.simulator.limits import parse_rates
from riotwatch_players.simulator.server import serve
from riotwatch_players.simulator.world import World
from tests.api.callers import Caller, caller
from tests.players import factories


@pytest.fixture
def viewer(transactional_db: None) -> Caller:
    return caller("vera", Role.VIEWER)


@pytest.fixture
def operator(transactional_db: None) -> Caller:
    return caller("otto", Role.OPERATOR)


@pytest.fixture
def admin(transactional_db: None) -> Caller:
    return caller("anna", Role.ADMIN)


@pytest.fixture(autouse=True)
def _no_broker(settings: Any) -> None:
    """What is asked for waits in the database."""
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:9/0"


@pytest.fixture
def toy(transactional_db: None) -> Iterator[None]:
    """A job in the catalogue, and the schedules of all jobs."""
    with registered_temporarily(toy_job({"a": Done()})):
        scheduling.sync_schedules()
        yield


@pytest.fixture
def ada(transactional_db: None) -> Any:
    """A tracked player."""
    return factories.known("Ada", tracked=True, tracked_at=factories.NOW)


@pytest.fixture
def riot(settings: Any, transactional_db: None) -> Iterator[list[str]]:
    """A small simulated Riot; Riot IDs of people on euw1."""
    world = World("api", began_at_s=int(timezone.now().timestamp()), people=100, history_days=1)
    with serve(world, options=Options(application_rates=parse_rates("100000:10"), method_rates={})) as simulator:
        settings.RIOT_API_URL = simulator.url
        settings.RIOT_API_KEY = DEMO_KEY
        yield [one.riot_id for one in world.people if one.platform == "euw1" and one.exists_at(world.now_s)]
