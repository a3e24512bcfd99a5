from django.db import models


class ArchiveKind(models.TextChoices):
    """What an archive's rows are."""

    MATCHES = "matches"
    RUNS = "runs", "runs and their logs"


class Archive(models.Model):
    """One compressed file of rows that were taken out of the database, or are about to be.

    A file is put back only where this row knows its SHA-256: in the database that it came from, unchanged.
    """

    name = models.CharField(max_length=100, unique=True, help_text="Of the file, such as matches-2025-03-14.jsonl.xz.")
    kind = models.CharField(max_length=8, choices=ArchiveKind.choices)
    day = models.DateField(help_text="On which (UTC) the matches began, or the runs ended.")
    rows = models.PositiveIntegerField(help_text="Matches, or runs.")
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    host = models.CharField(max_length=100, help_text="The machine that wrote it.")
    folder = models.CharField(max_length=500, help_text="There.")
    made_at = models.DateTimeField()
    restored_at = models.DateTimeField(null=True, blank=True, help_text="When its rows were last put back.")

    class Meta:
        db_table = "archives"
        ordering = ["-day", "kind", "name"]

    def __str__(self) -> str:
        return self.name
