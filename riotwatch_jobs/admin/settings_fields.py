"""Form fields made from a job's `Config`: one per setting, empty = the default."""

import enum
import json
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

from django import forms
from django.utils.html import escape
from pydantic.fields import FieldInfo
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

NUMBERS = (int, float)
PREFIX = "setting_"
"""A setting may be called like a field of the configuration's own."""
BOUNDS = (("ge", "at least {}"), ("gt", "more than {}"), ("le", "at most {}"), ("lt", "less than {}"))


class SettingField(forms.CharField):
    """One setting as text; `clean` gives its value, or None for "follow the default"."""

    def __init__(self, name: str, about: FieldInfo, *, default: object) -> None:
        self.about = about
        choices = [shown_value(value) for value in _values(about.annotation)]
        shown = shown_value(default)
        widget = (
            UnfoldAdminSelectWidget(choices=[("", f"default ({shown})"), *((text, text) for text in choices)])
            if choices
            else UnfoldAdminTextInputWidget(attrs=_attributes(about, placeholder=shown))
        )
        super().__init__(
            required=False, label=label_of(name), help_text=help_text(about, default=default), widget=widget
        )

    def prepare_value(self, value: Any) -> str:  # noqa: ANN401 - whatever stands in the row
        """The stored value as it is to be read and edited; what was typed stays as it was typed."""
        return value if isinstance(value, str) else shown_value(value)

    def clean(self, value: Any) -> Any:  # noqa: ANN401 - any type a setting may have
        """The typed value; what cannot be read stays text, and the job's Config says what is wrong with it."""
        text = super().clean(value)
        if not text:
            return None
        return text if _is_text(self.about.annotation) else _read(text)


class UnknownSettingField(forms.CharField):
    """A stored setting that the job's Config does not name: kept, shown, and dropped when it is emptied."""

    def __init__(self, name: str) -> None:
        text = "Stored, but this job has no setting of this name. Empty the field to remove it."
        super().__init__(required=False, label=label_of(name), help_text=text, widget=UnfoldAdminTextInputWidget())

    def prepare_value(self, value: Any) -> str:  # noqa: ANN401 - whatever stands in the row
        """The stored value as JSON; what was typed stays as it was typed."""
        return value if isinstance(value, str) else shown_value(value)

    def clean(self, value: Any) -> Any:  # noqa: ANN401 - any JSON
        """The value, or None where it is to go."""
        text = super().clean(value)
        return _read(text) if text else None


def label_of(name: str) -> str:
    """`min_ranked_games` as "Min ranked games"."""
    return name.replace("_", " ").capitalize()


def shown_value(value: object) -> str:
    """A value as people read and write it in the form."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, (int, float, str)) else json.dumps(value, default=str)


def help_text(about: FieldInfo, *, default: object) -> str:
    """Meaning, bounds and default in one line, as HTML."""
    bounds = bounds_of(about)
    parts = [about.description or "", f"{bounds[0].upper()}{bounds[1:]}." if bounds else ""]
    return escape(" ".join([*(part for part in parts if part), f"Default: {shown_value(default) or 'none'}."]))


def bounds_of(about: FieldInfo) -> str:
    """`at least 1, at most 10`; empty where any value goes."""
    limits = _limits(about)
    return ", ".join(text.format(shown_value(limits[name])) for name, text in BOUNDS if name in limits)


def _limits(about: FieldInfo) -> Mapping[str, Any]:
    names = [name for name, _ in BOUNDS]
    return {name: getattr(part, name) for part in about.metadata for name in names if hasattr(part, name)}


def _attributes(about: FieldInfo, *, placeholder: str) -> dict[str, Any]:
    """What helps while typing; the job's Config decides on the server."""
    attributes: dict[str, Any] = {"placeholder": placeholder, "autocomplete": "off", "spellcheck": "false"}
    if about.annotation in NUMBERS:
        attributes["inputmode"] = "numeric" if about.annotation is int else "decimal"
    return attributes


def _values(annotation: Any) -> list[Any]:  # noqa: ANN401 - any annotation
    """The values there are to choose from; none where anything may be written."""
    if annotation is bool:
        return [True, False]
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return [member.value for member in annotation]
    return []


def _is_text(annotation: Any) -> bool:  # noqa: ANN401 - any annotation
    values = _values(annotation)
    return annotation is str or (bool(values) and all(isinstance(value, str) for value in values))


def _read(text: str) -> Any:  # noqa: ANN401 - any JSON
    if text in {"on", "off"}:
        return text == "on"
    try:
        return json.loads(text, parse_constant=_no_number)
    except ValueError:
        return text


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number that can be stored")
