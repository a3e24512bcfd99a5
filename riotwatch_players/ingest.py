"""Storing what Riot said: matches with their players and participants.

A match, or up to MAX_MATCHES_PER_TRANSACTION of them, is one transaction with a fixed number of statements, whatever
the number of participants: the match, its backlog row, upsert of the players, their keys, the participants; one more
where somebody is new here, two more where a tracked player took part. A match that is stored already costs two and
writes nothing. The place of somebody who was erased is stored without them.

Every transaction takes its locks in one order, so that any number of workers may store matches that share players:
matches by match id, backlog rows by match id, players by puuid, and last discovery's own lock.
"""

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from riotwatch_players import backlog, discovery, erasures
from riotwatch_players.backlog import Written
from riotwatch_players.bodies import read_body
from riotwatch_players.discovery import DiscoveryRule, Met
from riotwatch_players.facts import MatchFacts, ParticipantFacts, Stats, Unusable
from riotwatch_players.models import BacklogMatch, BacklogState, Participant, Player, Source

MAX_MATCHES_PER_TRANSACTION = 100

_INSERT_MATCHES = """
INSERT INTO matches (match_id, source_id, platform, region, queue_id, map_id, mode, type, version, patch, created_at,
                     started_at, ended_at, duration_s, remake, surrendered, end_result, stored_at, people_met)
SELECT match_id, %(source)s, platform, region, queue_id, map_id, mode, type, version, patch, created_at,
       started_at, ended_at, duration_s, remake, surrendered, end_result, %(now)s, false
FROM json_to_recordset(%(rows)s::json) AS body (
    match_id text, platform text, region text, queue_id int, map_id int, mode text, type text, version text, patch text,
    created_at timestamptz, started_at timestamptz, ended_at timestamptz, duration_s int, remake bool, surrendered bool,
    end_result text)
ORDER BY match_id COLLATE "C"
ON CONFLICT (match_id) DO NOTHING
RETURNING match_id, id, usable
"""

# Name, level and icon follow the newest match; a match that is older than what is known adds games only. A row that is
# not written is locked all the same, which keeps the order of locks.
_UPSERT_PLAYERS = """
INSERT INTO players AS known (
    source_id, puuid, game_name, tag_line, platform, first_seen_at, summoner_level, profile_icon_id, level_seen_at,
    ranked_games, tracked, times_met, paused, paused_reason, listed_depth, listed_all, update_failures)
SELECT %(source)s, puuid, game_name, tag_line, platform, %(now)s, summoner_level, profile_icon_id, seen_at,
       ranked_games, false, 0, false, '', 0, false, 0
FROM json_to_recordset(%(rows)s::json) AS seen (
    puuid text, game_name text, tag_line text, platform text, summoner_level int, profile_icon_id int,
    seen_at timestamptz, ranked_games int)
ORDER BY puuid COLLATE "C"
ON CONFLICT (source_id, puuid) DO UPDATE
SET ranked_games = known.ranked_games + excluded.ranked_games,
    game_name = CASE WHEN excluded.level_seen_at > coalesce(known.level_seen_at, '-infinity')
                      AND excluded.game_name <> '' THEN excluded.game_name ELSE known.game_name END,
    tag_line = CASE WHEN excluded.level_seen_at > coalesce(known.level_seen_at, '-infinity')
                     AND excluded.game_name <> '' THEN excluded.tag_line ELSE known.tag_line END,
    summoner_level = CASE WHEN excluded.level_seen_at > coalesce(known.level_seen_at, '-infinity')
                     THEN coalesce(excluded.summoner_level, known.summoner_level) ELSE known.summoner_level END,
    profile_icon_id = CASE WHEN excluded.level_seen_at > coalesce(known.level_seen_at, '-infinity')
                      THEN coalesce(excluded.profile_icon_id, known.profile_icon_id) ELSE known.profile_icon_id END,
    level_seen_at = greatest(known.level_seen_at, excluded.level_seen_at)
WHERE excluded.ranked_games > 0 OR excluded.level_seen_at > coalesce(known.level_seen_at, '-infinity')
RETURNING id, (xmax = 0) AS created
"""

_DROP_PLAYERS = "DELETE FROM players WHERE id = ANY(%s)"


