"""System checks: what is misconfigured is said before anything starts."""

import pytest
from toy_jobs import toy_job

from riotwatch_jobs import checks
from riotwatch_jobs.outcomes import Done
from riotwatch_jobs.registry import registered_temporarily


@pytest.fixture
def procfile(settings, tmp_path):
    """Write the Procfile that the checks read."""
    path = tmp_path / "Procfile"
    settings.PROCFILE = path

    def write(text):
        path.write_text(text)
        return path

    return write


def found():
    return [(problem.id, problem.msg) for problem in checks.every_queue_is_consumed()]


def test_the_projects_own_procfile_and_catalogue_are_in_order():
    assert checks.every_queue_is_consumed() == []
    assert checks.every_default_schedule_is_readable() == []


def test_a_job_whose_queue_no_worker_consumes_is_named_with_the_remedy():
    with registered_temporarily(toy_job({"a": Done()}, queue="forgotten")):
        (problem,) = checks.every_queue_is_consumed()
    assert problem.id == "riotwatch_jobs.E002"
    assert "forgotten" in problem.msg
    assert "toy" in problem.msg
    assert "Add forgotten to the -Q list" in problem.hint


def test_workers_must_also_take_dispatching_and_what_people_wait_for(procfile):
    procfile("worker: celery -A riotwatch worker -Q players,matches\n")
    problems = {message for _, message in found()}
    assert "no worker line of the Procfile consumes the queue 'control', which dispatching uses" in problems
    assert any("queue 'interactive'" in problem for problem in problems)
    assert not any("queue 'players'" in problem or "queue 'matches'" in problem for problem in problems)


@pytest.mark.parametrize(
    "line",
    [
        "worker: celery -A riotwatch worker -P threads -Q players,matches,control,interactive -n w@%h",
        "riot-worker_1: celery -A riotwatch worker -Q players,matches,control,interactive",
        "worker: celery -A riotwatch worker --queues=players,matches,control,interactive",
        "worker: celery -A riotwatch worker --queues players,matches,control,interactive",
        "a: celery worker -Q players,matches\nb: celery worker -Q control,interactive",
    ],
)
def test_queues_are_found_however_a_worker_line_names_them(procfile, line):
    path = procfile(f"# a comment\n{line}\n")
    assert checks.consumed_queues(path) == {"players", "matches", "control", "interactive"}


def test_a_line_that_starts_no_worker_consumes_nothing(procfile):
    path = procfile("# worker: celery worker -Q players,matches,control,interactive\nweb: gunicorn -Q control\n")
    assert checks.consumed_queues(path) == set()
    assert len(found()) >= 4


def test_a_missing_procfile_is_an_error_with_its_path(settings, tmp_path):
    settings.PROCFILE = tmp_path / "nowhere"
    ((number, message),) = found()
    assert number == "riotwatch_jobs.E001"
    assert str(tmp_path) in message


def test_a_default_schedule_that_cannot_be_read_is_named():
    job = toy_job({"a": Done()})
    job.schedule = "every now and then"
    with registered_temporarily(job):
        (problem,) = checks.every_default_schedule_is_readable()
    assert problem.id == "riotwatch_jobs.E003"
    assert "job toy" in problem.msg
    assert "every now and then" in problem.msg
