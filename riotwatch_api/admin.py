"""API keys in the admin: people see, make and revoke their own, superusers everybody's."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from riotwatch_api import keys
from riotwatch_api.access import HEADER
from riotwatch_api.models import ApiKey, Role
from riotwatch_pages import times


class NewKeyForm(forms.ModelForm[ApiKey]):
    """A name and a role; whose key it is, is not asked: it is the signed-in person's."""

    owner: User
    made: str = ""
    """The new key's text."""

    class Meta:
        model = ApiKey
        fields = ("name", "role")
        widgets = {"name": UnfoldAdminTextInputWidget, "role": UnfoldAdminSelectWidget}

    def clean(self) -> dict[str, Any]:
        """Make the key: what is refused is told at the form."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            role = Role(cleaned["role"])
            self.instance, self.made = keys.create(cleaned["name"], role=role, owner=self.owner, by=self.owner)
        except keys.BadKeyRequest as problem:
            self.add_error(None, f"Nothing was made: {problem}")
        return cleaned

    def _post_clean(self) -> None:
        """The key is stored already: nothing of the form is to be copied onto it."""

    def save(self, commit: bool = True) -> ApiKey:  # noqa: FBT001, FBT002 - Django's signature
        """The row that `clean` stored."""
        del commit
        return self.instance

    def save_m2m(self) -> None:
        """Nothing is related by this form."""


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):
    """The list of keys; a new key is shown once, on the page that follows."""

    list_display = ("name", "prefix", "owner", "role", "made", "last_used", "state")
    list_display_links = None
    list_select_related = ("owner",)
    list_filter = ("role",)
    search_fields = ("name", "prefix")
    actions = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        """Other people's keys are not there."""
        rows: QuerySet[ApiKey] = super().get_queryset(request)
        return rows if request.user.is_superuser else rows.filter(owner=request.user.pk)

    @admin.display
    def state(self, key: ApiKey) -> str:
        """In use or revoked."""
        return format_html("revoked {}", times.instant(key.revoked_at)) if key.revoked_at else "in use"

    @admin.display(ordering="created_at", description="made")
    def made(self, key: ApiKey) -> str:
        """Since when there is this key."""
        return times.instant(key.created_at)

    @admin.display(ordering="last_used_at", description="last used")
    def last_used(self, key: ApiKey) -> str:
        """To the minute."""
        return times.instant(key.last_used_at) or "never"

    def get_form(self, request: HttpRequest, obj: ApiKey | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: ANN401, FBT001, FBT002 - Django's signature
        """The form for a new key of the signed-in person."""
        del obj, change, kwargs
        return type("OwnKeyForm", (NewKeyForm,), {"owner": request.user})

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:  # noqa: ANN401, FBT001
        """The form stored it."""

    def log_addition(self, request: HttpRequest, obj: ApiKey, message: object) -> None:
        """Making it left its trace already."""

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """Show the key, once: no redirect, so that it is stored nowhere on the way."""
        del post_url_continue
        context = self.admin_site.each_context(request)
        context |= {"title": f"API key {obj.name}", "opts": self.opts, "key": obj, "header": HEADER}
        context |= {"text": request.new_key_text}  # type: ignore[attr-defined]
        return TemplateResponse(request, "riotwatch_api/new_key.html", context)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:  # noqa: ANN401, FBT001 - Django's signature
        """Keep the key's text until it is shown."""
        request.new_key_text = form.made  # type: ignore[attr-defined]
        return super().save_form(request, form, change)

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """A key is revoked, not edited."""
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """What a key did stays known."""
        del request, obj
        return False

    @admin.action(description="Revoke", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """From now on the keys open nothing."""
        now = timezone.now()
        revoked = [key for key in queryset if keys.revoke(key, by=self._person(request), now=now)]
        names = ", ".join(key.name for key in revoked)
        self.message_user(request, f"Revoked: {names}" if revoked else "They were revoked already", messages.SUCCESS)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever may have keys may revoke them."""
        return request.user.has_perm("riotwatch_api.change_apikey")

    def _person(self, request: HttpRequest) -> User:
        if not isinstance(request.user, User):
            raise TypeError("nobody is signed in")
        return request.user
