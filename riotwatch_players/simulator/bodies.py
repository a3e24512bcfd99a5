"""Match bodies as match-v5 writes them: drawn when asked for, the newest asked for kept."""

import json
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from riotwatch_players.simulator.draft import Draft, draft
from riotwatch_players.simulator.ids import Directory
from riotwatch_players.simulator.matches import Match, Outcome
from riotwatch_players.simulator.participants import Writer
from riotwatch_players.simulator.patches import version_at
from riotwatch_players.simulator.queues import ARENA

_KEPT: Final = 256
"""Bodies kept; one takes about 50 kB."""
_SECOND_ARENA_TEAM: Final = 0


class Bodies:
    """Serialized match bodies by match and application."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    def body(self, match: Match, directory: Directory) -> bytes:
        """The body of a match with the ids of the directory's application."""
        key = match.id, directory.application
        body = self._kept.get(key)
        if body is not None:
            self._kept.move_to_end(key)
            return body
        body = self._kept[key] = _write(match, directory)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return body


def _write(match: Match, directory: Directory) -> bytes:
    metadata = _dumps(
        {
            "dataVersion": "2",
            "matchId": match.id,
            "participants": [directory.puuids[person.index] for person in match.lineup],
        }
    )
    if match.outcome is Outcome.SHELL:
        return b'{"metadata":%b,"info":%b}' % (metadata, _dumps(_shell(match)))
    drawn = draft(match)
    info = _dumps(_info(drawn))
    participants = Writer(drawn, directory).participants()
    return b'{"metadata":%b,"info":%b,"participants":[%b]}}' % (metadata, info[:-1], participants)


def _info(drawn: Draft) -> dict[str, object]:
    match = drawn.match
    return {
        "endOfGameResult": "GameComplete",
        "gameCreation": match.creation_ms,
        "gameDuration": match.duration_s,
        "gameEndTimestamp": match.end_ms,
        "gameId": match.number,
        "gameMode": match.queue.mode,
        "gameName": f"teambuilder-match-{match.number}",
        "gameStartTimestamp": match.start_ms,
        "gameType": "MATCHED_GAME",
        "gameVersion": version_at(match.creation_ms / 1000),
        "mapId": match.queue.map_number,
        "platformId": match.platform.upper(),
        "queueId": match.queue.number,
        "teams": _teams(drawn),
        "tournamentCode": "",
    }


def _shell(match: Match) -> dict[str, object]:
    texts = dict.fromkeys(("gameMode", "gameName", "gameType", "gameVersion", "platformId", "tournamentCode"), "")
    numbers = dict.fromkeys(("gameCreation", "gameDuration", "gameId", "gameStartTimestamp", "mapId", "queueId"), 0)
    known = {"endOfGameResult": "Abort_Unexpected", "gameEndTimestamp": match.end_ms, "participants": [], "teams": []}
    return {**texts, **numbers, **known}


def _teams(drawn: Draft) -> list[dict[str, object]]:
    if drawn.match.queue is ARENA:
        kills = sum(drawn.team_kills)
        return [
            _team(100, drawn.bans, turn=1, objectives={"champion": _objective(kills, first=True)}, won=True),
            _team(_SECOND_ARENA_TEAM, [], turn=1, objectives={}, won=False),
        ]
    half = len(drawn.bans) // 2
    return [
        _team(100, drawn.bans[:half], turn=1, objectives=_objectives(drawn, 0), won=drawn.match.blue_won),
        _team(200, drawn.bans[half:], turn=half + 1, objectives=_objectives(drawn, 1), won=not drawn.match.blue_won),
    ]


_NO_OBJECTIVE: Final = {"first": False, "kills": 0}
_OBJECTIVES: Final = ("atakhan", "baron", "champion", "dragon", "horde", "inhibitor", "riftHerald", "tower")


def _team(
    number: int, bans: Sequence[int], *, turn: int, objectives: dict[str, dict[str, object]], won: bool
) -> dict[str, object]:
    return {
        "bans": [{"championId": champion, "pickTurn": turn + place} for place, champion in enumerate(bans)],
        "objectives": {name: objectives.get(name, _NO_OBJECTIVE) for name in _OBJECTIVES},
        "teamId": number,
        "win": won,
    }


def _objective(kills: int, *, first: bool) -> dict[str, object]:
    return {"first": first and kills > 0, "kills": kills}


def _objectives(drawn: Draft, side: int) -> dict[str, dict[str, object]]:
    half = len(drawn.stats) // 2
    own, other = (
        drawn.stats[side * half : side * half + half],
        drawn.stats[(1 - side) * half : (1 - side) * half + half],
    )
    turrets, their_turrets = sum(s.turrets for s in own), sum(s.turrets for s in other)
    dragons, their_dragons = sum(s.dragons for s in own), sum(s.dragons for s in other)
    blood = drawn.first_blood >= 0 and drawn.first_blood // half == side
    return {
        "baron": _objective(sum(s.barons for s in own), first=True),
        "champion": _objective(drawn.team_kills[side], first=blood),
        "dragon": _objective(dragons, first=(dragons, -side) > (their_dragons, side - 1)),
        "tower": _objective(turrets, first=(turrets, -side) > (their_turrets, side - 1)),
    }


_encode: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def _dumps(value: object) -> bytes:
    return _encode(value).encode()
