"""Does an account still resolve? What was seen is recorded; why an account does not resolve, Riot does not tell.

A single 404 says nothing: accounts of active players are known to answer it. An account is called unavailable only
after three failed checks in a row, on two endpoints, over three days; one success takes that back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from riotwatch_messages import telling
from riotwatch_messages.events import ACCOUNT_UNAVAILABLE, Level
from riotwatch_players import outages
from riotwatch_players.models import BanCheck, Player, PlayerQuerySet, Seen
from riotwatch_players.models.bans import due_for_check
from riotwatch_players.news import about
from riotwatch_players.outages import Verdict
from riotwatch_players.riot.client import RiotClient
from riotwatch_players.riot.errors import (
    KeyRefused,
    NetworkTrouble,
    NotFound,
    RiotError,
    ServerTrouble,
    UnexpectedAnswer,
)
from riotwatch_players.riot.routing import PLATFORMS

FAILED_CHECKS = 3
FAILED_ENDPOINTS = 2
FAILED_FOR = timedelta(days=3)


@dataclass(frozen=True)
class CheckRule:
    """Who is worth a check, and how often."""

    min_smurf_score: float
    """0 to 100; players scored at least this high are checked."""
    check_after: timedelta
    """A player whose account resolved is checked again after this."""


@dataclass
class Sighting:
    """What the endpoints said; a part is NOT_ASKED until it was asked."""

    account: Seen = Seen.NOT_ASKED
    summoner: Seen = Seen.NOT_ASKED
    region: Seen = Seen.NOT_ASKED
    moved_to: str = ""
    trouble: RiotError | None = None
    """The last passing fault met; asking again soon can tell more."""

    @property
    def result(self) -> Seen:
        """The check as a whole. A summoner that resolves is enough: accounts of active players are missing at times."""
        if Seen.RESOLVES in {self.summoner, self.region} or self.region is Seen.MOVED:
            return Seen.MOVED if self.region is Seen.MOVED else Seen.RESOLVES
        if self.summoner is Seen.NOT_FOUND and self.account in {Seen.NOT_FOUND, Seen.RESOLVES}:
            return Seen.NOT_FOUND
        return Seen.KEY_PROBLEM if Seen.KEY_PROBLEM in {self.account, self.summoner} else Seen.TROUBLE


@dataclass(frozen=True)
class Checked:
    """What one check came to."""

    result: Seen
    newly_unavailable: bool = False
    recovered: bool = False


def due_players(rule: CheckRule, *, now: datetime) -> PlayerQuerySet:
    """Flagged, scored high, tracked and failing to resolve, or unavailable; and due. Paused ones too."""
    suspects = (
        Player.objects.reachable()
        .filter(platform__in=PLATFORMS)
        .filter(
            Player.flagged_condition() | Q(smurf_score__gte=rule.min_smurf_score) | Player.not_resolving_condition()
        )
    )
    return due_for_check(suspects, now=now, check_after=rule.check_after)


def look(player: Player, client: RiotClient) -> Sighting:
    """Ask Riot. Raises what concerns the key or its budget; faults of single endpoints are part of the sighting."""
    seen = Sighting()
    seen.account = _ask(seen, lambda: client.account_by_puuid(player.puuid, platform=player.platform))
    seen.summoner = _ask(seen, lambda: client.summoner_by_puuid(player.puuid, platform=player.platform))
    if seen.account is Seen.RESOLVES and seen.summoner is Seen.NOT_FOUND:
        seen.region = _ask(seen, lambda: _find_platform(seen, player, client))
    return seen


def record(player: Player, seen: Sighting, *, now: datetime) -> Checked:
    """Store what was seen and draw the conclusion, in one transaction. Of somebody erased meanwhile nothing is kept."""
    with transaction.atomic():
        locked = Player.objects.select_for_update().filter(pk=player.pk).first()
        if locked is None:
            return Checked(seen.result)
        BanCheck.objects.create(
            player=locked,
            checked_at=now,
            result=seen.result,
            account=seen.account,
            summoner=seen.summoner,
            region=seen.region,
            moved_to=seen.moved_to,
        )
        return _conclude(locked, seen, now=now)


def _ask(seen: Sighting, question: Callable[[], object]) -> Seen:
    try:
        question()
    except NotFound:
        return Seen.NOT_FOUND
    except KeyRefused as refusal:
        if outages.judge_refusal(refusal) is not Verdict.NOT_THE_KEY:
            raise
        return Seen.KEY_PROBLEM
    except (ServerTrouble, NetworkTrouble, UnexpectedAnswer) as trouble:
        seen.trouble = trouble
        return Seen.TROUBLE
    return Seen.MOVED if seen.moved_to else Seen.RESOLVES


def _find_platform(seen: Sighting, player: Player, client: RiotClient) -> None:
    """Follow an account to the platform that Riot names, if it has a summoner there; raises NotFound."""
    platform = client.platform_of_account(player.puuid, platform=player.platform)
    if platform != player.platform and platform in PLATFORMS:
        client.summoner_by_puuid(player.puuid, platform=platform)
        seen.moved_to = platform


def _conclude(player: Player, seen: Sighting, *, now: datetime) -> Checked:
    if seen.result in {Seen.RESOLVES, Seen.MOVED}:
        recovered = player.unavailable_at is not None
        player.unavailable_at = None
        player.platform = seen.moved_to or player.platform
        player.save(update_fields=["unavailable_at", "platform"])
        if recovered:
            _tell(player, "the account resolves again", Level.SUCCESS)
        return Checked(seen.result, recovered=recovered)
    newly = player.unavailable_at is None and _does_not_resolve_for_good(player)
    if newly:
        player.unavailable_at = now
        player.save(update_fields=["unavailable_at"])
        _tell(player, "the account has not resolved for three days. Riot does not say why", Level.WARNING)
    return Checked(seen.result, newly_unavailable=newly)


def _tell(player: Player, what: str, level: Level) -> None:
    telling.tell(ACCOUNT_UNAVAILABLE, [about(player, f"{what}.", level)])


def _does_not_resolve_for_good(player: Player) -> bool:
    """Judged by the failed checks since the last success; checks that Riot's faults spoiled say nothing."""
    checks = BanCheck.objects.filter(player=player)
    success = checks.succeeded().order_by("-checked_at").first()
    failed = checks.failed().order_by("checked_at")
    row = list(failed.filter(checked_at__gt=success.checked_at) if success else failed)
    if len(row) < FAILED_CHECKS:
        return False
    endpoints = {name for check in row for name in check.endpoints_not_found}
    return len(endpoints) >= FAILED_ENDPOINTS and row[-1].checked_at - row[0].checked_at >= FAILED_FOR
