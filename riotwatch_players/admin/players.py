"""Players: the list, adding one or many, and a page about each."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import F, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from unfold.decorators import display

from riotwatch_api.keys import role_of
from riotwatch_messages import subjects
from riotwatch_pages import times
from riotwatch_pages.posting import posted
from riotwatch_players import bulk, labels, news, outages, tracking
from riotwatch_players.admin.player_actions import PlayerActions
from riotwatch_players.admin.player_erasing import PlayerErasing
from riotwatch_players.admin.player_facts import facts_of, starting_actions
from riotwatch_players.admin.player_filters import FILTERS, QUICK_FILTERS
from riotwatch_players.admin.player_following import PlayerFollowing, follow_form
from riotwatch_players.admin.player_forms import (
    COULD_NOT_ADD,
    AddErasedPlayerForm,
    AddPlayerForm,
    PastePlayersForm,
    PauseForm,
    PlayerActionForm,
)
from riotwatch_players.audit import audit
from riotwatch_players.bulk import LineResult
from riotwatch_players.models import SOLO_QUEUE, ForeignDatabase, Player, RankSnapshot, Stage

subjects.has_pages(news.KIND, lambda pk: reverse("admin:riotwatch_players_player_change", args=[pk]))

PASTE_PATIENCE_S = 20.0
"""A browser, and the web server, wait for no longer than half a minute."""


@admin.register(Player)
class PlayerAdmin(PlayerActions, PlayerErasing, PlayerFollowing):
    """Everybody who is known."""

    list_display = (
        *("riot_id", "state", "rank", "verdict_label", "scores"),
        *("games", "stage", "updated"),
    )
    list_display_links = ("riot_id",)
    list_filter = FILTERS
    list_intro = "Tracked players are kept current; discovered ones were met in their matches and are looked at once."
    empty_hint = "Nobody is known yet. Add a player by Riot ID: their matches, and whom they met, follow by themselves."
    list_before_template = "riotwatch_players/players_list.html"
    quick_filters = QUICK_FILTERS
    search_fields = ("game_name",)
    search_help_text = "Name, Name#TAG or puuid"
    ordering = ("-tracked", "-id")
    actions = (
        *("track_players", "untrack_players", "pause_players", "resume_players"),
        *("refresh_players", "analyze_players"),
    )
    action_form = PlayerActionForm
    page_template = "riotwatch_players/player.html"
    add_form = AddPlayerForm

    # --- The list ----------------------------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Player]:
        """With the newest solo rank of each, in one query for all."""
        newest = RankSnapshot.objects.filter(queue=SOLO_QUEUE).order_by("player", "-seen_at").distinct("player")
        players: QuerySet[Player] = super().get_queryset(request)
        return players.prefetch_related(Prefetch("ranks", newest, to_attr="newest_solo_ranks"))

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:  # noqa: ANN401
        """By index, so that it is quick among millions."""
        del request
        term = search_term.strip()
        return (queryset.found(term) if term else queryset), False

    @display(description="Riot ID", ordering="game_name")
    def riot_id(self, player: Player) -> SafeString:
        """The name, or what stands in for it; and the platform."""
        return format_html('{}<span class="rw-sub">{}</span>', player, player.platform)

    @display(description="State")
    def state(self, player: Player) -> SafeString:
        """How the player is watched, and what stops it."""
        return render_to_string("riotwatch_players/states.html", {"states": player.states})

    @display(description="Rank")
    def rank(self, player: Any) -> SafeString:  # noqa: ANN401 - a Player with what get_queryset adds
        """The current ranked solo standing."""
        standing = ", ".join(str(rank) for rank in player.newest_solo_ranks)
        return format_html('<span class="rw-nowrap">{}</span>', standing)

    @display(description="Verdict", ordering="verdict", label=labels.by_words(labels.VERDICT_COLORS))
    def verdict_label(self, player: Player) -> str | None:
        """What the newest analysis recommends."""
        return labels.words(player.verdict) or None

    @display(description="Scores", ordering=F("smurf_score").desc(nulls_last=True))
    def scores(self, player: Player) -> SafeString:
        """How likely smurf and boosted are, 0 to 100."""
        both = (labels.score(player.smurf_score), labels.score(player.boosted_score))
        return format_html('<span class="rw-nowrap" title="smurf · boosted">{} · {}</span>', *both)

    @display(description="Games", ordering="ranked_games")
    def games(self, player: Player) -> int:
        """Stored ranked games."""
        return player.ranked_games

    @display(description="Stage")
    def stage(self, player: Player) -> SafeString | str:
        """What comes next for this player, and since when."""
        waiting = player.waiting_for
        if waiting is None:
            return labels.DASH
        what = "analyzed" if waiting.stage is Stage.ANALYZED else f"waiting for {waiting.stage}"
        return format_html(
            '<span class="rw-nowrap">{}</span><span class="rw-sub">{}</span>', what, times.age(waiting.since)
        )

    @display(description="Updated", ordering="last_updated")
    def updated(self, player: Player) -> SafeString | str:
        """When everything about a tracked player was last brought up to date."""
        at = player.last_updated
        return format_html('<span class="rw-nowrap">{}</span>', times.age(at)) if at else labels.DASH

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """A deleted player would come back with the next match: whoever is to go for good is erased."""
        del request, obj
        return False

    # --- A player's page ---------------------------------------------------------------------------------------------

    def page_context(self, request: HttpRequest, row: Player) -> dict[str, Any]:
        """All that is known, and the buttons for those who may press them."""
        facts = facts_of(row, now=timezone.now())
        may_change = self.has_change_permission(request, row)
        starts = starting_actions(row, games_needed=facts["games_needed"]) if may_change else []
        buttons = {"may_change": may_change, "may_erase": self.may_erase(request)}
        buttons |= {"starts": starts, "pause_form": PauseForm(), "follow_form": follow_form(row)}
        buttons |= {"may_export": _may_export(request)}
        return facts | buttons | {"player_query": f"?player={row.pk}"}

    # --- Adding ------------------------------------------------------------------------------------------------------

    def asking_form(self, request: HttpRequest) -> type[AddPlayerForm]:
        """Whoever may erase may also take an erasure back."""
        return AddErasedPlayerForm if self.may_erase(request) else AddPlayerForm

    def get_urls(self) -> list[URLPattern]:
        """With a page for adding many, and the address that asks Riot for one who was searched for."""
        paste = path("paste/", self.admin_site.admin_view(self.paste_view), name="riotwatch_players_player_paste")
        look_up = posted(self.admin_site, self.has_add_permission, self._look_up)
        return [paste, path("look-up/", look_up, name="riotwatch_players_player_look_up"), *super().get_urls()]

    def _look_up(self, request: HttpRequest) -> str:
        """Ask Riot for the Riot ID that was searched for; the player is known then, and not tracked."""
        riot_id = request.POST.get("riot_id", "")
        try:
            player, new = tracking.ask_for_player(riot_id, platform=None, now=timezone.now())
        except COULD_NOT_ADD as problem:
            self.message_user(request, outages.explained(problem), level=messages.ERROR)
            return f"{reverse('admin:riotwatch_players_player_changelist')}?{urlencode({'q': riot_id})}"
        if new:
            audit(request, player, "added (looked up)")
        text = f"{player} plays on {player.platform}" if new else f"{player} was known already, under another name"
        self.message_user(request, text, level=messages.SUCCESS)
        return reverse("admin:riotwatch_players_player_change", args=[player.pk])

    def paste_view(self, request: HttpRequest) -> HttpResponseBase:
        """Add many players: a result per line, and the lines that failed stay in the form."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form, results = PastePlayersForm(request.POST or None, request.FILES or None), []
        if request.method == "POST" and form.is_valid():
            results = self._paste(request, form)
        if results:
            form = PastePlayersForm(initial={**form.cleaned_data, "riot_ids": bulk.retained(results)})
        context = self.admin_context(request, title="Paste many players") | {
            "form": form,
            "results": results,
            "succeeded": sum(one.succeeded for one in results),
        }
        return TemplateResponse(request, "riotwatch_players/paste.html", context)

    def _paste(self, request: HttpRequest, form: PastePlayersForm) -> list[LineResult]:
        try:
            results = bulk.add_players(
                form.lines(), track=form.cleaned_data["track"], clock=timezone.now, patience_s=PASTE_PATIENCE_S
            )
        except ForeignDatabase as problem:
            form.add_error(None, str(problem))
            return []
        return [_audited(request, one) for one in results]


def _may_export(request: HttpRequest) -> bool:
    """Exports are the API's, for whom it answers to."""
    return isinstance(request.user, User) and role_of(request.user) is not None


def _audited(request: HttpRequest, result: LineResult) -> LineResult:
    if result.player is not None and result.change:
        audit(request, result.player, f"{result.change} (pasted)")
    return result
