"""ban_checker against the simulator over HTTP."""

from dataclasses import asdict
from datetime import timedelta

import pytest

from riotwatch_jobs import dispatch
from riotwatch_jobs.jobs.ban_checker import BanChecker, Result
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Trigger
from riotwatch_players import gateway
from riotwatch_players.models import BanCheck, Player


@pytest.fixture(autouse=True)
def current_key(riot):
    gateway.reread_key()


@pytest.fixture
def flagged(track):
    """Two accounts that are there."""
    players = track(2)
    Player.objects.update(verdict="likely_smurf", smurf_score=90)
    return players


def vanish(riot, player: Player) -> None:
    people = riot.control("people?application=demo")
    gone = [p for p in people if p["vanished_at_s"] and p["vanished_at_s"] < riot.world.now_s]
    Player.objects.filter(pk=player.pk).update(puuid=gone[0]["puuid"], platform=gone[0]["platform"])


def age_checks(**delta: float) -> None:
    for row in BanCheck.objects.all():
        BanCheck.objects.filter(pk=row.pk).update(checked_at=row.checked_at - timedelta(**delta))


def test_accounts_that_resolve_and_that_do_not_are_told_apart(riot, flagged, run_job):
    vanish(riot, flagged[0])
    run = run_job("ban_checker")
    assert run.state == "COMPLETED"
    assert run.result == asdict(Result(checked=2, resolved=1, not_found=1))
    assert run.api_requests_made == 4
    row = BanCheck.objects.get(player=flagged[0])
    assert (row.account, row.summoner, row.region) == ("not_found", "not_found", "")


def test_nobody_is_checked_twice_in_a_row(flagged, run_job):
    run_job("ban_checker")
    run = run_job("ban_checker")
    assert (run.state, run.reason, run.result["checked"]) == ("COMPLETED", "nothing to do", 0)


def test_a_vanished_account_becomes_unavailable_over_days_and_costs_only_checks_from_then_on(riot, flagged, run_job):
    gone = flagged[0]
    vanish(riot, gone)
    for _ in range(3):
        assert run_job("ban_checker").result["newly_unavailable"] == 0
        age_checks(days=1)
    run = run_job("ban_checker")
    gone.refresh_from_db()
    assert (run.result["newly_unavailable"], gone.active) == (1, False)
    assert "account_does_not_resolve" in "".join(run.log_lines.values_list("message", flat=True))
    assert run_job("tracked_player_updater").result["total_tracked"] == 1


def test_an_account_that_comes_back_is_active_again(flagged, run_job):
    Player.objects.filter(pk=flagged[0].pk).update(unavailable_at=database_now())
    run = run_job("ban_checker")
    flagged[0].refresh_from_db()
    assert (run.result["recovered"], flagged[0].active) == (1, True)


def test_a_tracked_player_whose_update_failed_is_checked(riot, track, run_job):
    (player,) = track(1)
    vanish(riot, player)
    run_job("tracked_player_updater")
    assert run_job("ban_checker").result["not_found"] == 1


def test_a_player_on_another_platform_is_found_there(riot, flagged, run_job):
    moved = flagged[0]
    Player.objects.filter(pk=moved.pk).update(platform="na1")
    run = run_job("ban_checker")
    moved.refresh_from_db()
    assert (run.result["resolved"], moved.platform) == (2, "euw1")
    assert BanCheck.objects.get(player=moved).result == "moved"


def test_passing_faults_are_tried_again_and_lasting_ones_recorded(riot, flagged, run_job):
    Player.objects.filter(pk=flagged[1].pk).update(verdict="normal", smurf_score=0)
    riot.control("faults", kind="status", status=503, endpoint="summoner-v4.by-puuid", count=2)
    assert run_job("ban_checker").result["resolved"] == 1
    age_checks(days=8)
    riot.control("faults", kind="status", status=503, endpoint="summoner-v4.by-puuid")
    run = run_job("ban_checker")
    assert (run.state, run.items_failed, run.result["checked"], run.result["not_found"]) == ("COMPLETED", 0, 1, 0)
    assert BanCheck.objects.order_by("-checked_at").first().result == "trouble"


def test_an_endpoint_that_refuses_a_good_key_says_nothing_about_the_account(riot, flagged, run_job):
    riot.control("faults", kind="status", status=403, endpoint="account-v1.by-puuid")
    run = run_job("ban_checker")
    assert (run.state, run.result["resolved"]) == ("COMPLETED", 2)
    assert set(BanCheck.objects.values_list("account", flat=True)) == {"key_problem"}


def test_a_person_can_have_a_player_checked_who_is_not_due(flagged, run_job):
    run_job("ban_checker")
    request = dispatch.Request(job_id="ban_checker", trigger=Trigger.CLI, players=(flagged[0].pk,), scope="player")
    run, _ = dispatch.request(request, now=database_now())
    dispatch.start(run.pk, now=database_now())
    assert [item.data for item in run.items.all()] == [{"player": flagged[0].pk}]


@pytest.mark.parametrize(
    ("given", "score"),
    [
        ({}, 50),
        ({"min_smurf_confidence": 0.7}, 70),
        ({"min_smurf_confidence": 0.7, "min_smurf_score": 60}, 60),
        ({"min_smurf_confidence": 0}, 0),
    ],
)
def test_the_older_name_of_the_score_is_accepted(given, score):
    assert dispatch.checked_config(BanChecker, given)["min_smurf_score"] == pytest.approx(score)


@pytest.mark.parametrize("value", [70, -0.1, "high", True, None])
def test_the_older_name_is_refused_out_of_its_bounds(value):
    with pytest.raises(dispatch.BadConfig, match="min_smurf_confidence"):
        dispatch.checked_config(BanChecker, {"min_smurf_confidence": value})
