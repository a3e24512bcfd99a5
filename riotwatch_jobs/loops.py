"""A loop that a process or a thread runs until it is told to stop."""

import logging
import threading
from dataclasses import dataclass, field
from typing import ClassVar

from django.db import DatabaseError, InterfaceError, close_old_connections

log = logging.getLogger(__name__)


@dataclass
class Loop:
    """Steps with a pause between them; survives a database or broker that is away."""

    name: ClassVar[str]
    pause_s: ClassVar[float]
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Work until `stopping` is set."""
        while not self.stopping.is_set():
            try:
                close_old_connections()
                self.step()
            except (DatabaseError, InterfaceError) as problem:
                log.warning("%s_without_database problem=%s", self.name, problem)
            self.stopping.wait(self.pause_s)

    def step(self) -> None:
        """One round of work."""
        raise NotImplementedError
