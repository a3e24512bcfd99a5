"""The catalogue: what cannot be registered is refused by name."""

import pytest
from toy_jobs import toy_job

from riotwatch_jobs import registry
from riotwatch_jobs.base import Job
from riotwatch_jobs.outcomes import Done
from riotwatch_jobs.registry import BadJob, UnknownJob


def test_the_catalogue_has_been_found():
    assert {"match_fetcher", "tracked_player_updater"} <= {job.job_id for job in registry.all_jobs()}


@pytest.mark.parametrize("job_id", ["executions", "status", "scheduler", "schedules", "health"])
def test_ids_that_the_api_needs_are_refused(job_id):
    with pytest.raises(BadJob, match=f"'{job_id}' is reserved"):
        registry.register(toy_job({"a": Done()}, job_id=job_id))


def test_two_jobs_of_one_id_are_refused_naming_both():
    class Impostor(toy_job({}, job_id="match_fetcher")):
        pass

    with pytest.raises(BadJob, match="two jobs have the id 'match_fetcher': MatchFetcher and Impostor"):
        registry.register(Impostor)
    assert registry.get("match_fetcher").__name__ == "MatchFetcher"


def test_registering_the_same_class_twice_is_harmless():
    registry.register(registry.get("match_fetcher"))


def test_a_job_that_lacks_attributes_is_refused_naming_each():
    class Half(Job):
        job_id = "half"
        name = "Half"

    with pytest.raises(BadJob, match="Half lacks description, schedule, queue"):
        registry.register(Half)
    with pytest.raises(UnknownJob):
        registry.get("half")


@pytest.mark.parametrize("job_id", ["", "Two Words", "a/b", "x" * 65, "semi;colon", "Ünicode"])
def test_an_id_that_does_not_fit_addresses_and_columns_is_refused(job_id):
    with pytest.raises(BadJob, match="lower case letters, digits and _"):
        registry.register(toy_job({}, job_id=job_id))


def test_an_unknown_job_is_answered_with_those_there_are():
    with pytest.raises(UnknownJob, match=r"'nope'; the jobs are .*match_fetcher, .*tracked_player_updater"):
        registry.get("nope")


def test_a_job_registered_for_a_while_is_gone_afterwards_also_after_a_failure():
    with pytest.raises(ZeroDivisionError), registry.registered_temporarily(toy_job({})):
        raise ZeroDivisionError
    with pytest.raises(UnknownJob):
        registry.get("toy")
