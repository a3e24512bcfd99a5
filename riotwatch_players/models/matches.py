from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from riotwatch_players.models.players import Player
from riotwatch_players.models.sources import Source

RANKED_SOLO_QUEUE = 420
MIN_USABLE_DURATION_S = 300


class Match(models.Model):
    """A match that was played. Every queue is stored; analysis takes the `usable` ones. Raw bodies are not kept."""

    match_id = models.CharField(max_length=40, unique=True, help_text="Riot's own, such as EUW1_7000000000.")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, db_index=False)  # there is hardly more than one
    platform = models.CharField(max_length=16, help_text="Such as euw1, from the match id.")
    region = models.CharField(max_length=16, blank=True, help_text="The host that serves it, such as europe.")
    queue_id = models.IntegerField()
    map_id = models.IntegerField(null=True)
    mode = models.CharField(max_length=32, blank=True)
    type = models.CharField(max_length=32, blank=True)
    version = models.CharField(max_length=32, blank=True, help_text="The game's build, such as 16.7.764.3737.")
    patch = models.CharField(max_length=8, blank=True, help_text="Such as 16.7.")
    created_at = models.DateTimeField(help_text="When the lobby was made (gameCreation).")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(help_text="Start plus the longest time anybody played.")
    duration_s = models.IntegerField()
    remake = models.BooleanField(default=False)
    surrendered = models.BooleanField(default=False, help_text="Ended by a vote.")
    end_result = models.CharField(max_length=32, blank=True, help_text="endOfGameResult; unreliable by itself.")
    stored_at = models.DateTimeField()
    people_met = models.BooleanField(
        default=False, help_text="A tracked player took part and the others' times_met counts this match."
    )
    # Kept by the database, so that everything that stores or reads matches has one answer.
    usable = models.GeneratedField(
        expression=Q(queue_id=RANKED_SOLO_QUEUE, remake=False, duration_s__gte=MIN_USABLE_DURATION_S),  # type: ignore[arg-type]
        output_field=models.BooleanField(),
        db_persist=True,
        help_text="Ranked solo, no remake, five minutes or more.",
    )

    class Meta:
        db_table = "matches"
        verbose_name_plural = "matches"
        indexes = [
            # Archives and retention take matches by date.
            models.Index(fields=["started_at"], name="matches_started"),
            # How many were stored in each hour: the home page.
            models.Index(fields=["stored_at"], name="matches_stored"),
            # Tables kept from usable matches (champions, baselines) take the newest.
            models.Index(F("started_at").desc(), condition=Q(usable=True), name="matches_usable"),
        ]

    def __str__(self) -> str:
        return self.match_id


class Participant(models.Model):
    """One place in a match. Null means that the body did not tell.

    `started_at` and `usable` repeat the match's, because they are what a player's games are chosen and ordered by: with
    them here, the newest 100 usable games of a player are one index scan instead of a join over all of their games.
    """

    match = models.ForeignKey(Match, on_delete=models.CASCADE, related_name="participants", db_index=False)
    position = models.SmallIntegerField(help_text="Place in the body, from 0; a puuid can stand there twice.")
    player = models.ForeignKey(Player, on_delete=models.PROTECT, related_name="games", null=True, db_index=False)
    started_at = models.DateTimeField()
    usable = models.BooleanField()

    team_id = models.SmallIntegerField(null=True)
    subteam = models.SmallIntegerField(null=True, help_text="Arena's team.")
    placement = models.SmallIntegerField(null=True, help_text="Arena's place, from 1.")
    win = models.BooleanField(null=True)
    surrendered_early = models.BooleanField(null=True, help_text="On the team that a remake was made for.")
    champion_id = models.IntegerField(null=True)
    champion_level = models.SmallIntegerField(null=True)
    team_position = models.CharField(
        max_length=8, blank=True, help_text="TOP, JUNGLE, MIDDLE, BOTTOM, UTILITY or empty."
    )
    individual_position = models.CharField(max_length=8, blank=True)
    kills = models.SmallIntegerField(null=True)
    deaths = models.SmallIntegerField(null=True)
    assists = models.SmallIntegerField(null=True)
    cs = models.IntegerField(null=True, help_text="Minions and monsters.")
    gold = models.IntegerField(null=True)
    damage_to_champions = models.IntegerField(null=True)
    damage_share = models.FloatField(null=True, help_text="Of the team's damage to champions, 0 to 1.")
    kill_participation = models.FloatField(null=True, help_text="Kills and assists per kill of the team, 0 to 1.")
    vision_score = models.IntegerField(null=True)
    time_played_s = models.IntegerField(null=True)
    summoner_level = models.IntegerField(null=True, help_text="At the time of the match.")
    items = ArrayField(models.IntegerField(), default=list, help_text="By slot, 0 for an empty one.")
    spells = ArrayField(models.IntegerField(), default=list)
    runes = models.JSONField(default=dict, help_text="styles, perks and stats, as ids.")

    class Meta:
        db_table = "match_participants"
        constraints = [models.UniqueConstraint(fields=["match", "position"], name="match_participants_position")]
        indexes = [
            # All games of a player, newest first: pages, encounters (player to matches to the others), foreign key.
            models.Index("player", F("started_at").desc(), name="match_participants_games"),
            # The games analysis takes, without stepping over ARAMs and remakes. They lie all over the table, so what is
            # needed of them stands in the index.
            models.Index(
                fields=["player", "-started_at"],
                include=["match", "position", "team_id", "win", "champion_id"],
                condition=Q(usable=True),
                name="match_participants_usable",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.match_id}/{self.position}"


class MatchTeam(models.Model):
    """A team of a usable match as analysis reads it: everybody's figures in one value.

    Written when a member is analyzed first (see `reading`), and made of the participants again once it is deleted.
    """

    pk = models.CompositePrimaryKey("match", "team")
    match = models.ForeignKey(Match, on_delete=models.CASCADE, related_name="teams", db_index=False)
    team = models.SmallIntegerField(help_text="Riot's team id; -1 minus the position of a participant without one.")
    duration_s = models.IntegerField(help_text="The match's.")
    lines = models.BinaryField(help_text="Five lines of one width; reading._LINE names their fields.")

    class Meta:
        db_table = "match_teams"

    def __str__(self) -> str:
        return f"{self.match_id}/{self.team}"
