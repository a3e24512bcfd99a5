"""Moving to a key of another application: everybody worth it is asked for by Riot ID and gets the id that is valid now.

While this is unfinished there is a source with a higher application number than the active one, and the outage stays
open: nothing else may talk to Riot, for the ids stored here are of two applications. It can be interrupted anywhere and
taken up again; who has an id of the new application is done.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q

from riotwatch_players import gateway, keys, merging, outages
from riotwatch_players.models import BacklogMatch, BacklogState, Match, Participant, Player, PlayerQuerySet, Source
from riotwatch_players.riot.client import RiotClient
from riotwatch_players.riot.errors import (
    BadRequest,
    BudgetWait,
    NetworkTrouble,
    NotFound,
    RateLimited,
    ServerTrouble,
    UnexpectedAnswer,
)
from riotwatch_players.riot.limiter import Lane
from riotwatch_players.riot.payloads import Account
from riotwatch_players.riot.routing import PLATFORMS

TRIES = 3
PAUSE_AFTER_TROUBLE_S = 2.0
KEY_IS_EVERYWHERE_AFTER_S = gateway.KEY_REREAD_EVERY_S + 1.0
WITNESSES = 3

log = structlog.stdlib.get_logger(__name__)


class Reach(StrEnum):
    """Who is asked for; each takes in those before it."""

    TRACKED = "tracked"
    DISCOVERED = "discovered"
    NAMED = "named"


class Change(StrEnum):
    """What became of one player."""

    MOVED = "moved"
    MERGED = "merged"
    UNKNOWN_NAME = "no Riot ID is known"
    NOT_FOUND = "Riot knows nobody of this Riot ID"
    NAME_OF_ANOTHER = "the Riot ID belongs to another player by now"

    @property
    def done(self) -> bool:
        """Whether the player has an id that is valid now."""
        return self in {Change.MOVED, Change.MERGED}


@dataclass(frozen=True)
class Switch:
    """A move to the application of a key, begun or taken up again."""

    target: Source
    key: str = field(repr=False)
    stored_at_s: float | None
    """When the key was stored (monotonic seconds); None where it was in use already."""


@dataclass
class Rekeyed:
    """What the work came to."""

    moved: int = 0
    merged: int = 0
    unresolved: list[tuple[Player, Change]] = field(default_factory=list)

    def add(self, player: Player, change: Change) -> None:
        """Count one player."""
        self.moved += change is Change.MOVED
        self.merged += change is Change.MERGED
        if not change.done:
            self.unresolved.append((player, change))


def begin(text: str | None) -> Switch:
    """Try the key (the one in use for None), find or make its source, and hold back whatever else talks to Riot.

    The key is stored now, so that every process has it when the others go on. Raises BadKey, ForeignDatabase, or a
    RiotError when Riot refuses the key or cannot be asked; then nothing has changed.
    """
    key = keys.checked(gateway.reread_key().text if text is None else text)
    active = gateway.current_source()
    with gateway.client_for(key) as client:
        client.platform_status(outages.probe_platform())
        found = _source_read_by(client, active)
    target = found or Source.objects.prepare(settings.RIOT_API_URL)
    if not target.active:
        Source.objects.promote(target)
    if Source.objects.switching():
        outages.hold(f"rekey_players is moving the stored ids to {target}")
    is_new = gateway.key_in_use().text != key
    if is_new:
        keys.store(key)
        gateway.reread_key()
    log.info("rekeying_began", source=target, key=gateway.key_in_use())
    return Switch(target, key, stored_at_s=time.monotonic() if is_new else None)


def left(switch: Switch, reach: Reach) -> list[int]:
    """Our ids of the players who are still to be asked for, tracked ones first, most-met first among the others."""
    wanted = Q(tracked=True)
    if reach is not Reach.TRACKED:
        wanted |= Q(discovered_at__isnull=False)
    if reach is Reach.NAMED:
        wanted |= ~Q(game_name="")
    others = Player.objects.filter(wanted).exclude(source=switch.target)
    ordered = others.order_by("-tracked", F("discovered_at").asc(nulls_last=True), "-times_met", "id")
    return list(ordered.values_list("pk", flat=True))


def rekey(switch: Switch, reach: Reach, *, advance: Callable[[], None]) -> Rekeyed:
    """Ask for everybody who is left, and switch when the tracked ones were tried. `advance` is called per player.

    Raises a RiotError when Riot cannot be asked any longer; what is done is stored, and `begin` takes it up again.
    """
    done = Rekeyed()
    tracked = left(switch, Reach.TRACKED)
    others = [pk for pk in left(switch, reach) if pk not in set(tracked)]
    with _client(switch) as client:
        _rekey_all(switch, tracked, client=client, done=done, advance=advance)
        _finish(switch)
        _rekey_all(switch, others, client=client, done=done, advance=advance)
    return done


@contextmanager
def _client(switch: Switch) -> Iterator[RiotClient]:
    with gateway.client_for(switch.key) as client:
        yield client.for_lane(Lane.TRACKED)


def _rekey_all(
    switch: Switch, player_ids: list[int], *, client: RiotClient, done: Rekeyed, advance: Callable[[], None]
) -> None:
    for pk in player_ids:
        player = Player.objects.filter(pk=pk).exclude(source=switch.target).first()
        if player is not None:
            done.add(player, _rekey_one(player, switch.target, client))
        advance()


def _rekey_one(player: Player, target: Source, client: RiotClient) -> Change:
    if not player.game_name:
        return Change.UNKNOWN_NAME
    account = _ask(client, player)
    if account is None:
        return Change.NOT_FOUND
    try:
        return _take(player, account, target)
    except IntegrityError:
        # A match stored at this moment brought the same player: now there are two rows to merge.
        return _take(player, account, target)


def _ask(client: RiotClient, player: Player) -> Account | None:
    """Who bears the player's Riot ID now; waits for the budget, and tries again a little when Riot is in trouble."""
    near = player.platform if player.platform in PLATFORMS else outages.DEFAULT_PLATFORM
    tries = 0
    while True:
        try:
            return client.account_by_riot_id(player.game_name, player.tag_line, platform=near)
        except (NotFound, BadRequest):
            return None
        except BudgetWait as wait:
            time.sleep(wait.seconds)
        except RateLimited as limited:
            time.sleep(limited.wait_s)
        except (ServerTrouble, NetworkTrouble, UnexpectedAnswer):
            tries += 1
            if tries == TRIES:
                raise
            time.sleep(PAUSE_AFTER_TROUBLE_S)


