"""What judges now, as one immutable object per process, kept fresh by a small stamp.

Every few seconds a process compares the hashes of the active model, the shadow model and the current baseline with
those it holds. If they differ it reads the documents, makes a new object, and puts it in the place of the old one by a
single assignment: whoever judges meanwhile goes on with the old one, and nobody ever finds none.
"""

import threading
import time
from dataclasses import dataclass

import numpy as np

from riotwatch_players.detection.baseline import completed
from riotwatch_players.detection.cards import BadCard, read_card, shipped_card
from riotwatch_players.detection.model_card import LevelBand, ModelCard
from riotwatch_players.models import DetectionBaseline, DetectionModel, ModelState

REREAD_EVERY_S = 3.0
"""A swap by another process is seen at the latest after this, when the next batch is judged."""


class UnusableModel(Exception):
    """The active model cannot be used by this version of riotwatch; says why, and what to do."""

    def __init__(self, problem: BadCard) -> None:
        super().__init__(f"{problem}. Activate another one under Detection models in the admin, or roll back there.")


@dataclass(frozen=True)
class Shadow:
    """The model that judges beside the active one."""

    model_id: int
    card: ModelCard


@dataclass(frozen=True)
class InUse:
    """One set of documents; it never changes."""

    card: ModelCard
    """The active model over the current baseline; the shipped one while no row is active."""
    shadow: Shadow | None = None
    bare: ModelCard | None = None
    """The active model as it was brought in; None where nothing is laid over it."""

    @property
    def own_bands(self) -> tuple[LevelBand, ...]:
        """The model's own usual ranks by level, whatever a baseline says of them."""
        return (self.bare or self.card).level_bands

    @property
    def versions(self) -> str:
        """Versions and hash by which analyses of this set are told from others."""
        return f"{self.card.version_hash}/{self.card.baseline_table.id}"


@dataclass(frozen=True)
class Stamp:
    """What tells one set from another: row id and hash of each document."""

    active: tuple[int, str] | None
    shadow: tuple[int, str] | None
    baseline: tuple[int, str] | None


@dataclass(frozen=True)
class _Held:
    stamp: Stamp
    in_use: InUse


_lock = threading.Lock()
_held: _Held | None = None
_looked_at = float("-inf")
"""Monotonic seconds."""


def in_use(*, expected: str = "") -> InUse:
    """What to judge with; raises UnusableModel. Ask anew for each batch, and keep to one answer within it.

    `expected` are the versions that another process found: where this one holds others, it looks at once.
    """
    global _looked_at
    with _lock:
        just_looked = time.monotonic() - _looked_at < REREAD_EVERY_S
        if _held is not None and just_looked and expected in {"", _held.in_use.versions}:
            return _held.in_use
        found = _refreshed(_held)
        _looked_at = time.monotonic()
        return found.in_use


def forget() -> None:
    """Hold nothing any more: the next answer comes from the database (a test's database is not the next test's)."""
    global _held, _looked_at
    with _lock:
        _held, _looked_at = None, float("-inf")


def _refreshed(held: _Held | None) -> _Held:
    global _held
    stamp = _stamp()
    if held is None or held.stamp != stamp:
        held = _Held(stamp, _loaded(stamp))
        _held = held
    return held


def _stamp() -> Stamp:
    models = DetectionModel.objects.filter(state__in=[ModelState.ACTIVE, ModelState.SHADOW])
    rows = {state: (pk, sha256) for state, pk, sha256 in models.values_list("state", "pk", "sha256")}
    baseline = DetectionBaseline.objects.filter(current=True).values_list("pk", "sha256").first()
    return Stamp(rows.get(ModelState.ACTIVE), rows.get(ModelState.SHADOW), baseline)


def _loaded(stamp: Stamp) -> InUse:
    baseline = DetectionBaseline.objects.get(pk=stamp.baseline[0]) if stamp.baseline else None
    try:
        card = _card(stamp.active[0]) if stamp.active else shipped_card()
    except BadCard as problem:
        raise UnusableModel(problem) from problem
    return InUse(_over(card, baseline), _shadow(stamp.shadow, baseline), bare=card)


def _shadow(stamp: tuple[int, str] | None, baseline: DetectionBaseline | None) -> Shadow | None:
    """None also for one that cannot be used: it must not keep the active one from judging."""
    if stamp is None:
        return None
    try:
        return Shadow(stamp[0], _over(_card(stamp[0]), baseline))
    except BadCard:
        return None


def _card(model_id: int) -> ModelCard:
    row = DetectionModel.objects.get(pk=model_id)
    return read_card(row.document, name=str(row))


def _over(card: ModelCard, baseline: DetectionBaseline | None) -> ModelCard:
    if baseline is None:
        return card
    table = completed(
        baseline.name,
        np.array(baseline.median, dtype=np.float64),
        mad=np.array(baseline.mad, dtype=np.float64),
        n=np.array(baseline.n),
        fallback=card.baseline_table,
        built_at=f"{baseline.built_at:%Y-%m-%d}",
        patch=baseline.patch,
    )
    return card.with_baseline(table, level_bands=_stored_bands(baseline, card))


def _stored_bands(baseline: DetectionBaseline, card: ModelCard) -> tuple[LevelBand, ...] | None:
    """Only where they are the card's bands: others were counted for another model, and this one never met them."""
    bands = tuple(LevelBand.model_validate(band) for band in baseline.level_bands or ())
    return bands if [band.below for band in bands] == [band.below for band in card.level_bands] else None
