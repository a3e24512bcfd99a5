"""What the API says of players and what is known about them."""

from datetime import datetime
from typing import Any

import pydantic
from ninja import Schema

from riotwatch_players.detection.words import Verdict
from riotwatch_players.encounters import Encounter
from riotwatch_players.game_names import champion_name, map_name, queue_name, role_name
from riotwatch_players.models import SOLO_QUEUE, Analysis, Participant, Player, RankSnapshot, Stage

PUUID = pydantic.Field(description="Riot's id of the account, for the application of the key.")


class RankOut(Schema):
    """A standing in one queue, from `seen_at` on."""

    queue: str = pydantic.Field(examples=[SOLO_QUEUE])
    tier: str = pydantic.Field(examples=["GOLD"])
    division: str | None = pydantic.Field(description="null from Master on.", examples=["II"])
    league_points: int
    wins: int
    losses: int
    seen_at: datetime


class PlayerOut(Schema):
    """An account as far as it is known."""

    puuid: str = PUUID
    riot_id: str = pydantic.Field(examples=["Faker#KR1"])
    platform: str = pydantic.Field(examples=["kr"])
    states: list[str] = pydantic.Field(
        description="tracked, discovered or known; and what stops requests: paused, unavailable.",
        examples=[["tracked"]],
    )
    stage: Stage | None = pydantic.Field(description="What it waits for, or analyzed; null: no request is made for it.")
    stage_since: datetime | None
    level: int | None
    first_seen_at: datetime
    tracked_at: datetime | None
    discovered_at: datetime | None
    times_met: int = pydantic.Field(description="Stored matches shared with a tracked player.")
    paused_reason: str
    last_updated: datetime | None
    ranked_games: int = pydantic.Field(description="Stored games that analysis can use.")
    verdict: Verdict | None = pydantic.Field(description="Of the newest analysis. It recommends a look, no more.")
    smurf_score: float | None = pydantic.Field(description="0 to 100.")
    boosted_score: float | None = pydantic.Field(description="0 to 100.")
    analyzed_at: datetime | None


class PlayerDetailOut(PlayerOut):
    """The same with the newest standing in each queue."""

    ranks: list[RankOut]


class TrackedOut(Schema):
    """A tracked player in short."""

    puuid: str = PUUID
    riot_id: str
    platform: str
    current_tier: str | None = pydantic.Field(description="Ranked solo; null: no rank is known.")
    current_rank: str | None = pydantic.Field(description="The division; null from Master on.")
    last_updated: datetime | None


class GameOut(Schema):
    """A match from one player's side. null: the body did not tell."""

    match_id: str = pydantic.Field(examples=["EUW1_7000000001"])
    queue_id: int
    queue: str = pydantic.Field(examples=["Ranked Solo/Duo"])
    map: str = pydantic.Field(examples=["Summoner's Rift"])
    patch: str
    started_at: datetime
    duration_s: int
    usable: bool = pydantic.Field(description="Ranked solo, no remake, five minutes or more: analysis takes it.")
    win: bool | None
    champion_id: int | None
    champion: str
    role: str
    kills: int | None
    deaths: int | None
    assists: int | None
    cs: int | None
    gold: int | None
    damage_to_champions: int | None
    damage_share: float | None
    kill_participation: float | None
    vision_score: int | None


class ScoreOut(Schema):
    """Matches, and how many of them the player asked about won."""

    times: int
    won: int


class EncounterOut(Schema):
    """Somebody the player met."""

    puuid: str = PUUID
    riot_id: str
    platform: str
    verdict: Verdict | None = pydantic.Field(description="Of their newest analysis. It recommends a look, no more.")
    together: ScoreOut
    against: ScoreOut
    last_met: datetime


class AnalysisOut(Schema):
    """One judgement with its evidence. It recommends a look; it does not accuse."""

    analyzed_at: datetime
    verdict: Verdict
    games_used: int
    smurf_score: float | None = pydantic.Field(description="0 to 100; null: too few games.")
    boosted_score: float | None
    smurf_probability: float | None = pydantic.Field(
        description="At the share of such accounts that the model assumes."
    )
    boosted_probability: float | None
    confidence: float = pydantic.Field(description="0 to 1: how much of the evidence is there; not the score.")
    model_version: str
    baseline_version: str
    summary: str = pydantic.Field(description="The strongest reasons for and against, and what is unknown.")
    factors: list[dict[str, Any]] = pydantic.Field(description="Each factor's value, interval and contribution.")


def player_values(player: Player) -> dict[str, Any]:
    """What PlayerOut says of a player."""
    waiting = player.waiting_for
    own = PlayerOut.model_fields.keys() - {"stage", "stage_since", "level", "verdict"}
    return {name: getattr(player, name) for name in own} | {
        "stage": waiting.stage if waiting else None,
        "stage_since": waiting.since if waiting else None,
        "level": player.summoner_level,
        "verdict": player.verdict or None,
    }


def player_out(player: Player) -> PlayerOut:
    """A player."""
    return PlayerOut(**player_values(player))


def player_detail(player: Player) -> PlayerDetailOut:
    """A player with the newest standing in each queue."""
    newest = player.ranks.order_by("queue", "-seen_at").distinct("queue")
    return PlayerDetailOut(**player_values(player), ranks=[rank_out(rank) for rank in newest])


def rank_out(rank: RankSnapshot) -> RankOut:
    """A standing."""
    return RankOut.model_validate(rank)


def game_out(game: Participant) -> GameOut:
    """A match from one player's side."""
    match = game.match
    of_match: dict[str, Any] = {name: getattr(match, name) for name in ("match_id", "queue_id", "patch", "duration_s")}
    named: dict[str, Any] = {
        "queue": queue_name(match.queue_id),
        "map": map_name(match.map_id),
        "champion": champion_name(game.champion_id),
        "role": role_name(game.team_position),
    }
    own = GameOut.model_fields.keys() - of_match.keys() - named.keys()
    return GameOut(**of_match, **named, **{name: getattr(game, name) for name in own})


def encounter_out(met: Encounter) -> EncounterOut:
    """Somebody the player met."""
    who = met.player
    return EncounterOut(
        puuid=who.puuid,
        riot_id=who.riot_id,
        platform=who.platform,
        verdict=Verdict(who.verdict) if who.verdict else None,
        together=ScoreOut.model_validate(met.together),
        against=ScoreOut.model_validate(met.against),
        last_met=met.last_met,
    )


def analysis_out(analysis: Analysis) -> AnalysisOut:
    """A judgement."""
    renamed: dict[str, Any] = {"smurf_probability": analysis.smurf_p, "boosted_probability": analysis.boosted_p}
    own = AnalysisOut.model_fields.keys() - renamed.keys()
    return AnalysisOut(**renamed, **{name: getattr(analysis, name) for name in own})
