"""Small model cards as texts, for rows and for files."""

from typing import Any

from riotwatch_players import model_cards
from riotwatch_players.detection.cards import sealed
from riotwatch_players.models import DetectionModel, ModelOrigin
from tests.players.detection.making_cards import document
from tests.players.factories import NOW


def card_text(version: str = "1.0.0", **changes: Any) -> str:
    return sealed(document() | {"version": version} | changes)


def brought_in(version: str = "1.0.0", **changes: Any) -> DetectionModel:
    text = card_text(version, **changes)
    row, _ = model_cards.bring_in(text, file=f"made-{version}.json", origin=ModelOrigin.ADMIN, by="ann", now=NOW)
    return row
