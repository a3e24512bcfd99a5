from django.db import models

from riotwatch_players.game_names import champion_name, role_name


class ChampionRecord(models.Model):
    """How games went for a champion in a role, in the stored matches that were counted last."""

    champion_id = models.IntegerField()
    role = models.CharField(max_length=8, blank=True, help_text="TOP, JUNGLE, MIDDLE, BOTTOM, UTILITY or empty.")
    games = models.IntegerField()
    wins = models.IntegerField()

    class Meta:
        db_table = "champion_records"
        verbose_name = "champion"
        constraints = [models.UniqueConstraint(fields=["champion_id", "role"], name="one_record_per_champion_and_role")]

    def __str__(self) -> str:
        return ", ".join(filter(None, (champion_name(self.champion_id), role_name(self.role))))

    @property
    def win_rate(self) -> float:
        """0 to 1."""
        return self.wins / self.games


class Relation(models.TextChoices):
    """How two champions stand in a match."""

    WITH = "with", "in one team"
    AGAINST = "against", "against each other in a role"


class ChampionPair(models.Model):
    """How games went for a champion together with another, or against it in the same role; a row for either side."""

    relation = models.CharField(max_length=8, choices=Relation)
    champion_id = models.IntegerField()
    other_id = models.IntegerField()
    games = models.IntegerField()
    wins = models.IntegerField(help_text="Of the first champion.")
    expected = models.FloatField(help_text="The win rate that follows from how often either champion wins at all.")
    difference = models.FloatField(help_text="Win rate above what is expected, drawn to 0 where games are few.")

    class Meta:
        db_table = "champion_pairs"
        constraints = [
            models.UniqueConstraint(fields=["relation", "champion_id", "other_id"], name="one_row_per_champion_pair")
        ]
        indexes = [models.Index(fields=["relation", "-difference", "-id"], name="champion_pairs_best_first")]

    def __str__(self) -> str:
        return f"{champion_name(self.champion_id)} {self.relation} {champion_name(self.other_id)}"

    @property
    def win_rate(self) -> float:
        """Of the first champion, 0 to 1."""
        return self.wins / self.games


class ChampionCount(models.Model):
    """The one row that says when champions were counted, and from what."""

    THE_ROW = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ROW)
    counted_at = models.DateTimeField()
    since = models.DateTimeField(help_text="Matches that started from here on were to be counted.")
    matches = models.IntegerField(help_text="Usable matches that were counted.")
    last_stored_at = models.DateTimeField(null=True, help_text="When the newest of all usable matches was stored.")

    class Meta:
        db_table = "champion_count"

    def __str__(self) -> str:
        return f"{self.matches} matches at {self.counted_at:%Y-%m-%d %H:%M}"
