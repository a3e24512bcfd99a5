"""What people do with messages, from the admin or the API: each with its entry in the history."""

from collections.abc import Sequence

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.db.models import Model

from riotwatch_messages import telling
from riotwatch_messages.models import Message, MessageQuerySet, MessageState


@transaction.atomic
def send_test(target: str, *, by: str, user_id: int) -> Message:
    """Ask for a test message; `by` is told in it."""
    message = telling.test(target, by=by)
    record(user_id, [message], f"Sent a test message to {target}.")
    return message


@transaction.atomic
def send_again(messages: MessageQuerySet, *, user_id: int) -> int:
    """Try those of them that were given up as if they were new; returns how many."""
    failed = list(messages.filter(state=MessageState.FAILED).select_for_update())
    record(user_id, failed, "Sent again.")
    return Message.objects.filter(pk__in=[message.pk for message in failed]).send_again()


def record(user_id: int, rows: Sequence[Model], text: str) -> None:
    """Write the entries. Call it in the transaction of the action itself."""
    if rows:
        LogEntry.objects.log_actions(user_id, rows, CHANGE, change_message=text)
