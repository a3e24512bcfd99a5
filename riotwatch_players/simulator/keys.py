"""Which keys are accepted, and whose they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

REFUSALS: Final = {401: "Unknown apikey", 403: "Forbidden"}
_NO_KEY: Final = "Unauthorized"


@dataclass(frozen=True, slots=True)
class KeyRefused:
    """Why a key does not open anything."""

    status: int
    message: str


@dataclass(slots=True)
class Keys:
    """Keys by application; a key can be added and can expire while the server runs."""

    applications: dict[str, str]
    """Key to application."""
    expired: dict[str, int] = field(default_factory=dict)
    """Key to the status it is refused with: 401 as since 2025, 403 as before."""

    @classmethod
    def of(cls, applications: Mapping[str, str]) -> "Keys":
        """Keys that are all valid."""
        return cls(dict(applications))

    def add(self, key: str, application: str) -> None:
        """Accept a key, also one that had expired."""
        self.applications[key] = application
        self.expired.pop(key, None)

    def expire(self, key: str, *, status: int) -> None:
        """Refuse a key from now on."""
        self.expired[key] = status

    def application(self, key: str | None) -> str | KeyRefused:
        """The application of a request's key, or why it is refused."""
        if not key:
            return KeyRefused(401, _NO_KEY)
        if key in self.expired:
            return KeyRefused(self.expired[key], REFUSALS[self.expired[key]])
        return self.applications.get(key) or KeyRefused(401, REFUSALS[401])
