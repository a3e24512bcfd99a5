"""Match bodies as Riot writes them, small; and the people who play in them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from riotwatch_players.models import Player, Source
from riotwatch_players.riot.payloads import LeagueEntry

API_URL = "http://127.0.0.1:9/{host}"
NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
NOW = datetime(2026, 4, 20, tzinfo=UTC)
TEN = ("Ada", "Bela", "Cleo", "Dana", "Emil", "Finn", "Gwen", "Hugo", "Iris", "Jaro")
POSITIONS = ("TOP", "JUNGLE", "MIDDLE", "BOTTOM", "UTILITY")


def puuid_of(name: str) -> str:
    return f"puuid-of-{name}".ljust(78, "_")


def participant(name: str, place: int = 0, /, **changes: Any) -> dict[str, Any]:
    """One of ten; "BOT" is a bot."""
    one = {
        "puuid": "BOT" if name == "BOT" else puuid_of(name),
        "riotIdGameName": name,
        "riotIdTagline": "EUW",
        "summonerName": "",
        "summonerLevel": 100 + place,
        "profileIcon": 20 + place,
        "teamId": 100 if place < 5 else 200,
        "win": place < 5,
        "teamPosition": POSITIONS[place % 5],
        "individualPosition": POSITIONS[place % 5],
        "championId": 1 + place,
        "champLevel": 15,
        "kills": 4,
        "deaths": 4,
        "assists": 6,
        "totalMinionsKilled": 150,
        "neutralMinionsKilled": 12,
        "goldEarned": 11_000,
        "totalDamageDealtToChampions": 20_000,
        "visionScore": 21,
        "timePlayed": 1800,
        "gameEndedInEarlySurrender": False,
        "gameEndedInSurrender": False,
        "teamEarlySurrendered": False,
        "placement": 0,
        "playerSubteamId": 0,
        "subteamPlacement": 0,
        "summoner1Id": 4,
        "summoner2Id": 12,
        **{f"item{slot}": 1000 + slot for slot in range(7)},
        "perks": {
            "statPerks": {"defense": 5013, "flex": 5008, "offense": 5005},
            "styles": [
                {"style": 8000, "selections": [{"perk": 8010, "var1": 3}, {"perk": 9111}]},
                {"style": 8200, "selections": [{"perk": 8234}]},
            ],
        },
        "challenges": {"killParticipation": 0.5},
    }
    return one | changes


def body(
    match_id: str = "EUW1_7000000001",
    people: Sequence[str] = TEN,
    *,
    started_at: datetime = NOON,
    each: dict[str, Any] | None = None,
    **info: Any,
) -> dict[str, Any]:
    """A ranked game of half an hour; `each` changes every participant, the rest changes `info`."""
    ms = int(started_at.timestamp() * 1000)
    platform, _, number = match_id.partition("_")
    participants = [participant(name, place, **(each or {})) for place, name in enumerate(people)]
    return {
        "metadata": {
            "dataVersion": "2",
            "matchId": match_id,
            "participants": [puuid_of(name) for name in people if name != "BOT"],
        },
        "info": {
            "endOfGameResult": "GameComplete",
            "gameCreation": ms - 15_000,
            "gameDuration": 1800,
            "gameEndTimestamp": ms + 1_805_000,
            "gameId": int(number),
            "gameMode": "CLASSIC",
            "gameStartTimestamp": ms,
            "gameType": "MATCHED_GAME",
            "gameVersion": "16.7.764.3737",
            "mapId": 11,
            "participants": participants,
            "platformId": platform,
            "queueId": 420,
            "teams": [],
            "tournamentCode": "",
        }
        | info,
    }


def several(count: int, people: Sequence[str] = TEN, *, first: int = 1) -> list[dict[str, Any]]:
    """Games of the same people, an hour apart."""
    return [
        body(f"EUW1_{7_000_000_000 + number}", people, started_at=NOON + timedelta(hours=number))
        for number in range(first, first + count)
    ]


def id_of(match: dict[str, Any]) -> str:
    return str(match["metadata"]["matchId"])


def source() -> Source:
    return Source.objects.current(API_URL)


def known(name: str, **fields: Any) -> Player:
    """A player who is in the database already."""
    defaults = {
        "puuid": puuid_of(name),
        "game_name": name,
        "tag_line": "EUW",
        "platform": "euw1",
        "first_seen_at": NOON,
    }
    return Player.objects.create(source=source(), **(defaults | fields))


def solo_queue(tier: str | None = "GOLD", division: str | None = "II", points: int = 40, **fields: Any) -> LeagueEntry:
    defaults = {"queue_type": "RANKED_SOLO_5x5", "wins": 60, "losses": 50}
    flags = dict.fromkeys(("hot_streak", "veteran", "fresh_blood", "inactive"), False)
    return LeagueEntry(tier=tier, division=division, league_points=points, **(defaults | flags | fields))
