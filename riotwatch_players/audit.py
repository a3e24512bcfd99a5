"""Who did what to a player or a key, in the admin's own log."""

from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model
from django.http import HttpRequest


def audit(request: HttpRequest, row: Model, text: str) -> None:
    """Leave a trace in the row's history."""
    if request.user.pk is not None:
        LogEntry.objects.log_actions(request.user.pk, [row], CHANGE, change_message=text, single_object=True)
