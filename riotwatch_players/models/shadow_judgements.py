from django.db import models

from riotwatch_players.detection.words import Verdict
from riotwatch_players.models.analyses import Analysis
from riotwatch_players.models.detection_models import DetectionModel


class ShadowJudgement(models.Model):
    """What the shadow model said of the history that an analysis judged. Nothing acts on it."""

    analysis = models.OneToOneField(Analysis, on_delete=models.CASCADE, primary_key=True, related_name="shadow")
    model = models.ForeignKey(DetectionModel, on_delete=models.CASCADE, related_name="shadow_judgements")
    verdict = models.CharField(max_length=20, choices=[(one.value, one.value.replace("_", " ")) for one in Verdict])
    smurf_score = models.FloatField(null=True, help_text="0 to 100; empty: too few games.")
    boosted_score = models.FloatField(null=True)

    class Meta:
        db_table = "detection_shadow_judgements"

    def __str__(self) -> str:
        return f"{self.verdict} by model {self.model_id}"
