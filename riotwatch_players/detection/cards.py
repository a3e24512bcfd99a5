"""Reading, checking and writing model cards.

`read_card` is the one way in, whether the text comes from the package, a folder or a database: it checks the schema,
the hash and the golden vector, and gives one immutable card or raises BadCard.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from riotwatch_players.detection.model_card import Golden, ModelCard, Target
from riotwatch_players.detection.scoring import scored
from riotwatch_players.detection.signal_names import FACTOR_OF_SIGNAL

SHIPPED_NAME = "ladder-2.0.0"
SHIPPED_FILE = Path(__file__).parent / "models" / f"{SHIPPED_NAME}.json"
OLD_SCHEMAS = {1: "schema_version: 1 is an older riotwatch's: train the card again (manage.py train_detection)"}
"""What is said of cards that could be used once."""
GOLDEN_SCORE_TOLERANCE = 0.05
GOLDEN_P_TOLERANCE = 0.0005


class BadCard(ValueError):
    """A document that is no usable model card; says which, and what is wrong with it."""

    def __init__(self, name: str, problem: str) -> None:
        self.name = name
        self.problem = problem
        super().__init__(f"{name}: {problem}")


@cache
def shipped_card() -> ModelCard:
    """The card that comes with the product."""
    return read_card(SHIPPED_FILE.read_text(encoding="utf-8"), name=SHIPPED_FILE.name)


def read_card(text: str, *, name: str) -> ModelCard:
    """The card of a JSON text; `name` is what an error calls it. Raises BadCard."""
    document, expected = _document(text, name)
    if document.get("sha256") != expected:
        raise BadCard(name, f"sha256 is {document.get('sha256')!r}, but the content has {expected!r}: it was changed")
    if document.get("schema_version") in OLD_SCHEMAS:
        raise BadCard(name, OLD_SCHEMAS[document["schema_version"]])
    try:
        card = ModelCard.model_validate(document)
    except ValidationError as problem:
        raise BadCard(name, _first(problem)) from None
    _check_signals(card, name)
    _check_golden(card, name)
    return card


def sealed(document: Mapping[str, Any]) -> str:
    """The text of a card from its document: the hash filled in."""
    return canonical({**document, "sha256": hash_of(document)})


def canonical(document: Mapping[str, Any]) -> str:
    """One text for one document: sorted keys, a value a line at the top levels, a final newline."""
    return json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def hash_of(document: Mapping[str, Any]) -> str:
    """Of everything but the hash itself; whitespace and the order of keys do not matter."""
    rest = {key: value for key, value in document.items() if key != "sha256"}
    compact = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(compact.encode()).hexdigest()


def golden_of(signals: Mapping[str, float | None], *, games: int, smurf: Target, boosted: Target) -> Golden:
    """The golden vector of these signals after so many games."""
    arrays = {name: np.array([np.nan if value is None else value]) for name, value in signals.items()}
    after = np.array([float(games)])
    of_smurf, of_boosted = scored(arrays, after, smurf), scored(arrays, after, boosted)
    return Golden(
        signals=signals,
        games=games,
        smurf_score=round(float(of_smurf.score[0]), 2),
        boosted_score=round(float(of_boosted.score[0]), 2),
        smurf_p=round(float(of_smurf.probability[0]), 5),
        boosted_p=round(float(of_boosted.probability[0]), 5),
    )


def _document(text: str, name: str) -> tuple[dict[str, Any], str]:
    """With its hash."""
    try:
        document = json.loads(text)
        expected = hash_of(document) if isinstance(document, dict) else ""
    except RecursionError:
        raise BadCard(name, "no JSON of a card: nested too deeply") from None
    except UnicodeEncodeError:
        # JSON can name half of a surrogate pair, which is no character.
        raise BadCard(name, "no JSON of a card: a text in it is no Unicode") from None
    except ValueError as problem:
        raise BadCard(name, f"no JSON: {problem}") from None
    if not expected:
        raise BadCard(name, "no JSON object")
    return document, expected


def _first(problem: ValidationError) -> str:
    first = problem.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the card'}: {first['msg']}"


def _check_signals(card: ModelCard, name: str) -> None:
    for place, target in (("smurf", card.smurf), ("boosted", card.boosted)):
        unknown = sorted(set(target.terms) - set(FACTOR_OF_SIGNAL))
        if unknown:
            raise BadCard(name, f"{place}.terms: this version computes no signal {unknown[0]!r}")
        absent = sorted(set(target.terms) - set(card.golden.signals))
        if absent:
            raise BadCard(name, f"golden.signals: {absent[0]!r} is absent")


def _check_golden(card: ModelCard, name: str) -> None:
    try:
        # Weights may be so large that a sum is no number, which is told below.
        with np.errstate(over="ignore", invalid="ignore"):
            now = golden_of(card.golden.signals, games=card.golden.games, smurf=card.smurf, boosted=card.boosted)
    except ValidationError as problem:
        raise BadCard(name, f"golden: what this version computes is no score: {_first(problem)}") from None
    for field in ("smurf_score", "boosted_score", "smurf_p", "boosted_p"):
        tolerance = GOLDEN_SCORE_TOLERANCE if field.endswith("score") else GOLDEN_P_TOLERANCE
        expected, found = getattr(card.golden, field), getattr(now, field)
        if abs(expected - found) > tolerance:
            raise BadCard(name, f"golden.{field}: this version computes {found}, the card says {expected}")
