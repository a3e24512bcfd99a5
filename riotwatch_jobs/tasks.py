"""The Celery tasks: a few lines each. Everything they do stands in dispatch.py and runner.py."""

from celery import Task, shared_task
from django.db.models.functions import Now

from riotwatch_jobs import backoff, leases, messages, runner
from riotwatch_jobs import dispatch as engine
from riotwatch_jobs.databases import DatabaseGone, outages_told
from riotwatch_jobs.models import Canary, Trigger


class PassingFault(Exception):
    """An item met a 5xx or a network error: Celery delivers its message again after its back-off."""


@shared_task(
    name=messages.DISPATCH_TASK,
    autoretry_for=(DatabaseGone,),
    retry_backoff=backoff.RETRY_BACKOFF_S,
    retry_backoff_max=backoff.RETRY_BACKOFF_MAX_S,
    max_retries=None,
)
@outages_told()
def dispatch(job_id: str, execution_id: int | None = None) -> None:
    """Start a run that waits; without `execution_id` (the stock admin's "run now") ask for one first."""
    now = leases.database_now()
    if execution_id is None:
        engine.request(engine.Request(job_id=job_id, trigger=Trigger.ADMIN), now=now)
        return
    engine.start(execution_id, now=now)


@shared_task(
    bind=True,
    name=messages.RUN_ITEM_TASK,
    # What the row cannot record (the database is gone), and faults of the other side that pass by themselves.
    autoretry_for=(DatabaseGone, PassingFault),
    retry_backoff=backoff.RETRY_BACKOFF_S,
    retry_backoff_max=backoff.RETRY_BACKOFF_MAX_S,
    retry_jitter=True,
    max_retries=None,  # the row counts the attempts
)
@outages_told()
def run_item(self: Task, item_id: int, delivery: int) -> None:
    """Work on one item, if this delivery is still the one that counts."""
    redelivery = runner.run(item_id, delivery, retries=self.request.retries)
    if redelivery is None:
        return
    if redelivery.countdown_s is None:
        raise PassingFault(redelivery.reason)
    raise self.retry(countdown=redelivery.countdown_s, max_retries=None)


@shared_task(name=messages.CANARY_TASK)
def canary(queue: str) -> None:
    """Answer for the queue: some worker takes messages from it."""
    Canary.objects.filter(pk=queue).update(answered_at=Now())
