"""What an operator does with players, from the list and from a player's page; each leaves a trace."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from riotwatch_pages.posting import posted
from riotwatch_players import tracking
from riotwatch_players.admin.asking import AskingAdmin
from riotwatch_players.audit import audit
from riotwatch_players.models import Player

MOST_AT_ONCE = 200
"""One request does not loop over a whole table, and a run for named players is for a few."""

MOST_NAMED = 5
"""In a message."""


def _track(player: Player, reason: str) -> str:
    del reason
    return "tracked" if tracking.track(player, now=timezone.now()) else ""


def _untrack(player: Player, reason: str) -> str:
    del reason
    return "no longer tracked" if tracking.untrack(player) else ""


def _pause(player: Player, reason: str) -> str:
    if not tracking.pause(player, reason):
        return ""
    return f"paused: {reason}" if reason else "paused"


def _resume(player: Player, reason: str) -> str:
    del reason
    return "no longer paused" if tracking.resume(player) else ""


CHANGES: Mapping[str, Callable[[Player, str], str]] = {
    "track": _track,
    "untrack": _untrack,
    "pause": _pause,
    "resume": _resume,
}
"""Each changes a player and returns what it is now, "" where it was so already; the text is a pause's reason."""


def _listed(players: Sequence[Player]) -> str:
    names = ", ".join(str(player) for player in players[:MOST_NAMED])
    more = f" and {len(players) - MOST_NAMED} more" if len(players) > MOST_NAMED else ""
    return f"{names}{more} {'is' if len(players) == 1 else 'are'}"


class PlayerActions(AskingAdmin):
    """The actions of the list and the addresses that a player's page posts to."""

    def get_urls(self) -> list[URLPattern]:
        """With an address per change of a player."""
        own = [
            path(
                f"<int:pk>/{verb}/",
                posted(self.admin_site, self.has_change_permission, self._changing(verb)),
                name=f"riotwatch_players_player_{verb}",
            )
            for verb in CHANGES
        ]
        return own + super().get_urls()  # type: ignore[no-any-return]

    def _changing(self, verb: str) -> Callable[..., str]:
        def change(request: HttpRequest, pk: int) -> str:
            self._change(request, [get_object_or_404(Player, pk=pk)], verb)
            return reverse("admin:riotwatch_players_player_change", args=[pk])

        return change

    def _change(self, request: HttpRequest, players: Iterable[Player], verb: str) -> None:
        """Change one after the other, up to where the limit stops it; say once what was done."""
        done: dict[str, list[Player]] = {}
        try:
            for player in players:
                done.setdefault(self._changed(request, player, verb), []).append(player)
        except tracking.TooManyTracked as problem:
            self.message_user(request, f"{player}: {problem}", level=messages.ERROR)
        done.pop("", None)
        for what, changed in done.items():
            self.message_user(request, f"{_listed(changed)} {what}", level=messages.SUCCESS)

    def _changed(self, request: HttpRequest, player: Player, verb: str) -> str:
        """What the player is now; "" where nothing was changed."""
        try:
            # In one transaction, so that an erasure finds the trace and takes the name out of it.
            with transaction.atomic():
                what = CHANGES[verb](player, request.POST.get("reason", "").strip())
                if what:
                    audit(request, player, what)
        except tracking.ErasedMeanwhile as problem:
            self.message_user(request, f"Player {player.pk}: {problem}", level=messages.ERROR)
            return ""
        return what

    @admin.action(description="Track", permissions=["change"])
    def track_players(self, request: HttpRequest, queryset: QuerySet[Player]) -> None:
        """Keep watch on them, as far as the limit allows."""
        self._change(request, self._chosen(request, queryset), "track")

    @admin.action(description="Untrack", permissions=["change"])
    def untrack_players(self, request: HttpRequest, queryset: QuerySet[Player]) -> None:
        """Stop keeping watch; what is known stays."""
        self._change(request, self._chosen(request, queryset), "untrack")

    @admin.action(description="Pause", permissions=["change"])
    def pause_players(self, request: HttpRequest, queryset: QuerySet[Player]) -> None:
        """Make no requests for them."""
        self._change(request, self._chosen(request, queryset), "pause")

    @admin.action(description="Resume", permissions=["change"])
    def resume_players(self, request: HttpRequest, queryset: QuerySet[Player]) -> None:
        """Take a pause back."""
        self._change(request, self._chosen(request, queryset), "resume")

    @admin.action(description="Refresh now", permissions=["change"])
    def refresh_players(self, request: HttpRequest, queryset: QuerySet[Player]) -> HttpResponseBase | None:
        """Start a run that updates them."""
        return self._start(request, queryset, "players_refresh")

    @admin.action(description="Analyze now", permissions=["change"])
    def analyze_players(self, request: HttpRequest, queryset: QuerySet[Player]) -> HttpResponseBase | None:
        """Start a run that judges them by what is stored."""
        return self._start(request, queryset, "players_analyze")

    def _chosen(self, request: HttpRequest, players: QuerySet[Player]) -> list[Player]:
        """The chosen players; none, and a message, where they are too many."""
        chosen = list(players.order_by("pk")[: MOST_AT_ONCE + 1])
        if len(chosen) > MOST_AT_ONCE:
            self.message_user(request, f"Choose {MOST_AT_ONCE} players at most", level=messages.ERROR)
            return []
        return chosen

    def _start(self, request: HttpRequest, players: QuerySet[Player], name: str) -> HttpResponseBase | None:
        """Hand the request over to the page that starts the run: players know nothing of jobs."""
        chosen = self._chosen(request, players)
        if not chosen:
            return None
        query = QueryDict(mutable=True)
        query.setlist("player", [str(player.pk) for player in chosen])
        query["next"] = request.get_full_path()
        return HttpResponseRedirect(f"{reverse(name)}?{query.urlencode()}", preserve_request=True)
