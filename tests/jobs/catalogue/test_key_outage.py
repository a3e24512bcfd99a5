"""The key dies in the middle of the work, and a new one takes its place: against the simulator over HTTP."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F

from riotwatch_jobs import dispatch, health, inline, scheduling
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import DEFAULT_SCOPE, Execution, Trigger, WorkItem
from riotwatch_jobs.watching import Watch
from riotwatch_messages.models import Message
from riotwatch_players import gateway, outages
from riotwatch_players.models import BacklogMatch, KeyOutage, Player
from riotwatch_players.simulator.ids import DEMO_KEY

NEW_KEY = "RGAPI-00000000-0000-4000-8000-000000005555"


@pytest.fixture(autouse=True)
def current_key(riot):
    gateway.reread_key()
    riot.control("keys", key=NEW_KEY, application="demo")


def expire(riot):
    riot.control("keys", key=DEMO_KEY, expired=401)


def start(job_id, **overrides):
    request = dispatch.Request(job_id=job_id, trigger=Trigger.CLI, overrides=overrides)
    return dispatch.request(request, now=database_now())[0]


def a_run_whose_key_dies(riot, track):
    """An open run of the updater that met the outage."""
    track(2)
    run = start("tracked_player_updater")
    with inline.own_lease():
        dispatch.start(run.pk, now=database_now())
        expire(riot)
        while inline.work_on_next(run, now=database_now()):
            pass
    run.refresh_from_db()
    return run


def test_an_open_run_waits_for_a_key_and_burns_nothing(riot, track):
    run = a_run_whose_key_dies(riot, track)
    items = list(run.items.values_list("state", "attempts", "waits_for_budget"))
    assert run.state == "IN_PROGRESS"
    assert items == [("WAITING", 0, False)] * 2
    assert all("set_riot_key" in item.reason for item in run.items.all())
    assert all(item.available_at > database_now() + timedelta(seconds=50) for item in run.items.all())


def test_people_are_told_once_that_the_key_is_refused_and_once_that_it_works_again(riot, track, settings):
    settings.NOTIFY_URLS = {"phone": "json://127.0.0.1:9/"}
    a_run_whose_key_dies(riot, track)
    outages.replace_key(NEW_KEY)
    outages.check_key()
    refused, accepted = Message.objects.filter(event="key_refused").order_by("id")
    assert "set it with manage.py set_riot_key" in refused.text
    assert f"The key is …{DEMO_KEY[-4:]}." in refused.text
    assert (refused.level, accepted.level) == ("failure", "success")
    assert accepted.text == "Riot accepts the key …5555 again: what waited goes on."


def test_the_run_goes_on_the_moment_a_new_key_is_stored(riot, track):
    run = a_run_whose_key_dies(riot, track)
    outages.replace_key(NEW_KEY)
    ended = inline.work_off(run, give_up_after_s=30)
    assert (ended.state, ended.is_partial, ended.result["updated"]) == ("COMPLETED", False, 2)
    assert not WorkItem.objects.filter(attempts__gt=0).exists()


def test_looking_after_the_system_tells_the_outage_and_does_not_ask_riot(riot, track):
    a_run_whose_key_dies(riot, track)
    KeyOutage.objects.update(next_probe_at=database_now() - timedelta(minutes=1))
    due, requests_before = KeyOutage.objects.get().next_probe_at, riot.control("state")["requests"]
    (found,) = [one for one in health.examine() if one.part == "Riot key"]
    assert "set_riot_key" in found.ill
    assert riot.control("state")["requests"] == requests_before
    assert KeyOutage.objects.get().next_probe_at == due


def test_housekeeping_tries_a_refused_key_once_a_minute_though_no_run_asks_for_it(riot, track):
    a_run_whose_key_dies(riot, track)
    riot.control("keys", key=DEMO_KEY, application="demo")
    Watch().step()
    assert outages.known() is not None  # it was tried less than a minute ago
    KeyOutage.objects.update(next_probe_at=database_now() - timedelta(seconds=1))
    Watch().step()
    assert outages.known() is None


def test_an_item_that_came_to_wait_just_as_the_key_was_accepted_is_woken(riot, track):
    run = a_run_whose_key_dies(riot, track)
    KeyOutage.objects.update(since=None, kind="", next_probe_at=None)  # over, and these items were not woken
    riot.control("keys", key=DEMO_KEY, application="demo")
    assert not run.items.filter(available_at__lte=database_now()).exists()
    Watch().step()
    assert not run.items.exclude(available_at__lte=database_now()).exists()


def test_an_outage_does_not_let_a_runs_deadline_pass(riot, track):
    run = a_run_whose_key_dies(riot, track)
    Execution.objects.filter(pk=run.pk).update(deadline_at=database_now() + timedelta(seconds=5))
    WorkItem.objects.update(available_at=database_now())
    with inline.own_lease():
        inline.work_on_next(run, now=database_now())
    run.refresh_from_db()
    assert run.deadline_at > database_now() + timedelta(minutes=59)


def test_a_run_that_a_person_starts_meanwhile_is_skipped_and_told_the_remedy(riot, track, run_job):
    a_run_whose_key_dies(riot, track)
    for job_id in ("match_fetcher", "ban_checker"):
        run = run_job(job_id)
        assert (run.state, "set_riot_key" in run.reason) == ("SKIPPED", True)


def begin_slot(job_id, minute):
    row = scheduling.PeriodicTask.objects.get(name=job_id)
    slot = datetime(2026, 4, 1, 12, minute, tzinfo=UTC)
    run = scheduling.open_slot(scheduling.plan_of(row), slot, now=database_now())
    dispatch.start(run.pk, now=database_now())
    return slot


def test_an_outage_makes_one_skipped_run_per_job_that_counts_its_slots(riot, track):
    scheduling.sync_schedules()
    a_run_whose_key_dies(riot, track)
    for minute in (7, 37, 47):
        last = begin_slot("match_fetcher", minute)
    begin_slot("ban_checker", 10)
    skipped = Execution.objects.filter(job_id="match_fetcher", scope=DEFAULT_SCOPE)
    assert [(run.state, run.slots_skipped, run.slot) for run in skipped] == [("SKIPPED", 3, last)]
    assert Execution.objects.get(job_id="ban_checker").slots_skipped == 1


def test_the_next_outage_has_a_record_of_its_own(riot, track):
    scheduling.sync_schedules()
    a_run_whose_key_dies(riot, track)
    begin_slot("ban_checker", 7)
    outages.replace_key(NEW_KEY)
    begin_slot("ban_checker", 17)
    riot.control("keys", key=NEW_KEY, expired=401)
    Player.objects.update(last_updated=None)
    KeyOutage.objects.update(kind="refused", since=database_now(), next_probe_at=database_now() + timedelta(seconds=60))
    begin_slot("ban_checker", 27)
    states = Execution.objects.filter(job_id="ban_checker").order_by("id").values_list("state", flat=True)
    assert list(states) == ["SKIPPED", "COMPLETED", "SKIPPED"]


def test_the_key_working_again_by_itself_is_noticed_within_a_minute(riot, track):
    run = a_run_whose_key_dies(riot, track)
    riot.control("keys", key=DEMO_KEY, application="demo")
    KeyOutage.objects.update(next_probe_at=F("next_probe_at") - timedelta(seconds=60))
    assert start("match_fetcher").job_instance().precondition() is None
    assert inline.work_off(run, give_up_after_s=30).state == "COMPLETED"


@pytest.mark.parametrize("trouble", [{"kind": "service"}, {"kind": "status", "status": 503}])
def test_a_try_that_riot_does_not_answer_is_repeated_soon(riot, track, trouble):
    a_run_whose_key_dies(riot, track)
    riot.control("keys", key=DEMO_KEY, application="demo")
    riot.control("faults", endpoint="lol-status-v4.platform-data", count=1, **trouble)
    KeyOutage.objects.update(next_probe_at=database_now())
    assert outages.standing() is not None
    assert KeyOutage.objects.get().next_probe_at <= database_now() + timedelta(seconds=10)
    KeyOutage.objects.update(next_probe_at=database_now())
    assert outages.standing() is None


def test_an_endpoint_that_refuses_for_a_while_is_tried_again_and_is_no_outage(riot, track, run_job):
    track(1)
    riot.control("faults", kind="status", status=403, endpoint="match-v5.match", count=2)
    run = run_job("tracked_player_updater", max_new_matches_per_player=3)
    assert (run.state, run.is_partial) == ("COMPLETED", False)
    assert outages.standing() is None


def test_a_key_of_another_application_stops_what_talks_to_riot_and_says_so(riot, track, run_job, settings):
    track(2)
    run_job("tracked_player_updater", max_new_matches_per_player=1)
    pending = BacklogMatch.objects.filter(state="pending").count()
    foreign = "RGAPI-of-another-application"
    riot.control("keys", key=foreign, application="another")
    settings.RIOT_API_KEY = foreign
    run = start("tracked_player_updater")
    with inline.own_lease():
        dispatch.start(run.pk, now=database_now())
        while inline.work_on_next(run, now=database_now()):
            pass
    reasons = set(run.items.values_list("state", "reason"))
    assert len(reasons) == 1
    assert "another application" in reasons.pop()[1]
    assert run_job("match_fetcher").state == "SKIPPED"
    assert BacklogMatch.objects.filter(state="pending").count() == pending
    settings.RIOT_API_KEY = DEMO_KEY
    KeyOutage.objects.update(next_probe_at=database_now())
    assert outages.standing() is None
    assert inline.work_off(run, give_up_after_s=30).state == "COMPLETED"
