"""The Riot key: paste a new one, test the one in use."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from riotwatch_players import gateway, keys, outages
from riotwatch_players.models import ForeignDatabase, KeyOutage, RiotKey
from riotwatch_players.riot.errors import RiotError

COULD_NOT_STORE = (keys.BadKey, outages.KeyOfAnotherApplication, ForeignDatabase, RiotError)


class StoreKeyForm(forms.ModelForm[RiotKey]):
    """Takes a pasted key: Riot is asked whether it works, and only then it is stored."""

    key = forms.CharField(
        label="Riot API key",
        max_length=keys.KEY_MAX,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "size": 60}),
        help_text="From developer.riotgames.com. It is tried, stored encrypted, and never shown again.",
    )

    class Meta:
        model = RiotKey
        fields = ("key",)

    def clean(self) -> dict[str, Any]:
        """Try it; every refusal becomes a message at the form."""
        cleaned = super().clean() or {}
        if "key" not in cleaned:
            return cleaned
        try:
            self.instance = outages.replace_key(cleaned.pop("key"))
        except COULD_NOT_STORE as problem:
            raise forms.ValidationError(f"Nothing was stored: {problem}") from None
        return cleaned

    def _post_clean(self) -> None:
        """The key is stored already: nothing of the form is to be copied onto it."""

    def save(self, commit: bool = True) -> RiotKey:  # noqa: FBT001, FBT002 - Django's signature
        """The row that `clean` stored."""
        del commit
        return self.instance

    def save_m2m(self) -> None:
        """Nothing is related by this form."""


@admin.register(RiotKey)
class RiotKeyAdmin(ModelAdmin):
    """The keys there are, by their last characters; add = paste a new one. Needs the permission to add Riot keys."""

    list_display = ("__str__", "origin", "noted_at", "in_use", "state")
    ordering = ("-noted_at",)
    actions = ("test_key_in_use",)

    def get_form(self, request: HttpRequest, obj: RiotKey | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: ANN401, FBT001, FBT002 - Django's signature
        """A form of its own for adding; nothing can be changed."""
        return StoreKeyForm if obj is None else super().get_form(request, obj, change, **kwargs)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - what Django returns
        """Adding asks Riot, and no transaction waits for HTTP."""
        if object_id is None:
            return self._changeform_view(request, object_id, form_url, extra_context)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_exclude(self, request: HttpRequest, obj: RiotKey | None = None) -> Any:  # noqa: ANN401
        """Not even the encrypted text is shown."""
        del request
        return () if obj is None else ("secret", "mark")

    def save_model(self, request: HttpRequest, obj: RiotKey, form: Any, change: bool) -> None:  # noqa: ANN401, FBT001
        """The form stored it."""

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """A key is replaced, not edited."""
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """`set_riot_key --forget` deletes the stored one."""
        del request, obj
        return False

    @admin.display(boolean=True)
    def in_use(self, key: RiotKey) -> bool:
        """Whether requests carry this key now."""
        newest = RiotKey.objects.filter(mark=key.mark).order_by("-noted_at").first()
        return key == newest and key.mark == gateway.key_in_use().mark

    @admin.display
    def state(self, key: RiotKey) -> str:
        """What Riot thinks of the key in use."""
        outage = KeyOutage.objects.filter(since__isnull=False, key_mark=key.mark).first()
        return f"{outages.remedy(outage)} (since {outage.since:%Y-%m-%d %H:%M}: {outage.why})" if outage else ""

    @admin.action(description="Test the key in use", permissions=["add"])
    def test_key_in_use(self, request: HttpRequest, queryset: QuerySet[RiotKey]) -> None:
        """Ask Riot whether the key in use works; an outage ends if it does."""
        del queryset
        try:
            outages.check_key()
        except COULD_NOT_STORE as problem:
            self.message_user(request, outages.explained(problem), level=messages.ERROR)
        else:
            self.message_user(request, f"Riot accepts the key {gateway.key_in_use()}")
