from collections.abc import Callable, Iterator

import pytest
import requests

from riotwatch_players.simulator.app import Options
from riotwatch_players.simulator.ids import DEMO_KEY
from riotwatch_players.simulator.limits import parse_rates
from riotwatch_players.simulator.people import Person
from riotwatch_players.simulator.server import RunningSimulator, serve
from riotwatch_players.simulator.world import World

BEGAN_AT_S = 1_780_000_000
WIDE_OPEN = Options(application_rates=parse_rates("100000:10"), method_rates={})


def _small_world(**changes: object) -> World:
    settings = {"seed": "tests", "began_at_s": BEGAN_AT_S, "people": 150, "history_days": 20} | changes
    return World(settings.pop("seed"), **settings)


@pytest.fixture(scope="session")
def began_at_s() -> int:
    return BEGAN_AT_S


@pytest.fixture(scope="session")
def small_world() -> Callable[..., World]:
    """Makes a world that a test may advance; changes to its arguments by name."""
    return _small_world


@pytest.fixture(scope="session")
def world() -> World:
    """A world that no test may advance."""
    return _small_world()


@pytest.fixture(scope="session")
def busy(world: World) -> Person:
    """The busiest person of euw1."""
    people = [p for p in world.people if p.platform == "euw1" and p.exists_at(world.now_s)]
    return max(people, key=lambda person: len(world.account(person).history))


class Client:
    """Asks a simulator with one key, and remembers nothing."""

    def __init__(self, simulator: RunningSimulator, key: str | None = DEMO_KEY) -> None:
        self.simulator = simulator
        self.session = requests.Session()
        self.session.trust_env = False
        if key:
            self.session.headers["X-Riot-Token"] = key

    def get(self, host: str, path: str, **query: object) -> requests.Response:
        url = self.simulator.url.format(host=host) + path
        return self.session.get(url, params=query, timeout=20)

    def control(self, action: str, values: object = None) -> object:
        url = f"{self.simulator.control}/{action}"
        answer = (
            self.session.get(url, timeout=20) if values is None else self.session.post(url, json=values, timeout=20)
        )
        answer.raise_for_status()
        return answer.json()

    def puuid(self, riot_id: str) -> str:
        name, tag = riot_id.split("#")
        return self.get("europe", f"/riot/account/v1/accounts/by-riot-id/{name}/{tag}").json()["puuid"]


class Simulators:
    """Starts simulators and clients, and closes them."""

    def __init__(self) -> None:
        self.started: list[RunningSimulator] = []
        self.clients: list[Client] = []

    def start(self, world: World, options: Options = WIDE_OPEN, **clock: object) -> Client:
        simulator = serve(world, options=options, wall=clock.pop("wall", lambda: BEGAN_AT_S))
        self.started.append(simulator)
        return self.client(simulator)

    def client(self, simulator: RunningSimulator, key: str | None = DEMO_KEY) -> Client:
        self.clients.append(Client(simulator, key))
        return self.clients[-1]

    def close(self) -> None:
        for client in self.clients:
            client.session.close()
        for simulator in self.started:
            simulator.stop()


@pytest.fixture
def simulators() -> Iterator[Simulators]:
    started = Simulators()
    yield started
    started.close()


@pytest.fixture
def riot(simulators: Simulators, world: World) -> Client:
    """A client of a simulator whose limits do not matter; its world stands still."""
    return simulators.start(world)
