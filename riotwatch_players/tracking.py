"""Keeping watch on a player: by Riot ID, up to the configured number."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from riotwatch_players import discovery, erasures, gateway
from riotwatch_players.discovery import DiscoveryRule
from riotwatch_players.models import Player
from riotwatch_players.outages import DEFAULT_PLATFORM
from riotwatch_players.riot.client import RiotClient
from riotwatch_players.riot.errors import NotFound
from riotwatch_players.riot.limiter import Lane
from riotwatch_players.riot.payloads import Account
from riotwatch_players.riot.routing import PLATFORMS, platform_host, region_of_platform

GAME_NAME_MAX, TAG_LINE_MAX = 64, 16
PAUSE_REASON_MAX = 200
LONGEST_S = 4.0
"""Somebody sits before a page, or a command, while Riot is asked."""
_LOCK = 0x74726B  # "trk": counting the tracked and adding one must not interleave


class BadRiotId(ValueError):
    """A text that is no Riot ID."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(f'{text!r} is no Riot ID: write Name#TAG, for example "Faker#KR1"')


class NoSuchPlayer(LookupError):
    """Riot does not know this Riot ID."""

    def __init__(self, riot_id: str, platform: str | None) -> None:
        self.riot_id = riot_id
        self.platform = platform
        super().__init__(self._text())

    def _text(self) -> str:
        where = f" ({self.platform})" if self.platform else ""
        return f"Riot knows no {self.riot_id}{where}: check the spelling and the part behind #"


class PlaysNowhere(NoSuchPlayer):
    """Riot knows the Riot ID, and names no platform on which that account plays League."""

    def _text(self) -> str:
        return f"Riot knows {self.riot_id}, but not where that account plays League: name the platform"


class WasErased(Exception):
    """The player was erased here, and nobody has lifted that."""

    def __init__(self, riot_id: str, platform: str) -> None:
        self.riot_id = riot_id
        self.platform = platform
        super().__init__(self._text())

    def _text(self) -> str:
        return (
            f"{self.riot_id} ({self.platform}) was erased here for good and is not stored again. If that is wanted all "
            "the same, lift the erasure: the switch in the form for adding, track_player --lift-erasure, or "
            "lift_erasure in the API, for administrators"
        )


class ErasedMeanwhile(WasErased):
    """The player was erased while something was to be changed about them."""

    def _text(self) -> str:
        return "the player was erased at this very moment, and nothing was changed"


class NotKnown(LookupError):
    """No stored player bears this Riot ID."""

    def __init__(self, riot_id: str, platform: str) -> None:
        self.riot_id = riot_id
        self.platform = platform
        super().__init__(f"no player {riot_id} ({platform}) is known here: check the spelling and the platform")


class TooManyTracked(Exception):
    """The configured number of tracked players is reached."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(
            f"{limit} players are tracked already, which is max_tracked_players: untrack one, or raise it "
            "(the setting of tracked_player_updater, or MAX_TRACKED_PLAYERS)"
        )


@dataclass(frozen=True)
class TrackingRule:
    """What tracking a player entails."""

    max_tracked_players: int
    discovery: DiscoveryRule


def _rule_from_environment() -> TrackingRule:
    return TrackingRule(settings.MAX_TRACKED_PLAYERS, DiscoveryRule(max_discovered_players=5000))


_rule: Callable[[], TrackingRule] = _rule_from_environment


def set_rule(rule: Callable[[], TrackingRule]) -> None:
    """The catalogue says where the configured rule stands; until then the environment's holds."""
    global _rule
    _rule = rule


def current_rule() -> TrackingRule:
    """The rule that holds now."""
    return _rule()


def split_riot_id(text: str) -> tuple[str, str]:
    """`Name#TAG` in two; raises BadRiotId."""
    game_name, hash_sign, tag_line = text.strip().rpartition("#")
    game_name, tag_line = game_name.strip(), tag_line.strip()
    fits = 0 < len(game_name) <= GAME_NAME_MAX and 0 < len(tag_line) <= TAG_LINE_MAX
    if not hash_sign or not fits or "#" in game_name:
        raise BadRiotId(text)
    return game_name, tag_line


def add_player(riot_id: str, *, platform: str | None, now: datetime, lift_erasure: bool = False) -> Player:
    """The player behind a Riot ID, asked of Riot and stored; without a `platform` Riot is asked for that, too.

    All of it takes LONGEST_S at most. Raises BadRiotId, UnknownPlatform, NoSuchPlayer, or WasErased unless
    `lift_erasure`.
    """
    player, _ = ask_for_player(riot_id, platform=platform, now=now, lift_erasure=lift_erasure)
    return player


