"""Requests made from the description, by the hundred: none ends in a server error, and all answers are as described."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django_celery_beat.models import PeriodicTask
from pytest_django.live_server_helper import LiveServer

from riotwatch_api.models import Role
from tests.api.callers import Caller, account, key_of

SECONDS = os.environ.get("API_FUZZ_SECONDS", "20")
"""`make api-fuzz` takes longer."""
CHECKS = os.environ.get(
    "API_FUZZ_CHECKS",
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
)
UNSAYABLE = "positive_data_acceptance"
"""Which texts are schedules, cursors or keys of Riot's, no schema says."""


@pytest.fixture
def known(toy: None, riot: list[str]) -> tuple[str, str]:
    """An admin's key, and the names of what there is, in the form of the fuzzer's configuration."""
    key = key_of(account("anna", Role.ADMIN), Role.ADMIN)[1]
    caller = Caller(key)
    puuid, erased = (
        caller.post("/players", {"riot_id": riot_id, "platform": "euw1"}).json()["puuid"] for riot_id in riot[:2]
    )
    run = caller.post("/jobs/toy/trigger", {}).json()["id"]
    schedule = PeriodicTask.objects.get(name="toy").pk
    names = f'"path.job_id" = "toy"\n"path.puuid" = "{puuid}"\n"path.run_id" = {run}\n"path.schedule_id" = {schedule}'
    apart = f'include-operation-id = "erase_player"\nparameters = {{ "path.puuid" = "{erased}" }}'
    return key, f"[parameters]\n{names}\n\n[[operations]]\n{apart}\n"


@pytest.mark.timeout(900)
def test_no_request_ends_in_a_server_error(known, live_server: LiveServer, tmp_path):
    key, configuration = known
    (tmp_path / "schemathesis.toml").write_text(configuration)
    command = [Path(sys.executable).with_name("schemathesis"), "run", f"{live_server.url}/api/v1/openapi.json"]
    command += ["--header", f"X-API-Key: {key}", "--max-time", SECONDS, "--phases", "examples,coverage,fuzzing"]
    command += ["--checks", CHECKS, "--exclude-checks", UNSAYABLE, "--continue-on-failure", "--no-color"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=880, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
