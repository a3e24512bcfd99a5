"""`manage.py checklist`: what rows can answer is answered, and an exit code tells whether something is to be done."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from riotwatch_api import keys
from riotwatch_api.models import ApiKey, Role
from riotwatch_jobs import dispatch, leases
from riotwatch_jobs.models import Execution, ExecutionState

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def checklist(capsys):
    def ask(period):
        code = 0
        try:
            call_command("checklist", period, "--json")
        except SystemExit as end:
            code = end.code
        return {point["what"]: point for point in json.loads(capsys.readouterr().out)}, code

    return ask


def failed_run(now):
    run, _ = dispatch.request(dispatch.Request(job_id="match_fetcher", trigger="cli"), now=now)
    Execution.objects.filter(pk=run.pk).update(
        state=ExecutionState.FAILED, started_at=now - timedelta(hours=1), finished_at=now - timedelta(minutes=1)
    )


@pytest.mark.parametrize("period", ["daily", "weekly"])
def test_failed_runs_are_told_with_the_command_that_shows_them(checklist, period):
    failed_run(leases.database_now())
    points, code = checklist(period)
    (point,) = [point for point in points.values() if "match_fetcher" in point["answer"]]
    assert (code, point["state"], point["remedy"]) == (1, "look", "manage.py job_status JOB_ID")


def test_what_is_well_ends_with_0(checklist, capsys):
    points, code = checklist("weekly")
    assert {point["state"] for point in points.values()} == {"well"}
    assert code == 0
    call_command("checklist", "weekly")
    assert "Players get on" in capsys.readouterr().out


@pytest.mark.parametrize(("period", "age"), [("monthly", 31), ("quarterly", 92)])
def test_api_keys_that_nobody_uses_or_that_are_old_are_counted(checklist, admin_user, period, age):
    key, _ = keys.create("script", role=Role.VIEWER, owner=admin_user, by=admin_user)
    assert checklist(period)[1] == 0
    ApiKey.objects.filter(pk=key.pk).update(created_at=leases.database_now() - timedelta(days=age))
    points, code = checklist(period)
    assert code == 1
    assert [point["answer"][0] for point in points.values() if point["state"] == "look"] == ["1"]


def test_what_only_a_person_can_tell_is_listed_and_ends_with_0(checklist):
    points, code = checklist("quarterly")
    assert (code, points["Restore"]["state"]) == (0, "by hand")


def test_another_period_is_refused_with_those_there_are():
    with pytest.raises(CommandError, match="daily"):
        call_command("checklist", "hourly")
