"""What a workflow asks of whoever runs it: a log, counters and a chance to stop. Jobs hand in theirs."""

from typing import Protocol


class Progress(Protocol):
    """The log, counters and brakes of one piece of work."""

    def info(self, event: str, **fields: object) -> None:
        """Log a stable event name with fields."""

    def warning(self, event: str, **fields: object) -> None:
        """The same, for what somebody should look at."""

    def count(self, *, requests: int = 0, created: int = 0, updated: int = 0) -> None:
        """Add to the counters."""

    def remember(self, **facts: object) -> None:
        """Keep facts for the next attempt at the same work."""

    def checkpoint(self) -> None:
        """Stop here if the work is to stop; call it between requests."""
