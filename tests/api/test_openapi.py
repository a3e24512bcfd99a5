"""The description of the API: complete, true, and good enough to make a client from."""

import importlib
import json
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from riotwatch.api import api
from riotwatch_api.models import Role
from riotwatch_jobs.models import Execution
from tests.api.callers import Caller, account, key_of

PROJECT = Path(__file__).parents[2]
DOCUMENT = PROJECT / "docs" / "api.md"


def schema() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix="")))
    return made


def test_the_document_lists_every_endpoint_with_its_role():
    described = {
        f"{method.upper()} {path}": about["x-role"]
        for path, operations in schema()["paths"].items()
        for method, about in operations.items()
    }
    listed = dict(re.findall(r"^\| `([A-Z]+ /\S+)` \| (\w+) \|", DOCUMENT.read_text(), flags=re.MULTILINE))
    assert listed == described


def test_every_operation_says_what_it_is_and_what_it_answers():
    for path, operations in schema()["paths"].items():
        for method, about in operations.items():
            assert about["summary"], path
            assert len(about["description"]) > 30, path
            assert about["tags"], path
            assert {"401", "403", "503"} <= about["responses"].keys()
            assert any(status.startswith("2") for status in about["responses"]), (method, path)
            assert about["security"] == [{"KeyInHeader": []}, {"SessionOfAdmin": []}]


def test_every_body_has_an_example_that_is_accepted_where_a_field_is_required():
    for name, about in schema()["components"]["schemas"].items():
        for field in about.get("required", []) if name.endswith("In") else []:
            assert about["properties"][field].get("examples"), (name, field)


def test_the_documentation_page_needs_no_other_server(transactional_db):
    caller = Caller(key_of(account("anna", Role.ADMIN), Role.VIEWER)[1])
    page = caller.get("/docs").content.decode()
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(addresses) > 3
    for address in addresses:
        assert address.startswith("/static/ninja/"), address
        with closing(caller.client.get(address)) as file:
            assert (file.status_code, len(b"".join(file.streaming_content)) > 300) == (200, True)


# --- Over HTTP -------------------------------------------------------------------------------------------------------


@pytest.fixture
def key(toy: None, ada: object, live_server: LiveServer) -> str:
    return key_of(account("anna", Role.ADMIN), Role.ADMIN)[1]


def test_the_examples_of_the_document_work(key, live_server):
    (examples,) = re.findall(r"^```sh\n(.*?)^```", DOCUMENT.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert examples.count("curl ") >= 9
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", examples],
        env={"RIOTWATCH": live_server.url, "KEY": key, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("urn:riotwatch:problem") == 0
    assert Execution.objects.get().config == {"min_ranked_games": 30}


def test_a_client_made_from_the_description_works(key, live_server, tmp_path, monkeypatch):
    description = tmp_path / "openapi.json"
    description.write_text(json.dumps(api.get_openapi_schema()))
    generator = Path(sys.executable).with_name("openapi-python-client")
    settings = tmp_path / "settings.yml"
    settings.write_text("package_name_override: made_client\npost_hooks: []\n")
    options = ["--path", description, "--meta", "none", "--config", settings, "--output-path", tmp_path / "made_client"]
    command = [generator, "generate", "--fail-on-warning", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    client = importlib.import_module("made_client").AuthenticatedClient(
        base_url=live_server.url, token=key, prefix="", auth_header_name="X-API-Key"
    )

    def operation(tag: str, name: str) -> Any:
        return importlib.import_module(f"made_client.api.{tag}.{name}")

    models = importlib.import_module("made_client.models")
    with client:
        jobs = operation("jobs", "list_jobs").sync(client=client)
        assert "toy" in {job.job_id for job in jobs.items}
        run = operation("jobs", "trigger_job").sync("toy", client=client, body=models.TriggerIn())
        assert (run.state, run.trigger) == ("PENDING", "api")
        shown = operation("runs", "show_run").sync(run.id, client=client)
        assert (shown.id, shown.queued_at) == (Execution.objects.get().pk, run.queued_at)
        refused = operation("jobs", "show_job").sync_detailed("nonsense", client=client)
        assert (refused.status_code, refused.parsed.type_) == (404, "urn:riotwatch:problem:not-found")
