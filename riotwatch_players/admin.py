"""Players and what is stored about them, in the Django admin."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from riotwatch_players import gateway, keys, outages, tracking
from riotwatch_players.models import (
    Analysis,
    BacklogMatch,
    BanCheck,
    ForeignDatabase,
    KeyOutage,
    Match,
    Participant,
    Player,
    RankSnapshot,
    RiotKey,
)
from riotwatch_players.riot.errors import RiotError
from riotwatch_players.riot.routing import PLATFORMS

SOLO_QUEUE = "RANKED_SOLO_5x5"
COULD_NOT_STORE = (keys.BadKey, outages.KeyOfAnotherApplication, ForeignDatabase, RiotError)
COULD_NOT_ADD = (tracking.BadRiotId, tracking.NoSuchPlayer, tracking.TooManyTracked, ForeignDatabase, RiotError)


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Records that jobs write and people only read."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody adds one by hand."""
        del request, obj
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody edits one."""
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody deletes one here."""
        del request, obj
        return False


class AddPlayerForm(forms.ModelForm[Player]):
    """Adds by Riot ID: Riot is asked who that is."""

    riot_id = forms.CharField(label="Riot ID", help_text="Name#TAG, as the player sees it in the game.")
    platform = forms.ChoiceField(choices=[(name, name) for name in PLATFORMS], initial="euw1")
    track = forms.BooleanField(required=False, initial=True, help_text="Keep watch on the player from now on.")

    class Meta:
        model = Player
        fields = ("riot_id", "platform", "track")

    def clean(self) -> dict[str, Any]:
        """Ask Riot; every refusal becomes a message at the form."""
        cleaned = super().clean() or {}
        if "riot_id" not in cleaned or "platform" not in cleaned:
            return cleaned
        now = timezone.now()
        try:
            player = tracking.add_player(cleaned["riot_id"], platform=cleaned["platform"], now=now)
            if cleaned.get("track"):
                tracking.track(player, now=now)
        except COULD_NOT_ADD as problem:
            raise forms.ValidationError(outages.explained(problem)) from None
        self.instance = player
        return cleaned

    def _post_clean(self) -> None:
        """The player is stored already: nothing of the form is to be copied onto it."""

    def save(self, commit: bool = True) -> Player:  # noqa: FBT001, FBT002 - Django's signature
        """The player that `clean` stored."""
        del commit
        return self.instance

    def save_m2m(self) -> None:
        """Nothing is related by this form."""


class RankInline(admin.TabularInline[RankSnapshot, Player]):
    """Rank history, newest first."""

    model = RankSnapshot
    fields = readonly_fields = ("queue", "tier", "division", "league_points", "wins", "losses", "seen_at")
    ordering = ("-seen_at",)
    extra = 0
    max_num = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Ranks come from Riot."""
        del request, obj
        return False


@admin.register(Player)
class PlayerAdmin(admin.ModelAdmin[Player]):
    """Everybody who is known; add by Riot ID, track and untrack."""

    list_display = (
        "riot_id",
        "platform",
        "tracked",
        "summoner_level",
        "rank",
        "verdict",
        "ranked_games",
        "waits",
        "last_updated",
    )
    list_display_links = ("riot_id",)
    list_filter = ("verdict", "tracked", "platform", "paused", ("discovered_at", admin.EmptyFieldListFilter))
    search_fields = ("game_name", "tag_line", "=puuid")
    actions = ("track_players", "untrack_players")
    fields = (
        *("riot_id", "platform", "tracked", "paused", "paused_reason", "summoner_level", "ranked_games", "waits"),
        *("verdict", "smurf_score", "boosted_score", "why"),
        *("times_met", "tracked_at", "discovered_at", "last_updated", "update_failed_at", "update_failures"),
        *("listed_until", "first_seen_at"),
    )
    readonly_fields = tuple(name for name in fields if name not in {"paused", "paused_reason"})
    inlines = (RankInline,)
    list_per_page = 50
    show_full_result_count = False

    def get_form(self, request: HttpRequest, obj: Player | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: ANN401, FBT001, FBT002 - Django's signature
        """A form of its own for adding."""
        if obj is None:
            return AddPlayerForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Player | None = None) -> Any:  # noqa: ANN401
        """What the add form asks, else the player's facts."""
        return ("riot_id", "platform", "track") if obj is None else super().get_fields(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Player | None = None) -> Any:  # noqa: ANN401
        """Facts come from Riot; an operator may pause a player."""
        return () if obj is None else super().get_readonly_fields(request, obj)

    def get_inlines(self, request: HttpRequest, obj: Player | None) -> Any:  # noqa: ANN401
        """No history to show while adding."""
        return () if obj is None else super().get_inlines(request, obj)

    def save_model(self, request: HttpRequest, obj: Player, form: Any, change: bool) -> None:  # noqa: ANN401, FBT001
        """An added player is stored by the form itself; of an existing one only the pause can change."""
        del request, form
        if change:
            obj.save(update_fields=["paused", "paused_reason"])

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """A deleted player would come back with the next match."""
        del request, obj
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Player]:
        """With the newest solo rank of each, in one query for all."""
        newest = RankSnapshot.objects.filter(queue=SOLO_QUEUE).order_by("player", "-seen_at").distinct("player")
        return super().get_queryset(request).prefetch_related(Prefetch("ranks", newest, to_attr="newest_solo_ranks"))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - what Django returns
        """Adding asks Riot, and no transaction waits for HTTP; Django would open one for the whole request."""
        if object_id is None:
            return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]
        return super().changeform_view(request, object_id, form_url, extra_context)

    @admin.display
    def rank(self, player: Any) -> str:  # noqa: ANN401 - a Player with what get_queryset adds
        """The current ranked solo standing."""
        return ", ".join(str(rank) for rank in player.newest_solo_ranks)

    @admin.display
    def why(self, player: Player) -> str:
        """The newest analysis in one sentence."""
        newest = player.analyses.order_by("-analyzed_at").values_list("summary", flat=True).first()
        return newest or ""

    @admin.display(description="waits for")
    def waits(self, player: Player) -> str:
        """What comes next for this player, and since when."""
        waiting = player.waiting_for
        return f"{waiting.stage} since {waiting.since:%Y-%m-%d %H:%M}" if waiting else ""

    @admin.action(description="Track selected players", permissions=["change"])
    def track_players(self, request: HttpRequest, queryset: QuerySet[Player]) -> None:
        """Keep watch on them, as far as the limit allows."""
        for player in queryset:
            try:
                tracking.track(player, now=timezone.now())
            except tracking.TooManyTracked as problem:
                self.message_user(request, f"{player}: {problem}", level=messages.ERROR)
                return
            self._say(request, player, "tracked")

    @admin.action(description="Untrack selected players", permissions=["change"])
    def untrack_players(self, request: HttpRequest, queryset: QuerySet[Player]) -> None:
        """Stop keeping watch; what is known stays."""
        for player in queryset:
            if tracking.untrack(player):
                self._say(request, player, "no longer tracked")

    def _say(self, request: HttpRequest, player: Player, what: str) -> None:
        if request.user.pk is not None:
            LogEntry.objects.log_actions(request.user.pk, [player], CHANGE, change_message=what, single_object=True)
        self.message_user(request, f"{player} is {what}")


