"""The option of commands that judge: which model card."""

from pathlib import Path

from django.core.management.base import CommandError, CommandParser

from riotwatch_players.detection.cards import BadCard, read_card, shipped_card
from riotwatch_players.detection.model_card import ModelCard

USAGE_ERROR = 2


def add_card_option(parser: CommandParser) -> None:
    """`--model CARD`."""
    parser.add_argument("--model", type=Path, metavar="CARD", help="file of a model card (default: the shipped one)")


def card_from(model: Path | None) -> ModelCard:
    """The card of the file, or the shipped one. Ends the command with 2 where it is none."""
    if model is None:
        return shipped_card()
    try:
        return read_card(model.read_text(encoding="utf-8"), name=str(model))
    except OSError as problem:
        raise CommandError(f"{problem.filename}: {problem.strerror}", returncode=USAGE_ERROR) from problem
    except (BadCard, UnicodeDecodeError) as problem:
        raise CommandError(f"--model: {problem}", returncode=USAGE_ERROR) from problem
