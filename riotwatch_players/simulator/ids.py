"""Ids as an application sees them: every application gets its own, and cannot read another's."""

import base64
import hashlib
from collections.abc import Sequence
from typing import Final

DEMO_APPLICATION: Final = "demo"
DEMO_KEY: Final = "RGAPI-demo-00000000-0000-4000-8000-000000000000"
"""The key a simulator accepts when it was given none; it opens nothing anywhere else."""

PUUID_LENGTH: Final = 78
_PUUID_BYTES: Final = 58
_SUMMONER_ID_BYTES: Final = 35


def _opaque(*parts: str, size: int) -> str:
    digest = hashlib.shake_256("\x1f".join(parts).encode()).digest(size)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


class Directory:
    """The ids of one application, by a person's place in the world.

    The same seed and application give the same ids after a restart; several keys of one application share them.
    """

    def __init__(self, seed: str, application: str, *, platforms: Sequence[str]) -> None:
        """`platforms` is each person's platform, in the order of the world's people."""
        self.application = application
        self.puuids = [
            _opaque("puuid", seed, application, str(index), size=_PUUID_BYTES) for index in range(len(platforms))
        ]
        self.summoner_ids = [
            _opaque("summoner", seed, application, platform, str(index), size=_SUMMONER_ID_BYTES)
            for index, platform in enumerate(platforms)
        ]
        self._index = {puuid: index for index, puuid in enumerate(self.puuids)}

    def index_of(self, puuid: str) -> int | None:
        """The person's place in the world, or None for garbage and for another application's id."""
        return self._index.get(puuid)


def looks_like_puuid(text: str) -> bool:
    """Whether the text has the form of a puuid, whoever it was made for."""
    return len(text) == PUUID_LENGTH and text.replace("-", "").replace("_", "").isalnum() and text.isascii()
