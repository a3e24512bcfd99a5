from django.db import models
from django.db.models import Max, Q

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

    def switching(self) -> bool:
        """Whether ids are being moved to another application: an inactive source has a higher number."""
        newest = self.order_by("-application").first()
        return newest is not None and not newest.active

    def prepare(self, api_url: str) -> "Source":
        """An inactive source for another application: one that has no players yet, else a new one."""
        unused = self.filter(api_url=api_url, active=False, player=None, match=None).order_by("-application").first()
        return unused or self.create(api_url=api_url, application=self._next_application(), active=False)

    def promote(self, source: "Source") -> None:
        """Give a source the highest number, as the one that is in use or is going to be."""
        if self.filter(application__gt=source.application).exists():
            source.application = self._next_application()
            source.save(update_fields=["application"])

    def switch_to(self, source: "Source") -> None:
        """Make a source the active one; for a transaction."""
        self.exclude(pk=source.pk).filter(active=True).update(active=False)
        source.active = True
        source.save(update_fields=["active"])
        self.promote(source)

    def _next_application(self) -> int:
        newest: int = self.aggregate(newest=Max("application"))["newest"] or 0
        return newest + 1

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
