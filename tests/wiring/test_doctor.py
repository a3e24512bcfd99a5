"""`manage.py doctor`: what is wrong, causes before effects, each with the command that helps."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core import checks
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from riotwatch_jobs import leases, registry, scheduling
from riotwatch_jobs.models import Heartbeat, JobConfiguration, WorkerLease
from riotwatch_players.models import Source

pytestmark = [pytest.mark.django_db(transaction=True)]

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def well(settings, admin_user):
    """An installation that is set up, with all its processes."""
    settings.DEMO = False
    scheduling.sync_schedules()
    now = leases.database_now()
    for kind in ("beat", "housekeeping"):
        leases.beat_heart(kind)
    queues = sorted({job.queue for job in registry.all_jobs()} | {"control", "interactive"})
    WorkerLease.objects.create(host="h", pid=1, node="n", queues=queues, started_at=now, renewed_at=now)


@pytest.fixture
def doctor(capsys):
    def ask():
        code = 0
        try:
            call_command("doctor", "--json")
        except SystemExit as end:
            code = end.code
        told = json.loads(capsys.readouterr().out)
        assert told["well"] == (code == 0)
        return {part["part"]: part for part in told["parts"]}, code

    return ask


def test_where_nothing_is_wrong_it_ends_with_0_and_names_every_part_once(well, doctor, capsys):
    parts, code = doctor()
    assert code == 0
    assert {"settings", "database", "broker", "tables", "schedule rows", "accounts", "beat", "Riot key"} <= set(parts)
    call_command("doctor")
    assert "All is well." in capsys.readouterr().out


def test_what_does_not_run_is_told_with_the_command_that_starts_it(well, doctor):
    Heartbeat.objects.filter(kind="beat").delete()
    parts, code = doctor()
    assert (code, parts["beat"]["remedy"]) == (1, "start it: celery -A riotwatch beat (Procfile)")


def test_migrations_that_lack_come_before_all_that_needs_them(well, doctor):
    newest = MigrationRecorder(connection).migration_qs.filter(app="riotwatch_jobs").latest("id")
    row = {"app": newest.app, "name": newest.name}
    newest.delete()
    try:
        parts, code = doctor()
    finally:
        MigrationRecorder(connection).record_applied(row["app"], row["name"])
    assert (code, parts["tables"]["ill"]) == (1, "1 migrations are not applied")
    assert "migrate" in parts["tables"]["remedy"]
    assert "beat" not in parts


def test_an_installation_without_rows_or_accounts_is_told_how_to_make_them(well, doctor, admin_user):
    JobConfiguration.objects.filter(job_id="ban_checker").delete()
    admin_user.delete()
    parts, _ = doctor()
    assert parts["schedule rows"]["ill"] == "without a schedule row: ban_checker"
    assert parts["schedule rows"]["remedy"] == "manage.py sync_schedules"
    assert parts["accounts"]["remedy"] == "manage.py createsuperuser"


def test_data_of_another_address_is_told(well, doctor, settings):
    Source.objects.create(api_url="http://elsewhere.example/{host}")
    parts, code = doctor()
    assert code == 1
    assert "elsewhere.example" in parts["data"]["ill"]


def test_a_system_check_that_complains_is_told_with_its_hint(well, doctor, monkeypatch):
    complaint = checks.Warning("the wheel squeaks", hint="oil it", id="t.W1")
    monkeypatch.setattr(checks, "run_checks", lambda: [complaint])
    parts, code = doctor()
    assert (code, parts["settings"]["ill"], parts["settings"]["remedy"]) == (1, "the wheel squeaks", "oil it")


def run_with(**variables):
    environment = {"PATH": os.environ["PATH"], "SECRET_KEY": "x", "RIOT_API_KEY": "RGAPI-of-nobody", **variables}
    command = [sys.executable, "manage.py", "doctor", "--json"]
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=60)


def test_without_servers_it_says_so_and_no_password():
    done = run_with(DATABASE_URL="postgresql://me:hunter2@127.0.0.1:9/x", REDIS_URL="redis://:hunter2@127.0.0.1:9")
    parts = {part["part"]: part for part in json.loads(done.stdout)["parts"]}
    assert done.returncode == 1
    assert "does not answer" in parts["database"]["ill"]
    assert parts["database"]["remedy"] == "start that server, or correct DATABASE_URL"
    assert parts["broker"]["remedy"] == "start that server, or correct REDIS_URL"
    assert "hunter2" not in done.stdout + done.stderr


def test_embedded_servers_that_do_not_run_are_told_with_the_command_that_starts_them(tmp_path):
    done = run_with(RIOTWATCH_DATA_DIR=str(tmp_path))
    parts = {part["part"]: part for part in json.loads(done.stdout)["parts"]}
    assert done.returncode == 1
    assert parts["database"]["remedy"].startswith("make run")


def test_a_setting_that_cannot_be_used_is_one_line():
    done = run_with(PORT="x")
    assert (done.returncode, done.stderr) == (1, "error: PORT must be a whole number, not 'x'.\n")
