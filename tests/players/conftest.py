from collections.abc import Callable, Iterator

import pytest
import requests
from django.utils import timezone

from riotwatch_players import bans, champion_index, keys, models_in_use
from riotwatch_players.ingest import store_match
from riotwatch_players.models import Analysis, Archive, ArchiveKind, BacklogMatch, DetectionLabel, Seen
from riotwatch_players.simulator.app import Options
from riotwatch_players.simulator.ids import DEMO_KEY
from riotwatch_players.simulator.limits import parse_rates
from riotwatch_players.simulator.server import RunningSimulator, serve
from riotwatch_players.simulator.world import World
from riotwatch_players.standings import record_rank
from tests.players import factories
from tests.players.model_files import brought_in


@pytest.fixture(autouse=True)
def forgotten_models() -> None:
    """No test judges with a model of another one's database."""
    models_in_use.forget()


@pytest.fixture
def simulator(settings, transactional_db) -> Iterator[RunningSimulator]:
    """A small simulated Riot."""
    world = World("admin", began_at_s=int(timezone.now().timestamp()), people=100, history_days=2)
    with serve(world, options=Options(application_rates=parse_rates("100000:10"), method_rates={})) as running:
        settings.RIOT_API_URL = running.url
        settings.RIOT_API_KEY = DEMO_KEY
        yield running


@pytest.fixture
def world(simulator) -> World:
    return simulator.world


@pytest.fixture
def requests_sent(simulator) -> Callable[[], int]:
    """How many requests for data Riot has seen."""
    return lambda: requests.get(f"{simulator.control}/state", timeout=10).json()["requests"]


@pytest.fixture
def riot(world) -> list[str]:
    """The Riot IDs of some of its people on euw1."""
    return [one.riot_id for one in world.people if one.platform == "euw1" and one.exists_at(world.now_s)]


@pytest.fixture
def stored(db):
    """A player with everything that is stored about one, a label too; a key and a model."""
    player = factories.known("Ada", tracked=True, tracked_at=factories.NOW)
    store_match(player.source, "EUW1_7000000001", factories.body(), now=factories.NOW, discover=None)
    champion_index.count(days=60, now=factories.NOW)
    record_rank(player, [factories.solo_queue()], now=factories.NOW)
    BacklogMatch.objects.create(
        source=player.source, match_id="EUW1_9", region="europe", lane=BacklogMatch.TRACKED, added_at=factories.NOW
    )
    seen = bans.Sighting(account=Seen.RESOLVES, summoner=Seen.RESOLVES)
    bans.record(player, seen, now=factories.NOW)
    keys.store("RGAPI-of-somebody")
    brought_in()
    analysis = Analysis.objects.create(
        player=player, analyzed_at=factories.NOW, games_used=3, verdict="insufficient_data", confidence=0, factors=[]
    )
    DetectionLabel.objects.create(player=player, analysis=analysis, question="smurf", says="confirmed")
    file = {"name": "matches-2025-03-14-7.jsonl.xz", "kind": ArchiveKind.MATCHES, "day": factories.NOON.date()}
    Archive.objects.create(**file, rows=3, size_bytes=900, sha256="0" * 64, made_at=factories.NOW)
    player.refresh_from_db()
    return player
