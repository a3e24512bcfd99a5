"""When Riot refuses the key: known to all processes by one row, tried again once a minute, over with a good answer.

A 401 or 403 alone is no outage, for it can be the endpoint's: only when the status page near the same host refuses the
key too, it is the key. A puuid that Riot cannot decrypt means another application's key only when known players of ours
meet the same.
"""

import math
from collections.abc import Callable
from datetime import timedelta
from enum import Enum

import structlog
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce, Now

from riotwatch_messages import telling
from riotwatch_messages.events import KEY_REFUSED, Level
from riotwatch_messages.telling import News
from riotwatch_players import gateway, keys
from riotwatch_players.models import KeyOutage, Player, RiotKey, Source
from riotwatch_players.riot.client import RiotClient
from riotwatch_players.riot.errors import BudgetWait, ForeignId, KeyRefused, NotFound, RiotError
from riotwatch_players.riot.limiter import Lane
from riotwatch_players.riot.routing import PLATFORMS, platform_near

PROBE_EVERY = timedelta(seconds=60)
PROBE_UNANSWERED_AGAIN_AFTER = timedelta(seconds=10)
"""A 429 or 5xx in answer to a try tells nothing about the key."""
PROBE_OF_ANOTHER_KEY_AFTER = timedelta(seconds=5)
SUSPICION_HOLDS = timedelta(seconds=10)
"""One check of a suspicion serves all who have the same one within this time."""
WITNESSES = 3
DEFAULT_PLATFORM = "euw1"
REMEDIES = {
    KeyOutage.REFUSED: (
        "Riot refuses the key. Get a new one at developer.riotgames.com and set it with manage.py set_riot_key, "
        "in the admin under Riot keys, or as RIOT_API_KEY"
    ),
    KeyOutage.FOREIGN: (
        "The ids stored here belong to another application than the key. Give the players new ids with manage.py "
        "rekey_players, or set a key of the application they came from with manage.py set_riot_key, in the admin "
        "under Riot keys, or as RIOT_API_KEY"
    ),
}

log = structlog.stdlib.get_logger(__name__)


class Verdict(Enum):
    """What a refusal turned out to be."""

    THE_KEY = "the key"
    NOT_THE_KEY = "not the key"
    UNDECIDED = "undecided"
    """Somebody else is finding out at this moment, or it cannot be found out now."""


class KeyOfAnotherApplication(Exception):
    """A working key that cannot read the puuids stored here."""

    def __init__(self) -> None:
        super().__init__(
            "this key works, but it is of another application: Riot cannot read the ids stored here with it. "
            "Use a key of the application they came from, move the ids to this key's with manage.py rekey_players, "
            "or use another database"
        )


_when_over: list[Callable[[], None]] = []


def when_over(callback: Callable[[], None]) -> None:
    """Call this whenever an outage has ended, in the process that ended it."""
    _when_over.append(callback)


def remedy(outage: KeyOutage) -> str:
    """What is wrong and what to do; the same text for the whole outage."""
    return REMEDIES[outage.kind]


def explained(problem: Exception) -> str:
    """The problem as a text for people, with what to do about a refused key or a budget that is used up."""
    if isinstance(problem, BudgetWait):
        return f"the key's budget is used up for {math.ceil(problem.seconds)} s: try again then"
    return f"{problem}. {REMEDIES[KeyOutage.REFUSED]}" if isinstance(problem, KeyRefused) else str(problem)


def known() -> KeyOutage | None:
    """The outage that is known of; nobody is asked, and nothing changes."""
    return KeyOutage.objects.filter(since__isnull=False).first()


def standing() -> KeyOutage | None:
    """The outage there is now. Whoever asks first after a minute tries the key, and may find that it is over."""
    outage = known()
    if outage is None:
        return None
    if _claim_probe(outage) and _is_over(outage):
        close()
        return None
    return outage


def judge_refusal(error: KeyRefused) -> Verdict:
    """Whether it is the key: the status page near the host that refused it is asked."""
    platform = platform_near(error.host)

    def is_the_key() -> bool:
        try:
            gateway.client(Lane.INTERACTIVE).platform_status(platform)
        except KeyRefused:
            return True
        return False

    return _judge(KeyOutage.REFUSED, is_the_key, platform=platform, why=str(error))


def judge_foreign_id(error: ForeignId) -> Verdict:
    """Whether it is the key: players whom Riot knew by their puuids before are asked for."""

    def is_the_key() -> bool:
        return _all_ids_are_foreign(gateway.client(Lane.INTERACTIVE))

    return _judge(KeyOutage.FOREIGN, is_the_key, platform=DEFAULT_PLATFORM, why=str(error))


def replace_key(text: str) -> RiotKey:
    """Try a key, store it if it is good, and end the outage: every process uses it within seconds.

    Raises BadKey, ForeignDatabase, KeyRefused, KeyOfAnotherApplication, or another RiotError when Riot could not be
    asked; then nothing has changed.
    """
    key = keys.checked(text)
    gateway.current_source()
    with gateway.client_for(key) as client:
        client.platform_status(probe_platform())
        if _cannot_read_ids(client):
            raise KeyOfAnotherApplication
    stored = keys.store(key)
    log.info("riot_key_stored", key=stored)
    gateway.reread_key()
    close()
    return stored


def check_key() -> None:
    """Try the current key, and end the outage if it is good; raises a RiotError or KeyOfAnotherApplication."""
    gateway.reread_key()
    client = gateway.client(Lane.INTERACTIVE)
    client.platform_status(probe_platform())
    if _cannot_read_ids(client):
        raise KeyOfAnotherApplication
    close()


