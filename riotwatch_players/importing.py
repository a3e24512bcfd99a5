"""Storing match bodies that people already have.

Everything goes in as it would from Riot, except that nobody is discovered: those met in imported matches are known, and
cost no request.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from riotwatch_players.bodies import MATCH_ID, read_body
from riotwatch_players.documents import Advance, Document, Found, Skipped, Unreadable, read_documents
from riotwatch_players.facts import MatchFacts, Unusable
from riotwatch_players.ingest import MAX_MATCHES_PER_TRANSACTION, StoredBatch, store_matches
from riotwatch_players.json_values import mapping
from riotwatch_players.models import Source


@dataclass
class Summary:
    """What an import found and did."""

    bodies_read: int = 0
    """Match bodies; the next three add up to it."""
    stored: int = 0
    already_known: int = 0
    unusable: Counter[str] = field(default_factory=Counter)
    """Match bodies by why they are unusable; in the backlog as broken, except those with a malformed id."""
    not_matches: Counter[str] = field(default_factory=Counter)
    """Other documents and files, by what they are."""
    unreadable: list[Unreadable] = field(default_factory=list)
    """Files, or places in them, that could not be read."""
    players_created: int = 0
    participants_created: int = 0
    records_created: int = 0
    records_updated: int = 0

    def count(self, batch: StoredBatch, *, bodies: int) -> None:
        """Add one transaction of `bodies` match bodies."""
        self.bodies_read += bodies
        self.stored += len(batch.created)
        self.players_created += batch.players_created
        self.participants_created += batch.participants_created
        self.records_created += batch.records_created
        self.records_updated += batch.records_updated


def import_matches(paths: Iterable[Path], source: Source, *, now: datetime, advance: Advance) -> Summary:
    """Store every match body in files, folders and archives; doing it again writes nothing.

    What is stored stays stored when a later file turns out to be damaged: each 100 bodies are a transaction.
    `advance` is told the bytes read from disk.
    """
    summary = Summary()
    batch: list[MatchFacts | Unusable] = []
    for found in read_documents(paths, advance=advance):
        for reading in _readings(found, summary):
            batch.append(reading)
            if len(batch) == MAX_MATCHES_PER_TRANSACTION:
                _store(batch, source, summary, now=now)
    _store(batch, source, summary, now=now)
    return summary


def _store(batch: list[MatchFacts | Unusable], source: Source, summary: Summary, *, now: datetime) -> None:
    stored = store_matches(source, batch, now=now, discover=None)
    summary.count(stored, bodies=len(batch))
    unusable = [reading.reason for reading in batch if isinstance(reading, Unusable)]
    summary.unusable.update(unusable)
    summary.already_known += len(batch) - len(unusable) - len(stored.created)
    batch.clear()


def _readings(found: Found, summary: Summary) -> Iterator[MatchFacts | Unusable]:
    if isinstance(found, Unreadable):
        summary.unreadable.append(found)
    elif isinstance(found, Skipped):
        summary.not_matches[found.reason] += 1
    else:
        for value in _bodies(found.value):
            if _is_match(value):
                yield read_body(_match_id(value, found), value)
            else:
                summary.not_matches[_what(value)] += 1


def _bodies(value: object) -> list[object]:
    """One body, a list of bodies, or `{"matches": [bodies]}`; a list without any body is one document."""
    several = mapping(value).get("matches") if isinstance(value, Mapping) else value
    if isinstance(several, list) and any(_is_match(one) for one in several):
        return several
    return [value]


def _is_match(value: object) -> bool:
    """Whether somebody meant it to be a match body, usable or not."""
    body = mapping(value)
    info = mapping(body.get("info"))
    if "frames" in info:
        return False
    return "matchId" in mapping(body.get("metadata")) or "participants" in info


def _match_id(value: object, document: Document) -> str:
    """What the body says it is; where it does not say, what its parts or its file's name make likely."""
    body = mapping(value)
    info = mapping(body.get("info"))
    stem = document.name.rpartition("/")[2].partition(".")[0]
    candidates = (mapping(body.get("metadata")).get("matchId"), f"{info.get('platformId')}_{info.get('gameId')}", stem)
    return next((one for one in candidates if isinstance(one, str) and MATCH_ID.fullmatch(one)), stem[:40])


def _what(value: object) -> str:
    """What a document is that holds no match body."""
    body = mapping(value)
    if "frames" in mapping(body.get("info")):
        return "a timeline"
    if "status_code" in mapping(body.get("status")):
        return "an error answer"
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return "a list of ids"
    return "other JSON"
