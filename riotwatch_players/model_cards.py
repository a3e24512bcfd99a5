"""The models that were brought in: adding one, and which is active, in the shadow, or to be returned to.

A swap is one transaction over all rows: no process ever finds no active model between two (see `models_in_use`).
"""

from datetime import datetime

from django.db import transaction

from riotwatch_players.detection.cards import read_card
from riotwatch_players.models import DetectionModel, ModelOrigin, ModelState

MOST_BYTES = 1_000_000
"""A card is some 30 kB."""


class NotInThatState(ValueError):
    """What was asked for does not fit the state of the models; says what is the case."""


def bring_in(text: str, *, file: str, origin: ModelOrigin, by: str, now: datetime) -> tuple[DetectionModel, bool]:
    """The row of a card's text, and whether it is new; nothing is activated.

    Raises BadCard, which names the file and the field. A document that is there already is left as it is, except that
    it counts as present again.
    """
    card = read_card(text, name=file)
    row, created = DetectionModel.objects.get_or_create(
        sha256=card.sha256,
        defaults={
            "card_id": card.id,
            "version": card.version,
            "document": text,
            "origin": origin,
            "file": file[:255],
            "brought_in_at": now,
            "brought_in_by": by,
            "state_since": now,
        },
    )
    if row.removed_at is not None:
        row.removed_at = None
        row.save(update_fields=["removed_at"])
    return row, created


def activate(model: DetectionModel, *, by: str, now: datetime) -> None:
    """Let this model give the verdicts; the one before becomes the previous one.

    Raises BadCard where this version of riotwatch cannot use it, NotInThatState where it is active already.
    """
    read_card(model.document, name=str(model))
    with transaction.atomic():
        if _locked(model).state == ModelState.ACTIVE:
            raise NotInThatState(f"{model} is active already")
        _swap_in(model, by=by, now=now)


def roll_back(model: DetectionModel, *, by: str, now: datetime) -> None:
    """Activate the previous model, which is this one, again.

    Raises NotInThatState where it is not the previous one (any more), so that asking twice does not return to the
    model that was left; BadCard where it cannot be used.
    """
    read_card(model.document, name=str(model))
    with transaction.atomic():
        if _locked(model).state != ModelState.PREVIOUS:
            raise NotInThatState(f"{model} is not the previous model")
        _swap_in(model, by=by, now=now)


def cast_shadow(model: DetectionModel, *, by: str, now: datetime) -> None:
    """Let this model judge beside the active one; it takes the place of the one that did.

    Raises BadCard, and NotInThatState for the active model and for the previous one.
    """
    read_card(model.document, name=str(model))
    with transaction.atomic():
        state = _locked(model).state
        if state == ModelState.ACTIVE:
            raise NotInThatState(f"{model} is active: there is nothing to compare it with")
        # A model is in one state: as the shadow it would no longer be what a rollback returns to.
        if state == ModelState.PREVIOUS:
            raise NotInThatState(f"{model} is the previous model, which is kept for a rollback")
        _move(ModelState.SHADOW, ModelState.AVAILABLE, by=by, now=now)
        _put(model, ModelState.SHADOW, by=by, now=now)


def end_shadow(model: DetectionModel, *, by: str, now: datetime) -> None:
    """Stop judging with a shadow model; what it said is kept. Raises NotInThatState."""
    with transaction.atomic():
        if _locked(model).state != ModelState.SHADOW:
            raise NotInThatState(f"{model} is no shadow model")
        _put(model, ModelState.AVAILABLE, by=by, now=now)


def _locked(model: DetectionModel) -> DetectionModel:
    """The row as it is now. All rows are locked, in one order: two swaps at once come one after the other."""
    rows = {row.pk: row for row in DetectionModel.objects.select_for_update().defer("document").order_by("pk")}
    return rows[model.pk]


def _swap_in(model: DetectionModel, *, by: str, now: datetime) -> None:
    _move(ModelState.PREVIOUS, ModelState.AVAILABLE, by=by, now=now)
    _move(ModelState.ACTIVE, ModelState.PREVIOUS, by=by, now=now)
    _put(model, ModelState.ACTIVE, by=by, now=now)


def _move(old: ModelState, new: ModelState, *, by: str, now: datetime) -> None:
    DetectionModel.objects.filter(state=old).update(state=new, state_by=by, state_since=now)


def _put(model: DetectionModel, state: ModelState, *, by: str, now: datetime) -> None:
    model.state, model.state_by, model.state_since = state, by, now
    model.save(update_fields=["state", "state_by", "state_since"])