@transaction.atomic
def _take(player: Player, account: Account, target: Source) -> Change:
    """Give the player the new id; where somebody has it, the two rows are one player or the name changed hands."""
    other = Player.objects.with_puuid(target, account.puuid).first()
    if player.puuid != account.puuid and not _bears_name(player, other):
        return Change.NAME_OF_ANOTHER
    kept = player
    if other is not None:
        kept, gone = sorted((player, other), key=lambda one: (one.first_seen_at, one.pk))
        merging.merge(kept, gone)
    names = {"game_name": account.game_name, "tag_line": account.tag_line} if account.game_name else {}
    Player.objects.filter(pk=kept.pk).update(source=target, puuid=account.puuid, **names)
    return Change.MOVED if other is None else Change.MERGED


def _bears_name(player: Player, other: Player | None) -> bool:
    """Whether the Riot ID is this player's still, as far as can be told from here.

    In one application a person is one row. So whoever has the new id and games from the player's old application is
    somebody else; and of several of one application who were seen under one name, the last one bears it.
    """
    if other is not None:
        games = Participant.objects.filter(player=other, match__in=Match.objects.filter(source=player.source_id))
        return not games.exists()
    named = Player.objects.with_riot_id(player.game_name, player.tag_line, platform=player.platform)
    seen = named.filter(source=player.source_id).order_by(F("level_seen_at").desc(nulls_last=True), "-id")
    return seen.first() == player


def _finish(switch: Switch) -> None:
    """From here on the new application is the one in use; the outage is over."""
    if not Source.objects.switching():
        outages.close()
        return
    if switch.stored_at_s is not None:
        time.sleep(max(0.0, switch.stored_at_s + KEY_IS_EVERYWHERE_AFTER_S - time.monotonic()))
    with transaction.atomic():
        Source.objects.switch_to(switch.target)
        # Match ids are the same in every application: what is to be fetched still is.
        pending = BacklogMatch.objects.filter(state=BacklogState.PENDING).exclude(source=switch.target)
        pending.update(source=switch.target)
    log.info("rekeying_switched", source=switch.target)
    outages.close()


def _source_read_by(client: RiotClient, active: Source) -> Source | None:
    """The source whose ids this key can read; the active one where nobody's id is worth anything yet."""
    for source in Source.objects.order_by("-application"):
        known = _witnesses(source)
        if any(not outages.is_foreign(client, puuid, platform) for puuid, platform in known):
            return source
        if not known and source == active:
            return source
    return None


def _witnesses(source: Source) -> list[tuple[str, str]]:
    """Ids that Riot gave: of players updated with them, else of those who are tracked or discovered."""
    of_source: PlayerQuerySet = Player.objects.filter(source=source, platform__in=PLATFORMS)
    updated = of_source.filter(last_updated__isnull=False).order_by("-last_updated")
    wanted = of_source.filter(Q(tracked=True) | Q(discovered_at__isnull=False)).order_by("-tracked", "-id")
    ids = ("puuid", "platform")
    return list(updated.values_list(*ids)[:WITNESSES]) or list(wanted.values_list(*ids)[:WITNESSES])