def ask_for_player(
    riot_id: str, *, platform: str | None, now: datetime, client: RiotClient | None = None, lift_erasure: bool = False
) -> tuple[Player, bool]:
    """The same, and whether the player is new here; a `client` that is given has a time of its own."""
    game_name, tag_line = split_riot_id(riot_id)
    platform = None if platform is None else platform_host(platform.strip())
    client = client or gateway.client(Lane.INTERACTIVE).within(LONGEST_S)
    try:
        account = client.account_by_riot_id(game_name, tag_line, platform=platform or DEFAULT_PLATFORM)
    except NotFound:
        raise NoSuchPlayer(f"{game_name}#{tag_line}", platform) from None
    platform = platform or _platform_of(account, f"{game_name}#{tag_line}", client)
    names = {"game_name": account.game_name or game_name, "tag_line": account.tag_line or tag_line}
    wanted = Player(source=gateway.current_source(), puuid=account.puuid, platform=platform, first_seen_at=now, **names)
    return _stored(wanted, lift_erasure=lift_erasure)


def _platform_of(account: Account, riot_id: str, client: RiotClient) -> str:
    try:
        platform = client.platform_of_account(account.puuid, platform=DEFAULT_PLATFORM)
    except NotFound:
        raise PlaysNowhere(riot_id, None) from None
    if platform not in PLATFORMS:
        raise PlaysNowhere(riot_id, None)
    return platform


@transaction.atomic
def _stored(wanted: Player, *, lift_erasure: bool) -> tuple[Player, bool]:
    """The row of this player, under this name, and whether it is new; raises WasErased."""
    if lift_erasure:
        erasures.lift(wanted)
    now = wanted.first_seen_at
    names = {"game_name": wanted.game_name, "tag_line": wanted.tag_line}
    player, new = Player.objects.get_or_create(
        source=wanted.source,
        puuid=wanted.puuid,
        defaults={**names, "platform": wanted.platform, "first_seen_at": now},
    )
    # Asked behind the insert, which has waited for an erasure that was under way.
    if new and erasures.erased_among(wanted.source, [player], now=now):
        raise WasErased(wanted.riot_id, wanted.platform)
    Player.objects.filter(pk=player.pk).update(**names)
    player.refresh_from_db()
    return player, new


def track(player: Player, *, now: datetime) -> bool:
    """Keep watch on a player from now on; False when that was so already. Raises TooManyTracked or ErasedMeanwhile."""
    rule = current_rule()
    with transaction.atomic():
        _one_at_a_time()
        if Player.objects.tracked().filter(pk=player.pk).exists():
            return False
        if Player.objects.tracked().count() >= rule.max_tracked_players:
            raise TooManyTracked(rule.max_tracked_players)
        Player.objects.filter(pk=player.pk).update(tracked=True, tracked_at=now, history_full_at=None)
    _reread(player)
    transaction.on_commit(lambda: discovery.discover_around(player, rule.discovery, now=now) and None)
    return True


def untrack(player: Player) -> bool:
    """Stop keeping watch; what is known stays. False when the player was not tracked. Raises ErasedMeanwhile."""
    changed = Player.objects.tracked().filter(pk=player.pk).update(tracked=False, tracked_at=None)
    _reread(player)
    return bool(changed)


def pause(player: Player, reason: str) -> bool:
    """Make no requests for a player until `resume`; False when that was so already, for the same reason."""
    reason = reason.strip()[:PAUSE_REASON_MAX]
    others = Player.objects.filter(pk=player.pk).exclude(paused=True, paused_reason=reason)
    return bool(others.update(paused=True, paused_reason=reason))


def resume(player: Player) -> bool:
    """Take a pause back; False when there was none."""
    return bool(Player.objects.paused().filter(pk=player.pk).update(paused=False, paused_reason=""))


def find(riot_id: str, *, platform: str) -> Player:
    """A stored player by Riot ID; raises BadRiotId, UnknownPlatform or NotKnown. Closed platforms are known too."""
    game_name, tag_line = split_riot_id(riot_id)
    platform = platform.strip().lower()
    region_of_platform(platform)
    found = Player.objects.with_riot_id(game_name, tag_line, platform=platform)
    # A name that changed hands finds several: the one seen last bears it now.
    player = found.order_by("-level_seen_at", "-id").first()
    if player is None:
        raise NotKnown(f"{game_name}#{tag_line}", platform)
    return player


def _reread(player: Player) -> None:
    try:
        player.refresh_from_db()
    except Player.DoesNotExist:
        raise ErasedMeanwhile(player.riot_id, player.platform) from None


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
