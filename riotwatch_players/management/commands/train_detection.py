import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from riotwatch_players.detection.cards import SHIPPED_FILE, sealed
from riotwatch_players.evaluation.building import build_card
from riotwatch_players.evaluation.training import Size

USAGE_ERROR = 2


class Command(BaseCommand):
    """Rebuilds the shipped model card; asks no database and no Riot."""

    help = "Train, calibrate and measure a model card on simulated ladders: the same card byte for byte every time."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to, and how many accounts."""
        parser.epilog = "Exit codes: 0 done, 1 the card would differ (--check), 2 the file cannot be read or written."
        parser.add_argument("--output", type=Path, help="file of the card (default: the shipped one)")
        parser.add_argument("--check", action="store_true", help="write nothing; fail if the card would differ")
        parser.add_argument("--train", type=int, default=Size().train, help="accounts per world to train on")
        parser.add_argument(
            "--calibrate", type=int, default=Size().calibrate, help="accounts per world to calibrate on"
        )
        parser.add_argument("--test", type=int, default=Size().test, help="accounts per world to measure on")

    def handle(
        self,
        *,
        output: Path | None,
        check: bool,
        train: int,
        calibrate: int,
        test: int,
        **options: Any,  # noqa: ANN401 - Django's signature
    ) -> None:
        """Build, then write or compare."""
        del options
        target = output or SHIPPED_FILE
        text = sealed(build_card(Size(train=train, calibrate=calibrate, test=test)))
        if check:
            self._compare(text, target)
            return
        try:
            target.write_text(text, encoding="utf-8")
        except OSError as problem:
            raise CommandError(f"{problem.filename}: {problem.strerror}", returncode=USAGE_ERROR) from problem
        self.stdout.write(f"{target}: {json.loads(text)['sha256']}")

    def _compare(self, text: str, target: Path) -> None:
        try:
            same = target.read_text(encoding="utf-8") == text
        except OSError as problem:
            raise CommandError(f"{problem.filename}: {problem.strerror}", returncode=USAGE_ERROR) from problem
        if not same:
            raise CommandError(f"{target}: training gives another card; run train_detection and compare.")
        self.stdout.write(f"{target}: the same, byte for byte")
