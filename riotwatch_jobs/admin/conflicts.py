"""Two people at one form: whoever saves second is told, and overwrites nothing."""

import hashlib
import json
from typing import Any

from django import forms
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model

CHANGED_MEANWHILE = (
    "Somebody else changed this while the page was open. Nothing was saved: open the page again in another tab to see "
    "what it is now, then save once more to replace it with what stands here."
)


def version_of(row: Model, fields: tuple[str, ...]) -> str:
    """A mark that differs as soon as one of the fields does."""
    values = [getattr(row, name) for name in fields]
    return hashlib.sha256(json.dumps(values, cls=DjangoJSONEncoder, default=str).encode()).hexdigest()[:16]


class VersionedForm(forms.ModelForm[Any]):
    """A form that carries the version of the row it was made from, and refuses to save over another one."""

    version_fields: tuple[str, ...] = ()
    version = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's signature
        super().__init__(*args, **kwargs)
        self._stored = version_of(self.instance, self.version_fields) if self.instance.pk else ""
        self.initial["version"] = self._stored

    def check_version(self) -> None:
        """Add an error where the row is no longer the one the person saw; saving again then goes through."""
        seen = self.cleaned_data.get("version")
        if seen and seen != self._stored:
            self.add_error(None, CHANGED_MEANWHILE)
            self.data = {name: self.data.get(name) for name in self.data} | {"version": self._stored}
