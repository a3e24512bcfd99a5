"""The admin's own pages, in the skin of the others: who may sign in, and who did what."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from riotwatch_pages.read_only import ReadOnlyAdmin

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class AccountAdmin(UserAdmin, ModelAdmin):  # type: ignore[type-arg]
    """People who may sign in."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class RoleAdmin(GroupAdmin, ModelAdmin):
    """Named sets of permissions."""


@admin.register(LogEntry)
class AuditAdmin(ReadOnlyAdmin):
    """Who did what, newest first."""

    list_display = ("action_time", "user", "content_type", "object_repr", "what")
    list_display_links = None
    list_filter = ("user", "content_type")
    search_fields = ("object_repr", "change_message")
    ordering = ("-action_time",)
    show_full_result_count = False
    list_per_page = 50

    @admin.display(description="what", ordering="change_message")
    def what(self, entry: LogEntry) -> str:
        """In words; Django's own forms leave a list in JSON."""
        return entry.get_change_message()

    def get_queryset(self, request: HttpRequest) -> QuerySet[LogEntry]:
        """With the names that each line shows."""
        entries: QuerySet[LogEntry] = super().get_queryset(request)
        return entries.select_related("user", "content_type")
