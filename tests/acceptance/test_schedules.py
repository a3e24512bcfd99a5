"""Beat, on real processes: schedules switched in the admin."""

import time
from datetime import timedelta

import pytest
import toys_on_workers  # noqa: F401 - registers the toys in this process too
from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from stack import wait_until

from riotwatch_jobs import scheduling, slots
from riotwatch_jobs.models import Execution, JobConfiguration

TOY = "toy_working"


@pytest.fixture
def schedule(stack, tmp_path):
    """A toy's schedule, every second, off."""
    JobConfiguration.objects.update_or_create(
        job_id=TOY, defaults={"enabled": True, "config": {"marks": str(tmp_path / "marks"), "items": 1}}
    )
    row = PeriodicTask.objects.get(name=TOY)
    scheduling.set_schedule(row, slots.Every(1))
    row.save()
    return row


@pytest.fixture
def operator(client):
    client.force_login(get_user_model().objects.create_superuser("ann", password="secret"))
    return client


def switch(operator, row, action):
    url = reverse("admin:django_celery_beat_periodictask_changelist")
    answer = operator.post(url, {"action": action, "_selected_action": [row.pk]}, follow=True)
    assert answer.status_code == 200


def runs():
    return Execution.objects.filter(job_id=TOY)


def test_a_schedule_switched_in_the_admin_acts_within_five_seconds_and_never_fires_for_the_past(
    stack, schedule, operator
):
    stack.beat(application="app_with_toys")
    stack.worker(include="toys_on_workers")
    stack.housekeeping()
    time.sleep(4)
    assert not runs().exists()
    # The state the stock admin's bulk action leaves behind: a last run long ago.
    PeriodicTask.objects.filter(pk=schedule.pk).update(last_run_at=timezone.now() - timedelta(hours=5))
    enabled_at = timezone.now()
    switch(operator, schedule, "enable_schedules")
    wait_until(lambda: runs().filter(state="COMPLETED").exists(), seconds=15, what="a scheduled run")
    first = runs().earliest("slot")
    assert enabled_at < first.slot + timedelta(seconds=1)
    assert first.queued_at - enabled_at < timedelta(seconds=5)
    switch(operator, schedule, "disable_schedules")
    time.sleep(5)
    count = runs().count()
    time.sleep(3)
    assert runs().count() == count
