"""Making, finding and revoking keys of the API.

A key has 256 random bits: one SHA-256 guards it as well as a slow hash guards a password, and costs a request nothing.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from riotwatch_api.models import ApiKey, Role

MARK = "rw"
PREFIX_BYTES = 6
SECRET_BYTES = 32
LONGEST_KEY = 100
USE_NOTED_EVERY = timedelta(minutes=1)
_NOBODYS_DIGEST = "0" * 64


class BadKeyRequest(ValueError):
    """A key that cannot be made; the text says what to change."""


def role_of(user: User) -> Role | None:
    """What somebody may do through the API, by their rights in the admin; None: nothing."""
    if not user.is_active:
        return None
    if user.is_superuser:
        return Role.ADMIN
    if user.has_perms(["riotwatch_jobs.change_jobconfiguration", "riotwatch_players.change_player"]):
        return Role.OPERATOR
    return Role.VIEWER if user.has_perms(["riotwatch_jobs.view_execution", "riotwatch_players.view_player"]) else None


def create(name: str, *, role: Role, owner: User, by: User) -> tuple[ApiKey, str]:
    """A new key and its text, which nobody can read again; raises BadKeyRequest."""
    own = role_of(owner)
    if own is None or not own.covers(role):
        raise BadKeyRequest(
            f"{owner} may be {own or 'nothing'} at most: choose a lower role, or give {owner} more rights"
        )
    if ApiKey.objects.filter(owner=owner, name=name, revoked_at=None).exists():
        raise BadKeyRequest(f"{owner} has a key named {name!r}: choose another name, or revoke that one")
    prefix, secret = secrets.token_hex(PREFIX_BYTES), secrets.token_urlsafe(SECRET_BYTES)
    text = f"{MARK}_{prefix}_{secret}"
    with transaction.atomic():
        key = ApiKey.objects.create(name=name, prefix=prefix, digest=_digest(text), owner=owner, role=role)
        LogEntry.objects.log_actions(by.pk, [key], ADDITION, change_message=f"Made as {role}.", single_object=True)
    return key, text


def find(text: str, *, now: datetime) -> ApiKey | None:
    """The usable key with this text; its use is noted, once a minute at most."""
    key = ApiKey.objects.usable().filter(prefix=_prefix_of(text)).select_related("owner").first()
    fits = hmac.compare_digest(_digest(text), key.digest if key else _NOBODYS_DIGEST)
    if key is None or not fits:
        return None
    unnoted = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
    if key.last_used_at is None or key.last_used_at < now - USE_NOTED_EVERY:
        ApiKey.objects.filter(unnoted, pk=key.pk).update(last_used_at=now)
    return key


def revoke(key: ApiKey, *, by: User, now: datetime) -> bool:
    """From now on the key opens nothing; False where that was so already."""
    with transaction.atomic():
        if not ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
            return False
        LogEntry.objects.log_actions(by.pk, [key], CHANGE, change_message="Revoked.", single_object=True)
    return True


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _prefix_of(text: str) -> str:
    mark, _, rest = text.partition("_")
    prefix = rest.partition("_")[0]
    return prefix if mark == MARK and len(text) <= LONGEST_KEY and prefix.isalnum() else ""
