from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Lower
from django.utils import timezone

from riotwatch_players.detection.words import FLAGGED
from riotwatch_players.models.sources import Source

_FLAGGED = Q(verdict__in=[one.value for one in FLAGGED])
_NOT_RESOLVING = Q(tracked=True, update_failures__gte=1) | Q(unavailable_at__isnull=False)
# Written so that the two partial indexes on players serve it.
_COSTING_REQUESTS = Q(tracked=True) | Q(discovered_at__isnull=False, tracked=False)

STUCK_AFTER = timedelta(days=7)
PUUID_MIN = 64
"""No name is this long, and every puuid is."""


class Stage(StrEnum):
    """How far a player has come."""

    MATCHES = "matches"
    RANK = "rank"
    ANALYSIS = "analysis"
    ANALYZED = "analyzed"


_IN_STAGE = {
    Stage.MATCHES: Q(history_full_at=None),
    Stage.RANK: Q(history_full_at__isnull=False, rank_checked_at=None),
    Stage.ANALYSIS: Q(history_full_at__isnull=False, rank_checked_at__isnull=False, analyzed_at=None),
    Stage.ANALYZED: Q(history_full_at__isnull=False, rank_checked_at__isnull=False, analyzed_at__isnull=False),
}


@dataclass(frozen=True)
class Waiting:
    """What a player waits for, and since when."""

    stage: Stage
    since: datetime


class PlayerQuerySet(models.QuerySet["Player"]):
    """The named sets of players; each is one indexed query."""

    def active(self) -> "PlayerQuerySet":
        """Not paused by an operator, account not found unavailable."""
        return self.filter(paused=False, unavailable_at=None)

    def reachable(self) -> "PlayerQuerySet":
        """Whose id the key in use can read: not left behind at another application's key (`rekey_players`)."""
        return self.filter(source__active=True)

    def tracked(self) -> "PlayerQuerySet":
        """Whom somebody asked to keep watch on."""
        return self.filter(tracked=True)

    def discovered(self) -> "PlayerQuerySet":
        """Met in a match of a tracked player and worth requests; tracked players are not among them."""
        return self.filter(discovered_at__isnull=False, tracked=False)

    def merely_known(self) -> "PlayerQuerySet":
        """Neither tracked nor discovered: somebody seen in a match, for whom no request is made."""
        return self.filter(tracked=False, discovered_at=None)

    def paused(self) -> "PlayerQuerySet":
        """Whom an operator paused."""
        return self.filter(paused=True)

    def unavailable(self) -> "PlayerQuerySet":
        """Whose account was found not to resolve."""
        return self.filter(unavailable_at__isnull=False)

    def in_stage(self, stage: Stage) -> "PlayerQuerySet":
        """Tracked and discovered players who have come this far (see `Player.waiting_for`)."""
        return self.filter(_COSTING_REQUESTS, _IN_STAGE[stage])

    def stuck(self, *, now: datetime) -> "PlayerQuerySet":
        """Active players who have been waiting for matches, rank or analysis for more than STUCK_AFTER."""
        before = now - STUCK_AFTER
        wanted_since = Case(When(tracked=True, then=F("tracked_at")), default=F("discovered_at"))
        waiting = (
            (_IN_STAGE[Stage.MATCHES] & Q(wanted_since__lt=before))
            | (_IN_STAGE[Stage.RANK] & Q(history_full_at__lt=before))
            | (_IN_STAGE[Stage.ANALYSIS] & Q(history_full_at__lt=before, rank_checked_at__lt=before))
        )
        costing = self.active().filter(_COSTING_REQUESTS).alias(wanted_since=wanted_since)
        return costing.filter(waiting, wanted_since__isnull=False)

    def awaiting_history(self) -> "PlayerQuerySet":
        """Discovered, active players whose history is not full yet, most-met first."""
        return self.discovered().active().reachable().filter(history_full_at=None).order_by("-times_met", "id")

    def flagged(self) -> "PlayerQuerySet":
        """Whose latest verdict recommends a look."""
        return self.filter(Player.flagged_condition())

    def not_resolving(self) -> "PlayerQuerySet":
        """Whose account is being watched: tracked and failing to update, or found unavailable."""
        return self.filter(Player.not_resolving_condition())

    def with_puuid(self, source: Source, puuid: str) -> "PlayerQuerySet":
        """The one player that `source` calls `puuid`, if known."""
        return self.filter(source=source, puuid=puuid)

    def with_riot_id(self, game_name: str, tag_line: str, *, platform: str) -> "PlayerQuerySet":
        """Players last seen under a Riot ID, whatever its case; a name that changed hands finds several."""
        return self.alias(lower_name=Lower("game_name"), lower_tag=Lower("tag_line")).filter(
            lower_name=Lower(models.Value(game_name)),
            lower_tag=Lower(models.Value(tag_line)),
            platform=platform.lower(),
        )

    def named(self, text: str) -> "PlayerQuerySet":
        """Whose Riot ID is `text`, or whose name begins with it, whatever the case and platform."""
        name, hash_sign, tag = (part.strip().lower() for part in text.strip().partition("#"))
        players = self.alias(lower_name=Lower("game_name"), lower_tag=Lower("tag_line"))
        if hash_sign and tag:
            return players.filter(lower_name=name, lower_tag=tag)
        return players.filter(lower_name=name) if hash_sign else players.filter(lower_name__startswith=name)

    def found(self, term: str) -> "PlayerQuerySet":
        """Whom a search means: by Riot ID, by the beginning of a name, or by puuid; each by an index."""
        if len(term) > PUUID_MIN and "#" not in term:
            return self.filter(source__in=Source.objects.values_list("pk", flat=True), puuid=term)
        return self.named(term)


