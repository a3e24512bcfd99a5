"""Records that the system writes and people only read."""

from django.http import HttpRequest
from unfold.admin import ModelAdmin


class ReadOnlyAdmin(ModelAdmin):
    """Nobody adds, edits or deletes one by hand."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Jobs and people's actions write them."""
        del request, obj
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """What happened stays as it was noted."""
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Retention deletes them."""
        del request, obj
        return False
