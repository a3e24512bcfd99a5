import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from riotwatch_players.detection.model_card import ModelCard
from riotwatch_players.evaluation.labeled import labeled_quality
from riotwatch_players.evaluation.measuring import evaluate, show
from riotwatch_players.evaluation.plots import figures
from riotwatch_players.evaluation.reporting import labels_table, tables
from riotwatch_players.feedback import labeled_judgements
from riotwatch_players.management.card_option import USAGE_ERROR, add_card_option, card_from
from riotwatch_players.models import Question
from riotwatch_players.simulator.ladders.worlds import BASE, WORLDS

PLOTTED_GAMES = 50
FEWEST_ACCOUNTS = 1_000
"""Fewer hold too few boosted accounts to measure anything."""


class Command(BaseCommand):
    """Measures a model card on simulated ladders, without a database; or stored analyses by people's labels."""

    help = "Score simulated ladders, whose truth is known, as the analyzer would, and print how good the answers are."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Which card, which worlds, how many accounts, which form."""
        parser.epilog = "Exit codes: 0 done, 1 the database does not answer, 2 bad input."
        parser.add_argument("--json", action="store_true", help="print everything as one JSON object")
        add_card_option(parser)
        parser.add_argument("--size", type=int, default=6_000, help="accounts per world (default 6000)")
        parser.add_argument("--plots", type=Path, metavar="FOLDER", help="write the figures of docs/detection.md there")
        parser.add_argument(
            "--labels", action="store_true", help="instead: how good stored analyses are by what people said of them"
        )
        parser.add_argument("--world", action="append", choices=list(WORLDS), help="only this world; repeatable")

    def handle(
        self,
        *,
        json: bool,
        labels: bool,
        model: Path | None,
        size: int,
        plots: Path | None,
        world: list[str] | None,
        **options: Any,  # noqa: ANN401 - Django's signature
    ) -> None:
        """Measure and print."""
        del options
        if labels:
            self._measure_by_labels(as_json=json)
            return
        if size < FEWEST_ACCOUNTS:
            raise CommandError(f"--size: at least {FEWEST_ACCOUNTS} accounts per world", returncode=USAGE_ERROR)
        card = card_from(model)
        if plots:
            self._draw(plots, card, size)
            return
        report = evaluate(card, accounts=size, worlds=world or list(WORLDS))
        self.stdout.write(_as_json(report) if json else tables(report))

    def _measure_by_labels(self, *, as_json: bool) -> None:
        try:
            known = list(labeled_judgements())
        except OperationalError as problem:
            raise CommandError(f"--labels needs the database: {problem}") from problem
        report = {
            question.value: asdict(labeled_quality(one for one in known if one.question is question))
            for question in Question
        }
        self.stdout.write(_as_json(report) if as_json else labels_table(report))

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
