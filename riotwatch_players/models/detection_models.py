from django.db import models
from django.db.models import Q
from django.utils import timezone


class ModelState(models.TextChoices):
    """What a model is used for; active, shadow and previous is one each at most."""

    AVAILABLE = "available", "available"
    ACTIVE = "active", "active"
    """Verdicts are its."""
    SHADOW = "shadow", "shadow"
    """It judges beside the active one, and what it says is only compared."""
    PREVIOUS = "previous", "previous"
    """It was active before: what a rollback returns to."""


class ModelOrigin(models.TextChoices):
    """How a model came here."""

    SHIPPED = "shipped", "shipped with the product"
    FOLDER = "folder", "from the models folder"
    ADMIN = "admin", "uploaded"


class DetectionModel(models.Model):
    """A model card that was brought in. The document never changes: other content is another row."""

    card_id = models.CharField("id", max_length=24)
    version = models.CharField(max_length=14)
    sha256 = models.CharField(max_length=64, unique=True, help_text="Of the document; includes id and version.")
    document = models.TextField(help_text="The card as it was brought in.")
    origin = models.CharField(max_length=8, choices=ModelOrigin.choices)
    file = models.CharField(max_length=255, blank=True, default="", help_text="The file's name.")
    brought_in_at = models.DateTimeField(default=timezone.now)
    brought_in_by = models.CharField(max_length=150, blank=True, default="", help_text="Empty: the job did.")
    removed_at = models.DateTimeField(null=True, blank=True, help_text="Since when its file is gone.")
    state = models.CharField(max_length=9, choices=ModelState.choices, default=ModelState.AVAILABLE)
    state_since = models.DateTimeField(default=timezone.now)
    state_by = models.CharField(max_length=150, blank=True, default="", help_text="Empty: nobody chose it.")

    class Meta:
        db_table = "detection_models"
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state=state), name=f"detection_models_one_{state}")
            for state in ("active", "shadow", "previous")
        ]
        indexes = [models.Index(fields=["card_id", "version"], name="detection_models_version")]

    def __str__(self) -> str:
        return self.version_hash

    @property
    def name(self) -> str:
        """`<id>-<version>`, which another document may share."""
        return f"{self.card_id}-{self.version}"

    @property
    def version_hash(self) -> str:
        """Equal for equal documents only; as `ModelCard.version_hash`."""
        return f"{self.name}+{self.sha256[:8]}"
