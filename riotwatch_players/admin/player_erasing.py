"""Erasing a player from their page: asked about first, for it cannot be undone."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from riotwatch_players import erasing
from riotwatch_players.admin.asking import AskingAdmin
from riotwatch_players.models import Player


class PlayerErasing(AskingAdmin):
    """The address that tells what goes, and does it when that is confirmed."""

    def get_urls(self) -> list[URLPattern]:
        """With the page that asks."""
        view = self.admin_site.admin_view(self.erase_view)
        own = [path("<int:pk>/erase/", view, name="riotwatch_players_player_erase")]
        return own + super().get_urls()  # type: ignore[no-any-return]

    def may_erase(self, request: HttpRequest) -> bool:
        """Whether somebody may erase players for good."""
        return request.user.has_perm("riotwatch_players.delete_player")

    def erase_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Tell what goes; with a POST, erase."""
        if not self.may_erase(request):
            raise PermissionDenied
        player = get_object_or_404(Player, pk=pk)
        if request.method == "POST":
            return self._erase(request, player)
        context = self.admin_context(request, title=f"Erase {player}?")
        context |= {"original": player, "object_id": pk, "player": player, "known": erasing.known_about(player)}
        return TemplateResponse(request, "riotwatch_players/erase.html", context)

    def _erase(self, request: HttpRequest, player: Player) -> HttpResponseBase:
        erasing.erase(player, by=request.user.get_username(), user=request.user, now=timezone.now())
        text = f"Player {player.pk} is erased, and will not be stored again."
        self.message_user(request, text, level=messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:riotwatch_players_player_changelist"))
