"""Looking after the parts of the system: what a check finds, and the lists of checks and chores that parts register."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One part of the system, as it is now."""

    part: str
    ill: str = ""
    """What is wrong, in a sentence; empty where it is well."""
    since: datetime | None = None
    """Since when, where that is known."""
    remedy: str = ""
    """The command, or the place, that helps."""

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        since = self.since.isoformat() if self.since else None
        return {"part": self.part, "well": not self.ill, "ill": self.ill, "since": since, "remedy": self.remedy}


Check = Callable[[datetime], Iterable[Finding]]
_checks: list[Check] = []


def register(check: Check) -> Check:
    """Decorates a function from now (the database's clock) to findings: one per part, well or ill."""
    _checks.append(check)
    return check


def registered() -> Sequence[Check]:
    """All checks, in the order of their registration."""
    return tuple(_checks)


Chore = Callable[[], object]
_chores: list[Chore] = []


def register_chore(chore: Chore) -> Chore:
    """Decorates what a part wants done every few seconds, in housekeeping; it says itself when it is time."""
    _chores.append(chore)
    return chore


def chores() -> Sequence[Chore]:
    """All chores, in the order of their registration."""
    return tuple(_chores)
