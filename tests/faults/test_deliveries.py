"""F23 to F26: messages that are doubled or never sent, triggers that are rolled back, runs that are cancelled."""

import signal
import sys
import time
from contextlib import contextmanager

import pytest
import requests
from crew import wait_for_end, wait_for_worker
from django.contrib.admin.models import LogEntry
from django.db import connection, transaction
from invariants import seconds_until
from stack import RIOT_QUEUES, wait_until
from web import Operator

from riotwatch_jobs import audit, dispatch, messages, rerunning
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Execution, ItemState, JobConfiguration, Trigger

TOY = "toy_steady"
COPIES = 50


def changes(kind, pk, state):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM fault_changes WHERE kind = %s AND row_id = %s AND state = %s", [kind, pk, state]
        )
        return cursor.fetchone()[0]


def began_once(run):
    return all(changes("item", item.pk, "RUNNING") == 1 for item in run.items.all())


def history(run):
    return [entry.get_change_message() for entry in LogEntry.objects.filter(object_id=str(run.pk))]


def received(rig, worker):
    """How often a worker was handed each message about an item."""
    lines = (rig.folder / f"{worker}.log").read_text().splitlines()
    ids = [line.split("run_item[")[1].split("]")[0] for line in lines if "run_item[" in line and "received" in line]
    return {one: ids.count(one) for one in set(ids)}


def wait_until_running(run, count):
    running = run.items.filter(state=ItemState.RUNNING)
    wait_until(lambda: running.count() == count, seconds=40, what=f"{count} running items")


# --- F23 -------------------------------------------------------------------------------------------------------------


def test_f23_messages_that_are_published_again_and_again(crew, ask, flag, measured):
    run = ask(items=4, seconds=60, until=str(flag))
    wait_until_running(run, 4)
    for item in run.items.all():
        for copy in range(COPIES):
            messages.send_item(item.pk, item.delivery - copy % 2, queue=item.queue)
    for _ in range(COPIES):
        messages.send_dispatch(run.pk)
    healthy = ask(items=4)
    wait_for_end(healthy, seconds=60)
    flag.touch()
    wait_for_end(run, seconds=60)
    for item in run.items.all():
        messages.send_item(item.pk, item.delivery, queue=item.queue)
    wait_for_end(ask(items=4), seconds=60)
    assert run.result == {"worked": 4}
    assert began_once(run)
    measured("F23", runs=ask.runs)


@pytest.mark.slow_fault
def test_f23_a_message_that_is_delivered_again_while_its_item_runs(keeper, ask, flag, measured):
    hasty = {"DJANGO_SETTINGS_MODULE": "settings_with_short_visibility"}
    for name in ("hasty", "other"):
        keeper.stack.worker(name, queues=RIOT_QUEUES, **hasty)
    wait_for_worker("hasty", "other")
    run = ask(items=2, seconds=60, until=str(flag))
    wait_until_running(run, 2)

    def delivered():
        counts = [received(keeper, name) for name in ("hasty", "other")]
        return {one: sum(count.get(one, 0) for count in counts) for one in counts[0] | counts[1]}

    wait_until(lambda: max(delivered().values(), default=0) >= 2, seconds=40, what="a second delivery")
    flag.touch()
    wait_for_end(run, seconds=60)
    assert run.result == {"worked": 2}
    assert began_once(run)
    measured("F23", runs=ask.runs)


# --- F24 -------------------------------------------------------------------------------------------------------------


@pytest.mark.slow_fault
def test_f24_a_crash_between_commit_and_publishing(crew, ask, measured):
    def killed(what, subject):
        process = crew.stack.start("killed", sys.executable, "-m", "killed_before_publishing", what, subject)
        assert process.wait(40) == -signal.SIGKILL
        crew.stack.processes.pop("killed")

    killed("request", "killed:request")
    asked = Execution.objects.get(job_id=TOY, scope="killed:request")
    # The dispatch message waits, and this run is started here.
    crew.stack.processes["steady"].send_signal(signal.SIGSTOP)
    started = ask(items=3)
    killed("start", str(started.pk))
    crew.stack.processes["steady"].send_signal(signal.SIGCONT)
    assert started.items.filter(state=ItemState.QUEUED).count() == 3
    assert asked.is_open
    runs = (asked, started)
    wait_for_end(*runs, seconds=60)
    assert [run.result["worked"] for run in runs] == [1, 3]
    took = seconds_until("run", [asked.pk], "COMPLETED", asked.queued_at)
    took += seconds_until("run", [started.pk], "COMPLETED", started.started_at)
    measured("F24", runs=runs, seconds=took)


# --- F25 -------------------------------------------------------------------------------------------------------------


def waiting_messages(rig):
    with rig.broker() as client:
        return client.llen(messages.CONTROL_QUEUE)


