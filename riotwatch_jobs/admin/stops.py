"""The stop of everything: adding it stops, deleting it lets work begin again."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextInputWidget

from riotwatch_jobs import switching
from riotwatch_jobs.admin.pages import actor
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import EmergencyStop


class StopForm(forms.ModelForm[EmergencyStop]):
    """Why everything is to stop."""

    class Meta:
        model = EmergencyStop
        fields = ("reason",)
        widgets = {"reason": UnfoldAdminTextInputWidget}
        help_texts = {
            "reason": "No slot, run or item begins from now on, on any machine; what is being worked on ends."
        }


@admin.register(EmergencyStop)
class EmergencyStopAdmin(ModelAdmin):
    """One row at most; what stops and resumes also leaves the trace."""

    form = StopForm
    list_display = ("stopped_at", "stopped_by", "reason")
    search_fields = ("reason",)
    empty_hint = "Nothing is stopped. Add a stop to let nothing begin anywhere; delete it to go on."

    def has_add_permission(self, request: HttpRequest) -> bool:
        """One is enough."""
        return bool(super().has_add_permission(request)) and not EmergencyStop.objects.exists()

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """It stands as it was made."""
        del request, obj
        return False

    def save_model(self, request: HttpRequest, obj: EmergencyStop, form: Any, change: bool) -> None:  # noqa: ANN401, FBT001
        """Stop everything."""
        del form, change
        stop = switching.emergency_stop(reason=obj.reason, by=actor(request), now=database_now())
        obj.stopped_at, obj.stopped_by = stop.stopped_at, stop.stopped_by

    def delete_model(self, request: HttpRequest, obj: EmergencyStop) -> None:
        """Let work begin again, after the page's transaction: messages sent inside it would come too early."""
        del obj
        by = actor(request)
        transaction.on_commit(lambda: switching.emergency_resume(by=by, now=database_now()) and None)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[EmergencyStop]) -> None:
        """The same, from the list."""
        del queryset
        switching.emergency_resume(by=actor(request), now=database_now())

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:  # noqa: ANN401
        """Stopping leaves the trace."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ANN401
        """Resuming leaves the trace."""
