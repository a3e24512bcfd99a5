"""`max_discovered_players` is one setting: tracked_player_updater's, for every job that meets people."""

import importlib

import pytest
from django.db import connection

from riotwatch_jobs import dispatch, leases, registry
from riotwatch_jobs.models import Execution, JobConfiguration
from riotwatch_players import tracking

pytestmark = pytest.mark.django_db

FORMERLY = ("match_fetcher", "player_analyzer")
MIGRATION = importlib.import_module("riotwatch_jobs.migrations.0007_one_limit_of_discovered_players")


def configs():
    return dict(JobConfiguration.objects.values_list("job_id", "config"))


def migrate():
    with connection.cursor() as cursor:
        cursor.execute(MIGRATION.FORWARD)


@pytest.mark.parametrize("job_id", FORMERLY)
def test_other_jobs_have_no_limit_of_their_own(job_id):
    with pytest.raises(dispatch.BadConfig, match="max_discovered_players"):
        dispatch.checked_config(registry.get(job_id), {"max_discovered_players": 7})


def test_the_updaters_limit_holds_for_all():
    JobConfiguration.objects.create(job_id="tracked_player_updater", config={"max_discovered_players": 7})
    assert tracking.current_rule().discovery.max_discovered_players == 7


def test_a_limit_that_was_set_for_another_job_is_kept_and_no_run_is_lost():
    JobConfiguration.objects.create(job_id="tracked_player_updater", config={"tracked_depth": 9})
    for job_id in FORMERLY:
        JobConfiguration.objects.create(job_id=job_id, config={"max_discovered_players": 7, "target_matches": 25})
        Execution.objects.create(
            job_id=job_id,
            trigger="cli",
            timeout_s=1,
            deadline_s=1,
            queued_at=leases.database_now(),
            config={"max_discovered_players": 7, "target_matches": 25},
        )
    migrate()
    assert configs()["tracked_player_updater"] == {"tracked_depth": 9, "max_discovered_players": 7}
    for run in Execution.objects.all():
        assert run.job_instance().config.target_matches == 25
        dispatch.checked_config(registry.get(run.job_id), configs()[run.job_id])


def test_a_limit_of_the_updaters_own_stays():
    JobConfiguration.objects.create(job_id="tracked_player_updater", config={"max_discovered_players": 3})
    JobConfiguration.objects.create(job_id="match_fetcher", config={"max_discovered_players": 7})
    migrate()
    assert configs() == {"tracked_player_updater": {"max_discovered_players": 3}, "match_fetcher": {}}
