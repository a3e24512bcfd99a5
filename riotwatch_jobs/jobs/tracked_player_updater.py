"""Keeps every tracked player current: account, level, new ranked matches, rank."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pydantic
from django.conf import settings

from riotwatch_jobs import dispatch
from riotwatch_jobs.base import ItemCounts, ItemLog, JobConfig, UnknownPlayers
from riotwatch_jobs.jobs import _riot
from riotwatch_jobs.outcomes import Done, Fail, Outcome, Skip, Target
from riotwatch_jobs.registry import register
from riotwatch_players import gateway, tracking
from riotwatch_players.discovery import DiscoveryRule
from riotwatch_players.models import Player, PlayerQuerySet
from riotwatch_players.riot.routing import PLATFORMS, region_of_platform
from riotwatch_players.updating import UpdateRule, update_player


@dataclass(frozen=True)
class Result:
    """What a run came to."""

    total_tracked: int = 0
    updated: int = 0
    failed: int = 0
    matches_listed: int = 0
    matches_fetched: int = 0
    players_discovered: int = 0
    ranks_created: int = 0


@register
class TrackedPlayerUpdater(_riot.RiotJob):
    """One item per tracked, active player, or per named one."""

    job_id = "tracked_player_updater"
    name = "Tracked player updater"
    description = "Name, level, new ranked matches and rank of every tracked player."
    schedule = "*/15 * * * *"
    queue = "players"
    follows_interval_setting = True

    class Config(JobConfig):
        """Settings of the updater."""

        max_new_matches_per_player: int = pydantic.Field(
            20, ge=0, le=1000, description="Match bodies fetched per player and run; further ones wait in the backlog."
        )
        tracked_depth: int = pydantic.Field(
            200, ge=1, le=5000, description="Newest ranked games listed when a player is updated for the first time."
        )
        max_tracked_players: int = pydantic.Field(10, ge=1, le=1_000_000, description="Tracking one more is refused.")
        max_discovered_players: int = pydantic.Field(
            5000, ge=0, le=10_000_000, description="People met in matches of tracked players who cost requests at most."
        )

    Result = Result

    @classmethod
    def seeded_config(cls) -> dict[str, Any]:
        """MAX_TRACKED_PLAYERS seeds the setting of the same name."""
        return {"max_tracked_players": settings.MAX_TRACKED_PLAYERS}

    @classmethod
    def resolve_players(cls, names: Sequence[str]) -> list[int]:
        """Our ids of players named by puuid; they are updated whether or not they are tracked."""
        return resolve_puuids(names)

    @classmethod
    def summarize(cls, result: dict[str, Any], counts: ItemCounts) -> dict[str, Any]:
        """Players whose update failed are counted too."""
        return {**result, "total_tracked": counts.total, "updated": counts.done, "failed": counts.failed}

    def targets(self) -> Iterable[Target]:
        """Longest not updated first."""
        players = self._wanted().reachable().order_by("last_updated", "id")
        if self.players:
            players = players.filter(pk__in=self.players)
        for pk, platform in players.values_list("pk", "platform"):
            yield Target(key=f"player:{pk}", data={"player": pk}, region=region_of_platform(platform))

    def _wanted(self) -> PlayerQuerySet:
        """Tracked players; whom somebody named need not be one."""
        active = Player.objects.active().filter(platform__in=PLATFORMS)
        return active if self.players else active.tracked()

    @_riot.talks_to_riot
    def run(self, target: Target, log: ItemLog) -> Outcome:
        """Update one player."""
        player = self._wanted().filter(pk=target.data["player"]).first()
        if player is None:
            return Skip("no longer tracked, or not active")
        fetcher = _riot.fetcher(log, target.lane, discover=DiscoveryRule(self.config.max_discovered_players))
        rule = UpdateRule(self.config.tracked_depth, self.config.max_new_matches_per_player)
        done = update_player(player, rule, fetcher=fetcher, progress=log, memory=target.data)
        if not done.resolves:
            log.warning("player_update_failed", player=player.pk)
            return Fail("neither account nor summoner resolves now")
        if done.fetched.trouble:
            return _riot.outcome_of(done.fetched.trouble[0])
        return Done(
            Result(
                matches_listed=done.matches_listed,
                matches_fetched=done.fetched.matches_fetched,
                players_discovered=done.fetched.players_discovered,
                ranks_created=done.ranks_created,
            )
        )


def resolve_puuids(names: Sequence[str]) -> list[int]:
    """Our ids of players named by puuid; raises UnknownPlayers naming those that are not known."""
    source = gateway.current_source()
    known = dict(Player.objects.filter(source=source, puuid__in=names).values_list("puuid", "pk"))
    missing = [name for name in names if name not in known]
    if missing:
        raise UnknownPlayers(f"no player has the puuid {', '.join(missing)}: add the player first (track_player)")
    return [known[name] for name in names]


def _tracking_rule() -> tracking.TrackingRule:
    config = dispatch.configuration_of(TrackedPlayerUpdater).effective_config()
    settings_now = TrackedPlayerUpdater.Config.model_validate(config)
    return tracking.TrackingRule(settings_now.max_tracked_players, DiscoveryRule(settings_now.max_discovered_players))


tracking.set_rule(_tracking_rule)
