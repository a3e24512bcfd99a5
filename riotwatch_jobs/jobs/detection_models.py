"""Picks up detection models that were put into files."""

from collections.abc import Iterable
from dataclasses import dataclass

from riotwatch_jobs.base import ItemLog, Job
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.outcomes import Done, Fail, Outcome, Target
from riotwatch_jobs.registry import register
from riotwatch_players import card_files


@dataclass(frozen=True)
class Result:
    """What a run came to."""

    found: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    refused: int = 0
    activated: int = 0


@register
class DetectionModels(Job):
    """One item that compares files with rows."""

    job_id = "detection_models"
    name = "Detection models"
    description = "New, changed and removed model cards, from the package and the models folder."
    schedule = "every 5m"
    queue = "maintenance"
    catch_up_s = 60

    Result = Result

    def targets(self) -> Iterable[Target]:
        """The files, all at once."""
        yield Target(key="cards")

    def run(self, target: Target, log: ItemLog) -> Outcome:
        """Bring in what is new; say what cannot be used, and why."""
        del target
        try:
            synced = card_files.sync_cards(now=database_now())
        except card_files.NoSuchFolder as problem:
            return Fail(str(problem))
        _tell(synced, log)
        log.count(created=len(synced.added) + len(synced.changed), updated=len(synced.removed))
        return Done(
            Result(
                found=synced.found,
                added=len(synced.added),
                changed=len(synced.changed),
                removed=len(synced.removed),
                refused=len(synced.refused),
                activated=int(bool(synced.activated)),
            )
        )


def _tell(synced: card_files.Synced, log: ItemLog) -> None:
    for model in synced.added:
        log.info("model_added", model=model)
    for model in synced.changed:
        log.warning("model_changed_under_its_version", model=model)
    for model in synced.removed:
        log.info("model_file_removed", model=model)
    for problem in synced.refused:
        log.warning("model_refused", problem=str(problem))
    if synced.activated:
        log.info("model_activated", model=synced.activated)
