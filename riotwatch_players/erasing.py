"""Erasing a player for good: nothing that says who it was stays, and nothing brings them back by itself.

Matches stay, for they are about nine others too; the erased player's place in them is nobody's.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Collate

from riotwatch_messages.models import Follow, Message
from riotwatch_players import erasures
from riotwatch_players.models import MatchTeam, Participant, Player
from riotwatch_players.news import subject_of

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True)
class Identity:
    """What must not be found any more; it is not shown, lest it end up in a log."""

    player: int
    """Our id, which says nothing once the player is gone."""
    puuid: str = field(repr=False)
    riot_id: str = field(repr=False)
    """"" where no name was known."""


@dataclass(frozen=True)
class Known:
    """How much is known about a player: what erasing takes away."""

    games: int
    ranks: int
    analyses: int
    labels: int
    checks: int


_when_erasing: list[Callable[[Identity], None]] = []


def when_erasing(scrub: Callable[[Identity], None]) -> None:
    """Call this within each erasure's transaction: who keeps texts about players elsewhere cleans them of this one."""
    _when_erasing.append(scrub)


def known_about(player: Player) -> Known:
    """What erasing this player would take away."""
    return Known(
        games=player.games.count(),
        ranks=player.ranks.count(),
        analyses=player.analyses.count(),
        labels=player.labels.count(),
        checks=player.ban_checks.count(),
    )


@transaction.atomic
def erase(player: Player, *, by: str, user: AbstractBaseUser | AnonymousUser, now: datetime) -> bool:
    """Erase a player; False when somebody else just did. `by` is told in log and audit, which needs a `user`.

    Whoever stores something about the player at the same time waits here, and then finds nobody to store it about.
    Rows of the same name from another application are the same person's, and go as well.
    """
    found = _locked(player)
    for one in found:
        _erase(one, by=by, user=user, now=now)
    return bool(found)


def _locked(player: Player) -> list[Player]:
    """In the order in which ingest locks players."""
    same = Q(pk=player.pk)
    if player.riot_id:
        elsewhere = Player.objects.named(player.riot_id).exclude(source=player.source_id)
        same |= Q(pk__in=list(elsewhere.values_list("pk", flat=True)))
    return list(Player.objects.select_for_update().filter(same).order_by(Collate("puuid", "C")))


def _erase(found: Player, *, by: str, user: AbstractBaseUser | AnonymousUser, now: datetime) -> None:
    erasures.remember(found, now=now)
    _leave_matches(found)
    _take_messages_back(found)
    _clean_audit(found)
    _audit(found, user, f"erased, by {by}")
    for scrub in _when_erasing:
        scrub(Identity(found.pk, found.puuid, found.riot_id))
    log.info("player_erased", player=found.pk, by=by)
    found.delete()


def _leave_matches(player: Player) -> None:
    games = Participant.objects.filter(player=player)
    # Teams name accounts; they are made again without this one when they are needed.
    MatchTeam.objects.filter(match__in=games.values("match")).delete()
    games.update(player=None)


def _take_messages_back(player: Player) -> None:
    """Those that wait are not sent, and those that were sent are not kept."""
    for rows in (Message.objects.all(), Follow.objects.all()):
        rows.filter(subject=subject_of(player)).delete()


def _clean_audit(player: Player) -> None:
    """Who did something, and when, stays; to whom, and the words that go with it, do not."""
    kind = ContentType.objects.get_for_model(Player)
    entries = LogEntry.objects.filter(content_type=kind, object_id=str(player.pk))
    entries.update(object_repr=_nameless(player), change_message="")


def _audit(player: Player, user: AbstractBaseUser | AnonymousUser, text: str) -> None:
    LogEntry.objects.create(
        user_id=str(user.pk),
        content_type=ContentType.objects.get_for_model(Player),
        object_id=str(player.pk),
        object_repr=_nameless(player),
        action_flag=DELETION,
        change_message=text,
    )


def _nameless(player: Player) -> str:
    return f"player {player.pk}"
