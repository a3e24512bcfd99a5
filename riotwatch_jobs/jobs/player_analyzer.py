"""Takes people nobody has judged yet from their first match to a verdict, in one run."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

import pydantic
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.db.models import Q

from riotwatch_jobs.base import ItemLog, JobConfig
from riotwatch_jobs.jobs import _riot
from riotwatch_jobs.jobs.ban_checker import BanChecker, check_target
from riotwatch_jobs.jobs.match_fetcher import MatchFetcher, history_target
from riotwatch_jobs.jobs.smurf_analyzer import SmurfAnalyzer, batch_target
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.outcomes import Done, EndPhase, Outcome, Retry, Snooze, Stop, Target
from riotwatch_jobs.registry import register
from riotwatch_players import analysis, bans
from riotwatch_players.fetching import Fetched
from riotwatch_players.models import Player
from riotwatch_players.models_in_use import UnusableModel

LONGEST_WAIT_S = 60.0
"""A phase that would have to wait longer for budget is left to the next run."""


class Phase(IntEnum):
    """The parts of a run."""

    FETCH = 0
    ANALYZE = 1
    CHECK = 2


@dataclass(frozen=True)
class Result:
    """What a run came to."""

    players: int = 0
    matches_fetched: int = 0
    analyzed: int = 0
    flagged: int = 0
    ban_checked: int = 0


@register
class PlayerAnalyzer(_riot.RiotJob):
    """One item per player and phase; each is worked on by the job whose work it is."""

    job_id = "player_analyzer"
    name = "Player analyzer"
    description = "Histories, verdicts and account checks of discovered players, as one run."
    schedule = "every 5m"
    queue = "matches"
    enabled_by_default = False
    phases = len(Phase)
    phase_names = tuple(phase.name.lower() for phase in Phase)

    class Config(JobConfig):
        """Settings of the run; they mean what they mean for the job whose work it is."""

        unanalyzed_players_per_run: int = pydantic.Field(
            15, ge=1, le=1000, description="Discovered players without an analysis whom one run takes up."
        )
        target_matches: int = pydantic.Field(
            30, ge=20, le=40, description="Usable games wanted of a discovered player."
        )
        min_ranked_games: int = pydantic.Field(
            20, ge=20, le=100, description="Usable ranked games below which a player is not analyzed."
        )
        min_smurf_score: float = pydantic.Field(
            50, ge=0, le=100, description="Players with at least this smurf score are checked, flagged or not."
        )
        ban_check_days: int = pydantic.Field(
            7, ge=1, le=365, description="Days after which an account that resolved is checked again."
        )

    Result = Result

    def targets(self) -> Iterable[Target]:
        """Discovered players without an analysis, most-met first; not those who are known to have too few games."""
        wanted = Q(history_full_at=None) | Q(ranked_games__gte=self.config.min_ranked_games)
        players = Player.objects.discovered().active().reachable().filter(wanted, analyzed_at=None)
        players = players.order_by("-times_met", "id")
        for pk, platform in players.values_list("pk", "platform")[: self.config.unanalyzed_players_per_run]:
            yield history_target(pk, platform)

    def phase_targets(self, phase: int, first: Sequence[Target]) -> Iterable[Target]:
        """Of the run's players those who can be analyzed, then those whose account is due for a check."""
        players = [target.data["history"] for target in first]
        return self._analyses(players) if phase == Phase.ANALYZE else self._checks(players)

    def _analyses(self, players: Sequence[int]) -> Iterator[Target]:
        """An item each: one player's failure is nobody else's."""
        now = database_now()
        try:
            due = analysis.due_players(analysis.current_rule(self.config.min_ranked_games), now=now)
        except UnusableModel:  # smurf_analyzer says so; fetching and checking go on
            return
        for pk in due.filter(pk__in=players).order_by("pk").values_list("pk", flat=True):
            yield batch_target([pk], now=now)

    def _checks(self, players: Sequence[int]) -> Iterator[Target]:
        rule = bans.CheckRule(self.config.min_smurf_score, timedelta(days=self.config.ban_check_days))
        due = bans.due_players(rule, now=database_now()).filter(pk__in=players)
        for pk, platform in due.order_by("pk").values_list("pk", "platform"):
            yield check_target(pk, platform)

    def run(self, target: Target, log: ItemLog) -> Outcome:
        """Do one phase's work on one player."""
        try:
            return self._work(target, log)
        except (DatabaseError, InterfaceError) as problem:  # what it was about to store is rolled back
            close_old_connections()
            return Stop(f"database: {problem}")

    def _work(self, target: Target, log: ItemLog) -> Outcome:
        if "history" in target.data:
            return self._fetch(target, log)
        if "players" in target.data:
            return self._analyze(target, log)
        return self._check(target, log)

    def _fetch(self, target: Target, log: ItemLog) -> Outcome:
        if Player.objects.filter(pk=target.data["history"], history_full_at__isnull=False).exists():
            return Done(Result(players=1))
        fetcher = MatchFetcher(MatchFetcher.Config(target_matches=self.config.target_matches))
        outcome = fetcher.run(target, log)
        if isinstance(outcome, Done):
            return Done(Result(players=1, matches_fetched=outcome.result.matches_fetched))
        so_far = Fetched.recalled(log.memory)
        return _unless_too_long(outcome, Result(players=1, matches_fetched=so_far.matches_fetched))

    def _analyze(self, target: Target, log: ItemLog) -> Outcome:
        analyzer = SmurfAnalyzer(SmurfAnalyzer.Config(min_ranked_games=self.config.min_ranked_games))
        outcome = analyzer.run(target, log)
        if isinstance(outcome, Done):
            return Done(Result(analyzed=outcome.result.analyzed, flagged=outcome.result.flagged))
        return outcome

    def _check(self, target: Target, log: ItemLog) -> Outcome:
        names = {"min_smurf_score", "ban_check_days"}
        checker = BanChecker(BanChecker.Config(**self.config.model_dump(include=names)))
        outcome = checker.run(target, log)
        if isinstance(outcome, Done):
            return Done(Result(ban_checked=outcome.result.checked))
        return _unless_too_long(outcome, Result())


def _unless_too_long(outcome: Outcome, so_far: Result) -> Outcome:
    """The outcome, or the end of the phase where it waits too long for budget."""
    wait_s = _budget_wait_s(outcome)
    if wait_s <= LONGEST_WAIT_S:
        return outcome
    return EndPhase(f"the key's budget is used up for {wait_s:.0f} s", so_far)


def _budget_wait_s(outcome: Outcome) -> float:
    match outcome:
        case Snooze(seconds=seconds, for_budget=True):
            return seconds
        case Retry(after_s=seconds) if seconds is not None:
            return seconds
    return 0.0
