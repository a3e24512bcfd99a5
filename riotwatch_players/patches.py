"""Which patch the game is at, and what Riot says of its platforms.

Riot's API has no place that tells the patch. Matches do, as soon as one was played; now and then a notice does before.
What cannot be had now stays as it was, and says so.
"""

import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta

from riotwatch_players import outages
from riotwatch_players.models import CurrentPatch, Match, PatchSource, PlatformState, Player
from riotwatch_players.riot.client import RiotClient
from riotwatch_players.riot.errors import NetworkTrouble, ServerTrouble, UnexpectedAnswer
from riotwatch_players.riot.routing import PLATFORMS

CURRENT_FOR = timedelta(days=21)
"""A patch lasts two weeks, at times three: whatever is older says nothing of today's."""
LOOKED_EVERY = timedelta(days=2)
"""Where nobody has looked for so long, the patch is what was known last."""
SCHEDULED = "scheduled"
FIRST_YEAR_NUMBER = 25
YEAR_OFFSET = 10
"""Since 2025 notices number patches by the year (25.8), matches by the season (15.8)."""

_NAMED = re.compile(r"\bpatch\s+(\d{1,2})\.(\d{1,2})\b", re.IGNORECASE)


def platforms_to_ask() -> list[str]:
    """Where tracked players play; where none do, the platform that a key is tried at."""
    tracked = Player.objects.tracked().active().filter(platform__in=PLATFORMS)
    return sorted(tracked.order_by().values_list("platform", flat=True).distinct()) or [outages.probe_platform()]


def look_at(platform: str, client: RiotClient, *, now: datetime) -> PlatformState:
    """Ask Riot for the state of a platform and keep it; raises RiotError.

    Where Riot does not answer, what it said last stays, with the problem.
    """
    state, _ = PlatformState.objects.get_or_create(platform=platform)
    try:
        told = client.platform_status(platform)
    except (ServerTrouble, NetworkTrouble, UnexpectedAnswer) as error:
        PlatformState.objects.filter(pk=state.pk).update(problem=str(error))
        raise
    state.maintenances = [asdict(notice) for notice in told.maintenances]
    state.incidents = [asdict(notice) for notice in told.incidents]
    state.seen_at, state.problem = now, ""
    state.save()
    return state


def learn(*, now: datetime) -> CurrentPatch | None:
    """Find out the current patch from what is stored, and keep it; None where nothing was ever known.

    The patch never goes back: a notice is read before the first match of its patch is stored.
    """
    known = CurrentPatch.objects.first()
    told = [*_of_matches(), *_of_notices()]
    if known is not None:
        told.append(CurrentPatch(patch=known.patch, source=PatchSource.LAST_KNOWN, last_updated=known.last_updated))
    if not told:
        return None
    found = max(told, key=lambda one: version(one.patch))  # of equal ones the first: a match before a notice
    if found.last_updated < now - CURRENT_FOR:
        found.source = PatchSource.LAST_KNOWN
    current, _ = CurrentPatch.objects.update_or_create(
        pk=CurrentPatch.THE_ROW,
        defaults={
            "patch": found.patch,
            "source": found.source,
            "last_updated": found.last_updated,
            "checked_at": now,
        },
    )
    return current


def source_now(current: CurrentPatch, *, now: datetime) -> str:
    """Where the patch is known from, seen from today."""
    return current.source if current.checked_at > now - LOOKED_EVERY else PatchSource.LAST_KNOWN


def version(patch: str) -> tuple[int, ...]:
    """To compare by: 16.10 comes after 16.9."""
    return tuple(int(part) for part in patch.split(".") if part.isdigit())


def _of_matches() -> Iterator[CurrentPatch]:
    newest = Match.objects.exclude(patch="").order_by("-started_at").first()
    if newest is not None:
        yield CurrentPatch(patch=newest.patch, source=PatchSource.MATCHES, last_updated=newest.started_at)


def _of_notices() -> Iterator[CurrentPatch]:
    for state in PlatformState.objects.all():
        for notice in (*state.maintenances, *state.incidents):
            named = _NAMED.search(notice["title"])
            if named and state.seen_at and notice["status"] != SCHEDULED:
                patch = _as_matches_number(int(named[1]), int(named[2]))
                yield CurrentPatch(patch=patch, source=PatchSource.RIOT_STATUS, last_updated=state.seen_at)


def _as_matches_number(first: int, second: int) -> str:
    return f"{first - YEAR_OFFSET if first >= FIRST_YEAR_NUMBER else first}.{second}"
