"""Filling histories: a discovered player to enough usable games, a tracked one to the wanted depth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from riotwatch_players import backlog, updating
from riotwatch_players.fetching import Fetched, Fetcher, pending_of
from riotwatch_players.models import RANKED_SOLO_QUEUE, BacklogMatch, Player
from riotwatch_players.progress import Progress
from riotwatch_players.riot.errors import NotFound

MOST_BODIES = 40
"""Bodies fetched for one discovered player at most, however many of them are unusable."""


@dataclass(frozen=True)
class HistoryRule:
    """How long a discovered player's history is to be."""

    target_matches: int
    """Usable games: ranked solo, no remake, five minutes or more."""


def fill_history(
    player: Player, rule: HistoryRule, *, fetcher: Fetcher, progress: Progress, memory: Mapping[str, Any]
) -> Fetched:
    """Fetch newest games until the history is full or there are no more; then read the rank once.

    Only what is fetched enters the backlog: a discovered player's other games cost no request.
    """
    listed = memory.get("listed")
    if listed is None:
        listed = _list_newest(player, fetcher=fetcher)
        progress.remember(listed=listed)
    done = Fetched.recalled(memory)
    with fetcher.holding(done, progress):
        owed = pending_of(listed)  # somebody put them into the backlog already, perhaps an earlier attempt at this
        for match_id in listed:
            if match_id not in owed and _usable_games(player) >= rule.target_matches:
                continue
            progress.checkpoint()
            backlog.add(fetcher.source, [match_id], lane=BacklogMatch.DISCOVERY, now=fetcher.clock())
            fetcher.fetch_one(match_id, progress, done)
    done.busy = len(pending_of(listed)) - len(done.trouble)
    if not done.busy and not done.trouble:
        updating.update_rank(player, fetcher=fetcher, progress=progress)
        _mark_full(player, fetcher=fetcher, progress=progress)
    return done


def _list_newest(player: Player, *, fetcher: Fetcher) -> list[str]:
    try:
        return fetcher.client.match_ids(
            player.puuid, platform=player.platform, queue=RANKED_SOLO_QUEUE, count=MOST_BODIES
        )
    except NotFound:
        updating.note_failure(player, now=fetcher.clock())
        return []


def _usable_games(player: Player) -> int:
    """0 for somebody who was erased meanwhile."""
    return Player.objects.filter(pk=player.pk).values_list("ranked_games", flat=True).first() or 0


def _mark_full(player: Player, *, fetcher: Fetcher, progress: Progress) -> None:
    full = Player.objects.filter(pk=player.pk, history_full_at=None).update(history_full_at=fetcher.clock())
    progress.count(updated=full)


def deepen(player: Player, depth: int, *, fetcher: Fetcher, progress: Progress) -> int:
    """List a tracked player's ids down to `depth`, newest first; returns how many were new to the backlog.

    For players whose history is not known to be full yet, and for all when the wanted depth was raised.
    """
    rule = updating.UpdateRule(tracked_depth=depth, max_new_matches=0)
    player.listed_until = None  # from the newest on, as the first time
    listed = updating.list_new(player, rule, fetcher=fetcher, progress=progress)
    added = backlog.add(fetcher.source, listed, lane=BacklogMatch.TRACKED, now=fetcher.clock())
    Player.objects.filter(pk=player.pk).update(listed_depth=min(depth, len(listed)), listed_all=len(listed) < depth)
    progress.count(created=added, updated=1)
    if not pending_of(listed):
        _mark_full(player, fetcher=fetcher, progress=progress)
    return added
