"""Which key requests carry: the newest of the one stored here and the one in the environment.

A key of the environment counts from when a process of this installation first found it there. What is stored is
encrypted with a key derived from SECRET_KEY; nothing here logs or shows more than a key's last four characters.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from functools import lru_cache

import structlog
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from riotwatch_players.models import RiotKey

KEY_MAX = 200
LAST_SHOWN = 4

log = structlog.stdlib.get_logger(__name__)


class BadKey(ValueError):
    """A text that cannot be a key. The text is no part of the message."""

    def __init__(self) -> None:
        super().__init__("this is no Riot key: paste the whole key from developer.riotgames.com, it begins with RGAPI-")


@dataclass(frozen=True)
class Key:
    """A key, and what may be told of it."""

    text: str = field(repr=False)
    mark: str
    """Keyed hash: the same for the same key in every process of the installation."""

    def __str__(self) -> str:
        return f"…{last4_of(self.text)}"


def checked(text: str) -> str:
    """The key in a pasted text; raises BadKey."""
    key = text.strip()
    if not LAST_SHOWN * 2 < len(key) <= KEY_MAX or not key.isascii() or not key.isprintable() or " " in key:
        raise BadKey
    return key


def current() -> Key:
    """The key to use now; its text is empty where there is none at all."""
    from_environment = _key(settings.RIOT_API_KEY)
    stored, noted = _rows(from_environment)
    if from_environment.text and noted is None:
        _note_environment(from_environment)
        return from_environment
    if stored is None or (noted is not None and noted.noted_at > stored.noted_at):
        return from_environment
    text = _decrypted(stored.secret, settings.SECRET_KEY)
    return _key(text) if text else from_environment


def store(text: str) -> RiotKey:
    """Keep a key, encrypted, in place of the one stored before; raises BadKey."""
    key = _key(checked(text))
    with transaction.atomic():
        RiotKey.objects.filter(origin=RiotKey.STORED).delete()
        return RiotKey.objects.create(
            origin=RiotKey.STORED,
            mark=key.mark,
            secret=_cipher(settings.SECRET_KEY).encrypt(key.text.encode()).decode(),
            last4=last4_of(key.text),
            noted_at=Now(),
        )


def forget() -> bool:
    """Delete the stored key: the environment's is used again. False when none was stored."""
    deleted, _ = RiotKey.objects.filter(origin=RiotKey.STORED).delete()
    return bool(deleted)


def last4_of(text: str) -> str:
    """What may be shown of a key; nothing of one so short that it would be much of it."""
    return text[-LAST_SHOWN:] if len(text) > LAST_SHOWN * 2 else ""


def _key(text: str) -> Key:
    digest = hmac.new(_derived("mark", settings.SECRET_KEY), text.encode(), hashlib.sha256).hexdigest()
    return Key(text, digest[:32])


def _rows(from_environment: Key) -> tuple[RiotKey | None, RiotKey | None]:
    """The stored key's row, and the note about the environment's."""
    either = Q(origin=RiotKey.STORED) | Q(origin=RiotKey.ENVIRONMENT, mark=from_environment.mark)
    rows = {row.origin: row for row in RiotKey.objects.filter(either)}
    return rows.get(RiotKey.STORED), rows.get(RiotKey.ENVIRONMENT)


def _note_environment(key: Key) -> None:
    row = RiotKey(origin=RiotKey.ENVIRONMENT, mark=key.mark, last4=last4_of(key.text), noted_at=Now())
    RiotKey.objects.bulk_create([row], ignore_conflicts=True)


@lru_cache(maxsize=8)
def _decrypted(secret: str, secret_key: str) -> str:
    """Empty, with one warning per process, where it was encrypted under another SECRET_KEY."""
    try:
        return _cipher(secret_key).decrypt(secret).decode()
    except InvalidToken:
        log.warning("stored_key_unreadable", why="SECRET_KEY has changed", remedy="manage.py set_riot_key")
        return ""


@lru_cache(maxsize=8)
def _derived(purpose: str, secret_key: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=f"riotwatch riot key: {purpose}".encode()).derive(secret_key.encode())


def _cipher(secret_key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_derived("encryption", secret_key)))
