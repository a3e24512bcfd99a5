"""What Riot's errors mean for an item: said once, for every job that talks to Riot. Also sets the feeder's window.

The framework knows nothing of Riot; this package is the one place that knows both sides.
"""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from riotwatch_jobs import registry
from riotwatch_jobs.base import ItemLog, Job
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.outcomes import Fail, Lane, Outcome, Retry, Snooze, Stop, Target
from riotwatch_players import gateway
from riotwatch_players.discovery import DiscoveryRule
from riotwatch_players.fetching import Fetcher
from riotwatch_players.riot import limiter
from riotwatch_players.riot.errors import (
    BudgetUnavailable,
    BudgetWait,
    KeyRefused,
    NetworkTrouble,
    RateLimited,
    RiotError,
    ServerTrouble,
    UnexpectedAnswer,
)
from riotwatch_players.riot.routing import REGIONS

FEEDER_WINDOW_S = 10.0
BUDGET_STORE_PAUSE_S = 5.0
KEY_REMEDY = "Riot refuses the key. Get a new one at developer.riotgames.com and set RIOT_API_KEY"

AnyJob = TypeVar("AnyJob", bound=Job)
Run = Callable[[AnyJob, Target, ItemLog], Outcome]


def talks_to_riot(run: Run[AnyJob]) -> Run[AnyJob]:
    """Decorates a job's `run`: Riot's errors become outcomes."""

    @wraps(run)
    def translated(self: AnyJob, target: Target, log: ItemLog) -> Outcome:
        try:
            return run(self, target, log)
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
            return _key_outcome(error)
    return Fail(str(error))


def _key_outcome(error: KeyRefused) -> Outcome:
    """One endpoint may refuse a good key: only when the status page of the same host refuses it too, it is the key."""
    platform = "euw1" if error.host in REGIONS else error.host
    try:
        gateway.client(limiter.Lane.INTERACTIVE).platform_status(platform)
    except KeyRefused:
        return Stop(f"{KEY_REMEDY} ({error})")
    except RiotError:
        return Retry(str(error))
    return Fail(str(error))


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
