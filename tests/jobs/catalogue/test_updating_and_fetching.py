"""tracked_player_updater and match_fetcher, against the simulator over HTTP."""

import threading

import pytest
from django.db import connections
from django.db.models import Count
from django.utils import timezone

from riotwatch_jobs import dispatch, inline
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Trigger, WorkItem
from riotwatch_pages.command_line import account
from riotwatch_players import erasing, tracking, updating
from riotwatch_players.models import BacklogMatch, Match, Participant, Player, RankSnapshot


def test_an_update_lists_everything_fetches_the_newest_and_keeps_the_rank(track, run_job):
    (player,) = track(1)
    run = run_job("tracked_player_updater")
    player.refresh_from_db()
    assert (run.state, run.is_partial) == ("COMPLETED", False)
    assert run.result["total_tracked"] == run.result["updated"] == 1
    assert 15 <= run.result["matches_fetched"] <= 20  # a few listed games have no usable body
    assert run.result["matches_listed"] == BacklogMatch.objects.count() >= 100
    assert RankSnapshot.objects.filter(player=player, queue="RANKED_SOLO_5x5").count() == 1
    assert run.api_requests_made >= 25
    assert player.last_updated is not None
    assert player.summoner_level is not None
    assert Player.objects.discovered().count() > 5


def test_the_fetcher_drains_the_backlog_and_every_body_is_fetched_once(riot, track, run_job):
    track(2)
    run_job("tracked_player_updater")
    run = run_job("match_fetcher", discovered_per_run=3)
    assert (run.state, run.is_partial) == ("COMPLETED", False)
    assert not BacklogMatch.objects.filter(state="pending").exists()
    fetches = riot.control("matches")
    assert max(fetches.values()) == 1
    assert Match.objects.count() == BacklogMatch.objects.filter(state="fetched").count()


def test_a_discovered_players_history_is_filled_to_the_target_and_rank_and_level_are_known(track, run_job):
    track(1)
    run_job("tracked_player_updater")
    run = run_job("match_fetcher", discovered_per_run=4)
    assert run.result["histories_worked_on"] >= 4
    filled = Player.objects.discovered().exclude(history_full_at=None)
    assert filled.count() == 4
    for player in filled:
        assert player.ranked_games >= 20
        assert player.rank_checked_at is not None
        assert player.summoner_level is not None


def test_a_second_update_of_an_idle_world_writes_no_matches_and_no_ranks(track, run_job):
    track(1)
    run_job("tracked_player_updater")
    run_job("match_fetcher", discovered_per_run=0)
    matches, ranks = Match.objects.count(), RankSnapshot.objects.count()
    run = run_job("tracked_player_updater")
    assert run.state == "COMPLETED"
    assert (run.result["matches_listed"], run.result["matches_fetched"]) == (0, 0)
    assert (Match.objects.count(), RankSnapshot.objects.count()) == (matches, ranks)


@pytest.mark.parametrize("lag_days", [90])
def test_none_of_250_new_games_is_lost_when_an_update_fetches_20(riot, track, run_job):
    """All listed ids are in the backlog before the cursor moves, whatever the cap."""
    track(1)
    run_job("tracked_player_updater")
    run_job("match_fetcher", discovered_per_run=0)
    before = settled()
    riot.control("clock", lag_s=0)
    run = run_job("tracked_player_updater", max_new_matches_per_player=20)
    assert 15 <= run.result["matches_fetched"] <= 20  # a few listed games have no usable body
    run_job("match_fetcher", discovered_per_run=0)
    assert settled() - before == run.result["matches_listed"] >= 250
    run = run_job("tracked_player_updater")
    assert run.result["matches_listed"] == 0


def settled():
    """Matches that were fetched, or of which Riot has no (usable) body."""
    assert not BacklogMatch.objects.filter(state="pending").exists()
    return BacklogMatch.objects.count()


def test_whoever_is_named_is_updated_without_being_tracked_and_leaves_nothing_behind(riot):
    player = tracking.add_player(riot.busiest(1)[0][0], platform=None, now=timezone.now())
    for fetched in (range(25, 31), range(1)):
        named = dispatch.Request(job_id="tracked_player_updater", trigger=Trigger.CLI, players=(player.pk,))
        execution, _ = dispatch.request(named, now=database_now())
        run = inline.work_off(execution, give_up_after_s=60)
        assert run.result["matches_fetched"] in fetched
    player.refresh_from_db()
    assert (player.states, player.listed_until, player.listed_depth) == (("known",), None, 0)
    assert None not in (player.last_updated, player.summoner_level, player.rank_checked_at)
    assert settled() == 30
    assert not Player.objects.discovered().exists()