@admin.register(Analysis)
class AnalysisAdmin(ReadOnlyAdmin):
    """Analyses with their factors, newest first. A verdict recommends a look; it accuses nobody."""

    list_display = ("player", "verdict", "smurf_score", "boosted_score", "confidence", "games_used", "analyzed_at")
    list_filter = ("verdict", "model_version")
    list_select_related = ("player",)
    search_fields = ("player__game_name", "player__tag_line", "=player__puuid")
    ordering = ("-analyzed_at",)
    fields = (
        *("player", "verdict", "summary", "measured"),
        *("smurf_score", "boosted_score", "smurf_p", "boosted_p", "confidence", "games_used"),
        *("analyzed_at", "model_version", "baseline_version"),
    )
    readonly_fields = fields
    show_full_result_count = False
    list_per_page = 50

    @admin.display(description="factors")
    def measured(self, analysis: Analysis) -> SafeString:
        """What was measured, what is usual, and what it adds to the log-odds of either question."""
        head = ("factor", "what was measured", "value", "usual", "SDs", "games", "smurf", "boosted")
        names = ("text", "value", "baseline", "z", "n_used", "contribution", "contribution_boosted")
        rows = [(one["name"].replace("_", " "), *(_shown(one[name]) for name in names)) for one in analysis.factors]
        cells = format_html_join("", "<tr>{}</tr>", ((_cells("td", row),) for row in rows))
        return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", _cells("th", head), cells)


def _cells(tag: str, texts: Sequence[str]) -> SafeString:
    return format_html_join("", "<{0}>{1}</{0}>", ((tag, text) for text in texts))


def _shown(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


class ParticipantInline(admin.TabularInline[Participant, Match]):
    """Who took part."""

    model = Participant
    fields = readonly_fields = (
        "player",
        "team_id",
        "team_position",
        "champion_id",
        "win",
        "kills",
        "deaths",
        "assists",
    )
    extra = 0
    max_num = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Participants come from Riot."""
        del request, obj
        return False


@admin.register(Match)
class MatchAdmin(ReadOnlyAdmin):
    """Stored matches, newest first."""

    list_display = ("match_id", "queue_id", "patch", "started_at", "duration_s", "remake", "usable")
    list_filter = ("platform", "queue_id", "remake")
    search_fields = ("match_id",)
    ordering = ("-started_at",)
    inlines = (ParticipantInline,)
    show_full_result_count = False
    list_per_page = 50


@admin.register(BacklogMatch)
class BacklogMatchAdmin(ReadOnlyAdmin):
    """Matches to fetch, and what became of them."""

    list_display = ("match_id", "state", "lane", "reason", "added_at", "fetched_at")
    list_filter = ("state", "lane", "region")
    search_fields = ("match_id",)
    show_full_result_count = False
    list_per_page = 50


@admin.register(BanCheck)
class BanCheckAdmin(ReadOnlyAdmin):
    """What each check of an account saw, newest first."""

    list_display = ("player", "result", "account", "summoner", "region", "moved_to", "checked_at")
    list_filter = ("result",)
    list_select_related = ("player",)
    ordering = ("-checked_at",)
    show_full_result_count = False
    list_per_page = 50


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
class RiotKeyAdmin(admin.ModelAdmin[RiotKey]):
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
            return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]
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