def probe_platform() -> str:
    """Where a key is tried: where the last outage was noticed, else where the tracked players play."""
    outage = known()
    if outage is not None and outage.platform:
        return outage.platform
    tracked = Player.objects.tracked().active().filter(platform__in=PLATFORMS).values_list("platform", flat=True)
    return tracked.order_by("id").first() or DEFAULT_PLATFORM


def hold(why: str) -> None:
    """Stop whatever talks to Riot until the stored ids have been moved to another application."""
    KeyOutage.objects.bulk_create([KeyOutage()], ignore_conflicts=True)
    platform = probe_platform()
    KeyOutage.objects.update(
        kind=KeyOutage.FOREIGN,
        since=Coalesce("since", Now()),
        why=why,
        platform=platform,
        next_probe_at=Now() + PROBE_EVERY,
    )


def close() -> bool:
    """The key is accepted. True for the one caller who ended an outage."""
    with transaction.atomic():
        ended = KeyOutage.objects.filter(since__isnull=False).update(since=None, kind="", why="", next_probe_at=None)
        if ended:
            _tell(f"Riot accepts the key {gateway.key_in_use()} again: what waited goes on.", Level.SUCCESS)
    if ended:
        log.info("riot_key_accepted_again", key=gateway.key_in_use())
        for callback in _when_over:
            callback()
    return bool(ended)


def _judge(kind: str, is_the_key: Callable[[], bool], *, platform: str, why: str) -> Verdict:
    KeyOutage.objects.bulk_create([KeyOutage()], ignore_conflicts=True)
    if KeyOutage.objects.filter(since__isnull=False).exists():
        return Verdict.THE_KEY
    if not _claim_suspicion():
        cleared = KeyOutage.objects.filter(cleared_at__gt=Now() - SUSPICION_HOLDS).exists()
        return Verdict.NOT_THE_KEY if cleared else Verdict.UNDECIDED
    try:
        guilty = is_the_key()
    except RiotError as problem:
        log.info("riot_key_not_checked", problem=problem)
        return Verdict.UNDECIDED
    if guilty:
        _open(kind, platform=platform, why=why)
        return Verdict.THE_KEY
    KeyOutage.objects.update(cleared_at=Now())
    return Verdict.NOT_THE_KEY


def _open(kind: str, *, platform: str, why: str) -> None:
    key = gateway.key_in_use()
    with transaction.atomic():
        opened = KeyOutage.objects.filter(since=None).update(
            kind=kind, since=Now(), why=why, platform=platform, key_mark=key.mark, next_probe_at=Now() + PROBE_EVERY
        )
        if opened:
            _tell(f"{REMEDIES[kind]}. Until then jobs that talk to Riot wait. The key is {key}.", Level.FAILURE)
    if opened:
        log.warning(f"riot_key_{kind}", key=key, why=why, remedy=REMEDIES[kind])


def _tell(text: str, level: Level) -> None:
    telling.tell(KEY_REFUSED, [News("key", text, level)])


def _claim_suspicion() -> bool:
    """True for one caller per 10 s: a key that expires is met by all threads of all processes at once."""
    free = KeyOutage.objects.filter(Q(next_probe_at=None) | Q(next_probe_at__lte=Now()), since=None)
    return bool(free.update(next_probe_at=Now() + SUSPICION_HOLDS))


def _claim_probe(outage: KeyOutage) -> bool:
    """True for one caller per minute; sooner where this process has another key than the one tried last."""
    key = gateway.key_in_use()
    another = ~Q(key_mark=key.mark) & Q(next_probe_at__lte=Now() + PROBE_EVERY - PROBE_OF_ANOTHER_KEY_AFTER)
    due = KeyOutage.objects.filter(Q(next_probe_at__lte=Now()) | another, pk=outage.pk, since=outage.since)
    return bool(due.update(next_probe_at=Now() + PROBE_EVERY, key_mark=key.mark))


def _is_over(outage: KeyOutage) -> bool:
    client = gateway.client(Lane.INTERACTIVE)
    try:
        client.platform_status(outage.platform)
        return outage.kind == KeyOutage.REFUSED or not _cannot_read_ids(client)
    except KeyRefused as refusal:
        log.info("riot_key_probe", problem=refusal)
    except RiotError as problem:
        log.info("riot_key_not_checked", problem=problem)
        KeyOutage.objects.filter(pk=outage.pk).update(next_probe_at=Now() + PROBE_UNANSWERED_AGAIN_AFTER)
    return False


def _cannot_read_ids(client: RiotClient) -> bool:
    """While ids are being moved, those stored are of two applications: no key reads them all."""
    return Source.objects.switching() or _all_ids_are_foreign(client)


def _all_ids_are_foreign(client: RiotClient) -> bool:
    """Whether Riot can decrypt none of the ids of a few players it knew before; False where there are none."""
    of_source = Player.objects.filter(source=gateway.current_source(), platform__in=PLATFORMS)
    updated = of_source.filter(last_updated__isnull=False)
    witnesses = updated.order_by("-last_updated").values_list("puuid", "platform")[:WITNESSES]
    return bool(witnesses) and all(is_foreign(client, puuid, platform) for puuid, platform in witnesses)


def is_foreign(client: RiotClient, puuid: str, platform: str) -> bool:
    """Whether Riot cannot decrypt this id with the client's key."""
    try:
        client.account_by_puuid(puuid, platform=platform)
    except ForeignId:
        return True
    except NotFound:
        return False
    return False
