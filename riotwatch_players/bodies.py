"""Reading a match-v5 body: any JSON value in, the facts of a match or the reason why there are none out.

Riot's bodies differ by patch, queue and accident, so nothing is required but what makes a match: its id, participants,
a time, a queue and a duration. Any other value that is missing or of a wrong kind is unknown (None or ""), never zero.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from riotwatch_players.facts import MatchFacts, ParticipantFacts, Stats, Unusable
from riotwatch_players.json_values import (
    MAX_INTEGER,
    MAX_SMALL,
    flag,
    integer,
    integers,
    kind_of,
    mapping,
    moment,
    positive,
    sequence,
    text,
    total,
)
from riotwatch_players.riot.routing import UnknownPlatform, region_of_match

MATCH_ID = re.compile(r"[A-Z][A-Z0-9]{1,15}_[0-9]{1,19}")
BOT = "BOT"
POSITIONS = frozenset({"TOP", "JUNGLE", "MIDDLE", "BOTTOM", "UTILITY"})
ITEM_SLOTS = 7
# Arena has 18; four times that is no match but garbage.
MAX_PARTICIPANTS = 72
MAX_DURATION_S = 86_400


def region_of(match_id: str) -> str:
    """The host that serves a match id; "" for a platform that no host serves (esports, test realms)."""
    try:
        return region_of_match(match_id)
    except UnknownPlatform:
        return ""


def read_body(match_id: str, body: object) -> MatchFacts | Unusable:
    """What `body` says about `match_id`. Never raises, whatever JSON value it is given."""
    if not MATCH_ID.fullmatch(match_id):
        return Unusable(match_id, "malformed match id")
    info = mapping(body).get("info")
    reason = _wrong_match(match_id, body) or _no_match(info)
    if reason:
        return Unusable(match_id, reason)
    return _read_info(match_id, mapping(info))


def _wrong_match(match_id: str, body: object) -> str:
    if not isinstance(body, Mapping):
        return f"body is {kind_of(body)}, not an object"
    named = mapping(body.get("metadata")).get("matchId")
    if named is None:
        return "metadata.matchId is missing"
    return "" if named == match_id else "metadata.matchId names another match"


def _no_match(info: object) -> str:
    if not isinstance(info, Mapping):
        return f"info is {kind_of(info)}, not an object"
    participants = info.get("participants")
    if not isinstance(participants, list):
        return f"info.participants is {kind_of(participants)}, not a list"
    if not participants:
        return f"empty shell: no participants ({text(info.get('endOfGameResult')) or 'no endOfGameResult'})"
    if len(participants) > MAX_PARTICIPANTS:
        return "more participants than any match has"
    if not all(isinstance(one, Mapping) for one in participants):
        return "a participant is not an object"
    return ""


def _read_info(match_id: str, info: Mapping[str, Any]) -> MatchFacts | Unusable:
    bodies: list[Mapping[str, Any]] = info["participants"]
    queue_id = integer(info.get("queueId"))
    if queue_id is None:
        return Unusable(match_id, "queueId is missing")
    started_at = moment(info.get("gameStartTimestamp")) or moment(info.get("gameCreation"))
    if started_at is None:
        return Unusable(match_id, "gameStartTimestamp and gameCreation are missing")
    played_s = max(integer(one.get("timePlayed"), most=MAX_DURATION_S) or 0 for one in bodies)
    duration_s = _duration_s(info, played_s)
    if duration_s is None:
        return Unusable(match_id, "gameDuration is missing")
    version = text(info.get("gameVersion"))
    return MatchFacts(
        match_id=match_id,
        platform=match_id.partition("_")[0].lower(),
        region=region_of(match_id),
        queue_id=queue_id,
        map_id=integer(info.get("mapId")),
        mode=text(info.get("gameMode")),
        type=text(info.get("gameType")),
        version=version,
        patch=_patch(version),
        created_at=moment(info.get("gameCreation")) or started_at,
        started_at=started_at,
        # gameEndTimestamp can be hours late; Riot's advice is the start plus the longest time anybody played.
        ended_at=started_at + timedelta(seconds=played_s or duration_s),
        duration_s=duration_s,
        # Neither a short duration nor endOfGameResult tells: 270 s can be a surrender, a remake says GameComplete.
        remake=_anybody(bodies, "gameEndedInEarlySurrender"),
        surrendered=_anybody(bodies, "gameEndedInSurrender"),
        end_result=text(info.get("endOfGameResult")),
        participants=_participants(bodies),
    )


def _duration_s(info: Mapping[str, Any], played_s: int) -> int | None:
    """In seconds. Riot wrote milliseconds before patch 11.20, and only then left gameEndTimestamp out."""
    duration = integer(info.get("gameDuration"), most=MAX_DURATION_S * 1000)
    if duration is not None and info.get("gameEndTimestamp") is None:
        duration //= 1000
    if duration is None or duration > MAX_DURATION_S:
        return played_s or None
    return duration


def _patch(version: str) -> str:
    found = re.match(r"[0-9]{1,3}\.[0-9]{1,3}(?![0-9])", version)
    return found.group() if found else ""


def _participants(bodies: list[Mapping[str, Any]]) -> tuple[ParticipantFacts, ...]:
    puuids = [_puuid(one.get("puuid")) for one in bodies]
    teams = _teams(bodies)
    return tuple(
        _participant(position, one, puuid=puuid if puuids.count(puuid) == 1 else None, team=teams[_team_key(one)])
        for position, (one, puuid) in enumerate(zip(bodies, puuids, strict=True))
    )


@dataclass(frozen=True, slots=True)
class _Team:
    """What shares are taken of; None where one of the team's values is unknown."""

    kills: int | None
    damage: int | None


