"""Keeping the standings that league-v4 tells: a row when one changed."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction

from riotwatch_players.models import Player, RankSnapshot
from riotwatch_players.riot.payloads import LeagueEntry

APEX_TIERS = frozenset({"MASTER", "GRANDMASTER", "CHALLENGER"})
_LOCK_FOR_RANK = "UPDATE players SET rank_checked_at = greatest(rank_checked_at, %s) WHERE id = %s"


def record_rank(player: Player, entries: Iterable[LeagueEntry], *, now: datetime) -> int:
    """Keep what league-v4 said at `now`: a row per queue whose standing changed; returns how many rows.

    Also notes that the rank was checked. Queues without tiers (Arena) are left out. Workers that record the same at
    once write one row; an answer that is older than the newest row writes none, nor does one about somebody erased.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK_FOR_RANK, [now, player.pk])
            if not cursor.rowcount:
                return 0
        newest = {rank.queue: rank for rank in player.ranks.order_by("queue", "-seen_at").distinct("queue")}
        fresh = [rank for rank in _snapshots(player, entries, now=now) if _is_news(rank, newest.get(rank.queue))]
        RankSnapshot.objects.bulk_create(fresh)
    return len(fresh)


def _snapshots(player: Player, entries: Iterable[LeagueEntry], *, now: datetime) -> list[RankSnapshot]:
    return [
        RankSnapshot(
            player=player,
            queue=entry.queue_type,
            tier=entry.tier,
            # Riot writes "I" for tiers that have no divisions.
            division=None if entry.tier in APEX_TIERS else entry.division,
            league_points=entry.league_points,
            wins=entry.wins,
            losses=entry.losses,
            seen_at=now,
        )
        for entry in entries
        if entry.tier
    ]


def _is_news(rank: RankSnapshot, newest: RankSnapshot | None) -> bool:
    return newest is None or (rank.seen_at > newest.seen_at and rank.standing != newest.standing)
