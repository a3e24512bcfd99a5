"""What faults are injected into: a PostgreSQL and a Valkey of their own, durable as in production, and processes."""

import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import dj_database_url
import redis
from celery import current_app
from django.db import connection, connections
from fault_toys.jobs import TOYS
from stack import ROOT, Stack

from riotwatch.embedded import Layout, PostgresServer, ValkeyServer
from riotwatch.embedded_owner import owner_of
from riotwatch_jobs.registry import registered_temporarily
from riotwatch_players.simulator.app import Options
from riotwatch_players.simulator.ids import DEMO_KEY
from riotwatch_players.simulator.limits import parse_rates
from riotwatch_players.simulator.server import RunningSimulator, serve
from riotwatch_players.simulator.world import World

PRODUCTION_RATES = "500:10,30000:600"
HERE = Path(__file__).parent


class Rig:
    """Servers of one series of tests, the simulated Riot, and what processes need to find them."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or Path(tempfile.mkdtemp(prefix="riotwatch-faults-"))
        self.folder.chmod(0o711)  # as root PostgreSQL runs as another user, who must get to its data inside
        self.layout = Layout(self.folder / "data")
        self.layout.data.mkdir(exist_ok=True)
        self.postgres = PostgresServer(self.layout, bin_folder=os.environ.get("RIOTWATCH_PG_BIN"))
        self.valkey = ValkeyServer(self.layout)
        self.simulator = _simulator()
        self.stack = Stack(self.folder, self.environment())

    def start(self) -> None:
        """Start the servers and make the tables."""
        self.layout.make_runtime(owner_of(self.layout.data / "postgres"))
        self.postgres.start()
        self.valkey.start()
        for command in (("migrate", "--noinput"), ("sync_schedules",)):
            made = self.stack.manage(*command)
            assert made.returncode == 0, made.stderr

    def stop(self) -> None:
        """End every process and server, and remove what they wrote."""
        self.stack.stop()
        self.simulator.stop()
        self.valkey.stop()
        self.postgres.stop()
        shutil.rmtree(self.layout.runtime, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self) -> Mapping[str, str]:
        """For processes."""
        path = os.pathsep.join(map(str, (ROOT, HERE, ROOT / "tests" / "acceptance")))
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "settings_with_toys",
            "DATABASE_URL": self.layout.database_url,
            "REDIS_URL": self.layout.redis_url,
            "RIOT_API_URL": self.simulator.url,
            "RIOT_API_KEY": DEMO_KEY,
            "RIOTWATCH_DATA_DIR": str(self.folder / "var"),
            "SECRET_KEY": secrets.token_urlsafe(50),
            "PYTHONPATH": path,
            "PYTHONWARNINGS": "",
        }

    # --- This process ------------------------------------------------------------------------------------------------

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Inside the block this process, too, uses the rig's database and broker, and knows the toys."""
        with ExitStack() as stack:
            for job in TOYS:
                stack.enter_context(registered_temporarily(job))
            stack.enter_context(_database(self.layout.database_url))
            stack.enter_context(_broker(self.layout))
            yield

    @contextmanager
    def broker(self) -> Iterator[redis.Redis]:
        """A client of the broker."""
        with closing(redis.Redis.from_url(self.layout.redis_url, socket_timeout=10)) as client:
            yield client

    # --- Faults ------------------------------------------------------------------------------------------------------

    def kill_broker(self, *, forget: bool) -> None:
        """SIGKILL; `forget` takes the append-only file too, as a server without persistence would."""
        assert self.valkey._child
        self.valkey._child.signal(signal.SIGKILL)
        self.valkey._child.wait(10)
        if forget:
            shutil.rmtree(self.valkey.folder / "appendonlydir", ignore_errors=True)

    @contextmanager
    def frozen_broker(self) -> Iterator[None]:
        """Inside the block the broker is there and does not answer."""
        assert self.valkey._child
        self.valkey._child.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.valkey._child.signal(signal.SIGCONT)

    def crash_database(self) -> None:
        """What `pg_ctl stop -m immediate` does: sessions are cut, and the next start recovers from the log."""
        assert self.postgres._child
        self.postgres._child.signal(signal.SIGQUIT)
        self.postgres._child.wait(20)
        connections.close_all()

    def start_database(self) -> None:
        """Start it, and wait until it accepts connections."""
        self.postgres.start()


def _simulator() -> RunningSimulator:
    """A world in which nobody plays on, so that a disturbed run meets the facts of an undisturbed one."""
    world = World("faults", began_at_s=int(time.time()), people=100, history_days=20, speed=1e-9)
    return serve(world, options=Options(application_rates=parse_rates(PRODUCTION_RATES)))


@contextmanager
def _database(url: str) -> Iterator[None]:
    used = connection.settings_dict
    kept = dict(used)
    connections.close_all()
    address = dj_database_url.parse(url)
    used.update({name: address[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")})
    used["OPTIONS"] = {**kept["OPTIONS"], **address["OPTIONS"]}  # the socket's folder stands there
    try:
        yield
    finally:
        connections.close_all()
        used.update(kept)


@contextmanager
def _broker(layout: Layout) -> Iterator[None]:
    conf = current_app.conf
    kept = conf.broker_write_url
    conf.broker_write_url = layout.redis_url.replace("unix://", "redis+socket://", 1)
    try:
        yield
    finally:
        conf.broker_write_url = kept