def test_who_is_erased_in_the_middle_of_an_update_stays_erased(riot, track, run_job, monkeypatch):
    """Between two of its requests, by another process."""
    (player,) = track(1)
    update_profile = updating.update_profile

    def erased_meanwhile(*given, **named):
        resolved = update_profile(*given, **named)
        eraser = threading.Thread(
            target=lambda: (
                erasing.erase(player, by="a test", user=account(), now=timezone.now()),
                connections.close_all(),
            )
        )
        eraser.start()
        eraser.join()
        return resolved

    monkeypatch.setattr(updating, "update_profile", erased_meanwhile)
    run = run_job("tracked_player_updater", max_new_matches_per_player=3)
    assert (run.state, run.result["failed"]) == ("COMPLETED", 0)
    assert not Player.objects.filter(puuid=player.puuid).exists()
    assert not Player.objects.filter(game_name=player.game_name).exists()
    assert not RankSnapshot.objects.exists()
    assert Participant.objects.filter(player=None).count() == Match.objects.count() > 0
    item = WorkItem.objects.get()
    assert (item.state, item.reason, item.data) == ("CANCELLED", "the player was erased", {"player": player.pk})


def test_an_account_that_vanished_fails_its_item_and_the_others_go_on(riot, track, run_job):
    track(2)
    gone = Player.objects.tracked().first()
    Player.objects.filter(pk=gone.pk).update(puuid=vanished_puuid(riot))
    run = run_job("tracked_player_updater")
    gone.refresh_from_db()
    assert (run.state, run.is_partial, run.result["failed"], run.result["updated"]) == ("COMPLETED", True, 1, 1)
    assert gone.update_failures == 1


def vanished_puuid(riot):
    people = riot.control("people?application=demo")
    return next(p["puuid"] for p in people if p["vanished_at_s"] and p["vanished_at_s"] < riot.world.now_s)


def test_a_tight_budget_snoozes_items_and_the_run_still_completes(riot, track, run_job):
    riot.control("limits", application="20:1,60:5")
    track(2)
    run = run_job("tracked_player_updater", max_new_matches_per_player=30)
    assert run.state == "COMPLETED"
    assert not riot.control("state")["refused"]


@pytest.mark.parametrize("kind", ["503", "garbage", "429"])
def test_passing_faults_are_retried_until_the_run_is_whole(riot, track, run_job, kind):
    track(1)
    fault = {"503": {"kind": "status", "status": 503}, "429": {"kind": "service", "retry_after_s": 1}}
    riot.control("faults", **fault.get(kind, {"kind": kind}), endpoint="match-v5.match", count=2)
    run = run_job("tracked_player_updater", max_new_matches_per_player=5)
    assert (run.state, run.is_partial) == ("COMPLETED", False)
    assert 3 <= run.result["matches_fetched"] <= 5  # a listed game may have no usable body


def test_a_listed_match_without_a_body_is_gone_and_not_asked_for_again(riot, track, run_job):
    track(1)
    riot.control("faults", kind="missing", endpoint="match-v5.match", count=3)
    run_job("tracked_player_updater", max_new_matches_per_player=5)
    states = dict(BacklogMatch.objects.values_list("state").annotate(Count("id")))
    assert states["gone"] == 3


def test_the_rank_of_a_discovered_player_is_read_again_before_a_re_analysis(track, run_job):
    track(1)
    run_job("tracked_player_updater")
    run_job("match_fetcher", discovered_per_run=2)
    run_job("smurf_analyzer")
    judged = Player.objects.discovered().filter(analyzed_at__isnull=False, history_full_at__isnull=False)
    player = judged.first()
    assert player is not None
    run_job("match_fetcher", discovered_per_run=0)
    untouched = Player.objects.get(pk=player.pk)
    assert untouched.rank_checked_at == player.rank_checked_at
    Player.objects.filter(pk=player.pk).update(analyzed_games=player.analyzed_games - 5)
    run_job("match_fetcher", discovered_per_run=0)
    player.refresh_from_db()
    assert player.rank_checked_at > player.analyzed_at
