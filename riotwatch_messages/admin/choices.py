"""The page on which people choose who hears of what."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db import transaction
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldBooleanWidget

from riotwatch_messages import choosing, events, targets
from riotwatch_messages.choosing import Choice
from riotwatch_messages.events import Event
from riotwatch_messages.models import EventSetting

CHANGED_MEANWHILE = (
    "Somebody else changed this while the page was open. Nothing was saved: open the page in another tab to see what "
    "it is now, then save once more to replace it with what stands here."
)
FOLLOWED = [event for event in events.EVENTS if event.followed and not event.at_once]


@dataclass(frozen=True)
class Row:
    """One event, as the page shows it."""

    event: Event
    heard_by: list[forms.BoundField]
    """In the order of the targets."""
    threshold: forms.BoundField | None


class ChoicesForm(forms.Form):
    """A box per event and target, and a number for each threshold."""

    version = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, may_change: bool) -> None:  # noqa: ANN401 - what a request posts
        self.stored = choosing.choices()
        self._version = _version_of(self.stored)
        super().__init__(data, initial={"version": self._version})
        for choice in self.stored:
            self._add_fields(choice, may_change=may_change)

    def _add_fields(self, choice: Choice, *, may_change: bool) -> None:
        event = choice.event
        for name in targets.configured():
            label = {"aria-label": f"{event.title}: tell {name}"}
            self.fields[_box(event, name)] = forms.BooleanField(
                required=False,
                initial=name in choice.heard_by,
                disabled=not may_change,
                widget=UnfoldBooleanWidget(label),
            )
        if event.threshold:
            self.fields[_number(event)] = forms.IntegerField(
                label=f"{event.title}: from how many {event.threshold.unit} on",
                min_value=event.threshold.least,
                max_value=event.threshold.most,
                initial=choice.threshold,
                disabled=not may_change,
                widget=UnfoldAdminIntegerFieldWidget({"aria-label": f"{event.title}: {event.threshold.unit}"}),
            )

    def rows(self) -> Iterator[Row]:
        """In the order of the events."""
        for choice in self.stored:
            event = choice.event
            boxes = [self[_box(event, name)] for name in targets.configured()]
            yield Row(event, boxes, self[_number(event)] if event.threshold else None)

    def clean(self) -> dict[str, Any]:
        """Nobody overwrites what they have not seen; saving again then goes through."""
        cleaned = super().clean() or {}
        if cleaned.get("version") != self._version:
            self.add_error(None, CHANGED_MEANWHILE)
            self.data = {name: self.data.get(name) for name in self.data} | {"version": self._version}
        return cleaned

    @transaction.atomic
    def save(self) -> list[EventSetting]:
        """Store what differs; returns the rows that were changed."""
        return [choosing.choose(wanted) for wanted in map(self._wanted, self.stored) if wanted not in self.stored]

    def _wanted(self, choice: Choice) -> Choice:
        event, cleaned = choice.event, self.cleaned_data
        heard_by = frozenset(name for name in targets.configured() if cleaned[_box(event, name)])
        return Choice(event, heard_by, cleaned[_number(event)] if event.threshold else None)


def _box(event: Event, target: str) -> str:
    return f"tell-{event.event_id}-{target}"


def _number(event: Event) -> str:
    return f"from-{event.event_id}"


def _version_of(choices: list[Choice]) -> str:
    values = [[one.event.event_id, sorted(one.heard_by), one.threshold] for one in choices]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]


def described(row: EventSetting) -> str:
    """What holds for an event now, for its history."""
    choice = next(one for one in choosing.choices() if one.event.event_id == row.event)
    text = f"Heard by {', '.join(sorted(choice.heard_by)) or 'nobody'}"
    unit = choice.event.threshold.unit if choice.event.threshold else ""
    return f"{text}, from {choice.threshold} {unit} on." if unit else f"{text}."
