"""What is ill, since when and what helps; canaries; and the dead man's switch."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.test import override_settings
from listening import listening
from rows_and_messages import dead_broker, empty_broker, messages_in
from toy_jobs import toy_job

from riotwatch_jobs import (
    catching_up,
    checkups,
    health,
    leases,
    registry,
    scheduling,
    slots,
    switching,
    tasks,
    watching,
)
from riotwatch_jobs.audit import Actor
from riotwatch_jobs.models import Canary, EmergencyStop, Execution, Heartbeat, ItemState, JobConfiguration, WorkerLease
from riotwatch_jobs.outcomes import Done
from riotwatch_jobs.registry import registered_temporarily
from riotwatch_players.models import KeyOutage

pytestmark = [pytest.mark.django_db(transaction=True)]

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _broker():
    empty_broker()
    with registered_temporarily(toy_job({"a": Done()})):
        yield
    empty_broker()


@pytest.fixture
def now():
    return leases.database_now()


@pytest.fixture
def well(now, settings):
    """Every process is there."""
    settings.DEMO = False
    for kind in ("beat", "housekeeping"):
        leases.beat_heart(kind)
    queues = sorted({job.queue for job in registry.all_jobs()} | {"control", "interactive"})
    WorkerLease.objects.create(host="h", pid=1, node="n", queues=queues, started_at=now, renewed_at=now)


def ill():
    return {finding.part: finding for finding in health.examine() if finding.ill}


# --- What is ill -----------------------------------------------------------------------------------------------------


def test_all_is_well_when_every_process_lives(well):
    assert ill() == {}
    parts = {finding.part for finding in health.examine()}
    assert parts >= {"database", "broker", "disk", "Riot key", "beat", "housekeeping", "queue players", "dispatch"}


@pytest.mark.parametrize("kind", ["beat", "housekeeping"])
def test_a_process_that_went_silent_is_ill_since_its_last_sign_of_life(well, now, kind):
    silent_since = now - 31 * SECOND
    Heartbeat.objects.filter(kind=kind).update(at=silent_since)
    found = ill()
    assert list(found) == [kind]
    assert found[kind].since == silent_since
    assert "start it:" in found[kind].remedy


def test_of_two_beats_one_is_enough(well, now):
    Heartbeat.objects.create(kind="beat", host="other", pid=7, at=now - 500 * SECOND)
    assert ill() == {}


def test_where_schedules_are_off_no_beat_is_needed(well, settings):
    settings.JOB_SCHEDULER_ENABLED = False
    Heartbeat.objects.filter(kind="beat").delete()
    assert ill() == {}


def test_a_queue_without_a_living_worker_is_ill_since_its_last_answer(well, now):
    lease = WorkerLease.objects.get()
    lease.queues.remove("players")
    lease.save()
    Canary.objects.create(queue="players", sent_at=now - 90 * SECOND, answered_at=now - 89 * SECOND)
    found = ill()
    assert list(found) == ["queue players"]
    assert found["queue players"].ill == "no worker lives that consumes players"
    assert found["queue players"].since == now - 89 * SECOND


def test_a_worker_that_lives_but_takes_no_messages_is_noticed(well, now):
    Canary.objects.create(queue="players", sent_at=now - 61 * SECOND, answered_at=now - 90 * SECOND)
    assert ill()["queue players"].ill == "a worker lives for players but takes no messages"


@pytest.mark.parametrize("sent_ago_s", [5, 59])
def test_an_answer_is_given_a_minute(well, now, sent_ago_s):
    Canary.objects.create(queue="players", sent_at=now - sent_ago_s * SECOND)
    assert ill() == {}


def test_a_worker_that_is_busy_with_items_is_not_ill(well, now, lease, start):
    WorkerLease.objects.filter(pk=lease.id).update(queues=["analysis"])
    run = start("toy")
    Canary.objects.create(queue="players", sent_at=now - 90 * SECOND)
    run.items.update(state=ItemState.RUNNING, owner_id=lease.id)
    assert ill() == {}
    run.items.update(state=ItemState.DONE, owner_id=None, finished_at=now)
    assert ill() == {}
    run.items.update(state=ItemState.DONE, owner_id=None, finished_at=now - 100 * SECOND)
    assert list(ill()) == ["queue players"]


def beside_a_healthy_one(now, **values):
    """A second worker of the queue players, whose own test message has been out for a minute."""
    lease = WorkerLease.objects.create(
        host="other", pid=7, node="deaf@other", queues=["players"], concurrency=4, renewed_at=now,
        **{"started_at": now - HOUR, **values},
    )  # fmt: skip
    Canary.objects.create(queue="players", sent_at=now - 90 * SECOND, answered_at=now - 89 * SECOND)
    Canary.objects.create(queue="deaf@other.dq2", sent_at=now - 61 * SECOND, answered_at=now - 90 * SECOND)
    return lease


def test_a_worker_that_takes_nothing_is_told_though_another_serves_its_queue(well, now):
    beside_a_healthy_one(now)
    found = ill()
    assert list(found) == ["worker deaf@other"]
    told = found["worker deaf@other"]
    assert (told.ill, told.since) == ("it lives but takes no messages", now - 61 * SECOND)
    assert told.remedy == "restart that worker, on other"


def test_a_worker_need_not_answer_what_was_sent_before_it_began(well, now):
    beside_a_healthy_one(now, started_at=now - SECOND)
    assert ill() == {}


def test_a_worker_that_works_is_not_told_to_take_nothing(well, now, start):
    beside_a_healthy_one(now)
    item = start("toy").items.all()
    item.update(state=ItemState.DONE, finished_at=now, host="other", pid=7)
    assert ill() == {}
    item.update(pid=8)
    assert list(ill()) == ["worker deaf@other"]


def test_a_worker_in_which_items_hang_is_told_since_the_first_with_what_helps(well, now):
    beside_a_healthy_one(now, hanging=3, hanging_since=now - HOUR)
    told = ill()["worker deaf@other"]
    assert (told.ill, told.since) == ("3 of the 4 items that it can work on at once hang", now - HOUR)
    assert told.remedy.startswith("kill -9 7 on other")


@pytest.fixture
def missed(well, now):
    """Three slots of a toy were missed, the latest an hour ago."""
    plan = scheduling.Plan("toy", "default", slots.Every(3600))
    JobConfiguration.objects.update_or_create(job_id="toy", defaults={"enabled": True})
    scheduling.skip_slot(plan, now - HOUR, catching_up.MISSED, now=now - 30 * SECOND, count=3)


def test_missed_slots_are_told_until_the_job_has_run_again(missed, start, now):
    found = ill()
    assert list(found) == ["schedules"]
    assert "3 of toy, the latest at " in found["schedules"].ill
    assert found["schedules"].since == now - 30 * SECOND
    assert found["schedules"].remedy == "manage.py trigger_job toy"
    start("toy")
    assert ill() == {}


def test_missed_slots_of_a_job_that_is_switched_off_or_of_yesterday_are_not_told(missed, now):
    JobConfiguration.objects.update(enabled=False)
    assert ill() == {}
    JobConfiguration.objects.update(enabled=True)
    Execution.objects.update(finished_at=now - 25 * HOUR)
    assert ill() == {}


def test_the_key_that_riot_refuses_and_the_emergency_stop_are_told(well, now):
    KeyOutage.objects.update_or_create(
        id=1, defaults={"kind": "refused", "since": now, "next_probe_at": now + 60 * SECOND, "platform": "euw1"}
    )
    switching.emergency_stop(reason="the key leaked", by=Actor("ann", None), now=now)
    found = ill()
    assert set(found) == {"Riot key", "dispatch"}
    assert (found["Riot key"].since, found["Riot key"].remedy) == (now, "manage.py set_riot_key")
    assert "the key leaked" in found["dispatch"].ill


def test_a_dead_broker_is_ill_since_the_last_answer_through_it(well, now):
    Canary.objects.create(queue="players", sent_at=now, answered_at=now)
    with override_settings(REDIS_URL="redis://127.0.0.1:9/0"):
        found = ill()
    assert list(found) == ["broker"]
    assert found["broker"].since == now


def test_a_full_disk_is_ill(well, monkeypatch):
    monkeypatch.setattr("riotwatch.health_checks.DISK_FREE_AT_LEAST_BYTES", 10**18)
    assert "MB are free at" in ill()["disk"].ill


def test_in_the_demo_the_simulator_is_looked_after(well, settings):
    settings.DEMO, settings.SIMULATOR_PORT = True, 9
    assert "port 9" in ill()["simulator"].ill


# --- The command -----------------------------------------------------------------------------------------------------


def test_job_health_ends_with_0_when_all_is_well(well, capsys):
    call_command("job_health")
    assert "All is well." in capsys.readouterr().out


def test_job_health_ends_with_1_and_says_what_helps(well, capsys):
    Heartbeat.objects.filter(kind="beat").delete()
    with pytest.raises(SystemExit) as end:
        call_command("job_health", "--json")
    told = json.loads(capsys.readouterr().out)
    assert end.value.code == 1
    assert told["well"] is False
    assert told["parts"][0] == {
        "part": "beat",
        "well": False,
        "ill": "no beat runs: schedules make no runs",
        "since": None,
        "remedy": "start it: celery -A riotwatch beat (Procfile)",
    }


def test_without_the_database_that_is_what_is_ill(monkeypatch, capsys):
    def gone():
        raise OperationalError("connection refused\nIs the server running?")

    monkeypatch.setattr(health, "database_now", gone)
    with pytest.raises(SystemExit) as end:
        call_command("job_health", "--json")
    told = json.loads(capsys.readouterr().out)
    assert end.value.code == 1
    assert [part["ill"] for part in told["parts"]] == ["it does not answer: connection refused"]


# --- Canaries --------------------------------------------------------------------------------------------------------


def lease_of(*queues, at):
    WorkerLease.objects.create(host="h", pid=1, node="n", queues=list(queues), started_at=at, renewed_at=at)


def test_each_consumed_queue_gets_one_message_and_its_worker_answers(now):
    lease_of("players", "control", at=now)
    watching.send_canaries()
    assert messages_in("players") == [(["players"], {})]
    assert messages_in("control") == [(["control"], {})]
    assert not health.is_answered(Canary.objects.get(pk="players"))
    tasks.canary("players")
    assert health.is_answered(Canary.objects.get(pk="players"))


def test_each_worker_gets_one_of_its_own_and_leaves_nothing_behind(now):
    lease_of("players", at=now)
    watching.send_canaries()
    assert messages_in("n.dq2") == [(["n.dq2"], {})]
    WorkerLease.objects.update(node="another")
    watching.send_canaries()
    assert messages_in("n.dq2") == []
    assert not Canary.objects.filter(queue="n.dq2").exists()
    assert len(messages_in("another.dq2")) == 1


def test_a_worker_that_began_anew_is_asked_anew(now):
    lease_of("players", at=now)
    Canary.objects.create(queue="n.dq2", sent_at=now - 31 * SECOND)
    watching.send_canaries()
    assert len(messages_in("n.dq2")) == 1


def test_messages_do_not_pile_up_in_a_queue_nobody_answers(now):
    lease_of("players", at=now)
    watching.send_canaries()
    Canary.objects.update(sent_at=now - 110 * SECOND)
    watching.send_canaries()
    assert len(messages_in("players")) == 1
    Canary.objects.update(sent_at=now - 121 * SECOND)  # the first has expired by now
    watching.send_canaries()
    assert len(messages_in("players")) == 2


def test_an_answered_queue_is_asked_again_after_half_a_minute(now):
    lease_of("players", at=now)
    Canary.objects.create(queue="players", sent_at=now - 20 * SECOND, answered_at=now - 19 * SECOND)
    watching.send_canaries()
    assert messages_in("players") == []
    Canary.objects.update(sent_at=now - 31 * SECOND, answered_at=now - 30 * SECOND)
    watching.send_canaries()
    assert len(messages_in("players")) == 1


def test_a_message_that_the_broker_does_not_take_is_no_fault_of_the_workers(now):
    lease_of("players", at=now)
    sent_at = now - 60 * SECOND
    Canary.objects.create(queue="players", sent_at=sent_at, answered_at=sent_at + SECOND)
    with dead_broker():
        watching.send_canaries()
    assert Canary.objects.get().sent_at == sent_at


# --- The dead man's switch -------------------------------------------------------------------------------------------


def test_the_address_is_asked_once_a_minute_while_all_is_well(well, settings):
    with listening() as (url, asked):
        settings.HEALTH_PING_URL = url
        watch = watching.Watch()
        for _ in range(12):  # a look every ten seconds
            watch.step()
    assert asked == ["/ping/secret"] * 2


def test_silence_is_the_alarm_and_it_ends_when_all_is_well_again(well, settings, now, caplog, logged):
    caplog.set_level("INFO", logger="riotwatch_jobs.watching")
    with listening() as (url, asked):
        settings.HEALTH_PING_URL = url
        watch = watching.Watch()
        Heartbeat.objects.filter(kind="beat").update(at=now - 60 * SECOND)
        for _ in range(12):
            watch.step()
        assert asked == []
        leases.beat_heart("beat")
        for _ in range(6):
            watch.step()
    assert len(asked) == 1
    told = [line.split(" problem")[0] for line in logged("health_")]
    assert told == ["health_ill part=beat", "health_well part=beat"]


@pytest.mark.parametrize("status", [404, 500])
def test_an_address_that_does_not_answer_does_no_harm_and_is_not_logged(well, settings, caplog, status):
    with listening(status) as (url, _):
        settings.HEALTH_PING_URL = url
        watching.Watch().step()
        assert watching.ping(url) is False
    assert watching.ping("http://127.0.0.1:9/ping/secret") is False
    assert "health_not_pinged" in caplog.text
    assert "secret" not in caplog.text


def test_without_an_address_nobody_is_asked_but_all_is_looked_after(well, settings, monkeypatch):
    settings.HEALTH_PING_URL = ""
    monkeypatch.setattr(watching.requests, "get", lambda *a, **k: pytest.fail("somebody was asked"))
    Heartbeat.objects.filter(kind="housekeeping").delete()
    watching.Watch().step()
    assert ill() == {}
    assert Canary.objects.filter(queue="players").exists()


def test_a_check_that_a_part_registers_is_made(well, monkeypatch):
    monkeypatch.setattr(checkups, "_checks", [*checkups.registered()])
    checkups.register(lambda now: [checkups.Finding("teapot", "it is short and stout", remedy="tip it over")])
    assert ill()["teapot"].remedy == "tip it over"
    assert not EmergencyStop.objects.exists()
