"""Keeps which patch the game is at, and what Riot says of the platforms that players are tracked on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from riotwatch_jobs.base import ItemLog
from riotwatch_jobs.jobs import _riot
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.outcomes import Done, Outcome, Skip, Target
from riotwatch_jobs.registry import register
from riotwatch_players import gateway, patches
from riotwatch_players.models import PatchSource
from riotwatch_players.riot.routing import region_of_platform

PATCH_KEY = "patch"


@dataclass(frozen=True)
class Result:
    """What a run came to."""

    platforms: int = 0
    notices: int = 0
    patches_seen: int = 0


@register
class PatchMetadata(_riot.RiotJob):
    """First the platforms, then the patch, of which their notices may tell."""

    job_id = "patch_metadata"
    name = "Patch metadata"
    description = "The game's current patch, and maintenances and incidents of its platforms."
    schedule = "0 3 * * *"
    queue = "maintenance"
    catch_up_s = 3600
    phases = 2
    phase_names = ("platforms", "patch")
    Result = Result

    def targets(self) -> Iterable[Target]:
        """The platforms that tracked players play on."""
        for platform in patches.platforms_to_ask():
            yield Target(key=platform, data={"platform": platform}, region=region_of_platform(platform))

    def phase_targets(self, phase: int, first: Sequence[Target]) -> Iterable[Target]:
        """The patch, whether or not Riot answered."""
        del phase, first
        yield Target(key=PATCH_KEY)

    @_riot.talks_to_riot
    def run(self, target: Target, log: ItemLog) -> Outcome:
        """Do the one or the other."""
        return _learn_patch(log) if target.key == PATCH_KEY else _look_at(target, log)


def _look_at(target: Target, log: ItemLog) -> Outcome:
    client = gateway.client(_riot.riot_lane(target.lane), on_request=lambda endpoint: log.count(requests=1))
    state = patches.look_at(target.data["platform"], client, now=database_now())
    log.count(updated=1)
    for notice in state.incidents:
        log.warning("platform_incident", platform=state.platform, title=notice["title"], severity=notice["severity"])
    return Done(Result(platforms=1, notices=len(state.maintenances) + len(state.incidents)))


def _learn_patch(log: ItemLog) -> Outcome:
    current = patches.learn(now=database_now())
    if current is None:
        return Skip("no match is stored yet that would tell the patch")
    log.info("patch_known", patch=current.patch, source=current.source, since=current.last_updated)
    return Done(Result(patches_seen=int(current.source != PatchSource.LAST_KNOWN)))
