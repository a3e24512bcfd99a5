"""How the parts fit: processes and containers, queues, imports, the environment, and what no file may hold."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import override_settings

from riotwatch import procfile
from riotwatch.env import Environment
from riotwatch_jobs import registry

PROJECT = Path(__file__).parents[1]
NOT_OURS = {".git", ".venv", "var", "__pycache__", ".hypothesis"}
TIMEOUT_S = 120


def processes() -> dict[str, str]:
    return procfile.read(PROJECT / "Procfile")


# --- Processes and containers ----------------------------------------------------------------------------------------


def compose() -> dict[str, Any]:
    described: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
    return described


def command_of(service: Mapping[str, Any]) -> str:
    """What the container's shell runs; `exec` only hands it the signals, and `$$` is how compose writes `$`."""
    shell, option, line = service["command"]
    assert (shell, option) == ("sh", "-c")
    return str(line).removeprefix("exec ").replace("$$", "$")


def test_containers_run_what_the_procfile_says():
    services = {name: service for name, service in compose()["services"].items() if name not in {"postgres", "redis"}}
    assert {name: command_of(service) for name, service in services.items()} == processes()


def test_every_container_waits_for_its_servers_and_the_release():
    for name, service in compose()["services"].items():
        if name in {"postgres", "redis"}:
            assert service["healthcheck"]["test"]
            continue
        waits = {other: how["condition"] for other, how in service["depends_on"].items()}
        assert waits["postgres"] == waits["redis"] == "service_healthy"
        assert (name == "release") == ("release" not in waits)


def test_nothing_is_published_beyond_this_machine_and_no_secret_is_constant():
    for service in compose()["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
        for name, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|KEY|AUTH", name):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value)


# --- Queues ----------------------------------------------------------------------------------------------------------


def test_every_queue_of_a_job_is_consumed_by_a_worker_line():
    registry.discover()
    lists = [re.search(r"celery .*\bworker\b.* -Q (\S+)", command) for command in processes().values()]
    consumed = {queue for found in lists if found for queue in found[1].split(",")}
    assert {job.queue for job in registry.all_jobs()} | {"control", "interactive"} <= consumed


def test_a_job_whose_queue_nobody_consumes_fails_the_check(tmp_path):
    lacking = tmp_path / "Procfile"
    lacking.write_text((PROJECT / "Procfile").read_text().replace("-Q players,", "-Q "))
    with override_settings(PROCFILE=lacking), pytest.raises(SystemCheckError) as refused:
        call_command("check")
    assert "riotwatch_jobs.E002" in str(refused.value)
    assert "'players'" in str(refused.value)


# --- Imports ---------------------------------------------------------------------------------------------------------


def test_the_import_contracts_hold():
    lint_imports = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint_imports, "--no-cache", "--no-logo"], cwd=PROJECT, capture_output=True, text=True, timeout=TIMEOUT_S
    )
    assert done.returncode == 0, done.stdout


def contract(name: str) -> dict[str, Any]:
    configured = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    found: dict[str, Any] = next(one for one in configured if one["name"] == name)
    return found


def modules_of(package: str) -> set[str]:
    names = {path.stem for path in (PROJECT / package).glob("*.py")}
    names |= {path.parent.name for path in (PROJECT / package).glob("*/__init__.py")}
    return {f"{package}.{name}" for name in names - {"__init__"}}


def test_no_module_of_the_framework_is_left_out_of_its_contract():
    bound = set(contract("The job framework knows neither players nor the catalogue")["source_modules"])
    assert modules_of("riotwatch_jobs") - bound == {"riotwatch_jobs.jobs", "riotwatch_jobs.migrations"}


def test_no_module_of_players_may_import_the_simulator_but_the_command_and_the_evaluation():
    name = "Only the command that serves it, and the evaluation of detection, know the simulator"
    bound = set(contract(name)["source_modules"])
    own = {"riot", "simulator"}  # they have a contract of their own
    free = {"apps", "evaluation", "management", "migrations"} | own
    assert modules_of("riotwatch_players") - bound == {f"riotwatch_players.{name}" for name in free}


# --- The environment -------------------------------------------------------------------------------------------------

WATCHED_IMPORT = """
import json, os, sys
seen = []
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
EVENTS = ("socket.", "subprocess.", "os.mkdir", "os.fork", "os.posix_spawn", "os.rename", "os.remove", "os.chmod")
def watch(event, args):
    if event.startswith(EVENTS) or (event == "open" and (args[2] or 0) & WRITES):
        seen.append(f"{event} {args!r}")
sys.addaudithook(watch)
import riotwatch.settings
print(json.dumps(seen))
"""


def test_importing_the_settings_has_no_side_effects(tmp_path):
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "RIOTWATCH_DATA_DIR": str(tmp_path / "var"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", WATCHED_IMPORT],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PORT", "abc", "whole number"),
        ("PORT", "70000", "from 1 to 65533"),
        ("WORKERS", "0", "from 1 to 9"),
        ("DEBUG", "perhaps", "true or false"),
        ("TASK_RATE_LIMIT", "many", "must look like"),
        ("JOB_INTERVAL_SECONDS", "1", "from 10"),
        ("RIOT_API_URL", "http://127.0.0.1:8900/euw1", "{host}"),
    ],
)
def test_a_bad_variable_is_refused_by_its_name(name, value, says):
    environment = {"PATH": os.environ["PATH"], name: value}
    done = subprocess.run(
        [sys.executable, "-c", "import riotwatch.settings"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert done.returncode != 0
    message = done.stderr.splitlines()[-1]
    assert name in message
    assert says in message


def test_an_address_that_is_refused_is_not_repeated():
    environment = Environment({"DATABASE_URL": "mysql://somebody:secret@db/riotwatch"})
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL must start with one of postgresql://") as refused:
        environment.url("DATABASE_URL", "", schemes=("postgresql", "postgres"))
    assert "secret" not in str(refused.value)


# --- What no file may hold -------------------------------------------------------------------------------------------

FORBIDDEN = {
    "a path of somebody's machine": re.compile(r"(?<![\w.}])/(?:root|work|home/\w+|Users/\w+)" + "/"),
    "the name of a package index": re.compile("index-" + r"url"),
    "a key of Riot's": re.compile(r"RGAPI-(?!0{8}|demo)[0-9a-f]{8}-[0-9a-f]{4}-"),
}


def files_of_ours() -> list[Path]:
    found = []
    for folder, names, files in os.walk(PROJECT):
        names[:] = [name for name in names if name not in NOT_OURS and not name.endswith("_cache")]
        found += [Path(folder, file) for file in files if file != ".env"]
    return found


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what):
    holding = [
        path.relative_to(PROJECT)
        for path in files_of_ours()
        if FORBIDDEN[what].search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert holding == []