class Player(models.Model):
    """A League of Legends account as far as it is known, whether or not it costs requests."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, db_index=False)  # (source, puuid) is indexed
    puuid = models.CharField(max_length=128, help_text="Riot's id, encrypted per application; replaceable.")
    game_name = models.CharField(max_length=64, blank=True, default="")
    tag_line = models.CharField(max_length=16, blank=True, default="")
    platform = models.CharField(max_length=16, help_text="Such as euw1.")
    first_seen_at = models.DateTimeField(default=timezone.now)

    tracked = models.BooleanField(default=False)
    tracked_at = models.DateTimeField(null=True, blank=True)
    discovered_at = models.DateTimeField(null=True, blank=True, help_text="When met in a match of a tracked player.")
    times_met = models.IntegerField(default=0, help_text="Stored matches shared with a tracked player.")

    paused = models.BooleanField(default=False, help_text="An operator's pause: no request is made.")
    paused_reason = models.CharField(max_length=200, blank=True, default="")
    unavailable_at = models.DateTimeField(null=True, blank=True, help_text="When the account was found not to resolve.")

    summoner_level = models.IntegerField(null=True, blank=True)
    profile_icon_id = models.IntegerField(null=True, blank=True)
    level_seen_at = models.DateTimeField(null=True, blank=True, help_text="How fresh name, level and icon are.")

    listed_until = models.DateTimeField(
        null=True, blank=True, help_text="Newest game whose id is in the backlog; moves only after it is there."
    )
    listed_depth = models.IntegerField(default=0, help_text="How many of the newest ids have been listed so far.")
    listed_all = models.BooleanField(default=False, help_text="Riot has no older ids.")
    ranked_games = models.IntegerField(default=0, help_text="Stored games that analysis can use.")
    history_full_at = models.DateTimeField(null=True, blank=True, help_text="When enough games were first stored.")
    rank_checked_at = models.DateTimeField(null=True, blank=True)
    analyzed_at = models.DateTimeField(null=True, blank=True)
    # The latest analysis in short. Database defaults, because ingest inserts players without naming these.
    verdict = models.CharField(max_length=20, blank=True, default="", db_default="")
    smurf_score = models.FloatField(null=True, blank=True, help_text="0 to 100; empty without an analysis.")
    boosted_score = models.FloatField(null=True, blank=True)
    analyzed_games = models.IntegerField(default=0, db_default=0, help_text="Usable games stored at the analysis.")
    analyzed_standing = models.CharField(
        max_length=24, blank=True, default="", db_default="", help_text="Tier and division at the analysis."
    )
    analyzed_with = models.CharField(
        max_length=101, blank=True, default="", db_default="", help_text="Versions of model and baseline."
    )

    last_updated = models.DateTimeField(null=True, blank=True, help_text="Last successful update.")
    update_failed_at = models.DateTimeField(null=True, blank=True)
    update_failures = models.IntegerField(default=0, help_text="Failed updates in a row.")

    objects = PlayerQuerySet.as_manager()

    class Meta:
        db_table = "players"
        constraints = [models.UniqueConstraint(fields=["source", "puuid"], name="players_puuid")]
        indexes = [
            models.Index(Lower("game_name"), Lower("tag_line"), "platform", name="players_riot_id"),
            # Searching by the beginning of a name, in any locale.
            models.Index(OpClass(Lower("game_name"), name="text_pattern_ops"), name="players_name_beginning"),
            # The list that people look at: tracked players first, then those met last.
            models.Index(F("tracked").desc(), F("id").desc(), name="players_list"),
            # The updater takes the tracked players, longest not updated first: few rows among very many.
            models.Index(F("last_updated").asc(nulls_first=True), condition=Q(tracked=True), name="players_tracked"),
            # How many are discovered is counted for each match of a tracked player: only the index is read.
            models.Index(
                fields=["discovered_at"],
                condition=Q(discovered_at__isnull=False, tracked=False),
                name="players_discovered",
            ),
            # Whose account does not resolve, the latest first: few among very many, on each look at the home page.
            models.Index(F("update_failed_at").desc(), condition=_NOT_RESOLVING, name="players_not_resolving"),
            # Whom the ban checker watches: few among very many.
            models.Index(fields=["verdict"], condition=_FLAGGED, name="players_flagged"),
            models.Index(F("smurf_score").desc(), condition=Q(smurf_score__isnull=False), name="players_smurf_score"),
            # The analyzer looks at everybody with enough games, of the very many who are merely known.
            models.Index(fields=["ranked_games"], condition=Q(ranked_games__gte=20), name="players_analyzable"),
            # The fetcher takes discovered players most-met first, until their history is full.
            models.Index(
                F("times_met").desc(),
                "id",
                condition=Q(discovered_at__isnull=False, tracked=False, history_full_at=None),
                name="players_awaiting_history",
            ),
        ]

    def __str__(self) -> str:
        return self.riot_id or f"player {self.pk}"

    @staticmethod
    def flagged_condition() -> Q:
        """The latest verdict recommends a look."""
        return _FLAGGED

    @staticmethod
    def not_resolving_condition() -> Q:
        """Tracked and failing to update, or found unavailable."""
        return _NOT_RESOLVING

    @property
    def riot_id(self) -> str:
        """`Name#TAG`, or "" where the name is unknown."""
        return f"{self.game_name}#{self.tag_line}" if self.game_name else ""

    @property
    def active(self) -> bool:
        """Whether requests may be made for this player: not paused, not found unavailable."""
        return not self.paused and self.unavailable_at is None

    @property
    def states(self) -> tuple[str, ...]:
        """How the player is watched, and what stops requests, in the product's words."""
        watched = "tracked" if self.tracked else "discovered" if self.discovered_at else "known"
        stops = {"paused": self.paused, "unavailable": self.unavailable_at}
        return (watched, *(name for name, holds in stops.items() if holds))

    @property
    def waiting_for(self) -> Waiting | None:
        """What comes next for this player; None for somebody who is only known (no request is made for them)."""
        wanted_since = self.tracked_at if self.tracked else self.discovered_at
        if wanted_since is None:
            return None
        if self.history_full_at is None:
            return Waiting(Stage.MATCHES, wanted_since)
        if self.rank_checked_at is None:
            return Waiting(Stage.RANK, self.history_full_at)
        if self.analyzed_at is None:
            return Waiting(Stage.ANALYSIS, max(self.history_full_at, self.rank_checked_at))
        return Waiting(Stage.ANALYZED, self.analyzed_at)


SOLO_QUEUE = "RANKED_SOLO_5x5"
"""Riot's name of ranked solo among standings; matches name it by number."""


class RankSnapshot(models.Model):
    """A player's standing in one queue from `seen_at` on. A row only when it changed; the newest is the current one."""

    player = models.ForeignKey(Player, on_delete=models.CASCADE, related_name="ranks", db_index=False)
    queue = models.CharField(max_length=32, help_text="Such as RANKED_SOLO_5x5.")
    tier = models.CharField(max_length=16)
    # Master and above have no division: an empty string would read as an unknown one.
    division = models.CharField(max_length=4, null=True, blank=True)  # noqa: DJ001
    league_points = models.IntegerField()
    wins = models.IntegerField()
    losses = models.IntegerField()
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "player_ranks"
        verbose_name = "rank"
        indexes = [models.Index("player", "queue", F("seen_at").desc(), name="player_ranks_newest")]

    def __str__(self) -> str:
        return " ".join(part for part in (self.tier, self.division, f"{self.league_points} LP") if part)

    @property
    def standing(self) -> tuple[Any, ...]:
        """What makes a new row when it changes."""
        return (self.tier, self.division, self.league_points, self.wins, self.losses)
