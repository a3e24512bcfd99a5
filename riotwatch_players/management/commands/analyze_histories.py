import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError, CommandParser

from riotwatch_players.detection.judgement import Judgement, judge
from riotwatch_players.detection.model_card import ModelCard
from riotwatch_players.detection.records import read_history
from riotwatch_players.management.card_option import USAGE_ERROR, add_card_option, card_from

LINES_AT_ONCE = 500


class BadLine(CommandError):
    """A line that is no history."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"Line {number} is no JSON object.", returncode=USAGE_ERROR)


class Command(BaseCommand):
    """Scores histories that come from elsewhere; asks no database and no Riot."""

    help = "Judge histories: one JSON object a line in, one a line out (the format is in docs/detection.md)."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """IN, OUT and the card."""
        parser.epilog = "Exit codes: 0 done, 2 bad input."
        parser.add_argument("source", metavar="IN.jsonl", type=Path)
        parser.add_argument("output", metavar="OUT.jsonl", type=Path)
        add_card_option(parser)

    def handle(self, *, source: Path, output: Path, model: Path | None, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Judge in batches, in the order of the lines."""
        del options
        card = card_from(model)
        try:
            with source.open(encoding="utf-8") as lines, output.open("w", encoding="utf-8") as written:
                count = sum(_judge(records, written, card) for records in _batches(lines))
        except OSError as problem:
            raise CommandError(f"{problem.filename}: {problem.strerror}", returncode=USAGE_ERROR) from problem
        self.stdout.write(f"{count} histories judged with {card.name}")


def _batches(lines: TextIO) -> Iterator[list[dict[str, Any]]]:
    numbered = ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
    while batch := [_record(number, line) for number, line in islice(numbered, LINES_AT_ONCE)]:
        yield batch


def _record(number: int, line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        raise BadLine(number) from None
    if not isinstance(record, dict):
        raise BadLine(number)
    return record


def _judge(records: list[dict[str, Any]], written: TextIO, card: ModelCard) -> int:
    judgements = judge([read_history(record) for record in records], card)
    for record, judgement in zip(records, judgements, strict=True):
        written.write(json.dumps({"id": record.get("id"), **_as_record(judgement)}) + "\n")
    return len(records)


def _as_record(judgement: Judgement) -> dict[str, Any]:
    return {
        "verdict": judgement.verdict.value,
        "smurf_score": judgement.smurf_score,
        "boosted_score": judgement.boosted_score,
        "smurf_p": judgement.smurf_p,
        "boosted_p": judgement.boosted_p,
        "confidence": judgement.confidence,
        "factors": {
            factor.name: {
                "value": factor.value,
                "state": factor.state.value,
                "contribution": factor.contribution,
                "text": factor.text,
            }
            for factor in judgement.factors
        },
        "model_version": judgement.model_version,
    }
