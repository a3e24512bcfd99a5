"""What runs keep about somebody who is erased (texts that name them, which games were theirs), and work under way."""

from typing import Final

from django.db import connection

from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import ItemState, WorkItem
from riotwatch_players import erasing
from riotwatch_players.erasing import Identity

INSTEAD: Final = "[erased]"
_TEXTS: Final = {
    "execution_logs": ("message",),
    "work_items": ("reason", "traceback"),
    "job_executions": ("reason", "stop_reason", "traceback"),
}
PLAYERS_GAMES: Final = ("wanted", "listed")
"""What items about a player remember of their games (`updating`, `histories`)."""
_ITEMS: Final = ("player", "history", "depth", "rank")

_SCRUB = """
UPDATE {table} SET {cleaned} WHERE position(%(text)s IN concat_ws(' ', {columns})) > 0
"""
_FORGET_GAMES = """
UPDATE work_items SET data = data - %(games)s::text[] WHERE key = ANY(%(keys)s) AND data ?| %(games)s::text[]
"""


def _scrub(erased: Identity) -> None:
    with connection.cursor() as cursor:
        for table, columns in _TEXTS.items():
            for text in filter(None, (erased.puuid, erased.riot_id)):
                cursor.execute(_scrubbing(table, columns), {"text": text, "instead": INSTEAD})
        keys = [f"{kind}:{erased.player}" for kind in _ITEMS]
        # Whoever works on one ends at the next checkpoint, and what it remembers is not kept.
        mine = WorkItem.objects.open().filter(key__in=keys)
        mine.end(ItemState.CANCELLED, reason="the player was erased", now=database_now())
        cursor.execute(_FORGET_GAMES, {"games": list(PLAYERS_GAMES), "keys": keys})


def _scrubbing(table: str, columns: tuple[str, ...]) -> str:
    cleaned = ", ".join(f"{column} = replace({column}, %(text)s, %(instead)s)" for column in columns)
    return _SCRUB.format(table=table, cleaned=cleaned, columns=", ".join(columns))


erasing.when_erasing(_scrub)
