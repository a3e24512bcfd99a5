"""Judges every player about whom there is something new to judge."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import pydantic
from django.db.models import Q

from riotwatch_jobs.base import ItemLog, Job, JobConfig
from riotwatch_jobs.jobs.tracked_player_updater import resolve_puuids
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.outcomes import Done, Outcome, Skip, Target
from riotwatch_jobs.registry import register
from riotwatch_players import analysis
from riotwatch_players.models import Player

BATCH = 200


@dataclass(frozen=True)
class Result:
    """What a run came to."""

    analyzed: int = 0
    flagged: int = 0
    insufficient: int = 0


def batch_target(players: Sequence[int], *, now: datetime) -> Target:
    """The item that analyzes these players, as far as nobody does so from now on."""
    return Target(key=f"players:{players[0]}", data={"players": list(players), "since": now.isoformat()})


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
        """Batches in the order of ids, fixed now."""
        now = database_now()
        due = analysis.due_players(self._rule(), now=now)
        if self.players:
            due = Player.objects.active().filter(pk__in=self.players)
        ids = list(due.order_by("pk").values_list("pk", flat=True))
        for batch in (ids[start : start + BATCH] for start in range(0, len(ids), BATCH)):
            yield batch_target(batch, now=now)

    def run(self, target: Target, log: ItemLog) -> Outcome:
        """Analyze one batch; who was analyzed since the run began (a message came twice) is left out."""
        since = datetime.fromisoformat(target.data["since"])
        open_still = Player.objects.filter(
            Q(analyzed_at=None) | Q(analyzed_at__lt=since), pk__in=target.data["players"]
        )
        ids = list(open_still.values_list("pk", flat=True))
        if not ids:
            return Skip("all of them were analyzed meanwhile")
        done = analysis.analyze(ids, self._rule(), now=database_now())
        for player, verdict in done.newly_flagged:
            log.info("player_flagged", player=player, verdict=verdict)
        log.count(created=done.analyzed, updated=done.analyzed)
        return Done(Result(analyzed=done.analyzed, flagged=done.flagged, insufficient=done.insufficient))

    def _rule(self) -> analysis.AnalysisRule:
        return analysis.AnalysisRule(self.config.min_ranked_games)
