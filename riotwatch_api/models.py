"""Keys of the REST API, and what requests with an `Idempotency-Key` came to."""

from datetime import timedelta

from django.conf import settings
from django.db import models

KEPT_FOR = timedelta(hours=24)
"""How long a repeated request is recognized."""


class Role(models.TextChoices):
    """What somebody may do through the API; each includes the ones before it."""

    VIEWER = "viewer", "viewer: reads everything"
    OPERATOR = "operator", "operator: also starts, stops and schedules work, adds and tracks players"
    ADMIN = "admin", "admin: also sets the Riot key and the jobs' settings, and sees everybody's schedules"

    def covers(self, other: "Role") -> bool:
        """Whether this role may do what `other` may."""
        ranked = list(Role)
        return ranked.index(self) >= ranked.index(other)


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    """Named sets of keys."""

    def usable(self) -> "ApiKeyQuerySet":
        """Not revoked, and their owner is active."""
        return self.filter(revoked_at=None, owner__is_active=True)


class ApiKey(models.Model):
    """A key of somebody's. The key itself is shown once, when it is made; stored are its prefix and its hash."""

    name = models.CharField(max_length=60, help_text="What it is for, such as “backup script”.")
    prefix = models.CharField(max_length=16, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False, help_text="SHA-256 of the whole key.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    role = models.CharField(max_length=8, choices=Role, default=Role.VIEWER, help_text="Never more than its owner may.")
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="To the minute.")
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        db_table = "api_keys"
        verbose_name = "API key"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"], condition=models.Q(revoked_at=None), name="one_key_per_owner_and_name"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} (rw_{self.prefix}_…)"


class IdempotencyKey(models.Model):
    """A request that somebody marked, and what it made: the same request again makes nothing new."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of address and body.")
    made = models.BigIntegerField(null=True, help_text="The number of what the request made.")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "api_idempotency_keys"
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="one_request_per_idempotency_key")]

    def __str__(self) -> str:
        return f"request of {self.created_at:%Y-%m-%d %H:%M}"