def _team_key(one: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """In Arena several subteams share a team id."""
    return (integer(one.get("teamId")), positive(one.get("playerSubteamId")))


def _teams(bodies: list[Mapping[str, Any]]) -> dict[tuple[int | None, int | None], _Team]:
    members: dict[tuple[int | None, int | None], list[Mapping[str, Any]]] = {}
    for one in bodies:
        members.setdefault(_team_key(one), []).append(one)
    return {
        key: _Team(
            kills=total(integer(one.get("kills"), most=MAX_SMALL) for one in team),
            damage=total(integer(one.get("totalDamageDealtToChampions")) for one in team),
        )
        for key, team in members.items()
    }


def _participant(position: int, one: Mapping[str, Any], *, puuid: str | None, team: _Team) -> ParticipantFacts:
    game_name, tag_line = _riot_id(one)
    return ParticipantFacts(
        position=position,
        puuid=puuid,
        game_name=game_name,
        tag_line=tag_line,
        profile_icon_id=integer(one.get("profileIcon")),
        stats=_stats(one, team),
    )


def _stats(one: Mapping[str, Any], team: _Team) -> Stats:
    kills, deaths, assists = (integer(one.get(name), most=MAX_SMALL) for name in ("kills", "deaths", "assists"))
    damage = integer(one.get("totalDamageDealtToChampions"))
    return Stats(
        team_id=integer(one.get("teamId"), most=MAX_SMALL),
        subteam=positive(one.get("playerSubteamId")),
        placement=positive(one.get("subteamPlacement")) or positive(one.get("placement")),
        win=flag(one.get("win")),
        surrendered_early=flag(one.get("teamEarlySurrendered")),
        champion_id=integer(one.get("championId")),
        champion_level=integer(one.get("champLevel"), most=MAX_SMALL),
        team_position=_position(one.get("teamPosition")),
        individual_position=_position(one.get("individualPosition")),
        kills=kills,
        deaths=deaths,
        assists=assists,
        cs=total(integer(one.get(name)) for name in ("totalMinionsKilled", "neutralMinionsKilled")),
        gold=integer(one.get("goldEarned")),
        damage_to_champions=damage,
        damage_share=_share(damage, team.damage),
        kill_participation=_share(total((kills, assists)), team.kills),
        vision_score=integer(one.get("visionScore")),
        time_played_s=integer(one.get("timePlayed"), most=MAX_DURATION_S),
        summoner_level=integer(one.get("summonerLevel"), least=1),
        items=_items(one),
        spells=[integer(one.get(name)) or 0 for name in ("summoner1Id", "summoner2Id")],
        runes=_runes(one.get("perks")),
    )


def _items(one: Mapping[str, Any]) -> list[int]:
    """The seven slots, and an eighth where the body has the slot that comes with a role."""
    slots = [integer(one.get(f"item{slot}")) or 0 for slot in range(ITEM_SLOTS)]
    bound_to_role = positive(one.get("roleBoundItem"), most=MAX_INTEGER)
    return [*slots, bound_to_role] if bound_to_role else slots


def _runes(perks: object) -> dict[str, list[int]]:
    page = mapping(perks)
    styles = [mapping(style) for style in sequence(page.get("styles"))]
    selections = [mapping(chosen) for style in styles for chosen in sequence(style.get("selections"))]
    stats = mapping(page.get("statPerks"))
    runes = {
        "styles": integers(style.get("style") for style in styles),
        "perks": integers(chosen.get("perk") for chosen in selections),
        "stats": integers(stats.get(name) for name in ("offense", "flex", "defense")),
    }
    return {name: ids for name, ids in runes.items() if ids}


def _riot_id(one: Mapping[str, Any]) -> tuple[str, str]:
    """Bodies of 2023 call the name riotIdName, often ''; summonerName is no Riot ID."""
    game_name = text(one.get("riotIdGameName"), longest=64) or text(one.get("riotIdName"), longest=64)
    return (game_name, text(one.get("riotIdTagline"), longest=16)) if game_name else ("", "")


def _puuid(value: object) -> str | None:
    if not isinstance(value, str) or value == BOT:
        return None
    return value if re.fullmatch(r"[!-~]{1,128}", value) else None


def _position(value: object) -> str:
    """One of the five, or "": Riot writes 'Invalid' (so spelled) or '' where a mode has none."""
    return value if isinstance(value, str) and value in POSITIONS else ""


def _share(part: int | None, whole: int | None) -> float | None:
    return min(part / whole, 1.0) if part is not None and whole else None


def _anybody(bodies: list[Mapping[str, Any]], name: str) -> bool:
    return any(one.get(name) is True for one in bodies)
