"""Watches whether the accounts of flagged and vanished players still resolve."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pydantic

from riotwatch_jobs.base import ItemLog, JobConfig
from riotwatch_jobs.jobs import _riot
from riotwatch_jobs.jobs.tracked_player_updater import resolve_puuids
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.outcomes import Done, Outcome, Skip, Target
from riotwatch_jobs.registry import register
from riotwatch_players import bans, gateway
from riotwatch_players.models import Player, Seen
from riotwatch_players.riot.routing import PLATFORMS, region_of_platform

SPOILED_ATTEMPTS = 2
"""Attempts that Riot's faults may spoil before the check is recorded as it is."""


@dataclass(frozen=True)
class Result:
    """What a run came to."""

    checked: int = 0
    resolved: int = 0
    not_found: int = 0
    newly_unavailable: int = 0
    recovered: int = 0


def check_target(player: int, platform: str) -> Target:
    """The item that checks one player's account."""
    return Target(key=f"player:{player}", data={"player": player}, region=region_of_platform(platform))


@register
class BanChecker(_riot.RiotJob):
    """One item per player who is due."""

    job_id = "ban_checker"
    name = "Ban checker"
    description = "Whether the accounts of flagged players, and of those who failed to resolve, still resolve."
    schedule = "10 4 * * *"
    queue = "bans"

    class Config(JobConfig):
        """Settings of the checker."""

        min_smurf_score: float = pydantic.Field(
            50, ge=0, le=100, description="Players with at least this smurf score are checked, flagged or not."
        )
        ban_check_days: int = pydantic.Field(
            7, ge=1, le=365, description="Days after which an account that resolved is checked again."
        )

        @pydantic.model_validator(mode="before")
        @classmethod
        def _accept_confidence(cls, values: Any) -> Any:  # noqa: ANN401 - whatever somebody wrote as configuration
            """`min_smurf_confidence` (0 to 1) is the older name of `min_smurf_score`, which goes before it."""
            if not isinstance(values, dict) or "min_smurf_confidence" not in values:
                return values
            rest = dict(values)
            confidence = rest.pop("min_smurf_confidence")
            if isinstance(confidence, bool) or not isinstance(confidence, (int, float)) or not 0 <= confidence <= 1:
                raise ValueError("min_smurf_confidence is a number from 0 to 1; better use min_smurf_score, 0 to 100")
            return {"min_smurf_score": confidence * 100, **rest}

    Result = Result

    @classmethod
    def resolve_players(cls, names: Sequence[str]) -> list[int]:
        """Our ids of players named by puuid."""
        return resolve_puuids(names)

    def targets(self) -> Iterable[Target]:
        """Whoever is due; or those a person named, due or not."""
        if self.players:
            players = Player.objects.filter(pk__in=self.players, platform__in=PLATFORMS)
        else:
            rule = bans.CheckRule(self.config.min_smurf_score, timedelta(days=self.config.ban_check_days))
            players = bans.due_players(rule, now=database_now())
        for pk, platform in players.order_by("id").values_list("pk", "platform"):
            yield check_target(pk, platform)

    @_riot.talks_to_riot
    def run(self, target: Target, log: ItemLog) -> Outcome:
        """Check one player."""
        player = Player.objects.filter(pk=target.data["player"]).first()
        if player is None:
            return Skip("erased")
        client = gateway.client(_riot.riot_lane(target.lane), on_request=lambda endpoint: log.count(requests=1))
        seen = bans.look(player, client)
        spoiled = target.data.get("spoiled", 0)
        if seen.trouble and spoiled < SPOILED_ATTEMPTS:
            log.remember(spoiled=spoiled + 1)
            raise seen.trouble
        checked = bans.record(player, seen, now=database_now())
        log.count(created=1)
        _tell(player, checked, log)
        return Done(
            Result(
                checked=1,
                resolved=int(checked.result in {Seen.RESOLVES, Seen.MOVED}),
                not_found=int(checked.result is Seen.NOT_FOUND),
                newly_unavailable=int(checked.newly_unavailable),
                recovered=int(checked.recovered),
            )
        )


def _tell(player: Player, checked: bans.Checked, log: ItemLog) -> None:
    log.info("account_checked", player=player.pk, result=checked.result.value)
    if checked.newly_unavailable:
        log.warning("account_does_not_resolve", player=player.pk)
    if checked.recovered:
        log.info("account_resolves_again", player=player.pk)
