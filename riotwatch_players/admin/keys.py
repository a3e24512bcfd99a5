"""The Riot key: which one is used and whether Riot accepts it; paste a new one, test it, forget the stored one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from unfold.decorators import display
from unfold.widgets import UnfoldAdminPasswordWidget

from riotwatch_pages.posting import posted
from riotwatch_players import gateway, keys, outages
from riotwatch_players.admin.asking import AskingAdmin, AskingForm
from riotwatch_players.audit import audit
from riotwatch_players.models import ForeignDatabase, KeyOutage, RiotKey
from riotwatch_players.riot.errors import RiotError

COULD_NOT_STORE = (keys.BadKey, outages.KeyOfAnotherApplication, ForeignDatabase, RiotError)


class StoreKeyForm(AskingForm[RiotKey]):
    """Takes a pasted key: Riot is asked whether it works, and only then it is stored."""

    key = forms.CharField(
        label="Riot API key",
        max_length=keys.KEY_MAX,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off", "placeholder": "RGAPI-…"}),
        help_text="From developer.riotgames.com. It is tried, stored encrypted, and never shown again.",
    )

    class Meta:
        model = RiotKey
        fields = ("key",)

    def clean(self) -> dict[str, Any]:
        """Try it; every refusal becomes a message at the field."""
        cleaned = super().clean() or {}
        if "key" not in cleaned:
            return cleaned
        try:
            self.instance = outages.replace_key(cleaned.pop("key"))
        except COULD_NOT_STORE as problem:
            self.add_error("key", f"Nothing was stored: {problem}")
        return cleaned


@dataclass(frozen=True)
class KeyStatus:
    """What the page says about the key."""

    name: str
    """Its last characters; "" where there is no key."""
    row: RiotKey | None
    """Where it comes from and since when; None before any process used it."""
    demo: bool
    outage: KeyOutage | None
    remedy: str
    stored: bool
    """Whether there is a stored key to forget."""


def key_status() -> KeyStatus:
    """The key that requests carry now; nobody is asked."""
    key = keys.current()
    outage = outages.known()
    return KeyStatus(
        name=str(key) if key.text else "",
        row=_row_of(key),
        demo=settings.DEMO,
        outage=outage,
        remedy=outages.remedy(outage) if outage else "",
        stored=RiotKey.objects.filter(origin=RiotKey.STORED).exists(),
    )


def _row_of(key: keys.Key) -> RiotKey | None:
    return RiotKey.objects.filter(mark=key.mark).order_by("-noted_at").first()


@admin.register(RiotKey)
class RiotKeyAdmin(AskingAdmin):
    """The keys there are, by their last characters; add = paste a new one."""

    list_display = ("__str__", "origin", "noted_at", "in_use")
    list_display_links = None
    list_before_template = "riotwatch_players/key_status.html"
    ordering = ("-noted_at",)
    show_full_result_count = True
    page_template = "riotwatch_players/key.html"
    add_form = StoreKeyForm

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:  # noqa: ANN401
        """Above the list: which key is used, and what can be done about it."""
        own = {
            "status": key_status(),
            "form": StoreKeyForm(),
            "may_add": self.has_add_permission(request),
            "may_forget": self._may_forget(request),
        }
        return super().changelist_view(request, own | (extra_context or {}))

    def page_context(self, request: HttpRequest, row: RiotKey) -> dict[str, Any]:
        """A key's few facts."""
        return {"key": row, "in_use": self.in_use(row)}

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """A key is replaced, not edited."""
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """The stored key is forgotten by a button of its own."""
        del request, obj
        return False

    def _may_forget(self, request: HttpRequest) -> bool:
        return request.user.has_perm("riotwatch_players.delete_riotkey")

    def get_queryset(self, request: HttpRequest) -> QuerySet[RiotKey]:
        """With which of them is in use, found out once for all."""
        used = _row_of(keys.current())
        every: QuerySet[RiotKey] = super().get_queryset(request)
        return every.annotate(used=ExpressionWrapper(Q(pk=used.pk if used else 0), BooleanField()))

    @display(description="In use", boolean=True)
    def in_use(self, key: Any) -> bool:  # noqa: ANN401 - a RiotKey with what get_queryset adds
        """Whether requests carry this key now."""
        return bool(key.used)

    # --- What the page's buttons do ----------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """With the addresses of the buttons."""
        views = {"test": (self.has_add_permission, self._test), "forget": (self._may_forget, self._forget)}
        own = [
            path(f"{name}/", posted(self.admin_site, may, _then_the_list(do)), name=f"riotwatch_players_riotkey_{name}")
            for name, (may, do) in views.items()
        ]
        return own + super().get_urls()  # type: ignore[no-any-return]

    def _test(self, request: HttpRequest) -> None:
        """Ask Riot whether the key in use works; an outage ends if it does."""
        try:
            outages.check_key()
        except COULD_NOT_STORE as problem:
            self.message_user(request, outages.explained(problem), level=messages.ERROR)
            return
        key = gateway.key_in_use()
        if row := _row_of(key):
            audit(request, row, "tested: Riot accepts it")
        self.message_user(request, f"Riot accepts the key {key}", level=messages.SUCCESS)

    def _forget(self, request: HttpRequest) -> None:
        """Delete the stored key: the environment's is used again."""
        stored = RiotKey.objects.filter(origin=RiotKey.STORED).first()
        if stored is None or not keys.forget():
            self.message_user(request, "No key was stored", level=messages.WARNING)
            return
        audit(request, stored, f"forgot the stored key {stored}")
        key = gateway.reread_key()
        if key.text:
            self.message_user(request, f"The stored key is deleted; {key}, of the environment, is used")
        else:
            text = "The stored key is deleted, and there is no other: nothing can be asked of Riot until you set one"
            self.message_user(request, text, level=messages.WARNING)


def _then_the_list(do: Callable[[HttpRequest], None]) -> Callable[[HttpRequest], str]:
    def done(request: HttpRequest) -> str:
        do(request)
        return reverse("admin:riotwatch_players_riotkey_changelist")

    return done
