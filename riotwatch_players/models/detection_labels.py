from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils import timezone

from riotwatch_players.models.analyses import Analysis
from riotwatch_players.models.players import Player


class Question(models.TextChoices):
    """What an analysis answers."""

    SMURF = "smurf", "much stronger than the rank"
    BOOSTED = "boosted", "partly played by somebody else"


class Says(models.TextChoices):
    """What somebody says of an analysis' answer."""

    CONFIRMED = "confirmed", "confirmed"
    WRONG = "wrong", "wrong"


class LabelSource(models.TextChoices):
    """How that is known."""

    ADMIN = "admin", "somebody looked at the account"
    BAN = "ban", "the account was banned"
    SELF = "self", "the player said so"
    CHALLENGE = "challenge", "the player contested it"


class DetectionLabel(models.Model):
    """What a person knows about an analysis' answer to one question. The newest per player and question holds."""

    player = models.ForeignKey(Player, on_delete=models.CASCADE, related_name="labels", db_index=False)
    analysis = models.ForeignKey(Analysis, on_delete=models.CASCADE, related_name="labels")
    question = models.CharField(max_length=8, choices=Question.choices)
    says = models.CharField(max_length=10, choices=Says.choices)
    source = models.CharField("known how", max_length=10, choices=LabelSource.choices, default=LabelSource.ADMIN)
    note = models.CharField(max_length=1000, blank=True, default="", help_text="What it rests on.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "detection_labels"
        indexes = [
            models.Index("player", "question", F("at").desc(), name="detection_labels_newest"),
            models.Index(F("at").desc(), name="detection_labels_when"),
        ]

    def __str__(self) -> str:
        return f"{self.question}: {self.says}"
