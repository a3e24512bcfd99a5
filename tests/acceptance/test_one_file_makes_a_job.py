"""A job is added with one file: nothing else in a checkout is touched."""

import json
import shutil
import subprocess
import sys

import pytest
from django_celery_beat.models import PeriodicTask
from stack import ROOT

from riotwatch_jobs.models import Execution, JobConfiguration

NOT_COPIED = shutil.ignore_patterns(".*", "var", "__pycache__", "node_modules", "*.pyc", "images")
JOB = '''
"""Greets, as often as it is told to."""

from collections.abc import Iterable
from dataclasses import dataclass

import pydantic

from riotwatch_jobs.base import ItemLog, Job, JobConfig
from riotwatch_jobs.outcomes import Done, Outcome, Target
from riotwatch_jobs.registry import register


@dataclass(frozen=True)
class Result:
    greeted: int = 0


@register
class Greeter(Job):
    job_id = "greeter"
    name = "Greeter"
    description = "Says hello."
    schedule = "every 2h"
    queue = "maintenance"
    Result = Result

    class Config(JobConfig):
        times: int = pydantic.Field(2, ge=1, le=9, description="How often it greets.")

    def targets(self) -> Iterable[Target]:
        return [Target(key=f"greeting:{number}") for number in range(self.config.times)]

    def run(self, target: Target, log: ItemLog) -> Outcome:
        log.info("greeted", target=target.key)
        return Done(Result(greeted=1))
'''
LOOK_AT_IT = """
import json
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

client = Client(HTTP_HOST="localhost")
client.force_login(User.objects.create_superuser("looker"))
jobs = client.get(reverse("admin:riotwatch_jobs_jobconfiguration_changelist"))
address = reverse("admin:riotwatch_jobs_jobconfiguration_change", args=("greeter",))
refused = client.post(address, {"setting_times": "10", "enabled": "on"})
saved = client.post(address, {"setting_times": "3", "enabled": "on"})
print(json.dumps({
    "listed": "Greeter" in jobs.content.decode(),
    "field": "How often it greets. At least 1, at most 9. Default: 2." in client.get(address).content.decode(),
    "refused": "Input should be less than or equal to 9" in refused.content.decode(),
    "saved": saved.status_code,
}))
"""


@pytest.fixture
def checkout(tmp_path):
    """A copy of this checkout with one more file."""
    copy = tmp_path / "checkout"
    shutil.copytree(ROOT, copy, ignore=NOT_COPIED)
    (copy / "riotwatch_jobs" / "jobs" / "greeter.py").write_text(JOB)
    return copy


@pytest.fixture
def manage(checkout, stack):
    """Run a command of the copy, on the test's own servers."""
    environment = {name: value for name, value in stack.environment.items() if name != "PYTHONPATH"}

    def run(*arguments):
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_one_file_in_the_catalogue_makes_a_job_that_is_scheduled_shown_and_run(manage, checkout):
    manage("migrate", "--noinput", "--verbosity", "0")
    manage("sync_schedules")
    assert PeriodicTask.objects.get(name="greeter").interval.every == 7200

    seen = json.loads(manage("shell", "--verbosity", "0", "--command", LOOK_AT_IT).splitlines()[-1])
    assert seen == {"listed": True, "field": True, "refused": True, "saved": 302}
    assert JobConfiguration.objects.get(pk="greeter").config == {"times": 3}

    shown = json.loads(manage("trigger_job", "greeter", "--inline", "--json"))
    run = Execution.objects.get(job_id="greeter")
    assert (shown["id"], run.state, run.result, run.items_done) == (run.pk, "COMPLETED", {"greeted": 3}, 3)
    assert sorted(line.message for line in run.log_lines.filter(logger="riotwatch.job")) == [
        f"greeted target=greeting:{number}" for number in range(3)
    ]
