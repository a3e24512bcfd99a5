"""Who acts from the command line, for entries in the admin's history: the name, and the account that entries need."""

import getpass
import os
import socket

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import make_password

ACCOUNT_NAME = "command-line"
"""This account is inactive and has no password: nobody can sign in with it."""


def operator() -> str:
    """Whoever started this process, by the name the operating system has for them."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user without an entry
        name = f"uid {os.getuid()}"
    return f"{name}@{socket.gethostname()} (command line)"


def account() -> AbstractBaseUser:
    """Made when it is first needed."""
    found, _ = get_user_model().objects.get_or_create(
        username=ACCOUNT_NAME, defaults={"is_active": False, "password": make_password(None)}
    )
    return found
