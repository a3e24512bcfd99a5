"""`manage.py up`: what is started, in which order, and what people are told about it."""

import os
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection

from riotwatch import procfile, readiness
from riotwatch.console import Console
from riotwatch.embedded import EmbeddedError, RunningServers, start_servers
from riotwatch.installation import (
    LOOPBACK,
    OPERATOR,
    CannotStart,
    Credentials,
    World,
    ensure_secret_key,
    exclusive,
    refuse_busy_ports,
)
from riotwatch.leftovers import Ledger, end_leftovers
from riotwatch.supervisor import Process, StopRequested, Supervisor
from riotwatch_jobs.leases import database_now

READY_TIMEOUT_S = 120.0
SIMULATOR_LIMITS = "500:10,30000:600"
"""A production key's application limits, enforced for each host."""
FIRST_RUNS = ("tracked_player_updater", "match_fetcher", "smurf_analyzer")
WHEN_SOMEBODY_LEFT = ("tracked_player_updater", "ban_checker")
"""In the demo one tracked account is deleted soon: these notice it, and begin to watch it."""
GOOD_ENOUGH = {0: "done", 5: "done in part"}
"""Exit codes of a first run that need no second one."""

# Nothing new is begun, then what runs is finished, then the pages go; the servers are last.
STOP_RANKS = {"beat": 0, "housekeeping": 0, "worker": 1, "analysis": 1, "interactive": 1}
LAST_RANK = 2
WORKER_RANK = 1
WORKER_GRACE_S = 20.0
USUAL_GRACE_S = 10.0


