"""What operators do to rows: actions of a list, offered as buttons on a row's page too.

There is one handler for each, the list's action: a POST with CSRF, permission checked, 403 where it is not given. What
needs a word of the person first answers with a page that asks, shown as a dialog where JavaScript runs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from unfold.admin import ModelAdmin

from riotwatch_jobs import dispatch, registry, scheduling, slots
from riotwatch_jobs.switching import Refused

REFUSALS = (Refused, dispatch.BadConfig, registry.UnknownJob, scheduling.NotOurs, slots.BadSchedule)
TOLD_ONE_BY_ONE = 5
ROWS_NAMED = 20
ROWS_SENT = 500
"""As many rows as are sent back by their keys; of more, all that the filter shows are meant."""


@dataclass(frozen=True)
class Button:
    """An action of the list, offered for one row."""

    action: str
    title: str
    icon: str
    variant: str = "default"

    @property
    def form(self) -> str:
        """The form that it belongs to (`riotwatch_jobs/action_forms.html`)."""
        return f"rw-{self.action}"


@dataclass(frozen=True)
class Buttons:
    """What a person can do to one row now."""

    chosen: Sequence[Button]
    pk: Any
    name: str = ACTION_CHECKBOX_NAME
    """Under which the row's key is posted."""


@dataclass(frozen=True)
class Question:
    """What a person is asked before something is done."""

    title: str
    text: str
    submit: str
    form: type[forms.Form] = forms.Form
    variant: str = "primary"


class OperatedAdmin(ModelAdmin):
    """A list whose actions are checked, told about and audited; and the buttons of its rows."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Django shows the list again when somebody posts an action that is not theirs; here that is a 403."""
        wanted = request.POST.get("action")
        if wanted and wanted not in self.get_actions(request):
            raise PermissionDenied
        own = {"operations": self.operations(request)}
        response: HttpResponse = super().changelist_view(request, own | (extra_context or {}))
        return response

    def buttons(self, row: Any) -> list[Button]:  # noqa: ANN401 - the admin's own model
        """What can be done to this row now, by whoever has the permission."""
        del row
        return []

    def operations(self, request: HttpRequest) -> dict[str, Any]:
        """What `riotwatch_jobs/action_forms.html` needs: the actions that the person may carry out."""
        address = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        return {"actions": list(self.get_actions(request)), "address": address}

    def buttons_of(self, request: HttpRequest, row: Model) -> Buttons:
        """What `riotwatch_jobs/buttons.html` shows: the buttons for which the person has the permission."""
        allowed = self.get_actions(request)
        return Buttons([button for button in self.buttons(row) if button.action in allowed], row.pk)

    def carry_out(
        self, request: HttpRequest, rows: Sequence[Any], act: Callable[[Any], str]
    ) -> HttpResponseRedirect | None:
        """Do it to each row; say what was done and what was refused; go back to where the person came from."""
        done, refused = [], []
        for row in rows:
            try:
                done.append(act(row))
            except REFUSALS as problem:
                refused.append(str(problem))
        self._tell(request, done, messages.SUCCESS)
        self._tell(request, refused, messages.ERROR)
        return _back(request)

    def _tell(self, request: HttpRequest, texts: list[str], level: int) -> None:
        for text in texts[:TOLD_ONE_BY_ONE]:
            self.message_user(request, text, level=level)
        if more := texts[TOLD_ONE_BY_ONE:]:
            self.message_user(request, f"… and the same for {len(more)} more", level=level)

    def ask(
        self,
        request: HttpRequest,
        rows: Sequence[Any],
        question: Question,
        act: Callable[[Any, dict[str, Any]], str],
        *,
        why_not: Callable[[Any], str] = lambda row: "",
    ) -> HttpResponse | None:
        """Ask, and carry it out once the answer is good. `why_not` tells in advance what will be refused, and why."""
        form = question.form(request.POST if "answered" in request.POST else None)
        if form.is_bound and form.is_valid():
            return self.carry_out(request, rows, lambda row: act(row, form.cleaned_data))
        refused = [(row, reason) for row in rows if (reason := why_not(row))]
        context = {
            **self.admin_site.each_context(request),
            "title": question.title,
            "opts": self.opts,
            "question": question,
            "form": form,
            "action": request.POST["action"],
            "checkbox": ACTION_CHECKBOX_NAME,
            "rows": rows,
            "rows_sent": rows[:ROWS_SENT],
            "rows_named": rows[:ROWS_NAMED],
            "refused": refused,
            "all_refused": len(refused) == len(rows),
            "next": _next(request),
        }
        return TemplateResponse(request, "riotwatch_jobs/question.html", context)


def _next(request: HttpRequest) -> str:
    """The page of ours that the button stood on; empty for the list itself."""
    address = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()}, require_https=False)
    return address if ours else ""


def _back(request: HttpRequest) -> HttpResponseRedirect | None:
    """None: Django goes back to the list with its filters and page."""
    address = _next(request)
    return HttpResponseRedirect(address) if address else None
