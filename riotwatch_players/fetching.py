"""Getting match bodies from Riot into the database, each body once whoever needs it.

A backlog row is held while its body is fetched. No request is made inside a transaction.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from riotwatch_players import backlog
from riotwatch_players.discovery import DiscoveryRule
from riotwatch_players.ingest import store_match
from riotwatch_players.models import BacklogMatch, BacklogState, Source
from riotwatch_players.progress import Progress
from riotwatch_players.riot.client import RiotClient
from riotwatch_players.riot.errors import (
    BadRequest,
    NetworkTrouble,
    NotFound,
    RiotError,
    ServerTrouble,
    UnexpectedAnswer,
)

HOLD_S = 120.0
"""Longer than one request with its wait for budget; a holder that died frees its match after this."""


@dataclass
class Fetched:
    """What fetching bodies came to, over all attempts at one piece of work."""

    matches_fetched: int = 0
    matches_gone: int = 0
    matches_broken: int = 0
    players_discovered: int = 0
    players_created: int = 0
    busy: int = 0
    """Matches that somebody else was fetching at the end of this attempt: come back to see that they arrived."""
    trouble: list[RiotError] = field(default_factory=list)
    """Faults of Riot's side that hit single matches in this attempt: those are still pending."""

    @classmethod
    def recalled(cls, memory: Mapping[str, Any]) -> "Fetched":
        """The tally that an earlier attempt remembered, or an empty one."""
        return cls(**memory.get("tally", {}))

    def tally(self) -> dict[str, int]:
        """The numbers, for `Progress.remember`."""
        passing = {"busy", "trouble"}
        return {entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name not in passing}


@dataclass(frozen=True)
class Fetcher:
    """Who fetches, for whom, and what follows from a match."""

    source: Source
    client: RiotClient
    holder: str
    discover: DiscoveryRule | None
    clock: Callable[[], datetime]

    def fetch(self, match_ids: Sequence[str], progress: Progress, memory: Mapping[str, Any]) -> Fetched:
        """Fetch what of these is still pending, in this order, adding to the tally in `memory`.

        Raises BudgetWait, RateLimited and KeyRefused at once, holding nothing; trouble with single matches is
        collected, so that one bad match does not keep the others waiting.
        """
        done = Fetched.recalled(memory)
        with self.holding(done, progress):
            for match_id in match_ids:
                progress.checkpoint()
                self.fetch_one(match_id, progress, done)
        done.busy = len(pending_of(match_ids)) - len(done.trouble)
        return done

    @contextmanager
    def holding(self, done: Fetched, progress: Progress) -> Iterator[None]:
        """Whatever ends the block: nothing stays held, and the tally is remembered."""
        try:
            yield
        finally:
            backlog.release(self.holder)
            progress.remember(tally=done.tally())

    def fetch_one(self, match_id: str, progress: Progress, done: Fetched) -> None:
        """Fetch one match, unless it is settled or somebody else is at it."""
        if not backlog.claim([match_id], holder=self.holder, lease_s=HOLD_S, now=self.clock()):
            return
        try:
            body = self.client.match(match_id)
        except (NotFound, BadRequest):
            done.matches_gone += backlog.mark_gone(match_id, now=self.clock())
            progress.info("match_gone", match=match_id)
        except (ServerTrouble, NetworkTrouble, UnexpectedAnswer) as trouble:
            done.trouble.append(trouble)
            progress.warning("match_not_fetched", match=match_id, problem=trouble)
        else:
            self._store(match_id, body, progress, done)

    def _store(self, match_id: str, body: object, progress: Progress, done: Fetched) -> None:
        stored = store_match(self.source, match_id, body, now=self.clock(), discover=self.discover)
        progress.count(created=stored.records_created, updated=stored.records_updated)
        if stored.reason:
            done.matches_broken += 1
            progress.info("match_broken", match=match_id, reason=stored.reason)
            return
        done.matches_fetched += stored.created
        done.players_created += stored.players_created
        done.players_discovered += stored.players_discovered


def pending_of(match_ids: Sequence[str]) -> set[str]:
    """What of these matches is still to come."""
    pending = BacklogMatch.objects.filter(match_id__in=match_ids, state=BacklogState.PENDING)
    return set(pending.values_list("match_id", flat=True))
