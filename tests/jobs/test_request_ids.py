"""The id of the web request that asked for a run goes with the run, and with the runs that follow it."""

import pytest
from structlog.contextvars import bound_contextvars, clear_contextvars, get_contextvars
from toy_jobs import toy_job

from riotwatch_jobs import dispatch
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Execution, JobConfiguration, Trigger
from riotwatch_jobs.outcomes import Done
from riotwatch_jobs.registry import registered_temporarily

IDS = ("request", "run", "item")


@pytest.fixture
def bound(toy):
    """What is bound for log lines while items of two jobs are worked on, the second of which follows the first."""
    seen = []
    clear_contextvars()  # a client of another test may have left its own

    def watching(job_id):
        class Watching(toy_job({"a": Done()}, job_id=job_id)):
            def run(self, target, log):
                seen.append({name: get_contextvars().get(name) for name in IDS})
                return super().run(target, log)

        return Watching

    with registered_temporarily(watching("first")), registered_temporarily(watching("second")):
        JobConfiguration.objects.create(job_id="second", after="first")
        yield seen


def ask(job_id):
    return dispatch.request(dispatch.Request(job_id=job_id, trigger=Trigger.API), now=database_now())[0]


def work(run, work_off):
    dispatch.start(run.pk, now=database_now())
    return work_off(run)


def test_log_lines_of_a_run_and_of_the_one_that_follows_it_name_the_request(now, bound, work_off):
    with bound_contextvars(request="r-7"):
        first = ask("first")
    work(first, work_off)
    second = work(Execution.objects.get(job_id="second"), work_off)
    items = [run.items.get().pk for run in (first, second)]
    assert bound == [
        {"request": "r-7", "run": first.pk, "item": items[0]},
        {"request": "r-7", "run": second.pk, "item": items[1]},
    ]
    assert (first.request_id, second.request_id) == ("r-7", "r-7")


def test_a_run_that_nobody_asked_for_on_the_web_names_none(now, bound, work_off):
    run = work(ask("first"), work_off)
    assert (run.request_id, bound[0]["request"]) == ("", None)
    assert get_contextvars().get("run") is None, "nothing stays bound"
