"""Judges every player about whom there is something new to judge."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import pydantic
from django.db.models import Q

from riotwatch_jobs.base import ItemLog, Job, JobConfig
from riotwatch_jobs.jobs.tracked_player_updater import resolve_puuids
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.outcomes import Done, Lane, Outcome, Skip, Stop, Target
from riotwatch_jobs.registry import register
from riotwatch_players import analysis
from riotwatch_players.analysis import Urgency
from riotwatch_players.models import Player
from riotwatch_players.models_in_use import UnusableModel

BATCH = 200
_LANES = {
    Urgency.NEVER_ANALYZED: Lane.TRACKED,
    Urgency.NEWS: Lane.TRACKED,
    Urgency.OUTDATED: Lane.DISCOVERY,
}
"""A new model makes everybody due: that drains behind whoever is new or has news, whichever run they are in."""


@dataclass(frozen=True)
class Result:
    """What a run came to."""

    analyzed: int = 0
    flagged: int = 0
    insufficient: int = 0


def batch_target(players: Sequence[int], *, now: datetime, lane: Lane = Lane.TRACKED, versions: str = "") -> Target:
    """The item that analyzes these players, as far as nobody does so from now on.

    `versions` are those by which the players were found due: who works on it judges with them, or with newer ones.
    """
    data = {"players": list(players), "since": now.isoformat(), "versions": versions}
    return Target(key=f"players:{players[0]}", data=data, lane=lane)


def _batches(
    players: Sequence[int], *, now: datetime, lane: Lane = Lane.TRACKED, versions: str = ""
) -> Iterator[Target]:
    for start in range(0, len(players), BATCH):
        yield batch_target(players[start : start + BATCH], now=now, lane=lane, versions=versions)


@register
class SmurfAnalyzer(Job):
    """One item per batch of due players; no request is made."""

    job_id = "smurf_analyzer"
    name = "Smurf analyzer"
    description = "Verdicts with their reasons for everybody with something new to judge."
    schedule = "20 3 * * *"
    queue = "analysis"

    class Config(JobConfig):
        """Settings of the analyzer."""

        min_ranked_games: int = pydantic.Field(
            20, ge=20, le=100, description="Usable ranked games below which a player is not analyzed."
        )

    Result = Result

    @classmethod
    def resolve_players(cls, names: Sequence[str]) -> list[int]:
        """Our ids of players named by puuid; they are analyzed whether or not they are due."""
        return resolve_puuids(names)

    def targets(self) -> Iterable[Target]:
        """Batches fixed now: first those never analyzed, then those with news, then those who are merely outdated."""
        now = database_now()
        if self.players:
            named = Player.objects.active().filter(pk__in=self.players).order_by("pk")
            yield from _batches(list(named.values_list("pk", flat=True)), now=now)
            return
        rule = analysis.current_rule(self.config.min_ranked_games)
        for urgency, players in analysis.due_by_urgency(rule, now=now).items():
            yield from _batches(players, now=now, lane=_LANES[urgency], versions=rule.models.versions)

    def run(self, target: Target, log: ItemLog) -> Outcome:
        """Analyze one batch; who was analyzed since the run began (a message came twice) is left out."""
        since = datetime.fromisoformat(target.data["since"])
        open_still = Player.objects.filter(
            Q(analyzed_at=None) | Q(analyzed_at__lt=since), pk__in=target.data["players"]
        )
        ids = list(open_still.values_list("pk", flat=True))
        if not ids:
            return Skip("all of them were analyzed meanwhile")
        try:
            expected = target.data.get("versions", "")
            rule = analysis.current_rule(self.config.min_ranked_games, expected_versions=expected)
        except UnusableModel as problem:
            return Stop(str(problem))
        done = analysis.analyze(ids, rule, now=database_now())
        for player, verdict in done.newly_flagged:
            log.info("player_flagged", player=player, verdict=verdict)
        log.count(created=done.analyzed, updated=done.analyzed)
        return Done(Result(analyzed=done.analyzed, flagged=done.flagged, insufficient=done.insufficient))
