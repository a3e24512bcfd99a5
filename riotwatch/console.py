"""What people see of the supervised processes: everything in a rotated log file each, trouble in the terminal."""

import logging
import os
import re
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

LOG_LIMIT_BYTES = 5 * 1024 * 1024
LOGS_KEPT = 3
LINE_LIMIT_BYTES = 16 * 1024
TAIL_LINES = 20
READ_BYTES = 64 * 1024
READS_AT_ONCE = 16
COLORS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
SUPERVISOR = "up"

RECORD = re.compile(r"\[?([IWEDC] )?\[?\d{2,4}-?\d\d-?\d\d[ T]|\{\"timestamp\":")
"""How a log record starts with our formats, tornado and PostgreSQL; other lines continue one."""
TROUBLE = re.compile(
    r"^\[?[WEC] \d|\b(WARNING|ERROR|CRITICAL)\b"
    r"|^\d\S+ \[(?:warning|error|critical)|^\{\"timestamp\": \S+, \"level\": \"(?:warning|error|critical)\""
)
TRACEBACK = "Traceback (most recent call last)"


class Console:
    """The terminal: one line at a time, prefixed by who says it, colored where it is a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._colored = stream.isatty()
        self._colors: dict[str, int] = {}

    def say(self, text: str) -> None:
        """A line of the supervisor's own."""
        self.show(SUPERVISOR, text)

    def show(self, name: str, text: str) -> None:
        """A line of the process `name`. A terminal that went away is no reason to stop."""
        prefix = f"{name:<13}|"
        if self._colored:
            prefix = f"\033[{self._color(name)}m{prefix}\033[0m"
        try:
            print(prefix, text, file=self._stream, flush=True)
        except OSError:
            return

    def write(self, text: str) -> None:
        """Several lines without a prefix."""
        try:
            print(text, file=self._stream, flush=True)
        except OSError:
            return

    def _color(self, name: str) -> int:
        return self._colors.setdefault(name, COLORS[len(self._colors) % len(COLORS)])


class _Log(RotatingFileHandler):
    """A rotated file. Where it cannot be written, its disk being full, say, that is told once and nothing stops."""

    def __init__(self, path: Path, *, tell: Callable[[str], None]) -> None:
        super().__init__(path, maxBytes=LOG_LIMIT_BYTES, backupCount=LOGS_KEPT, delay=True)
        self._tell = tell
        self._failed = self._told = False

    def emit(self, record: logging.LogRecord) -> None:
        self._failed = False
        super().emit(record)
        self._told = self._failed

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging calls it so
        del record
        self._failed = True
        stream, self.stream = self.stream, None  # opened again for the next line
        with suppress(OSError):
            if stream:
                stream.close()
        if not self._told:
            self._tell(f"ERROR its log cannot be written, and what it says is lost meanwhile: {sys.exc_info()[1]}")

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        return super()._open()


class Output:
    """One process's output: cut into lines, kept in its log, shown when it tells of trouble."""

    def __init__(self, name: str, *, folder: Path, console: Console) -> None:
        self.name = name
        self.path = folder / f"{name}.log"
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._console = console
        self._handler = _Log(self.path, tell=partial(console.show, name))
        self._rest = b""
        self._troubled = False

    def feed(self, data: bytes) -> None:
        """Take what the process wrote; a half line waits for its end, within reason."""
        for line in self._lines(data):
            self.tail.append(line)
            self._handler.emit(logging.LogRecord(self.name, logging.INFO, "", 0, line, None, None))
            if self._tells_of_trouble(line) and line and not line[0].isspace():
                self._console.show(self.name, line)

    def drain(self, descriptor: int) -> bool:
        """Take what a non-blocking pipe holds, up to a limit so that a talkative process cannot keep the caller.

        False at the end of the output.
        """
        with suppress(BlockingIOError):
            for _ in range(READS_AT_ONCE):
                data = os.read(descriptor, READ_BYTES)
                if not data:
                    return False
                self.feed(data)
        return True

    def close(self) -> None:
        """Write what is left and close the log."""
        if self._rest:
            self.feed(b"\n")
        self._handler.close()

    def _lines(self, data: bytes) -> Iterator[str]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LINE_LIMIT_BYTES:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            yield line.decode(errors="replace").rstrip()

    def _tells_of_trouble(self, line: str) -> bool:
        """Lines that continue a record, such as a traceback's, go with it; of them only the outermost are shown."""
        if TROUBLE.search(line) or TRACEBACK in line:
            self._troubled = True
        elif RECORD.match(line):
            self._troubled = False
        return self._troubled
