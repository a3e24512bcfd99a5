"""The catalogue: a job is one file, and what cannot be registered is refused by name."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection
from django_celery_beat.models import PeriodicTask
from toy_jobs import toy_job

from riotwatch_jobs import registry
from riotwatch_jobs.base import Job
from riotwatch_jobs.outcomes import Done
from riotwatch_jobs.registry import BadJob, UnknownJob

ROOT = Path(__file__).resolve().parents[2]

ONE_FILE = '''
"""Counts the apples."""

from riotwatch_jobs.base import Job
from riotwatch_jobs.outcomes import Done, Target
from riotwatch_jobs.registry import register


@register
class AppleCounter(Job):
    """One item."""

    job_id = "apple_counter"
    name = "Apple counter"
    description = "Counts the apples."
    schedule = "every 10m"
    queue = "maintenance"

    def targets(self):
        return [Target(key="apples")]

    def run(self, target, log):
        log.info("apples_counted", n=3)
        return Done()
'''


@pytest.fixture
def checkout(tmp_path):
    """A copy of the project's packages."""
    for package in ("riotwatch", "riotwatch_jobs", "riotwatch_players"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("manage.py", "Procfile"):
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


@pytest.fixture
def manage(checkout, transactional_db):
    """Run a command of the copy on the test's database."""
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    environment = {**os.environ, "DATABASE_URL": urlunsplit(address), "PYTHONPATH": "", "PYTHONWARNINGS": ""}

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=checkout,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_adding_a_job_is_one_file_and_nothing_else(checkout, manage):
    (checkout / "riotwatch_jobs" / "jobs" / "apple_counter.py").write_text(ONE_FILE)
    synced = manage("sync_schedules")
    assert synced.returncode == 0, synced.stderr
    assert "apple_counter" in synced.stdout
    assert PeriodicTask.objects.get(name="apple_counter").enabled
    listed = manage("list_jobs", "--json")
    jobs = {job["job_id"]: job for job in json.loads(listed.stdout)}
    assert set(jobs) >= {"apple_counter", "match_fetcher", "tracked_player_updater"}
    assert (jobs["apple_counter"]["enabled"], jobs["apple_counter"]["schedule"]) == (True, "every 600s")
    assert jobs["apple_counter"]["next_run"] is not None
    ran = manage("trigger_job", "apple_counter", "--inline")
    assert ran.returncode == 0, ran.stderr
    (checkout / "riotwatch_jobs" / "jobs" / "apple_counter.py").unlink()
    assert "disabled (no such job): apple_counter" in manage("sync_schedules").stdout
    assert not PeriodicTask.objects.get(name="apple_counter").enabled


def test_the_catalogue_has_been_found():
    assert {"match_fetcher", "tracked_player_updater"} <= {job.job_id for job in registry.all_jobs()}


@pytest.mark.parametrize("job_id", ["executions", "status", "scheduler", "schedules", "health"])
def test_ids_that_the_api_needs_are_refused(job_id):
    with pytest.raises(BadJob, match=f"'{job_id}' is reserved"):
        registry.register(toy_job({"a": Done()}, job_id=job_id))


def test_two_jobs_of_one_id_are_refused_naming_both():
    class Impostor(toy_job({}, job_id="match_fetcher")):
        pass

    with pytest.raises(BadJob, match="two jobs have the id 'match_fetcher': MatchFetcher and Impostor"):
        registry.register(Impostor)
    assert registry.get("match_fetcher").__name__ == "MatchFetcher"


def test_registering_the_same_class_twice_is_harmless():
    registry.register(registry.get("match_fetcher"))


def test_a_job_that_lacks_attributes_is_refused_naming_each():
    class Half(Job):
        job_id = "half"
        name = "Half"

    with pytest.raises(BadJob, match="Half lacks description, schedule, queue"):
        registry.register(Half)
    with pytest.raises(UnknownJob):
        registry.get("half")


@pytest.mark.parametrize("job_id", ["", "Two Words", "a/b", "x" * 65, "semi;colon", "Ünicode"])
def test_an_id_that_does_not_fit_addresses_and_columns_is_refused(job_id):
    with pytest.raises(BadJob, match="lower case letters, digits and _"):
        registry.register(toy_job({}, job_id=job_id))


def test_an_unknown_job_is_answered_with_those_there_are():
    with pytest.raises(UnknownJob, match=r"'nope'; the jobs are .*match_fetcher, .*tracked_player_updater"):
        registry.get("nope")


def test_a_job_registered_for_a_while_is_gone_afterwards_also_after_a_failure():
    with pytest.raises(ZeroDivisionError), registry.registered_temporarily(toy_job({})):
        raise ZeroDivisionError
    with pytest.raises(UnknownJob):
        registry.get("toy")
