"""Players: add by Riot ID, track and untrack, and what is known about each."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin, TabularInline

from riotwatch_players import outages, tracking
from riotwatch_players.admin.pages import ReadOnlyAdmin
from riotwatch_players.models import BanCheck, ForeignDatabase, Player, RankSnapshot
from riotwatch_players.riot.errors import RiotError
from riotwatch_players.riot.routing import PLATFORMS

SOLO_QUEUE = "RANKED_SOLO_5x5"
COULD_NOT_ADD = (tracking.BadRiotId, tracking.NoSuchPlayer, tracking.TooManyTracked, ForeignDatabase, RiotError)


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


class RankInline(TabularInline):
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
class PlayerAdmin(ModelAdmin):
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
        players: QuerySet[Player] = super().get_queryset(request)
        return players.prefetch_related(Prefetch("ranks", newest, to_attr="newest_solo_ranks"))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - what Django returns
        """Adding asks Riot, and no transaction waits for HTTP; Django would open one for the whole request."""
        if object_id is None:
            return self._changeform_view(request, object_id, form_url, extra_context)
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


@admin.register(BanCheck)
class BanCheckAdmin(ReadOnlyAdmin):
    """What each check of an account saw, newest first."""

    list_display = ("player", "result", "account", "summoner", "region", "moved_to", "checked_at")
    list_filter = ("result",)
    list_select_related = ("player",)
    ordering = ("-checked_at",)
    show_full_result_count = False
    list_per_page = 50
