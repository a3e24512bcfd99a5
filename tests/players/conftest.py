from collections.abc import Iterator

import pytest
from django.utils import timezone

from riotwatch_players.simulator.app import Options
from riotwatch_players.simulator.ids import DEMO_KEY
from riotwatch_players.simulator.limits import parse_rates
from riotwatch_players.simulator.server import serve
from riotwatch_players.simulator.world import World


@pytest.fixture
def riot(settings, transactional_db) -> Iterator[list[str]]:
    """A small simulated Riot; the Riot IDs of some of its people on euw1."""
    world = World("admin", began_at_s=int(timezone.now().timestamp()), people=100, history_days=2)
    with serve(world, options=Options(application_rates=parse_rates("100000:10"), method_rates={})) as simulator:
        settings.RIOT_API_URL = simulator.url
        settings.RIOT_API_KEY = DEMO_KEY
        people = [one for one in world.people if one.platform == "euw1" and one.exists_at(world.now_s)]
        yield [one.riot_id for one in people]