@contextmanager
def history_that_cannot_be_written():
    """The database refuses the entry that each action of an operator leaves: an error after the run's INSERT."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION fault_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'no entry is taken'; END $$;"
            "CREATE TRIGGER fault_refuse BEFORE INSERT ON django_admin_log FOR EACH ROW EXECUTE FUNCTION fault_refuse()"
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER fault_refuse ON django_admin_log; DROP FUNCTION fault_refuse")


def sign_in(rig, port):
    rig.stack.web(port)
    operator = Operator(port)
    wait_until(operator.answers, seconds=40, what="the web process")
    operator.sign_in()
    made = rig.stack.manage("create_api_key", "faults", "--role", "operator", "--owner", "operator")
    assert made.returncode == 0, made.stderr
    return operator, made.stdout.strip()


def test_f25_a_trigger_that_is_rolled_back(keeper, measured, unused_port):
    JobConfiguration.objects.update_or_create(pk=TOY, defaults={"enabled": True, "config": {}})
    operator, key = sign_in(keeper, unused_port)
    before, queued = Execution.objects.count(), waiting_messages(keeper)
    with transaction.atomic():
        dispatch.request(dispatch.Request(TOY, Trigger.CLI, scope="rolled back"), now=database_now())
        transaction.set_rollback(True)
    trigger = f"{operator.base}/api/v1/jobs/{TOY}/trigger"
    with history_that_cannot_be_written():
        assert operator.run_now(TOY).status_code == 500
        assert requests.post(trigger, headers={"X-API-Key": key}, json={}, timeout=30).status_code == 500
    assert (Execution.objects.count(), waiting_messages(keeper)) == (before, queued)
    answer = requests.post(trigger, headers={"X-API-Key": key}, json={}, timeout=30)
    assert answer.status_code == 202, answer.text
    assert (Execution.objects.count(), waiting_messages(keeper)) == (before + 1, queued + 1)
    run = Execution.objects.get(pk=answer.json()["id"])
    assert len(history(run)) == 1
    keeper.stack.worker("heir", queues=RIOT_QUEUES)
    wait_for_end(run, seconds=60)
    measured("F25", runs=[run])


# --- F26 -------------------------------------------------------------------------------------------------------------


def cancel(*runs):
    for run in runs:
        rerunning.cancel(run, reason="enough", by=audit.command_line(), now=database_now())


@pytest.mark.slow_fault
def test_f26_a_run_that_is_cancelled_in_each_state(crew, ask, flag, measured):
    running = ask(items=2, seconds=120, until=str(flag))
    snoozed = ask("toy_snoozing", seconds=6)
    told_to_wait = ask("toy_retrying", seconds=6)
    wait_until_running(running, 2)
    wait_until(snoozed.items.filter(state=ItemState.WAITING, reason="it sleeps").exists, seconds=30, what="a snooze")
    wait_until(told_to_wait.items.filter(reason="it is told to wait").exists, seconds=30, what="a retry")
    # What comes now finds its only worker frozen.
    worker = crew.stack.processes["steady"]
    worker.send_signal(signal.SIGSTOP)
    pending, queued = ask(items=2), ask(items=60)
    dispatch.start(queued.pk, now=database_now())
    # Housekeeping may be sending at this moment, and then it sends these, too.
    wait_until(queued.items.filter(state=ItemState.QUEUED).exists, seconds=10, what="a queued item")
    assert queued.items.filter(state=ItemState.WAITING).exists()
    cancelled_at = database_now()
    cancel(pending, queued, snoozed, told_to_wait)
    worker.send_signal(signal.SIGCONT)
    cancel(running)
    runs = (pending, queued, snoozed, told_to_wait, running)
    wait_for_end(*runs, seconds=20)
    took = seconds_until("run", [run.pk for run in runs], "CANCELLED", cancelled_at)
    crew.stack.stop("steady")
    crew.stack.worker("anew", concurrency=8, queues=RIOT_QUEUES)
    wait_for_worker("anew")
    ended_at = database_now()
    time.sleep(8)  # longer than the snooze and the wait
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM fault_changes WHERE at > %s", [ended_at])
        assert cursor.fetchone()[0] == 0, "something was worked on after all"
    for run in runs:
        run.refresh_from_db()
        assert run.state == "CANCELLED"
        assert set(run.items.values_list("state", flat=True)) <= {"CANCELLED"}
        assert [text for text in history(run) if "CANCELLED" in text]
        assert len(history(run)) == 1
    measured("F26", runs=runs, seconds=took)


def test_f26_runs_whose_workers_are_all_dead_are_ended_by_hand(keeper, ask, measured):
    rig = keeper
    rig.stack.worker("doomed", queues=RIOT_QUEUES)
    wait_for_worker("doomed")
    ends = {"cancel_run": "CANCELLED", "fail_run": "FAILED"}
    runs = {command: ask(items=2, seconds=120) for command in ends}
    for run in runs.values():
        wait_until_running(run, 2)
    for name in ("doomed", "housekeeping"):
        rig.stack.kill(name)
    took = []
    for command, run in runs.items():
        began = time.monotonic()
        told = rig.stack.manage(command, str(run.pk), "--reason", "they are dead")
        took.append(time.monotonic() - began)
        assert told.returncode == 0, told.stderr
        run.refresh_from_db()
        assert (run.state, run.items_total, len(history(run))) == (ends[command], 2, 1)
    measured("F26", runs=list(runs.values()), seconds=took, note="without any worker, by command")
