"""Who did what: the entry in the admin's history that an operator's action leaves, whichever surface it came from."""

from dataclasses import dataclass

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Model

from riotwatch_pages.command_line import account, operator

__all__ = ["ADDITION", "CHANGE", "DELETION", "Actor", "command_line", "person", "record"]


@dataclass(frozen=True)
class Actor:
    """Who acts."""

    name: str
    """As it is shown beside what they did."""
    user_id: int | None
    """The signed-in account; None for the command line."""


def person(user: AbstractBaseUser) -> Actor:
    """Somebody signed in to the admin, or the owner of an API key."""
    return Actor(user.get_username(), user.pk)


def command_line() -> Actor:
    """Whoever started this process."""
    return Actor(operator(), None)


def record(actor: Actor, subject: Model, text: str, *, action: int = CHANGE) -> None:
    """Write the entry. Call it in the transaction of the action itself: neither is there without the other."""
    if actor.user_id is None:
        text = f"{text} By {actor.name}."
    user_id = actor.user_id or account().pk
    LogEntry.objects.log_actions(user_id, [subject], action, change_message=text, single_object=True)
