"""Who did what: the entry in the admin's history that an operator's action leaves, whichever surface it came from."""

import getpass
import os
import socket
from dataclasses import dataclass

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Model

COMMAND_LINE_ACCOUNT = "command-line"
"""Entries need an account. This one is inactive and has no password: nobody can sign in with it."""

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
    """Whoever started this process, by the name the operating system has for them."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user without an entry
        name = f"uid {os.getuid()}"
    return Actor(f"{name}@{socket.gethostname()} (command line)", None)


def record(actor: Actor, subject: Model, text: str, *, action: int = CHANGE) -> None:
    """Write the entry. Call it in the transaction of the action itself: neither is there without the other."""
    if actor.user_id is None:
        text = f"{text} By {actor.name}."
    user_id = actor.user_id or _command_line_account()
    LogEntry.objects.log_actions(user_id, [subject], action, change_message=text, single_object=True)


def _command_line_account() -> int:
    account, _ = get_user_model().objects.get_or_create(
        username=COMMAND_LINE_ACCOUNT, defaults={"is_active": False, "password": make_password(None)}
    )
    return int(account.pk)
