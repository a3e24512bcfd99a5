"""Keeps what players are judged by: the models, and what is usual."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import pydantic

from riotwatch_jobs.base import ItemLog, Job, JobConfig
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.outcomes import Done, Fail, Outcome, Skip, Target
from riotwatch_jobs.registry import register
from riotwatch_players import baselines, card_files, models_in_use

CARDS, BASELINE = "cards", "baseline"


@dataclass(frozen=True)
class Result:
    """What a run came to."""

    found: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    refused: int = 0
    activated: int = 0
    baselines_built: int = 0


@register
class DetectionModels(Job):
    """One item that compares files with rows; now and then one that counts what is usual."""

    job_id = "detection_models"
    name = "Detection models"
    description = "New, changed and removed model cards, and what stored matches say is usual."
    schedule = "every 5m"
    queue = "maintenance"
    catch_up_s = 60

    class Config(JobConfig):
        """Settings of the job."""

        baseline_days: int = pydantic.Field(
            14, ge=1, le=365, description="Days after which it is counted again what is usual."
        )

    Result = Result

    def targets(self) -> Iterable[Target]:
        """The files, all at once; and the baseline, where it is due."""
        yield Target(key=CARDS)
        if baselines.is_due(every=timedelta(days=self.config.baseline_days), now=database_now()):
            yield Target(key=BASELINE)

    def run(self, target: Target, log: ItemLog) -> Outcome:
        """Do the one or the other."""
        return _sync_cards(log) if target.key == CARDS else _build_baseline(log)


def _sync_cards(log: ItemLog) -> Outcome:
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


def _build_baseline(log: ItemLog) -> Outcome:
    try:
        models = models_in_use.in_use()
    except models_in_use.UnusableModel as problem:
        return Fail(str(problem))
    # Its own: the current baseline's would pass on what it counted once, in bands that may be another model's.
    built = baselines.build(models.own_bands, now=database_now())
    if built is None:
        return Skip(f"of fewer than {baselines.LEAST_ROWS} places in stored matches is the tier known")
    log.info("baseline_built", baseline=built, matches=built.matches, rows=built.rows)
    log.count(created=1)
    return Done(Result(baselines_built=1))
