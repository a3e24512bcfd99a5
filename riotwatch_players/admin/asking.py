"""Adding rows by asking Riot: the form stores the row while it is checked, and no transaction waits for HTTP."""

from typing import Any, TypeVar

from django import forms
from django.db.models import Model
from django.http import HttpRequest

from riotwatch_players.admin.pages import PageAdmin

Row = TypeVar("Row", bound=Model)


class AskingForm(forms.ModelForm[Row]):
    """Its `clean` asks Riot, stores the row and sets `instance`; every refusal is a message at a field."""

    def _post_clean(self) -> None:
        """The row is stored already: nothing of the form is to be copied onto it."""

    def save(self, commit: bool = True) -> Row:  # noqa: FBT001, FBT002 - Django's signature
        """The row that `clean` stored."""
        del commit
        return self.instance

    def save_m2m(self) -> None:
        """Nothing is related by this form."""


class AskingAdmin(PageAdmin):
    """Rows that are added by an AskingForm, and changed by no form."""

    add_form: type[AskingForm[Any]]

    def asking_form(self, request: HttpRequest) -> type[AskingForm[Any]]:
        """The form for adding, as this person may use it."""
        del request
        return self.add_form

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: ANN401, FBT001, FBT002 - Django's signature
        """The form for adding; there is none for changing."""
        del obj, change, kwargs
        return self.asking_form(request)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ANN401
        """What the form for adding asks."""
        del obj
        return self.asking_form(request).Meta.fields  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ANN401, FBT001
        """The form stored it."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - what Django returns
        """Without the transaction that Django would open for the whole request."""
        context = {"show_save_and_continue": False} | (extra_context or {})
        return self._changeform_view(request, object_id, form_url, context)
