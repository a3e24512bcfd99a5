"""Who was erased and is not stored again: remembered as keyed hashes, by puuid and by Riot ID.

Within an application a person has one puuid, so there the puuid alone decides, whoever bears the name by now. Puuids of
another application differ: among those whoever bears the name counts as the person, and is known by the new puuid from
then on. The hashes are keyed with SECRET_KEY; with another one they say nothing.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db.models import Q, QuerySet

from riotwatch_players.models import Erasure, Player, Source


def remember(player: Player, *, now: datetime) -> None:
    """From now on the player counts as erased; for the transaction that erases."""
    _remember([player], now=now)


def erased_among(source: Source, players: Sequence[Player], *, now: datetime) -> set[int]:
    """Our ids of those of these players of `source` who were erased."""
    by_puuid = {_mark(player.puuid): player for player in players}
    by_name = {_mark_of_name(player.riot_id): player for player in players if player.riot_id}
    marks = list(_marks(source, by_puuid, by_name).values_list("puuid_mark", "riot_id_mark"))
    known = {by_puuid[puuid].pk for puuid, _ in marks if puuid in by_puuid}
    renumbered = {by_name[name] for puuid, name in marks if puuid not in by_puuid and name in by_name}
    _remember([player for player in renumbered if player.pk not in known], now=now)
    return known | {player.pk for player in renumbered}


def lift(player: Player) -> bool:
    """Let somebody be stored again; False where nobody of this puuid or name was erased."""
    lifted, _ = _marks(player.source, [_mark(player.puuid)], [_mark_of_name(player.riot_id)]).delete()
    return bool(lifted)


def _marks(source: Source, puuids: Iterable[str], names: Iterable[str]) -> QuerySet[Erasure]:
    """Erasures of these puuids, and of these names where the puuid was another application's."""
    named_elsewhere = Q(riot_id_mark__in=list(names)) & ~Q(source=source)
    return Erasure.objects.filter(Q(puuid_mark__in=list(puuids)) | named_elsewhere)


def _remember(players: Iterable[Player], *, now: datetime) -> None:
    rows = [
        Erasure(
            source_id=player.source_id,
            puuid_mark=_mark(player.puuid),
            riot_id_mark=_mark_of_name(player.riot_id) if player.riot_id else "",
            erased_at=now,
        )
        for player in players
    ]
    Erasure.objects.bulk_create(rows, ignore_conflicts=True)


def _mark_of_name(riot_id: str) -> str:
    return _mark(riot_id.casefold())


def _mark(text: str) -> str:
    return hmac.new(_secret(settings.SECRET_KEY), text.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=8)
def _secret(secret_key: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"riotwatch erased players").derive(secret_key.encode())