@dataclass(frozen=True)
class Stored:
    """What became of one body."""

    created: bool
    """False when the match was stored already, or is unusable."""
    state: str
    """"fetched", or "broken" when the body is unusable."""
    reason: str
    """Why it is unusable, else ""."""
    players_created: int
    players_discovered: int
    participants_created: int
    records_created: int
    records_updated: int


@dataclass(frozen=True)
class StoredBatch:
    """What became of several bodies."""

    created: tuple[str, ...] = ()
    """Match ids that are stored now and were not before."""
    unusable: tuple[Unusable, ...] = ()
    players_created: int = 0
    players_discovered: int = 0
    participants_created: int = 0
    records_created: int = 0
    """Rows of all tables."""
    records_updated: int = 0


@dataclass(frozen=True)
class _NewMatch:
    """A match of this transaction that was not stored before."""

    facts: MatchFacts
    key: int
    usable: bool


def store_match(
    source: Source, match_id: str, body: object, *, now: datetime, discover: DiscoveryRule | None
) -> Stored:
    """Store the body that Riot gave for `match_id`, or record why it is unusable. Storing it again changes nothing.

    With `discover`, the people of a match in which a tracked player took part are met; see `discovery`.
    """
    batch = store_matches(source, [read_body(match_id, body)], now=now, discover=discover)
    reason = next((unusable.reason for unusable in batch.unusable), "")
    return Stored(
        created=match_id in batch.created,
        state=BacklogState.BROKEN.value if reason else BacklogState.FETCHED.value,
        reason=reason,
        players_created=batch.players_created,
        players_discovered=batch.players_discovered,
        participants_created=batch.participants_created,
        records_created=batch.records_created,
        records_updated=batch.records_updated,
    )


def store_matches(
    source: Source, readings: Sequence[MatchFacts | Unusable], *, now: datetime, discover: DiscoveryRule | None
) -> StoredBatch:
    """Store what `read_body` found, in one transaction; raises ValueError beyond MAX_MATCHES_PER_TRANSACTION.

    Of several readings of one match a usable one counts.
    """
    if len(readings) > MAX_MATCHES_PER_TRANSACTION:
        raise ValueError(f"{len(readings)} matches for one transaction; at most {MAX_MATCHES_PER_TRANSACTION}")
    usable = {reading.match_id: reading for reading in readings if isinstance(reading, MatchFacts)}
    unusable = {reading.match_id: reading for reading in readings if isinstance(reading, Unusable)}
    with transaction.atomic():
        new = _insert_matches(source, usable.values(), now=now)
        settled = _settle(source, usable, unusable, now=now)
        written = _upsert_players(source, new, now=now)
        players = _players(source, new)
        erased = _drop_erased(source, players, written, now=now)
        seen = Written(created=sum(written.values()) - len(erased), updated=len(written) - sum(written.values()))
        participants = _insert_participants(new, players)
        met = _meet(new, players, discover, now=now)
    return StoredBatch(
        created=tuple(match.facts.match_id for match in new),
        unusable=tuple(reading for match_id, reading in unusable.items() if match_id not in usable),
        players_created=seen.created,
        players_discovered=met.discovered,
        participants_created=participants,
        records_created=len(new) + settled.created + seen.created + participants,
        records_updated=settled.updated + seen.updated + met.updated,
    )


def _insert_matches(source: Source, matches: Iterable[MatchFacts], *, now: datetime) -> list[_NewMatch]:
    facts = {match.match_id: match for match in matches}
    if not facts:
        return []
    rows = [_columns(match) for match in facts.values()]
    inserted = _rows(_INSERT_MATCHES, {"source": source.pk, "now": now, "rows": _json(rows)})
    return [_NewMatch(facts[match_id], key=key, usable=usable) for match_id, key, usable in inserted]


def _settle(source: Source, usable: dict[str, MatchFacts], unusable: dict[str, Unusable], *, now: datetime) -> Written:
    reasons = {match_id: reading.reason for match_id, reading in unusable.items()} | dict.fromkeys(usable, "")
    return backlog.settle(source, reasons, lane=BacklogMatch.DISCOVERY, now=now)


