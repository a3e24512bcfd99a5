"""Model cards that lie in files: those of the package, and those in `DETECTION_MODELS_DIR`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from django.conf import settings
from django.db import transaction

from riotwatch_players import detection
from riotwatch_players.detection.cards import SHIPPED_NAME, BadCard
from riotwatch_players.model_cards import MOST_BYTES, activate, bring_in
from riotwatch_players.models import DetectionModel, ModelOrigin, ModelState


class NoSuchFolder(OSError):
    """`DETECTION_MODELS_DIR` names what cannot be listed; says how to remedy it."""


@dataclass(frozen=True)
class CardFile:
    """A file that may be a card."""

    name: str
    origin: ModelOrigin
    path: Path


@dataclass(frozen=True)
class Synced:
    """What a look at the files came to."""

    found: int = 0
    """Files that are cards."""
    added: tuple[str, ...] = ()
    """Versions nobody knew."""
    changed: tuple[str, ...] = ()
    """Known versions with another content; both are kept, told apart by their hash."""
    removed: tuple[str, ...] = ()
    """Whose file is gone; they stay, and an active one goes on judging."""
    refused: tuple[BadCard, ...] = ()
    """Files that are no usable cards."""
    activated: str = ""
    """The shipped model, where nobody ever chose one."""


def sync_cards(*, now: datetime) -> Synced:
    """Compare the files with the database, and bring in what is new. Raises NoSuchFolder, and then changes nothing."""
    listed = list(_card_files())
    with transaction.atomic():
        return _Sync(now).run(listed)


def _card_files() -> Iterator[CardFile]:
    package = Path(str(files(detection) / "models"))
    for path in sorted(package.glob("*.json")):
        yield CardFile(path.name, ModelOrigin.SHIPPED, path)
    if settings.DETECTION_MODELS_DIR is not None:
        for path in _in_folder(settings.DETECTION_MODELS_DIR):
            yield CardFile(path.name, ModelOrigin.FOLDER, path)


def _in_folder(folder: Path) -> Sequence[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".json" and path.is_file())
    except OSError as problem:
        raise NoSuchFolder(
            f"DETECTION_MODELS_DIR: {folder} cannot be listed ({problem.strerror}). Make it, or unset the variable."
        ) from problem


def _text_of(card_file: CardFile) -> str:
    """Raises BadCard where it cannot be one."""
    try:
        with card_file.path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise BadCard(card_file.name, f"larger than {MOST_BYTES} bytes")
        return content.decode()
    except OSError as problem:
        raise BadCard(card_file.name, f"cannot be read: {problem.strerror}") from problem
    except UnicodeDecodeError:
        raise BadCard(card_file.name, "no UTF-8 text") from None


class _Sync:
    """One comparison; for a transaction."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.present: set[int] = set()
        self.added: list[DetectionModel] = []
        self.changed: list[DetectionModel] = []
        self.refused: dict[str, BadCard] = {}

    def run(self, listed: Sequence[CardFile]) -> Synced:
        names = {card_file.name for card_file in listed}
        for card_file in listed:
            try:
                self._take(card_file)
            except BadCard as problem:
                self.refused[card_file.name] = problem
        return Synced(
            found=len(self.present),
            added=tuple(map(str, self.added)),
            changed=tuple(map(str, self.changed)),
            removed=tuple(str(row) for row in self._removed() if row.file not in names),
            refused=tuple(self.refused.values()),
            activated=self._activated(),
        )

    def _take(self, card_file: CardFile) -> None:
        text = _text_of(card_file)
        row, created = bring_in(text, file=card_file.name, origin=card_file.origin, by="", now=self.now)
        self.present.add(row.pk)
        if created:
            same_name = DetectionModel.objects.filter(card_id=row.card_id, version=row.version).exclude(pk=row.pk)
            (self.changed if same_name.exists() else self.added).append(row)

    def _removed(self) -> list[DetectionModel]:
        """A file that cannot be read at the moment is not gone; neither is one of a folder that nobody looked into."""
        origins = [ModelOrigin.SHIPPED] + ([ModelOrigin.FOLDER] if settings.DETECTION_MODELS_DIR is not None else [])
        gone = DetectionModel.objects.filter(origin__in=origins, removed_at=None).exclude(pk__in=self.present)
        rows = list(gone.exclude(file__in=self.refused).defer("document").order_by("pk"))
        DetectionModel.objects.filter(pk__in=[row.pk for row in rows]).update(removed_at=self.now)
        return rows

    def _activated(self) -> str:
        """The shipped model gives the verdicts until somebody chooses another; a newer one of a release follows it.

        Only when it is first met, so that two releases running side by side do not take turns.
        """
        active = DetectionModel.objects.filter(state=ModelState.ACTIVE).first()
        of_package = DetectionModel.objects.filter(pk__in=self.present, file=f"{SHIPPED_NAME}.json")
        shipped = of_package.filter(origin=ModelOrigin.SHIPPED).first()
        if shipped is None or (active is not None and (active.state_by or shipped not in self.added + self.changed)):
            return ""
        activate(shipped, by="", now=self.now)
        return str(shipped)
