"""What each endpoint answers: a status and a body, nothing about keys, limits or faults."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from zlib import crc32

from riotwatch_players.simulator.bodies import Bodies
from riotwatch_players.simulator.hosts import REGION_OF
from riotwatch_players.simulator.ids import Directory, looks_like_puuid
from riotwatch_players.simulator.ladder import Ladder
from riotwatch_players.simulator.matches import Match, Outcome
from riotwatch_players.simulator.people import Person
from riotwatch_players.simulator.queues import TYPES
from riotwatch_players.simulator.world import World

_DEFAULT_COUNT: Final = 20
_MOST_COUNT: Final = 100
_VETERAN_GAMES: Final = 100
_FRESH_GAMES: Final = 30
_HOT_STREAK: Final = 3
_PLATFORM_NAMES: Final = {
    "euw1": ("EU West", "en_GB"),
    "na1": ("North America", "en_US"),
    "kr": ("Republic of Korea", "ko_KR"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a body."""

    status: int
    body: bytes


class Refusal(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Question:
    """One request for data, as an endpoint sees it."""

    host: str
    parts: Sequence[str]
    """The variable parts of the path, decoded."""
    query: Mapping[str, str]
    directory: Directory


def error_body(status: int, message: str) -> bytes:
    """Riot's JSON for an error."""
    return _json({"status": {"message": message, "status_code": status}})


@dataclass(slots=True)
class Answers:
    """Answers out of the world."""

    world: World
    missing: set[str] = field(default_factory=set)
    """Matches that are listed and not found."""
    _bodies: Bodies = field(default_factory=Bodies)

    def answer(self, endpoint: str, question: Question) -> Answer:
        """The answer of an endpoint in `ENDPOINTS`."""
        try:
            return Answer(200, _ANSWERS[endpoint](self, question))
        except Refusal as refusal:
            return Answer(refusal.status, error_body(refusal.status, refusal.message))

    def account_by_riot_id(self, question: Question) -> bytes:
        """Who bears a Riot ID now; 404 also for vanished accounts."""
        game_name, tag_line = question.parts
        person = self.world.find(f"{game_name}#{tag_line}")
        if person is None or not person.exists_at(self.world.now_s):
            raise Refusal(404, f"Data not found - No results found for player with riot id {game_name}#{tag_line}")
        return _account(person, question)

    def account_by_puuid(self, question: Question) -> bytes:
        """An account; 404 once it has vanished."""
        return _account(self._existing(question, "No results found for player"), question)

    def region(self, question: Question) -> bytes:
        """The platform an account is on."""
        person = self._existing(
            Question(question.host, question.parts[1:], question.query, question.directory), "No region"
        )
        if question.parts[0] != "lol":
            raise Refusal(404, "Data not found - No region found for player")
        return _json({"puuid": question.parts[1], "game": "lol", "region": person.platform})

    def summoner(self, question: Question) -> bytes:
        """Icon, level and last change, on the platform of the account only."""
        person = self._existing(question, "summoner not found")
        if person.platform != question.host:
            raise Refusal(404, "Data not found - summoner not found")
        account = self.world.account(person)
        revised_ms = account.history[-1].end_ms if account.history else person.skilled_from_s * 1000
        return _json(
            {
                "puuid": question.parts[0],
                "profileIconId": person.icon,
                "revisionDate": revised_ms,
                "summonerLevel": account.level,
            }
        )

    def league_entries(self, question: Question) -> bytes:
        """Ranks by queue; none without placements, on another platform, or once vanished."""
        person = self._person(question)
        if person.platform != question.host or not person.exists_at(self.world.now_s):
            return b"[]"
        account = self.world.account(person)
        ladders = {"RANKED_SOLO_5x5": account.solo, "RANKED_FLEX_SR": account.flex}
        entries = [_entry(name, ladder, question) for name, ladder in ladders.items() if ladder.placed]
        return _json(entries)

    def match_ids(self, question: Question) -> bytes:
        """Ids of finished matches, newest first."""
        person = self._person(question)
        query = question.query
        start, count = _number(query, "start", default=0), _number(query, "count", default=_DEFAULT_COUNT)
        if count > _MOST_COUNT:
            raise Refusal(400, "Bad Request - count must be between 0 and 100")
        if REGION_OF[person.platform] != question.host:
            return b"[]"
        found = _listed(self.world.account(person).history, query)
        return _json([match.id for place, match in zip(range(start + count), found) if place >= start])  # noqa: B905

    def match(self, question: Question) -> bytes:
        """A body; 404 for what is lost, not over yet, or of another region."""
        match = self._match(question)
        if match is None or match.outcome is Outcome.LOST or match.id in self.missing:
            raise Refusal(404, "Data not found - match file not found")
        return self._bodies.body(match, question.directory)

    def timeline(self, question: Question) -> bytes:
        """Always 404: this world keeps no timelines."""
        raise Refusal(404, "Data not found - match file not found")

    def platform_status(self, question: Question) -> bytes:
        """A platform without incidents."""
        name, locale = _PLATFORM_NAMES.get(question.host, (question.host.upper(), "en_US"))
        return _json(
            {"id": question.host.upper(), "name": name, "locales": [locale], "maintenances": [], "incidents": []}
        )

    def _match(self, question: Question) -> Match | None:
        match = self.world.match(question.parts[0])
        return match if match and REGION_OF[match.platform] == question.host else None

    def _person(self, question: Question) -> Person:
        """Who the puuid at the front of the path stands for; refuses what this application was never given."""
        puuid = question.parts[0]
        index = question.directory.index_of(puuid)
        if index is not None:
            return self.world.people[index]
        if looks_like_puuid(puuid):
            raise Refusal(400, f"Bad Request - Exception decrypting {puuid}")
        raise Refusal(400, "Bad request - PUUID was not in UUID format")

    def _existing(self, question: Question, otherwise: str) -> Person:
        person = self._person(question)
        if not person.exists_at(self.world.now_s):
            raise Refusal(404, f"Data not found - {otherwise}")
        return person


_ANSWERS: Final[Mapping[str, Callable[[Answers, Question], bytes]]] = {
    "account-v1.by-riot-id": Answers.account_by_riot_id,
    "account-v1.by-puuid": Answers.account_by_puuid,
    "account-v1.region": Answers.region,
    "summoner-v4.by-puuid": Answers.summoner,
    "league-v4.entries-by-puuid": Answers.league_entries,
    "match-v5.ids": Answers.match_ids,
    "match-v5.match": Answers.match,
    "match-v5.timeline": Answers.timeline,
    "lol-status-v4.platform-data": Answers.platform_status,
}


def _account(person: Person, question: Question) -> bytes:
    puuid = question.directory.puuids[person.index]
    return _json({"puuid": puuid, "gameName": person.game_name, "tagLine": person.tag_line})


def _entry(queue_type: str, ladder: Ladder, question: Question) -> dict[str, object]:
    tier, division, league_points = ladder.standing()
    games = ladder.wins + ladder.losses
    return {
        "leagueId": f"{crc32(f'{question.host}/{queue_type}/{tier}'.encode()):08x}-0000-4000-8000-000000000000",
        "queueType": queue_type,
        "tier": tier,
        "rank": division,
        "puuid": question.parts[0],
        "leaguePoints": league_points,
        "wins": ladder.wins,
        "losses": ladder.losses,
        "veteran": games >= _VETERAN_GAMES,
        "inactive": False,
        "freshBlood": games < _FRESH_GAMES,
        "hotStreak": ladder.streak >= _HOT_STREAK,
    }


def _listed(history: Sequence[Match], query: Mapping[str, str]) -> Iterator[Match]:
    """Newest first, filtered by when the match was made; unknown parameters are ignored, as at Riot."""
    queue, kind = _number(query, "queue", default=-1), query.get("type")
    if kind is not None and kind not in TYPES:
        raise Refusal(400, "Bad Request - type is unknown")
    start_ms, end_ms = _number(query, "startTime", default=0) * 1000, _number(query, "endTime", default=1 << 40) * 1000
    return (
        match
        for match in reversed(history)
        if start_ms <= match.creation_ms <= end_ms
        and queue in {-1, match.queue.number}
        and kind in {None, match.queue.kind}
    )


def _number(query: Mapping[str, str], name: str, *, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()):
        raise Refusal(400, f"Bad Request - {name} must be a number of at least 0")
    return int(text)


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
