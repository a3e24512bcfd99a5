"""The facts of a match, as read from a body and before they are stored."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Unusable:
    """A body that is no match, and why."""

    match_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Stats:
    """What one participant did; the fields are the columns of `Participant` of the same name."""

    team_id: int | None
    subteam: int | None
    placement: int | None
    win: bool | None
    surrendered_early: bool | None
    champion_id: int | None
    champion_level: int | None
    team_position: str
    individual_position: str
    kills: int | None
    deaths: int | None
    assists: int | None
    cs: int | None
    gold: int | None
    damage_to_champions: int | None
    damage_share: float | None
    kill_participation: float | None
    vision_score: int | None
    time_played_s: int | None
    summoner_level: int | None
    items: list[int]
    spells: list[int]
    runes: dict[str, list[int]]


@dataclass(frozen=True, slots=True)
class ParticipantFacts:
    """One place in a match."""

    position: int
    """Index in the body."""
    puuid: str | None
    """None for bots, and for an id that stands there twice: it names nobody."""
    game_name: str
    tag_line: str
    """Both "" where the name is unknown."""
    profile_icon_id: int | None
    stats: Stats


@dataclass(frozen=True, slots=True)
class MatchFacts:
    """What a usable body says; the fields are the columns of `Match` of the same name."""

    match_id: str
    platform: str
    region: str
    queue_id: int
    map_id: int | None
    mode: str
    type: str
    version: str
    patch: str
    created_at: datetime
    started_at: datetime
    ended_at: datetime
    duration_s: int
    remake: bool
    surrendered: bool
    end_result: str
    participants: tuple[ParticipantFacts, ...] = field(repr=False)
