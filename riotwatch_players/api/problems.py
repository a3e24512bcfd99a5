"""What players' workflows and Riot refuse, as problems."""

import math

from riotwatch_api.application import Translation
from riotwatch_api.problems import Problem, bad_field
from riotwatch_players import keys, outages, tracking
from riotwatch_players.models import ForeignDatabase, Player
from riotwatch_players.riot.errors import BudgetUnavailable, BudgetWait, KeyRefused, RateLimited, RiotError
from riotwatch_players.riot.routing import UnknownPlatform


def _later(error: RiotError, seconds: float) -> Problem:
    return Problem(
        "riot-unavailable", outages.explained(error), headers={"Retry-After": str(max(1, math.ceil(seconds)))}
    )


TRANSLATION: Translation = {
    tracking.BadRiotId: lambda error: bad_field("riot_id", str(error)),
    tracking.NoSuchPlayer: lambda error: Problem("not-found", str(error)),
    tracking.WasErased: lambda error: Problem("conflict", str(error)),
    tracking.TooManyTracked: lambda error: Problem("conflict", str(error)),
    Player.DoesNotExist: lambda error: Problem("not-found", "this player was erased just now"),
    UnknownPlatform: lambda error: bad_field("platform", str(error)),
    ForeignDatabase: lambda error: Problem("conflict", str(error)),
    keys.BadKey: lambda error: bad_field("key", str(error)),
    outages.KeyOfAnotherApplication: lambda error: Problem("conflict", str(error)),
    BudgetWait: lambda error: _later(error, error.seconds),
    RateLimited: lambda error: _later(error, error.wait_s),
    BudgetUnavailable: lambda error: Problem("unavailable", f"{error}: is Redis running?"),
    KeyRefused: lambda error: Problem("riot-unavailable", outages.explained(error)),
    RiotError: lambda error: Problem("riot-unavailable", str(error)),
}
