"""`manage.py riot_simulator`: serve a seeded world behind Riot's API; no database, no key of Riot's."""

import gc
import signal
import threading
import time
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from riotwatch_players.simulator.app import Options
from riotwatch_players.simulator.faults import BadFault, Fault, parse_fault
from riotwatch_players.simulator.ids import DEMO_APPLICATION, DEMO_KEY
from riotwatch_players.simulator.limits import PRODUCTION, BadRates, Rates, parse_rates, written
from riotwatch_players.simulator.server import LOOPBACK, NotLoopback, RunningSimulator, serve
from riotwatch_players.simulator.world import DEFAULT_PEOPLE, World

DEFAULT_PORT = 8900
DEFAULT_LATENCY_MS = 30.0
_JITTER_SHARE = 2 / 3


class Command(BaseCommand):
    """Serves until SIGTERM or SIGINT."""

    help = "Serve a simulated Riot API on a loopback address until it is stopped."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Where, which world, and how strict."""
        parser.epilog = "Exit codes: 0 stopped when it was told to, 2 bad input or a port that is taken."
        parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes a free one")
        parser.add_argument("--host", default=LOOPBACK, help="a loopback address")
        parser.add_argument("--seed", default="1", help="another seed is another world")
        parser.add_argument("--began-at", default=None, help="epoch seconds or ISO time; matches before it are history")
        parser.add_argument(
            "--speed", type=float, default=1.0, help="how many times as often matches begin from then on"
        )
        parser.add_argument("--people", type=int, default=DEFAULT_PEOPLE)
        parser.add_argument("--app-limit", default=written(PRODUCTION), help="per key and host, such as 20:1,100:120")
        parser.add_argument("--method-limit", action="append", default=[], metavar="ENDPOINT=LIMIT")
        parser.add_argument("--latency-ms", type=float, default=DEFAULT_LATENCY_MS, help="mean; varies by two thirds")
        parser.add_argument("--key", action="append", default=[], metavar="KEY=APPLICATION", help="default: a demo key")
        parser.add_argument(
            "--fault", action="append", default=[], metavar="kind=...,count=...", help="armed at the start"
        )

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Serve; raises CommandError for bad arguments and a port that is taken."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        try:
            running = self._start(options)
        except (BadRates, BadFault, NotLoopback, ValueError, OSError) as error:
            raise CommandError(str(error), returncode=2) from error
        with running:
            self._announce(running, options)
            stop.wait()

    def _start(self, options: dict[str, Any]) -> RunningSimulator:
        terms, now_s = _terms(options), time.time()
        began_at_s = _epoch_s(options["began_at"], now_s=now_s)
        if began_at_s > now_s:
            raise CommandError("the world cannot begin in the future", returncode=2)
        world = World(
            options["seed"],
            began_at_s=began_at_s,
            speed=options["speed"],
            people=options["people"],
        )
        world.advance(now_s)
        gc.freeze()  # the world stays; the collector need not walk it for every few requests
        return serve(world, port=options["port"], address=options["host"], options=terms)

    def _announce(self, running: RunningSimulator, options: dict[str, Any]) -> None:
        world = running.world
        self.stdout.write(
            f"riot simulator ready on {running.url} with {len(world.people)} people and {world.match_count()} matches, "
            f"enforcing {options['app_limit']} per key and host, began_at {world.began_at_s}"
        )
        self.stdout.flush()


def _terms(options: dict[str, Any]) -> Options:
    latency_s = options["latency_ms"] / 1000
    return Options(
        keys=_pairs(options["key"]) or {DEMO_KEY: DEMO_APPLICATION},
        application_rates=parse_rates(options["app_limit"]),
        method_rates=_method_rates(options["method_limit"]),
        latency_s=latency_s,
        jitter_s=latency_s * _JITTER_SHARE,
        faults=_faults(options["fault"]),
    )


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs = dict(text.partition("=")[::2] for text in texts)
    if not all(pairs.values()):
        raise CommandError("write NAME=VALUE", returncode=2)
    return pairs


def _method_rates(texts: list[str]) -> dict[str, Rates]:
    return {endpoint: parse_rates(rates) for endpoint, rates in _pairs(texts).items()}


def _faults(texts: list[str]) -> list[Fault]:
    return [parse_fault(text) for text in texts]


def _epoch_s(text: str | None, *, now_s: float) -> int:
    if text is None:
        return int(now_s)
    if text.isdigit():
        return int(text)
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
