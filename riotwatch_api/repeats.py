"""Requests that may be sent twice: the same `Idempotency-Key` and body make one thing."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import pydantic
from django.db import transaction
from ninja import Header

from riotwatch_api.access import Caller
from riotwatch_api.models import KEPT_FOR, IdempotencyKey
from riotwatch_api.problems import Problem

LONGEST_KEY = 200
IdempotencyHeader = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        max_length=LONGEST_KEY,
        pattern=r"^[\x21-\x7e]*$",
        description="Any text of yours, such as a UUID. The same text with the same request within 24 hours "
        "returns the run of the first time; with another request it is refused.",
    ),
]


def once(
    caller: Caller, key: str, *, address: str, body: pydantic.BaseModel, make: Callable[[], int], now: datetime
) -> int:
    """The number of what `make` made, now or when this request came first; raises Problem.

    Whoever comes second at the same time waits for the first in the database.
    """
    if not key:
        return make()
    fingerprint = _fingerprint(address, body.model_dump(mode="json"))
    IdempotencyKey.objects.filter(owner=caller.user, created_at__lt=now - KEPT_FOR).delete()
    with transaction.atomic():
        row, is_new = IdempotencyKey.objects.get_or_create(
            owner=caller.user, key=key, defaults={"fingerprint": fingerprint, "created_at": now}
        )
        if is_new:
            row.made = make()
            row.save(update_fields=["made"])
    if row.fingerprint != fingerprint or row.made is None:
        raise Problem("conflict", "this Idempotency-Key was used for another request: take a new one for each request")
    return row.made


def _fingerprint(address: str, body: dict[str, Any]) -> str:
    return hashlib.sha256(f"{address}\n{json.dumps(body, sort_keys=True)}".encode()).hexdigest()
