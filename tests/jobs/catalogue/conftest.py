"""The jobs of the catalogue against the simulator over HTTP, worked off in this process."""

from collections.abc import Callable, Iterator

import pytest
import requests
from django.utils import timezone

from riotwatch_jobs import dispatch, inline
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Execution, Trigger
from riotwatch_players import models_in_use, tracking
from riotwatch_players.models import Player
from riotwatch_players.simulator.app import Options
from riotwatch_players.simulator.ids import DEMO_KEY
from riotwatch_players.simulator.limits import parse_rates
from riotwatch_players.simulator.server import RunningSimulator, serve
from riotwatch_players.simulator.world import World

DAY_S = 86_400


class Riot:
    """A running simulator, as a test steers it."""

    def __init__(self, simulator: RunningSimulator) -> None:
        self.simulator = simulator
        self.world = simulator.world

    def control(self, action: str, **values: object) -> dict[str, object]:
        url = f"{self.simulator.control}/{action}"
        answer = requests.post(url, json=values, timeout=10) if values else requests.get(url, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def busiest(self, count: int, *, platform: str = "euw1") -> list[tuple[str, str]]:
        people = [p for p in self.world.people if p.platform == platform and p.vanished_at_s is None]
        people.sort(key=lambda person: -len(self.world.account(person).history))
        return [(person.riot_id, person.platform) for person in people[:count]]


@pytest.fixture(autouse=True)
def forgotten_models() -> None:
    """No test judges with a model of another one's database."""
    models_in_use.forget()


@pytest.fixture
def lag_days() -> int:
    """How far the world is behind at first; a test that wants a burst of games overrides it."""
    return 0


@pytest.fixture
def riot(settings, transactional_db, lag_days) -> Iterator[Riot]:
    """A small world with limits that nobody reaches; requests of the test go there."""
    began_at_s = int(timezone.now().timestamp()) - lag_days * DAY_S
    world = World("catalogue", began_at_s=began_at_s, people=100, history_days=40)
    options = Options(application_rates=parse_rates("100000:10"), method_rates={}, lag_s=lag_days * DAY_S)
    with serve(world, options=options) as simulator:
        settings.RIOT_API_URL = simulator.url
        settings.RIOT_API_KEY = DEMO_KEY
        yield Riot(simulator)


@pytest.fixture
def track(riot: Riot) -> Callable[[int], list[Player]]:
    """Track the busiest people of the world."""

    def track_busiest(count: int) -> list[Player]:
        players = []
        for riot_id, platform in riot.busiest(count):
            player = tracking.add_player(riot_id, platform=platform, now=timezone.now())
            tracking.track(player, now=timezone.now())
            players.append(player)
        return players

    return track_busiest


@pytest.fixture
def run_job(transactional_db) -> Callable[..., Execution]:
    """Trigger a job and work it off right here."""

    def run(job_id: str, *, seconds: float = 60, **overrides: object) -> Execution:
        wanted = dispatch.Request(job_id=job_id, trigger=Trigger.CLI, overrides=overrides)
        execution, _ = dispatch.request(wanted, now=database_now())
        return inline.work_off(execution, give_up_after_s=seconds)

    return run
