"""Catching what is logged or printed while an item is worked on. No models here: Django's LOGGING names the handler."""

import contextlib
import io
import logging
from collections import deque
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime

LINES_PER_ITEM = 500
CHARACTERS_PER_LINE = 2_000


@dataclass(frozen=True)
class Line:
    """One log line, not yet stored."""

    at: datetime
    level: int
    logger: str
    message: str


class Tail:
    """The newest lines of one attempt, and how many older ones were dropped."""

    def __init__(self) -> None:
        self.dropped = 0
        self._lines: deque[Line] = deque(maxlen=LINES_PER_ITEM)

    def append(self, line: Line) -> None:
        """Keep a line; the oldest goes where there are too many."""
        self.dropped += len(self._lines) == LINES_PER_ITEM
        self._lines.append(line)

    def take(self) -> list[Line]:
        """All lines, oldest first; the first says how many were dropped, if any were. Afterwards there are none."""
        lines, dropped = list(self._lines), self.dropped
        self._lines.clear()
        self.dropped = 0
        if dropped:
            text = f"{dropped} earlier lines were dropped; {LINES_PER_ITEM} are kept per attempt"
            lines.insert(0, Line(at=lines[0].at, level=logging.WARNING, logger="riotwatch.run", message=text))
        return lines


_lines: ContextVar[Tail | None] = ContextVar("lines", default=None)


@contextlib.contextmanager
def into(lines: Tail) -> Iterator[None]:
    """Inside the block, everything this thread logs is appended to `lines`."""
    token = _lines.set(lines)
    try:
        yield
    finally:
        _lines.reset(token)


class ExecutionLogHandler(logging.Handler):
    """Hangs on the root logger and copies each record to the item that this thread works on, if any."""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record."""
        lines = _lines.get()
        if lines is None:
            return
        at = datetime.fromtimestamp(record.created, tz=UTC)
        message = self.format(record).replace("\x00", "�")[:CHARACTERS_PER_LINE]
        lines.append(Line(at=at, level=record.levelno, logger=record.name[:100], message=message))


class PrintedLines(io.TextIOBase):
    """A stand-in for stdout where Celery does not provide one: each printed line becomes a log line."""

    def write(self, text: str) -> int:
        """Log what was printed."""
        for line in text.rstrip().splitlines():
            logging.getLogger("printed").info("%s", line)
        return len(text)
