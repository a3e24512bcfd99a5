from django.db import models
from django.db.models import F

from riotwatch_players.detection.words import Verdict
from riotwatch_players.models.players import Player


class Analysis(models.Model):
    """One judgement of a player with its evidence. The newest is current; its verdict and score stand on the player."""

    player = models.ForeignKey(Player, on_delete=models.CASCADE, related_name="analyses", db_index=False)
    analyzed_at = models.DateTimeField()
    games_used = models.IntegerField()
    verdict = models.CharField(max_length=20, choices=[(one.value, one.value.replace("_", " ")) for one in Verdict])
    smurf_score = models.FloatField(null=True, help_text="0 to 100; empty: too few games.")
    boosted_score = models.FloatField(null=True)
    smurf_p = models.FloatField(null=True, help_text="Probability at the model's assumed prior.")
    boosted_p = models.FloatField(null=True)
    confidence = models.FloatField(help_text="Coverage times precision, 0 to 1; not the score.")
    model_version = models.CharField(max_length=60, help_text="`<id>-<version>+<beginning of the hash>`.")
    baseline_version = models.CharField(max_length=40)
    factors = models.JSONField(
        help_text="Twelve objects: name, state, value, unit, baseline, z, interval, n_used, contributions, text."
    )
    summary = models.TextField(help_text="Why: the strongest reasons for and against, and what is unknown.")

    class Meta:
        db_table = "player_analysis"
        verbose_name_plural = "analyses"
        indexes = [
            models.Index("player", F("analyzed_at").desc(), name="player_analysis_newest"),
            models.Index(F("analyzed_at").desc(), name="player_analysis_when"),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} at {self.analyzed_at:%Y-%m-%d %H:%M}"
