"""Files that old rows were moved into, or copied."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from unfold.decorators import display

from riotwatch_players.admin.pages import RecordAdmin
from riotwatch_players.models import Archive


@admin.register(Archive)
class ArchiveAdmin(RecordAdmin):
    """What was written last first."""

    list_display = ("name", "kind", "day", "rows", "size", "made_at", "restored_at")
    list_filter = ("kind",)
    list_intro = "Files of the archive job: matches that no analysis needs any more, and runs with their logs."
    empty_hint = "Nothing is archived. The job is off until somebody switches it on; Run now archives once."
    search_fields = ("name",)
    search_help_text = "A day, such as 2025-03-14"
    ordering = ("-id",)
    page_template = "riotwatch_players/archive.html"

    def page_context(self, request: HttpRequest, row: Archive) -> dict[str, Any]:
        """The file, and how its rows are put back."""
        del request
        return {"row": row}

    @display(description="Size", ordering="size_bytes")
    def size(self, archive: Archive) -> str:
        """Such as 1.2 MB."""
        return filesizeformat(archive.size_bytes)