def _upsert_players(source: Source, new: Sequence[_NewMatch], *, now: datetime) -> dict[int, bool]:
    """The keys of the rows that were written, and whether each is new."""
    rows = _seen_players(new, now=now)
    return dict(_rows(_UPSERT_PLAYERS, {"source": source.pk, "now": now, "rows": _json(rows)})) if rows else {}


def _drop_erased(
    source: Source, players: dict[str, Player], written: dict[int, bool], *, now: datetime
) -> Sequence[Player]:
    """Take those who were erased out of `players` and out of the database; returns them.

    Asked only now: the upsert has waited for an erasure that was under way, and would have made the row again.
    """
    created = [player for player in players.values() if written.get(player.pk)]
    keys = erasures.erased_among(source, created, now=now) if created else set()
    erased = [player for player in created if player.pk in keys]
    if erased:
        with connection.cursor() as cursor:
            cursor.execute(_DROP_PLAYERS, [list(keys)])
    for player in erased:
        del players[player.puuid]
    return erased


def _seen_players(new: Sequence[_NewMatch], *, now: datetime) -> list[dict[str, Any]]:
    """A row per player: as the newest of these matches shows them, with the usable games of all of them."""
    games = Counter(one.puuid for match in new if match.usable for one in match.facts.participants if one.puuid)
    newest_last = sorted(new, key=lambda match: match.facts.ended_at)
    rows: dict[str, dict[str, Any]] = {}
    for match in newest_last:
        for one in match.facts.participants:
            if one.puuid:
                rows[one.puuid] = _seen_player(one, match.facts, earlier=rows.get(one.puuid, {}), now=now)
    return [{**row, "ranked_games": games[puuid]} for puuid, row in rows.items()]


def _seen_player(one: ParticipantFacts, match: MatchFacts, *, earlier: dict[str, Any], now: datetime) -> dict[str, Any]:
    named = {"game_name": one.game_name, "tag_line": one.tag_line} if one.game_name else earlier
    return {
        "puuid": one.puuid,
        "game_name": named.get("game_name", ""),
        "tag_line": named.get("tag_line", ""),
        "platform": match.platform,
        "summoner_level": one.stats.summoner_level or earlier.get("summoner_level"),
        "profile_icon_id": earlier.get("profile_icon_id") if one.profile_icon_id is None else one.profile_icon_id,
        # A body that claims to be from the future must not outrank what comes later.
        "seen_at": min(match.ended_at, now),
    }


def _players(source: Source, new: Sequence[_NewMatch]) -> dict[str, Player]:
    puuids = {one.puuid for match in new for one in match.facts.participants if one.puuid}
    if not puuids:
        return {}
    rows = Player.objects.filter(source=source, puuid__in=puuids).only(
        "id", "puuid", "source", "game_name", "tag_line", "tracked"
    )
    return {player.puuid: player for player in rows}


def _insert_participants(new: Sequence[_NewMatch], players: dict[str, Player]) -> int:
    if not new:
        return 0
    rows = [_participant(match, one, players) for match in new for one in match.facts.participants]
    return len(Participant.objects.bulk_create(rows))


def _participant(match: _NewMatch, one: ParticipantFacts, players: dict[str, Player]) -> Participant:
    return Participant(
        match_id=match.key,
        position=one.position,
        player_id=players[one.puuid].pk if one.puuid in players else None,
        started_at=match.facts.started_at,
        usable=match.usable,
        **_columns(one.stats),
    )


def _meet(new: Sequence[_NewMatch], players: dict[str, Player], rule: DiscoveryRule | None, *, now: datetime) -> Met:
    tracked = {puuid for puuid, player in players.items() if player.tracked}
    shared = [match.key for match in new if any(one.puuid in tracked for one in match.facts.participants)]
    if rule is None or not shared:
        return Met(discovered=0, updated=0)
    return discovery.meet(shared, rule, now=now)


def _columns(facts: MatchFacts | Stats) -> dict[str, Any]:
    """The fields that are columns."""
    names = (field.name for field in dataclasses.fields(facts) if field.name != "participants")
    return {name: getattr(facts, name) for name in names}


def _json(rows: list[dict[str, Any]]) -> str:
    return json.dumps(rows, default=datetime.isoformat)


def _rows(statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
