"""Riot's answers as types. Unknown fields are ignored; a missing one is a default, unless nothing works without it."""

from dataclasses import dataclass
from typing import Any


class WrongShape(ValueError):
    """The JSON is not what the endpoint promises. The text names types and fields, never values."""


@dataclass(frozen=True)
class Account:
    """account-v1: who a Riot ID belongs to."""

    puuid: str
    game_name: str
    """Empty when Riot leaves it out; the same for the tag line."""
    tag_line: str

    @classmethod
    def from_json(cls, value: object) -> "Account":
        """Raises WrongShape without a puuid."""
        data = _object(value)
        return cls(
            puuid=_required_text(data, "puuid"), game_name=_text(data, "gameName"), tag_line=_text(data, "tagLine")
        )


@dataclass(frozen=True)
class Summoner:
    """summoner-v4: the player's profile on one platform."""

    puuid: str
    level: int
    profile_icon_id: int
    revision_at: int
    """Last change of the profile, epoch milliseconds; 0 when left out."""

    @classmethod
    def from_json(cls, value: object) -> "Summoner":
        """Raises WrongShape without a puuid."""
        data = _object(value)
        return cls(
            puuid=_required_text(data, "puuid"),
            level=_number(data, "summonerLevel"),
            profile_icon_id=_number(data, "profileIconId"),
            revision_at=_number(data, "revisionDate"),
        )


@dataclass(frozen=True)
class LeagueEntry:
    """league-v4: the rank in one queue."""

    queue_type: str
    """RANKED_SOLO_5x5, RANKED_FLEX_SR, CHERRY, …"""
    tier: str | None
    """None where a queue has no tiers (Arena)."""
    division: str | None
    """I to IV; Riot's name for it is `rank`."""
    league_points: int
    wins: int
    losses: int
    hot_streak: bool
    veteran: bool
    fresh_blood: bool
    inactive: bool

    @classmethod
    def from_json(cls, value: object) -> "LeagueEntry":
        """Raises WrongShape without a queue type."""
        data = _object(value)
        return cls(
            queue_type=_required_text(data, "queueType"),
            tier=_text(data, "tier") or None,
            division=_text(data, "rank") or None,
            league_points=_number(data, "leaguePoints"),
            wins=_number(data, "wins"),
            losses=_number(data, "losses"),
            hot_streak=data.get("hotStreak") is True,
            veteran=data.get("veteran") is True,
            fresh_blood=data.get("freshBlood") is True,
            inactive=data.get("inactive") is True,
        )


@dataclass(frozen=True)
class PlatformNotice:
    """One maintenance or incident."""

    id: int
    title: str
    """In English where Riot has it, else the first there is; may be empty."""
    status: str | None
    """scheduled, in_progress or complete; Riot sends null for incidents."""
    severity: str | None
    """info, warning or critical; Riot sends null for maintenances."""

    @classmethod
    def from_json(cls, value: object) -> "PlatformNotice":
        """Takes nulls wherever Riot sends them."""
        data = _object(value)
        return cls(
            id=_number(data, "id"),
            title=_english_title(data.get("titles")),
            status=_text(data, "maintenance_status") or None,
            severity=_text(data, "incident_severity") or None,
        )


@dataclass(frozen=True)
class PlatformStatus:
    """lol-status-v4: what is wrong on a platform, if anything."""

    id: str
    name: str
    maintenances: tuple[PlatformNotice, ...]
    incidents: tuple[PlatformNotice, ...]

    @classmethod
    def from_json(cls, value: object) -> "PlatformStatus":
        """Raises WrongShape when it is no object."""
        data = _object(value)
        return cls(
            id=_text(data, "id"),
            name=_text(data, "name"),
            maintenances=_notices(data.get("maintenances")),
            incidents=_notices(data.get("incidents")),
        )


def active_platform_from_json(value: object) -> str:
    """Where an account plays; raises WrongShape without a region."""
    return _required_text(_object(value), "region").lower()


def match_ids_from_json(value: object) -> list[str]:
    """A list of match ids, newest first; raises WrongShape."""
    return [_id(item) for item in _list(value)]


def league_entries_from_json(value: object) -> list[LeagueEntry]:
    """One entry per ranked queue; raises WrongShape."""
    return [LeagueEntry.from_json(item) for item in _list(value)]


def match_from_json(value: object) -> dict[str, Any]:
    """The body as it came; judging it is for the one who stores it. Raises WrongShape when it is no object."""
    return _object(value)


def _notices(value: object) -> tuple[PlatformNotice, ...]:
    return tuple(PlatformNotice.from_json(item) for item in value) if isinstance(value, list) else ()


def _english_title(value: object) -> str:
    titles = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    english = [item for item in titles if item.get("locale") == "en_US"]
    return _text((english or titles or [{}])[0], "content")


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise WrongShape(f"an object was expected, not {type(value).__name__}")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise WrongShape(f"a list was expected, not {type(value).__name__}")
    return value


def _id(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise WrongShape(f"a match id was expected, not {type(value).__name__}")
    return value


def _required_text(data: dict[str, Any], field: str) -> str:
    text = _text(data, field)
    if not text:
        raise WrongShape(f"{field} is missing")
    return text


def _text(data: dict[str, Any], field: str) -> str:
    value = data.get(field)
    return value if isinstance(value, str) else ""


def _number(data: dict[str, Any], field: str) -> int:
    value = data.get(field)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
