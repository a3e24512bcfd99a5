"""The game's version by date: a new patch every second week, numbered within the year."""

from datetime import UTC, datetime
from typing import Final

_SEASON_OFFSET: Final = 2010
_FIRST_PATCH_DAY: Final = 8
_DAYS_PER_PATCH: Final = 14
_MOST_PATCHES: Final = 24


def version_at(at_s: float) -> str:
    """The version a match of that time was played on, such as 16.6.756.9613."""
    return _version(*_patch(datetime.fromtimestamp(at_s, UTC)))


def _patch(day: datetime) -> tuple[int, int]:
    since = day.timetuple().tm_yday - _FIRST_PATCH_DAY
    if since < 0:
        return day.year - _SEASON_OFFSET - 1, _MOST_PATCHES
    return day.year - _SEASON_OFFSET, min(1 + since // _DAYS_PER_PATCH, _MOST_PATCHES)


def _version(season: int, patch: int) -> str:
    build = 733 + (season - 16) * 96 + patch * 4
    return f"{season}.{patch}.{build}.{(season * 7919 + patch * 613) % 9000 + 500}"
