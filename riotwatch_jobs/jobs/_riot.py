"""What Riot's errors mean for an item: said once, for every job that talks to Riot. Also sets the feeder's window.

The framework knows nothing of Riot; this package is the one place that knows both sides.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import wraps
from typing import TypeVar

from django.db.models import Q

from riotwatch_jobs import checkups, dispatch, registry
from riotwatch_jobs.base import ItemLog, Job
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import OPEN_ITEM_STATES, ItemState, WorkItem
from riotwatch_jobs.outcomes import Fail, Lane, Outcome, Retry, Skip, Snooze, Target
from riotwatch_players import budget_history, gateway, outages
from riotwatch_players.discovery import DiscoveryRule
from riotwatch_players.fetching import Fetcher
from riotwatch_players.outages import Verdict
from riotwatch_players.riot import limiter
from riotwatch_players.riot.errors import (
    BudgetUnavailable,
    BudgetWait,
    ForeignId,
    KeyRefused,
    NetworkTrouble,
    RateLimited,
    RiotError,
    ServerTrouble,
    UnexpectedAnswer,
)

FEEDER_WINDOW_S = 10.0
BUDGET_STORE_PAUSE_S = 5.0
KEY_OUTAGE_PAUSE_S = 60.0
KEY_CHECK_PAUSE_S = 3.0
KEY_REPLACED_PAUSE_S = 1.0
TROUBLED_AT_LEAST = 3
TROUBLED_FOR = timedelta(minutes=10)
ANSWERED_WITHIN = timedelta(minutes=1)
_TROUBLE = Q(reason__contains=ServerTrouble.meaning) | Q(reason__contains=NetworkTrouble.meaning)

AnyJob = TypeVar("AnyJob", bound=Job)
Run = Callable[[AnyJob, Target, ItemLog], Outcome]


class RiotJob(Job):
    """A job whose items talk to Riot: it does not start while Riot refuses the key."""

    def precondition(self) -> Skip | None:
        """The outage, in the same words for as long as it lasts: the slots it costs share one record."""
        outage = outages.standing()
        return Skip(outages.remedy(outage)) if outage else None


def talks_to_riot(run: Run[AnyJob]) -> Run[AnyJob]:
    """Decorates a job's `run`: Riot's errors become outcomes, and an outage of the key a wait."""

    @wraps(run)
    def translated(self: AnyJob, target: Target, log: ItemLog) -> Outcome:
        if outage := outages.standing():
            return _wait_for_key(outages.remedy(outage))
        key = gateway.key_in_use()
        try:
            return run(self, target, log)
        except KeyRefused as refusal:
            if gateway.reread_key() != key:
                return Snooze(KEY_REPLACED_PAUSE_S, "the key was replaced meanwhile")
            return outcome_of(refusal)
        except RiotError as error:
            return outcome_of(error)

    return translated


def outcome_of(error: RiotError) -> Outcome:
    """What is to be done about an error that ended an item's work."""
    match error:
        case BudgetWait(seconds=seconds):
            return Snooze(seconds, str(error), for_budget=True)
        case BudgetUnavailable():
            return Snooze(BUDGET_STORE_PAUSE_S, str(error), for_budget=True)
        case RateLimited(wait_s=wait_s):
            return Retry(str(error), after_s=wait_s)
        case ServerTrouble() | NetworkTrouble() | UnexpectedAnswer():
            return Retry(str(error))
        case KeyRefused():
            # One endpoint may refuse a good key for a while; an endpoint that always does fails its items in the end.
            return _key_outcome(outages.judge_refusal(error), Retry(str(error)))
        case ForeignId():
            return _key_outcome(outages.judge_foreign_id(error), Fail(str(error)))
    return Fail(str(error))


def _key_outcome(verdict: Verdict, otherwise: Outcome) -> Outcome:
    """The wait for another key where it is the key; nothing is burnt by it."""
    if verdict is Verdict.NOT_THE_KEY:
        return otherwise
    outage = outages.standing()
    return _wait_for_key(outages.remedy(outage)) if outage else Snooze(KEY_CHECK_PAUSE_S, "the key is being checked")


def _wait_for_key(reason: str) -> Snooze:
    return Snooze(KEY_OUTAGE_PAUSE_S, reason, spares_deadline=True)


def _wake_items() -> None:
    """The key is accepted again: what waits for it need not wait out its minute."""
    for reason in outages.REMEDIES.values():
        dispatch.wake(reason, now=database_now())


outages.when_over(_wake_items)


def riot_lane(lane: Lane) -> limiter.Lane:
    """The budget's lane for an item's."""
    return limiter.Lane(int(lane))


def fetcher(log: ItemLog, lane: Lane, *, discover: DiscoveryRule | None) -> Fetcher:
    """A fetcher whose requests are counted with the item."""
    return Fetcher(
        source=gateway.current_source(),
        client=gateway.client(riot_lane(lane), on_request=lambda endpoint: log.count(requests=1)),
        holder=f"item:{log.item_id}",
        discover=discover,
        clock=database_now,
    )


def _starts_in_window(region: str) -> int | None:
    """How many requests a region can start in the feeder's window; few when the budget cannot be asked."""
    try:
        return gateway.limiter().starts_within(region, FEEDER_WINDOW_S)
    except BudgetUnavailable:
        return 1


registry.set_region_window(_starts_in_window)


@checkups.register_chore
def look_after_key() -> None:
    """A refused key is tried once a minute, also while no run asks for it.

    Where it is not refused nothing need wait for it: an item that was about to wait just when the key was accepted
    again was not woken then.
    """
    if outages.standing() is None:
        _wake_items()


# What is taken of the budget is noted once a minute.
checkups.register_chore(budget_history.take_reading)


@checkups.register
def riot_key(now: datetime) -> Iterable[checkups.Finding]:
    """Whether Riot refuses the key, as far as is known."""
    del now
    outage = outages.known()
    if outage is None:
        yield checkups.Finding("Riot key")
    else:
        yield checkups.Finding("Riot key", outages.remedy(outage), outage.since, "manage.py set_riot_key")


@checkups.register
def riot(now: datetime) -> Iterable[checkups.Finding]:
    """Whether Riot answers, as far as items tell: several wait or failed because it did not, and none got through."""
    unfinished = Q(state__in=OPEN_ITEM_STATES) | Q(state=ItemState.FAILED, finished_at__gt=now - TROUBLED_FOR)
    troubled = WorkItem.objects.filter(_TROUBLE, unfinished)[:TROUBLED_AT_LEAST].count()
    served = WorkItem.objects.filter(state=ItemState.DONE, api_requests_made__gt=0, finished_at__isnull=False)
    last = served.order_by("-finished_at").values_list("finished_at", flat=True).first()
    if troubled < TROUBLED_AT_LEAST or (last is not None and last > now - ANSWERED_WITHIN):
        yield checkups.Finding("Riot")
        return
    text = "it does not answer: items wait, and are tried again"
    yield checkups.Finding(
        "Riot", text, last, "look at status.riotgames.com, then at this machine's way to RIOT_API_URL"
    )
