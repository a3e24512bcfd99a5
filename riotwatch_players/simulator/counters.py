"""What the server has counted, for tests and demos."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """Counts since the start or the last reset. Only requests for data count, not the control's own."""

    requests: int = 0
    by_endpoint: Counter[str] = field(default_factory=Counter)
    by_host: Counter[str] = field(default_factory=Counter)
    by_status: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    """429s of the enforced limits, as `application:host` and `method:host`; faults are counted apart."""
    faults: Counter[str] = field(default_factory=Counter)
    bodies: Counter[str] = field(default_factory=Counter)
    """How often each match's body was given out, by match and application."""

    def summary(self) -> dict[str, object]:
        """Everything but the single bodies."""
        return {
            "requests": self.requests,
            "by_endpoint": dict(self.by_endpoint),
            "by_host": dict(self.by_host),
            "by_status": dict(self.by_status),
            "refused": dict(self.refused),
            "faults": dict(self.faults),
            "bodies": {"matches": len(self.bodies), "fetches": self.bodies.total()},
        }
