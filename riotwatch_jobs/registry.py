"""The catalogue of jobs, found by looking: every module in `riotwatch_jobs.jobs` that registers a class is in it."""

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from riotwatch_jobs.base import Job

CATALOGUE = "riotwatch_jobs.jobs"
RESERVED_JOB_IDS = frozenset({"executions", "status", "scheduler", "schedules", "health"})
JOB_ID = re.compile(r"[a-z0-9_]{1,64}")
"""It stands in addresses, in commands and in the arguments of schedules."""

_jobs: dict[str, type[Job]] = {}


class OtherCode(LookupError):
    """A row was written by code that this process does not have: an older or newer version, as while deploying."""


class UnknownJob(OtherCode):
    """No job of this id is in the catalogue."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__(f"there is no job {job_id!r}; the jobs are {', '.join(sorted(_jobs)) or 'none'}")


class BadJob(TypeError):
    """A job class cannot be registered as it is."""


def register(job: type[Job]) -> type[Job]:
    """Class decorator: puts a job into the catalogue."""
    missing = [name for name in ("job_id", "name", "description", "schedule", "queue") if not hasattr(job, name)]
    if missing:
        raise BadJob(f"{job.__name__} lacks {', '.join(missing)}")
    if not JOB_ID.fullmatch(job.job_id):
        raise BadJob(f"{job.job_id!r} is no job id: up to 64 lower case letters, digits and _")
    if job.job_id in RESERVED_JOB_IDS:
        raise BadJob(f"{job.job_id!r} is reserved for the REST API")
    if _jobs.setdefault(job.job_id, job) is not job:
        raise BadJob(f"two jobs have the id {job.job_id!r}: {_jobs[job.job_id].__name__} and {job.__name__}")
    return job


def discover() -> None:
    """Import every module of the catalogue, as Django imports every `admin`."""
    package = importlib.import_module(CATALOGUE)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{CATALOGUE}.{module.name}")


def get(job_id: str) -> type[Job]:
    """The job of this id; raises UnknownJob."""
    try:
        return _jobs[job_id]
    except KeyError:
        raise UnknownJob(job_id) from None


def all_jobs() -> list[type[Job]]:
    """Every job, by id."""
    return [_jobs[job_id] for job_id in sorted(_jobs)]


@contextmanager
def registered_temporarily(job: type[Job]) -> Iterator[type[Job]]:
    """A job that exists inside a `with` block only (tests)."""
    register(job)
    try:
        yield job
    finally:
        del _jobs[job.job_id]


def _no_limit(region: str) -> int | None:
    del region
    return None


_starts_within_window: Callable[[str], int | None] = _no_limit


def set_region_window(function: Callable[[str], int | None]) -> None:
    """The catalogue says how many requests a region's budget can start in the feeder's window (None = no limit)."""
    global _starts_within_window
    _starts_within_window = function


def region_window(region: str) -> int | None:
    """How many items of a region are worth having a message out; None where nothing limits it."""
    return _starts_within_window(region) if region else None
