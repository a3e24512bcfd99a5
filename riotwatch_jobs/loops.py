"""A loop that a process or a thread runs until it is told to stop."""

import threading
from dataclasses import dataclass, field
from typing import ClassVar

import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections, connections
from structlog.contextvars import bound_contextvars

log = structlog.stdlib.get_logger(__name__)


@dataclass
class Loop:
    """Steps with a pause between them; survives a database or broker that is away."""

    name: ClassVar[str]
    pause_s: ClassVar[float]
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Work until `stopping` is set; each line says which loop it is of."""
        with bound_contextvars(loop=self.name):
            self._go_round()

    def _go_round(self) -> None:
        while not self.stopping.is_set():
            try:
                close_old_connections()
                self.step()
            except (DatabaseError, InterfaceError) as problem:
                log.warning(f"{self.name}_without_database", problem=problem)
            self.stopping.wait(self.pause_s)

    def step(self) -> None:
        """One round of work."""
        raise NotImplementedError


class LoopBeside(Loop):
    """A loop in a thread of its own, beside what the process is there for."""

    def start(self) -> threading.Thread:
        """Begin; it goes on until `stopping` is set."""
        thread = threading.Thread(target=self.run, name=self.name, daemon=True)
        thread.start()
        return thread

    def run(self) -> None:
        """Work until `stopping` is set; the thread's connections end with it."""
        super().run()
        connections.close_all()