class Startup:
    """One start of this installation, in this process."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.data: Path = settings.DATA_FOLDER
        self.commands = procfile.read(settings.PROCFILE)

    def everything(self) -> int:
        """Start and supervise all of it until told to stop; the exit code."""
        return self._guarded(self._start_everything)

    def services(self) -> int:
        """Start and supervise the embedded servers alone until told to stop; the exit code."""
        return self._guarded(self._start_services)

    def _guarded(self, start: Callable[[Supervisor], None]) -> int:
        ledger_path = self.data.parent / "run" / "processes.json"
        try:
            with exclusive(self.data.parent):
                if found := end_leftovers(ledger_path):
                    self.console.say(f"ended {found} processes that an earlier start left behind")
                ensure_secret_key(settings.SECRET_KEY_FILE)
                self._supervise(start, ledger=Ledger(ledger_path))
        except StopRequested:
            self.console.say("stopped")
            return 0
        except (CannotStart, EmbeddedError) as problem:
            self.console.write(f"error: {problem}")
            return 1
        return 0

    def _supervise(self, start: Callable[[Supervisor], None], *, ledger: Ledger) -> None:
        self.credentials = Credentials.load(self.data / "credentials")
        supervisor = Supervisor(
            self.console,
            folder=settings.BASE_DIR,
            log_folder=self.data / "log",
            ledger=ledger,
            env=self._environment(),
        )
        with supervisor.signals():
            try:
                start(supervisor)
                supervisor.pump_until(lambda: False)
            finally:
                supervisor.stop()

    def _environment(self) -> dict[str, str]:
        """The environment of the Procfile's commands: this one, completed by what settings worked out."""
        return {
            "FLOWER_BASIC_AUTH": self.credentials.flower_basic_auth,
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "PORT": str(settings.PORT),
            "FLOWER_PORT": str(settings.FLOWER_PORT),
            "SIMULATOR_PORT": str(settings.SIMULATOR_PORT),
            "PYTHONUNBUFFERED": "1",
            "WATCHED_URLS": ",".join(settings.WATCHED_URLS or self._pages()),
        }

    def _pages(self) -> list[str]:
        return [
            f"web=http://{LOOPBACK}:{settings.PORT}/healthz",
            f"flower=http://{LOOPBACK}:{settings.FLOWER_PORT}/",
        ]

    def _start_services(self, supervisor: Supervisor) -> None:
        if not (settings.EMBEDDED_POSTGRES or settings.EMBEDDED_VALKEY):
            raise CannotStart("DATABASE_URL and REDIS_URL name servers of your own: there is none to start.")
        supervisor.servers = self._start_servers()
        self.console.say("the servers run; any manage.py command finds them. Ctrl-C stops them. For other programs:")
        if settings.EMBEDDED_POSTGRES:
            self.console.say(f"  DATABASE_URL={settings.DATABASE_URL}")
        if settings.EMBEDDED_VALKEY:
            self.console.say(f"  REDIS_URL={settings.REDIS_URL}")

    def _start_everything(self, supervisor: Supervisor) -> None:
        ports = {"PORT": settings.PORT, "FLOWER_PORT": settings.FLOWER_PORT}
        refuse_busy_ports(ports | ({"SIMULATOR_PORT": settings.SIMULATOR_PORT} if settings.DEMO else {}))
        supervisor.servers = self._start_servers()
        if settings.DEMO:
            supervisor.start(self._simulator())
        self._release(supervisor)
        self._ensure_operator()
        since = database_now()
        connection.close()
        for process in self._processes():
            supervisor.start(process)
        self._wait_until_ready(supervisor, since=since)
        self._start_flower(supervisor)
        self._summary()
        self._first_run(supervisor)

    def _start_servers(self) -> RunningServers | None:
        if not (settings.EMBEDDED_POSTGRES or settings.EMBEDDED_VALKEY):
            return None
        self.console.say("starting the embedded servers")
        return start_servers(
            settings.EMBEDDED_LAYOUT,
            postgres=settings.EMBEDDED_POSTGRES,
            valkey=settings.EMBEDDED_VALKEY,
            pg_bin=settings.PG_BIN,
        )

    def _simulator(self) -> Process:
        world = World.load(self.data / "world.json", now=time.time())
        command = (
            f"python manage.py riot_simulator --port {settings.SIMULATOR_PORT} --seed {world.seed}"
            f" --began-at {world.began_at} --app-limit {SIMULATOR_LIMITS} --key {settings.RIOT_API_KEY}=demo"
        )
        return Process("simulator", command, stop_rank=LAST_RANK)

    def _release(self, supervisor: Supervisor) -> None:
        self.console.say("bringing the database up to date")
        code, tail = supervisor.run(Process("release", self.commands["release"]))
        if code != 0:
            raise CannotStart("\n".join(["the Procfile's release command failed:", *tail]))

    def _ensure_operator(self) -> None:
        """An account for the admin where nobody has one yet."""
        accounts = get_user_model().objects
        if not accounts.filter(is_superuser=True).exists() and not accounts.filter(username=OPERATOR).exists():
            accounts.create_superuser(OPERATOR, password=self.credentials.operator)
        connection.close()

    def _processes(self) -> list[Process]:
        """The Procfile's lines but `release` and `flower`; `worker` as often as WORKERS says."""
        processes = []
        for name, command in self.commands.items():
            if name == "worker":
                processes += [self._process(f"worker.{number}", command, number=number) for number in self._numbers()]
            elif name not in {"release", "flower"}:
                processes.append(self._process(name, command, number=1))
        return processes

    def _numbers(self) -> range:
        return range(1, settings.WORKERS + 1)

    def _process(self, name: str, command: str, *, number: int) -> Process:
        rank = STOP_RANKS.get(name.partition(".")[0], LAST_RANK)
        grace_s = WORKER_GRACE_S if rank == WORKER_RANK else USUAL_GRACE_S
        return Process(name, command, env={"WORKER_NUMBER": str(number)}, stop_rank=rank, grace_s=grace_s)

    def _wait_until_ready(self, supervisor: Supervisor, *, since: datetime) -> None:
        """Until it can be used; what takes too long is named, and goes on being supervised."""
        self.console.say("waiting until everything answers")
        waits: dict[str, Callable[[], bool]] = {
            "web": readiness.pages_ready,
            "worker.1": lambda: readiness.workers_live(since),
        }
        for name, ready in (waits | ({"simulator": readiness.simulator_answers} if settings.DEMO else {})).items():
            if not supervisor.pump_until(ready, timeout_s=READY_TIMEOUT_S):
                self.console.say(f"{name} is not ready after {READY_TIMEOUT_S:.0f} s; see {self._log(name)}")
        connection.close()

    def _start_flower(self, supervisor: Supervisor) -> None:
        """After the workers: it asks them once, at its start, what they are, and warns when none answers."""
        supervisor.start(self._process("flower", self.commands["flower"], number=1))
        supervisor.pump_until(readiness.flower_answers, timeout_s=READY_TIMEOUT_S)

    def _log(self, name: str) -> Path:
        return self.data / "log" / f"{name}.log"

    def _summary(self) -> None:
        lines = [
            "",
            f"  Admin      http://{LOOPBACK}:{settings.PORT}/admin/",
            f"  Flower     http://{LOOPBACK}:{settings.FLOWER_PORT}/",
            f"  Riot       {self._riot()}",
            f"  Logs       {self.data / 'log'}",
            *self._accounts(),
            "  Ctrl-C stops everything.",
            "",
        ]
        self.console.write("\n".join(lines))

    def _riot(self) -> str:
        if not settings.DEMO:
            return str(settings.RIOT_API_URL)
        return (
            f"{settings.RIOT_API_URL}: the simulator, no key is set. It enforces a production key's limits on each "
            f"host: {SIMULATOR_LIMITS.replace(':', ' requests per ').replace(',', ' s and ')} s"
        )

    def _accounts(self) -> list[str]:
        """Passwords are shown once."""
        if not self._first_time("credentials_shown"):
            remedy = f"`manage.py changepassword {OPERATOR}` sets another password"
            return [f"  Accounts   {OPERATOR} (admin; {remedy}), {OPERATOR} (Flower)"]
        return [
            f"  Accounts   admin:  {OPERATOR}, {self._operator_password()}",
            f"             Flower: {OPERATOR}, password {self.credentials.flower}",
            f"             Shown this once; kept in {self.data / 'credentials'}",
        ]

    def _operator_password(self) -> str:
        """Only while it opens the account: a database of one's own may have had it before, with another password."""
        account = get_user_model().objects.filter(username=OPERATOR).first()
        connection.close()
        if account and account.check_password(self.credentials.operator):
            return f"password {self.credentials.operator}"
        return "with the password you know"

    def _first_time(self, mark: str) -> bool:
        """True once for an installation."""
        path = self.data / mark
        first = not path.exists()
        path.touch()
        return first

    def _first_run(self, supervisor: Supervisor) -> None:
        """Once, whole: in the demo some people are tracked, and the jobs run with their progress shown."""
        done = self.data / "first_run_done"
        if done.exists():
            return
        people = readiness.showcase() if settings.DEMO else []
        self._track(supervisor, people)
        if not readiness.somebody_is_tracked():
            self.console.say('nobody is tracked yet: manage.py track_player "Name#TAG" --platform euw1, or the admin')
            return
        codes = [self._run_job(supervisor, job) for job in FIRST_RUNS]
        if leaves := [person.vanishes_at_s for person in people if person.vanishes_at_s]:
            self._wait_until_somebody_left(supervisor, min(leaves))
            codes += [self._run_job(supervisor, job) for job in WHEN_SOMEBODY_LEFT]
        if GOOD_ENOUGH.keys() >= set(codes):
            done.touch()
        self.console.say("from here on the schedules run the jobs; Ctrl-C stops everything")

    def _run_job(self, supervisor: Supervisor, job: str) -> int:
        self.console.say(f"first run of {job}")
        command = Process(f"first.{job}", f"python manage.py trigger_job {job} --wait")
        code, _ = supervisor.run(command, quiet=False)
        self.console.say(f"{job}: {GOOD_ENOUGH.get(code, f'ended with exit code {code}')}")
        return code

    def _track(self, supervisor: Supervisor, people: Sequence[readiness.Suggestion]) -> None:
        for number, person in enumerate(people, start=1):
            self.console.say(f"tracking {person.riot_id} ({number} of {len(people)})")
            command = ["python", "manage.py", "track_player", person.riot_id, "--platform", person.platform]
            code, tail = supervisor.run(Process("track_player", shlex.join(command)))
            if code != 0:
                self.console.say(f"{person.riot_id} is not tracked: {tail[-1] if tail else f'exit code {code}'}")

    def _wait_until_somebody_left(self, supervisor: Supervisor, leaves_at_s: int) -> None:
        if time.time() < leaves_at_s:
            self.console.say("flagged players can be looked at; soon one of the tracked accounts is going to vanish")
        supervisor.pump_until(lambda: time.time() > leaves_at_s)
