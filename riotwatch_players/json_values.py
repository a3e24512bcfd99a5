"""Reading single JSON values, whatever they turn out to be: each function gives what it promises or says unknown."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

MAX_SMALL = 2**15 - 1
MAX_INTEGER = 2**31 - 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Times outside are no times: League of Legends opened in October 2009.
EARLIEST_MS = 1_256_000_000_000
LATEST_MS = 4_102_444_800_000


def moment(value: object) -> datetime | None:
    """A time given in epoch milliseconds, if it is one."""
    ms = integer(value, least=EARLIEST_MS, most=LATEST_MS)
    return None if ms is None else EPOCH + timedelta(milliseconds=ms)


def integer(value: object, *, least: int = 0, most: int = MAX_INTEGER) -> int | None:
    """A whole number within the bounds (floats such as 12.0 and 12.7 count as 12), else None; true is no number."""
    if isinstance(value, float) and least <= value <= most:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        return None
    return value


def integers(values: Iterable[object]) -> list[int]:
    """The whole numbers among the values."""
    return [number for number in map(integer, values) if number is not None]


def positive(value: object, *, most: int = MAX_SMALL) -> int | None:
    """Riot writes 0 where a mode has no such thing."""
    return integer(value, least=1, most=most)


def flag(value: object) -> bool | None:
    """True or false, if it is that."""
    return value if isinstance(value, bool) else None


def text(value: object, *, longest: int = 32) -> str:
    """A text that PostgreSQL takes as it is (no NUL, no half of a surrogate pair) and a column holds, else ""."""
    if not isinstance(value, str) or len(value) > longest or "\x00" in value:
        return ""
    return "" if any("\ud800" <= letter <= "\udfff" for letter in value) else value


def mapping(value: object) -> Mapping[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def sequence(value: object) -> list[object]:
    """The list, or an empty one."""
    return value if isinstance(value, list) else []


def kind_of(value: object) -> str:
    """JSON's name for the kind of a value."""
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "a truth value"
    names = {Mapping: "an object", list: "a list", str: "a text"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "a number")


def total(values: Iterable[int | None]) -> int | None:
    """The sum, unknown when a value is unknown."""
    total = 0
    for value in values:
        if value is None:
            return None
        total += value
    return total if total <= MAX_INTEGER else None
