"""Drains the match backlog and fills histories."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pydantic
from django.db.models import F, Q
from django.db.models.functions import Now
from structlog.contextvars import bound_contextvars

from riotwatch_jobs.base import ItemLog, JobConfig
from riotwatch_jobs.jobs import _riot
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.outcomes import Done, Lane, Outcome, Skip, Snooze, Target
from riotwatch_jobs.registry import register
from riotwatch_players import analysis, backlog, gateway, histories, tracking, updating
from riotwatch_players.fetching import Fetched
from riotwatch_players.models import BacklogMatch, Player
from riotwatch_players.models_in_use import UnusableModel
from riotwatch_players.riot.routing import region_of_platform

SLICE = 20
BUSY_PAUSE_S = 3.0


@dataclass(frozen=True)
class Result:
    """What a run came to."""

    matches_fetched: int = 0
    matches_gone: int = 0
    matches_broken: int = 0
    players_discovered: int = 0
    histories_worked_on: int = 0
    ranks_created: int = 0


def history_target(player: int, platform: str) -> Target:
    """The item that fills one discovered player's history."""
    region = region_of_platform(platform)
    return Target(key=f"history:{player}", data={"history": player}, lane=Lane.DISCOVERY, region=region)


@register
class MatchFetcher(_riot.RiotJob):
    """Items: slices of the backlog pending now, histories that are not full, ranks before a re-analysis."""

    job_id = "match_fetcher"
    name = "Match fetcher"
    description = "Bodies of backlogged matches, and histories of discovered players."
    schedule = "7,37 * * * *"
    queue = "matches"
    follows_interval_setting = True

    class Config(JobConfig):
        """Settings of the fetcher."""

        tracked_depth: int = pydantic.Field(
            200, ge=1, le=5000, description="Newest ranked games wanted of a tracked player."
        )
        discovered_per_run: int = pydantic.Field(
            100, ge=0, le=10_000, description="Discovered players whose history is worked on in one run."
        )
        target_matches: int = pydantic.Field(
            30, ge=20, le=40, description="Usable games wanted of a discovered player."
        )

    Result = Result

    def targets(self) -> Iterable[Target]:
        """Fixed now: what becomes pending later is the next run's."""
        yield from self._slices()
        yield from self._tracked_histories()
        yield from self._discovered_histories()
        yield from self._ranks_before_reanalysis()

    def _slices(self) -> Iterator[Target]:
        source, now = gateway.current_source(), database_now()
        for group in backlog.pending_groups(source, now=now):
            ids = backlog.pending_ids(source, region=group.region, lane=group.lane, now=now)
            for part in (ids[start : start + SLICE] for start in range(0, len(ids), SLICE)):
                yield Target(
                    key=f"slice:{part[0]}",
                    data={"matches": part},
                    lane=Lane.TRACKED if group.lane == BacklogMatch.TRACKED else Lane.DISCOVERY,
                    region=group.region,
                )

    def _tracked_histories(self) -> Iterator[Target]:
        enough = Player.objects.tracked().active().filter(ranked_games__gte=self.config.target_matches)
        enough.filter(history_full_at=None).update(history_full_at=Now())
        shallow = Q(listed_depth__lt=self.config.tracked_depth, listed_all=False) | Q(history_full_at=None)
        listed_once = Player.objects.tracked().active().reachable().filter(shallow, last_updated__isnull=False)
        for pk, platform in listed_once.order_by("id").values_list("pk", "platform"):
            yield Target(key=f"depth:{pk}", data={"depth": pk}, region=region_of_platform(platform))

    def _discovered_histories(self) -> Iterator[Target]:
        players = Player.objects.awaiting_history().values_list("pk", "platform")
        for pk, platform in players[: self.config.discovered_per_run]:
            yield history_target(pk, platform)

    def _ranks_before_reanalysis(self) -> Iterator[Target]:
        """Discovered players about to be judged again, whose rank was last read before they were judged."""
        try:
            due = analysis.due_players(analysis.current_rule(), now=database_now())
        except UnusableModel:  # nobody is about to be judged
            return
        stale = due.discovered().reachable().filter(analyzed_at__isnull=False, rank_checked_at__lte=F("analyzed_at"))
        for pk, platform in stale.order_by("id").values_list("pk", "platform"):
            yield Target(key=f"rank:{pk}", data={"rank": pk}, lane=Lane.DISCOVERY, region=region_of_platform(platform))

    @_riot.talks_to_riot
    def run(self, target: Target, log: ItemLog) -> Outcome:
        """Work on a slice or on one history."""
        if "matches" in target.data:
            return self._run_slice(target, log)
        pk = target.data.get("history") or target.data.get("depth") or target.data["rank"]
        with bound_contextvars(player=pk):
            return self._run_history(pk, target, log)

    def _run_slice(self, target: Target, log: ItemLog) -> Outcome:
        fetcher = _riot.fetcher(log, target.lane, discover=tracking.current_rule().discovery)
        done = fetcher.fetch(target.data["matches"], log, target.data)
        return _outcome(done, histories_worked_on=0)

    def _run_history(self, pk: int, target: Target, log: ItemLog) -> Outcome:
        player = Player.objects.active().filter(pk=pk).first()
        if player is None:
            return Skip("no longer active")
        fetcher = _riot.fetcher(log, target.lane, discover=tracking.current_rule().discovery)
        if "rank" in target.data:
            return Done(Result(ranks_created=updating.update_rank(player, fetcher=fetcher, progress=log)))
        if "depth" in target.data:
            histories.deepen(player, self.config.tracked_depth, fetcher=fetcher, progress=log)
            return Done(Result(histories_worked_on=1))
        rule = histories.HistoryRule(self.config.target_matches)
        done = histories.fill_history(player, rule, fetcher=fetcher, progress=log, memory=target.data)
        return _outcome(done, histories_worked_on=1)


def _outcome(done: Fetched, *, histories_worked_on: int) -> Outcome:
    if done.trouble:
        return _riot.outcome_of(done.trouble[0])
    if done.busy:
        return Snooze(BUSY_PAUSE_S, f"{done.busy} of its matches are being fetched by others")
    return Done(
        Result(
            matches_fetched=done.matches_fetched,
            matches_gone=done.matches_gone,
            matches_broken=done.matches_broken,
            players_discovered=done.players_discovered,
            histories_worked_on=histories_worked_on,
        )
    )
