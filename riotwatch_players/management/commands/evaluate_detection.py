import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from riotwatch_players.detection.model_card import ModelCard
from riotwatch_players.evaluation.measuring import evaluate, show
from riotwatch_players.evaluation.plots import figures
from riotwatch_players.evaluation.reporting import tables
from riotwatch_players.management.card_option import USAGE_ERROR, add_card_option, card_from
from riotwatch_players.simulator.ladders.worlds import BASE, WORLDS

PLOTTED_GAMES = 50
FEWEST_ACCOUNTS = 1_000
"""Fewer hold too few boosted accounts to measure anything."""


class Command(BaseCommand):
    """Measures a model card on simulated ladders; asks no database and no Riot."""

    help = "Score simulated ladders, whose truth is known, as the analyzer would, and print how good the answers are."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Which card, which worlds, how many accounts, which form."""
        parser.add_argument("--json", action="store_true", help="print everything as one JSON object")
        add_card_option(parser)
        parser.add_argument("--size", type=int, default=6_000, help="accounts per world (default 6000)")
        parser.add_argument("--plots", type=Path, metavar="FOLDER", help="write the figures of docs/detection.md there")
        parser.add_argument("--world", action="append", choices=list(WORLDS), help="only this world; repeatable")

    def handle(
        self,
        *,
        json: bool,
        model: Path | None,
        size: int,
        plots: Path | None,
        world: list[str] | None,
        **options: Any,  # noqa: ANN401 - Django's signature
    ) -> None:
        """Measure and print."""
        del options
        if size < FEWEST_ACCOUNTS:
            raise CommandError(f"--size: at least {FEWEST_ACCOUNTS} accounts per world", returncode=USAGE_ERROR)
        card = card_from(model)
        if plots:
            self._draw(plots, card, size)
            return
        report = evaluate(card, accounts=size, worlds=world or list(WORLDS))
        self.stdout.write(_as_json(report) if json else tables(report))

    def _draw(self, folder: Path, card: ModelCard, accounts: int) -> None:
        shown = show(card, BASE, accounts=accounts, windows=(PLOTTED_GAMES,))[PLOTTED_GAMES]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, text in figures(shown, games=PLOTTED_GAMES).items():
                (folder / name).write_text(text, encoding="utf-8")
                self.stdout.write(str(folder / name))
        except OSError as problem:
            raise CommandError(f"{problem.filename}: {problem.strerror}", returncode=USAGE_ERROR) from problem


def _as_json(report: dict[str, Any]) -> str:
    return json.dumps(report, indent=1)
