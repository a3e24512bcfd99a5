from django.db import models
from django.db.models import Q

FIRST_APPLICATION = 1


class ForeignDatabase(Exception):
    """The database holds data of another Riot API address; simulated and real data must never mix.

    Attributes: `found` is the address in the database, `wanted` the one that is configured.
    """

    def __init__(self, *, found: str, wanted: str) -> None:
        super().__init__(
            f"This database holds data of {found}, but RIOT_API_URL is {wanted}. "
            "Set RIOT_API_URL back, or use another database."
        )
        self.found = found
        self.wanted = wanted


class SourceManager(models.Manager["Source"]):
    """Finds the source that requests go to."""

    def current(self, api_url: str) -> "Source":
        """The active source at `api_url`, made on first use.

        Raises ForeignDatabase when the database belongs to another address.
        """
        source = self._active(api_url)
        if source is None:
            # Whoever is first wins; the others find its row.
            self.bulk_create([Source(api_url=api_url, application=FIRST_APPLICATION)], ignore_conflicts=True)
            source = self._active(api_url)
        if source is None:
            raise Source.DoesNotExist(f"No source at {api_url} is active.")
        return source

    def _active(self, api_url: str) -> "Source | None":
        known = list(self.all())
        for source in known:
            if source.api_url != api_url:
                raise ForeignDatabase(found=source.api_url, wanted=api_url)
        return next((source for source in known if source.active), None)


class Source(models.Model):
    """Where puuids come from: one application at one Riot API address, whose keys all see the same puuids."""

    api_url = models.CharField(max_length=255)
    application = models.PositiveIntegerField(default=FIRST_APPLICATION)
    active = models.BooleanField(default=True)

    objects = SourceManager()

    class Meta:
        db_table = "riot_sources"
        constraints = [
            models.UniqueConstraint(fields=["api_url", "application"], name="riot_sources_application"),
            models.UniqueConstraint(fields=["active"], condition=Q(active=True), name="riot_sources_one_active"),
        ]

    def __str__(self) -> str:
        return f"{self.api_url} (application {self.application})"
