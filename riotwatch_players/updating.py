"""Bringing one player up to date: name, level, new matches, rank.

Of a tracked player no match is to be missed: all new ones are listed, and a cursor says up to where. Of anybody else,
for whom somebody asked once, the newest matches do.

The work can stop after any request (budget, crash) and be taken up again: what is done is remembered, and every new id
is in the backlog before the cursor moves.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import F, Max

from riotwatch_players import backlog
from riotwatch_players.fetching import Fetched, Fetcher
from riotwatch_players.models import RANKED_SOLO_QUEUE, BacklogMatch, Match, Player
from riotwatch_players.progress import Progress
from riotwatch_players.riot.errors import NotFound
from riotwatch_players.standings import record_rank

PAGE = 100
NEWEST_OF_UNTRACKED = 30
"""Ranked games listed of somebody who is not tracked: what an analysis takes, with some to spare for remakes."""
LISTING_OVERLAP = timedelta(hours=1)
"""Riot's lists and bodies are eventually consistent: a game may be listed after a later one."""


@dataclass(frozen=True)
class UpdateRule:
    """How much of a player is wanted."""

    tracked_depth: int
    """Newest ranked games listed when the player is listed for the first time."""
    max_new_matches: int
    """Bodies fetched in one update; the rest waits in the backlog."""


@dataclass
class Updated:
    """What one update came to."""

    resolves: bool = True
    matches_listed: int = 0
    ranks_created: int = 0
    fetched: Fetched = field(default_factory=Fetched)


def update_player(
    player: Player, rule: UpdateRule, *, fetcher: Fetcher, progress: Progress, memory: Mapping[str, Any]
) -> Updated:
    """Do what is left of one update. `memory` is what an earlier attempt at it remembered through `progress`."""
    done = Updated()
    if not memory.get("profile"):
        done.resolves = update_profile(player, fetcher=fetcher, progress=progress)
        if not done.resolves:
            note_failure(player, now=fetcher.clock())
            return done
        progress.remember(profile=True)
    wanted = memory.get("wanted")
    if wanted is None:
        wanted = _list_and_choose(player, rule, fetcher=fetcher, progress=progress, done=done)
    done.fetched = fetcher.fetch(wanted, progress, memory)
    if player.tracked:
        move_cursor(player, wanted)
    progress.checkpoint()
    done.ranks_created = update_rank(player, fetcher=fetcher, progress=progress)
    Player.objects.filter(pk=player.pk).update(last_updated=fetcher.clock(), update_failures=0, update_failed_at=None)
    progress.count(updated=1)
    return done


def update_profile(player: Player, *, fetcher: Fetcher, progress: Progress) -> bool:
    """Riot ID, level and icon as they are now; False when neither account nor summoner resolves.

    One of the two alone may be missing: accounts of active players are known to answer 404 at times.
    """
    values: dict[str, Any] = {}
    try:
        account = fetcher.client.account_by_puuid(player.puuid, platform=player.platform)
        if account.game_name:
            values |= {"game_name": account.game_name, "tag_line": account.tag_line}
    except NotFound:
        account = None
        progress.warning("account_not_found", player=player.pk)
    progress.checkpoint()
    try:
        summoner = fetcher.client.summoner_by_puuid(player.puuid, platform=player.platform)
        values |= {
            "summoner_level": summoner.level,
            "profile_icon_id": summoner.profile_icon_id,
            "level_seen_at": fetcher.clock(),
        }
    except NotFound:
        if account is None:
            return False
        progress.warning("summoner_not_found", player=player.pk)
    Player.objects.filter(pk=player.pk).update(**values)
    return True


def note_failure(player: Player, *, now: datetime) -> None:
    """The account did not resolve now; whether that means anything is for the ban checker to say."""
    Player.objects.filter(pk=player.pk).update(update_failed_at=now, update_failures=F("update_failures") + 1)


def update_rank(player: Player, *, fetcher: Fetcher, progress: Progress) -> int:
    """One league-v4 read; returns how many rank rows it made."""
    try:
        entries = fetcher.client.league_entries(player.puuid, platform=player.platform)
    except NotFound:
        progress.warning("rank_not_found", player=player.pk)
        return 0
    created = record_rank(player, entries, now=fetcher.clock())
    progress.count(created=created)
    return created


def _list_and_choose(
    player: Player, rule: UpdateRule, *, fetcher: Fetcher, progress: Progress, done: Updated
) -> list[str]:
    """Put every new id into the backlog; returns the newest that are to be fetched now."""
    if player.tracked:
        listed = list_new(player, rule, fetcher=fetcher, progress=progress)
        wanted = listed[: rule.max_new_matches]
    else:
        listed = wanted = _newest(player, fetcher=fetcher, progress=progress)
    done.matches_listed = backlog.add(fetcher.source, listed, lane=BacklogMatch.TRACKED, now=fetcher.clock())
    progress.count(created=done.matches_listed)
    if player.tracked and player.listed_until is None:
        depth = max(player.listed_depth, min(rule.tracked_depth, len(listed)))
        complete = len(listed) < rule.tracked_depth
        Player.objects.filter(pk=player.pk).update(listed_depth=depth, listed_all=complete)
    progress.remember(wanted=wanted)
    return wanted


def _newest(player: Player, *, fetcher: Fetcher, progress: Progress) -> list[str]:
    progress.checkpoint()
    return fetcher.client.match_ids(
        player.puuid, platform=player.platform, queue=RANKED_SOLO_QUEUE, count=NEWEST_OF_UNTRACKED
    )


def list_new(player: Player, rule: UpdateRule, *, fetcher: Fetcher, progress: Progress) -> list[str]:
    """Ranked ids since the cursor, newest first; the first time the newest `tracked_depth`."""
    start_time_s = None
    if player.listed_until is not None:
        start_time_s = int((player.listed_until - LISTING_OVERLAP).timestamp())
    listed: list[str] = []
    while start_time_s is not None or len(listed) < rule.tracked_depth:
        progress.checkpoint()
        count = PAGE if start_time_s is not None else min(PAGE, rule.tracked_depth - len(listed))
        page = fetcher.client.match_ids(
            player.puuid,
            platform=player.platform,
            queue=RANKED_SOLO_QUEUE,
            start_time_s=start_time_s,
            start=len(listed),
            count=count,
        )
        fresh = _before_known(page, start_time_s)
        listed += fresh
        if len(fresh) < count:
            break
    return list(dict.fromkeys(listed))


def _before_known(page: list[str], start_time_s: int | None) -> list[str]:
    """The page up to the first game that is stored and older than asked for: Riot has ignored startTime for weeks."""
    if start_time_s is None:
        return page
    start = datetime.fromtimestamp(start_time_s, tz=UTC)
    old = set(Match.objects.filter(match_id__in=page, created_at__lt=start).values_list("match_id", flat=True))
    return list(itertools.takewhile(lambda match_id: match_id not in old, page))


def move_cursor(player: Player, listed: list[str]) -> None:
    """The cursor is the newest stored game of those just listed: everything up to it is in the backlog by now.

    Neither a game whose body is still missing nor one that was not listed moves it (a later game may be stored for
    somebody else meanwhile): rather list twice than forget one.
    """
    games = Match.objects.filter(match_id__in=listed)
    newest = games.aggregate(newest=Max("created_at"))["newest"]
    if newest is not None and (player.listed_until is None or newest > player.listed_until):
        Player.objects.filter(pk=player.pk).update(listed_until=newest)
