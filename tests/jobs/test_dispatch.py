"""From asking for a run to a run in progress."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from rows_and_messages import ANN, dead_broker, empty_broker, messages_in
from toy_jobs import toy_job

from riotwatch_jobs import dispatch, leases, registry, rerunning
from riotwatch_jobs.dispatch import BadConfig, Request
from riotwatch_jobs.messages import CONTROL_QUEUE
from riotwatch_jobs.models import Execution, ExecutionState, ItemState, JobConfiguration, Trigger
from riotwatch_jobs.outcomes import Done, Lane, Skip, Target
from riotwatch_jobs.registry import registered_temporarily
from riotwatch_jobs.switching import Refused
from tests.players.concurrency import at_once

pytestmark = pytest.mark.usefixtures("lease")


@pytest.fixture(autouse=True)
def _empty_broker():
    empty_broker()
    yield
    empty_broker()


@pytest.fixture
def toy():
    with registered_temporarily(toy_job({"a": Done(), "b": Done()})) as job:
        yield job


def ask(now, **wanted):
    return dispatch.request(Request(**{"job_id": "toy", "trigger": Trigger.CLI, **wanted}), now=now)


def state_of(run):
    run.refresh_from_db()
    return run.state


# --- Asking ----------------------------------------------------------------------------------------------------------


def test_a_request_makes_a_waiting_run_and_sends_its_id(toy, now):
    run, created = ask(now, triggered_by="ann")
    assert (created, run.state, run.trigger, run.triggered_by, run.queued_at) == (True, "PENDING", "cli", "ann", now)
    assert messages_in(CONTROL_QUEUE) == [(["toy", run.pk], {})]


def test_who_asks_again_gets_the_run_that_already_waits(toy, now):
    first, _ = ask(now)
    second, created = ask(now, triggered_by="bob")
    assert (second.pk, created) == (first.pk, False)
    assert Execution.objects.count() == 1


def test_eight_people_who_ask_at_once_get_one_run(toy, now):
    got = []
    assert at_once(*[lambda: got.append(ask(now))] * 8) == []
    assert len({run.pk for run, _ in got}) == 1
    assert sum(created for _, created in got) == 1


def test_runs_for_named_players_have_scopes_of_their_own(toy, now):
    scopes = [dispatch.scope_of(players) for players in ([], [7], [8], [7, 8], [8, 7], [7, 8, 9])]
    assert scopes[:3] == ["default", "player:7", "player:8"]
    assert scopes[3] == scopes[4]
    assert len(set(scopes)) == 5
    runs = [ask(now, scope=scope)[0].pk for scope in scopes]
    assert len(set(runs)) == 5


def test_runs_for_days_have_scopes_of_their_own_and_other_settings_none():
    days = {"from_date": "2025-01-01", "to_date": "2025-01-31"}
    asked = (days, days | {"to_date": "2025-02-28"}, {"apples": 3}, {"from_date": None}, None)
    scopes = [dispatch.scope_of(overrides=overrides) for overrides in asked]
    assert scopes == ["days:2025-01-01..2025-01-31", "days:2025-01-01..2025-02-28", *["default"] * 3]


def test_a_scope_of_very_many_players_fits_its_column(toy, now):
    players = tuple(range(10**6, 10**6 + 5000))
    run, _ = ask(now, players=players, scope=dispatch.scope_of(players))
    run.refresh_from_db()
    assert run.players == list(players)


def test_a_very_long_name_of_who_asked_is_cut_to_what_the_column_holds(toy, now):
    run, _ = ask(now, triggered_by="x" * 400)
    run.refresh_from_db()
    assert run.triggered_by == "x" * 150


def test_an_unknown_job_is_refused_naming_those_there_are(now):
    with pytest.raises(registry.UnknownJob, match="match_fetcher"):
        ask(now, job_id="no_such_job")


def test_a_request_while_the_broker_is_down_is_kept(toy, now):
    with dead_broker():
        run, created = ask(now)
    assert (created, state_of(run)) == (True, "PENDING")


# --- Configuration ---------------------------------------------------------------------------------------------------


def test_a_refused_setting_is_named_with_what_is_wrong(toy, now):
    with pytest.raises(BadConfig, match=r"toy: apples: .*less than or equal to 10"):
        ask(now, overrides={"apples": 11})
    assert not Execution.objects.exists()


def test_an_unknown_setting_is_named_with_those_there_are(toy, now):
    with pytest.raises(BadConfig, match=r"pears: .*\(known settings: apples\)"):
        ask(now, overrides={"pears": 1})


def test_every_problem_is_listed_not_only_the_first(toy, now):
    with pytest.raises(BadConfig) as refused:
        ask(now, overrides={"apples": "many", "pears": 1})
    assert len(refused.value.problems) == 2


def test_the_run_goes_before_the_operator_before_the_environment_before_the_code(toy, now):
    def config_of(**wanted):
        run, _ = ask(now, **wanted)
        rerunning.cancel(run, by=ANN, now=now)
        return run.config["apples"]

    assert config_of() == 3
    toy.seeded_config = classmethod(lambda cls: {"apples": 4})
    assert config_of() == 4
    configuration = JobConfiguration.objects.create(job_id="toy", config={"apples": 5})
    assert config_of() == 5
    assert config_of(overrides={"apples": "6"}) == 6
    configuration.config = {}
    configuration.save()
    assert config_of() == 4


def test_what_an_operator_changes_later_does_not_touch_a_run_that_waits(toy, now):
    run, _ = ask(now)
    JobConfiguration.objects.create(job_id="toy", config={"apples": 9})
    run.refresh_from_db()
    assert run.config == {"apples": 3}


def test_times_come_from_the_operator_else_from_the_job_else_from_the_environment(toy, now, settings):
    settings.JOB_TIMEOUT_SECONDS = 77
    run = dispatch.new_execution(Request("toy", Trigger.CLI), now=now)
    assert (run.timeout_s, run.deadline_s) == (77, 6 * 3600)
    toy.timeout_s, toy.deadline_s = 30, 60
    run = dispatch.new_execution(Request("toy", Trigger.CLI), now=now)
    assert (run.timeout_s, run.deadline_s) == (30, 60)
    JobConfiguration.objects.create(job_id="toy", timeout_s=5, deadline_s=9)
    run = dispatch.new_execution(Request("toy", Trigger.CLI), now=now)
    assert (run.timeout_s, run.deadline_s) == (5, 9)


# --- Starting --------------------------------------------------------------------------------------------------------


def test_a_started_run_has_its_items_its_deadline_and_messages_out(toy, now):
    run, _ = ask(now)
    assert dispatch.start(run.pk, now=now) is not None
    assert state_of(run) == "IN_PROGRESS"
    assert run.deadline_at == now + timedelta(seconds=run.deadline_s)
    assert set(run.items.values_list("key", "state", "queue")) == {
        ("a", "QUEUED", "players"),
        ("b", "QUEUED", "players"),
    }


def test_a_doubled_dispatch_message_starts_the_run_once(toy, now):
    run, _ = ask(now)
    dispatch.start(run.pk, now=now)
    assert dispatch.start(run.pk, now=now) is None
    assert dispatch.start(10**9, now=now) is None
    assert run.items.count() == 2


def test_workers_that_start_a_run_at_once_make_its_items_once(toy, now):
    run, _ = ask(now)
    started = []
    assert at_once(*[lambda: started.append(dispatch.start(run.pk, now=now))] * 6) == []
    assert sum(one is not None for one in started) == 1
    assert run.items.count() == 2


def test_what_a_person_asked_for_has_a_queue_and_a_lane_of_its_own(toy, now):
    run, _ = ask(now, players=(7,), scope="player:7")
    dispatch.start(run.pk, now=now)
    assert set(run.items.values_list("queue", "lane")) == {("interactive", Lane.INTERACTIVE)}


def test_a_target_named_twice_is_one_item(toy, now):
    toy.targets = lambda self: [Target(key="same"), Target(key="same"), Target(key="other")]
    run, _ = ask(now)
    dispatch.start(run.pk, now=now)
    assert run.items.count() == 2


def test_a_precondition_skips_the_run_with_its_reason_and_frees_the_scope(now):
    with registered_temporarily(toy_job({"a": Done()}, skip=Skip("the key is refused"))):
        run, _ = ask(now)
        assert dispatch.start(run.pk, now=now) is None
        assert (state_of(run), run.reason, run.finished_at) == ("SKIPPED", "the key is refused", now)
        assert ask(now)[1] is True
    assert run.log_lines.get().message == "SKIPPED: the key is refused"


def raises(error):
    def broken(self):
        raise error

    return broken


BROKEN = {
    "targets": ("targets", raises(ZeroDivisionError("no apples"))),
    "precondition": ("precondition", raises(ZeroDivisionError("no apples"))),
    "a key too long": ("targets", lambda self: [Target(key="x" * 101)]),
    "no key": ("targets", lambda self: [Target(key=None)]),
    "data that is no JSON": ("targets", lambda self: [Target(key="x", data={"x": object()})]),
    "half of them": ("targets", lambda self: (Target(key=str(1 // n)) for n in (1, 0))),
}


@pytest.mark.parametrize(("part", "broken"), BROKEN.values(), ids=BROKEN.keys())
def test_a_job_that_cannot_say_its_targets_fails_its_run_with_traceback_and_frees_the_scope(toy, now, part, broken):
    setattr(toy, part, broken)
    run, _ = ask(now)
    assert dispatch.start(run.pk, now=now) is None
    assert state_of(run) == "FAILED"
    assert "Traceback" in run.traceback
    assert run.reason
    assert not run.items.exists()
    assert ask(now)[1] is True


def test_settings_of_other_code_leave_the_run_to_a_worker_that_reads_them_for_an_hour(toy, now):
    run, _ = ask(now)
    Execution.objects.filter(pk=run.pk).update(config={"bananas": 1})
    assert dispatch.start(run.pk, now=now + timedelta(minutes=59)) is None
    assert state_of(run) == "PENDING"
    assert "bananas" in run.reason
    assert dispatch.start(run.pk, now=now + timedelta(minutes=60)) is None
    assert state_of(run) == "FAILED"
    assert "bananas" in run.reason


def test_a_run_of_a_job_that_this_worker_does_not_know_is_started_by_one_that_does(now):
    with registered_temporarily(toy_job({"a": Done()})):
        run, _ = ask(now)
    assert dispatch.start(run.pk, now=now) is None
    assert state_of(run) == "PENDING"
    assert "toy" in run.reason
    with registered_temporarily(toy_job({"a": Done()})):
        dispatch.start(run.pk, now=now)
    assert (state_of(run), run.reason) == ("IN_PROGRESS", "")


def test_a_run_of_a_job_whose_file_is_gone_fails_after_an_hour_naming_it(now):
    with registered_temporarily(toy_job({"a": Done()})):
        run, _ = ask(now)
    assert dispatch.start(run.pk, now=now + timedelta(hours=1)) is None
    assert state_of(run) == "FAILED"
    assert "toy" in run.reason


def test_a_database_that_goes_away_while_targets_are_read_leaves_the_run_to_be_sent_again(toy, now):
    toy.targets = raises(OperationalError("server closed the connection"))
    run, _ = ask(now)
    with pytest.raises(OperationalError):
        dispatch.start(run.pk, now=now)
    assert state_of(run) == "PENDING"


# --- One after the other ---------------------------------------------------------------------------------------------


def test_a_person_who_asks_during_a_run_waits_and_is_next(toy, start, work_off, now):
    first = start("toy")
    second, created = ask(now)
    assert created
    assert dispatch.start(second.pk, now=now) is None
    assert state_of(second) == "PENDING"
    empty_broker()
    work_off(first)
    assert state_of(first) == "COMPLETED"
    assert messages_in(CONTROL_QUEUE) == [(["toy", second.pk], {})]
    assert dispatch.start(second.pk, now=leases.database_now()) is not None


def test_a_cancelled_run_lets_its_successor_start(toy, start, now):
    first = start("toy")
    second, _ = ask(now)
    empty_broker()
    rerunning.cancel(first, by=ANN, now=now)
    assert messages_in(CONTROL_QUEUE) == [(["toy", second.pk], {})]


def test_runs_of_other_scopes_do_not_wait(toy, start, now):
    start("toy")
    other, _ = ask(now, scope="player:7", players=(7,))
    assert dispatch.start(other.pk, now=now) is not None
    assert Execution.objects.filter(state=ExecutionState.IN_PROGRESS).count() == 2


def test_a_waiting_run_can_be_cancelled_and_never_starts(toy, now):
    run, _ = ask(now)
    rerunning.cancel(run, reason="changed my mind", by=ANN, now=now)
    assert (state_of(run), run.reason) == ("CANCELLED", "changed my mind (by ann)")
    assert dispatch.start(run.pk, now=now) is None
    assert state_of(run) == "CANCELLED"
    with pytest.raises(Refused, match="already ended"):
        rerunning.cancel(run, by=ANN, now=now)
    assert state_of(run) == "CANCELLED"


def test_cancelling_while_a_worker_starts_the_run_leaves_no_open_item(toy, now):
    for _ in range(5):
        run, _ = ask(now)
        at_once(
            lambda run=run: dispatch.start(run.pk, now=now),
            lambda run=run: rerunning.cancel(run, by=ANN, now=now),
        )
        assert state_of(run) == "CANCELLED"
        assert not run.items.exclude(state=ItemState.CANCELLED).exists()
