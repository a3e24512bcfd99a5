from django.db import models

from riotwatch_players.models.sources import Source


class Erasure(models.Model):
    """Somebody was erased. The marks are keyed hashes: they tell whether somebody is that person, not who it was."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, db_index=False)
    puuid_mark = models.CharField(max_length=64)
    riot_id_mark = models.CharField(max_length=64, blank=True, default="", help_text="Empty where no name was known.")
    erased_at = models.DateTimeField()

    class Meta:
        db_table = "player_erasures"
        constraints = [models.UniqueConstraint(fields=["puuid_mark"], name="player_erasures_puuid")]
        indexes = [models.Index(fields=["riot_id_mark"], name="player_erasures_riot_id")]

    def __str__(self) -> str:
        return f"erased at {self.erased_at:%Y-%m-%d %H:%M}"
