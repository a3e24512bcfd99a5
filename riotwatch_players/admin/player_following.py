"""Who is told whatever happens to one player, chosen on the player's page."""

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from riotwatch_messages import choosing, targets
from riotwatch_pages.posting import posted
from riotwatch_players.admin.asking import AskingAdmin
from riotwatch_players.audit import audit
from riotwatch_players.models import Player
from riotwatch_players.news import subject_of


class FollowForm(forms.Form):
    """A box per target."""

    target = forms.MultipleChoiceField(
        label="Tell of this player in any case",
        choices=lambda: [(name, name) for name in targets.configured()],
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )


def follow_form(player: Player) -> FollowForm | None:
    """As it stands now; None where there is no target."""
    if not targets.configured():
        return None
    return FollowForm(initial={"target": sorted(choosing.followers(subject_of(player)))})


class PlayerFollowing(AskingAdmin):
    """The address that the choice is posted to."""

    def get_urls(self) -> list[URLPattern]:
        """With that address."""
        view = posted(self.admin_site, self.has_change_permission, self._follow)
        own = [path("<int:pk>/follow/", view, name="riotwatch_players_player_follow")]
        return own + super().get_urls()  # type: ignore[no-any-return]

    def _follow(self, request: HttpRequest, pk: int) -> str:
        player, form = get_object_or_404(Player, pk=pk), FollowForm(request.POST)
        if form.is_valid():
            text, level = self._store(request, player, form.cleaned_data["target"]), messages.SUCCESS
        else:
            text, level = " ".join(map(str, form.errors["target"])), messages.ERROR
        self.message_user(request, f"{player}: {text}", level=level)
        return reverse("admin:riotwatch_players_player_change", args=[pk])

    def _store(self, request: HttpRequest, player: Player, names: list[str]) -> str:
        what = f"news are told to {', '.join(sorted(names))}" if names else "news are told as those of others"
        with transaction.atomic():
            if choosing.follow(subject_of(player), names):
                audit(request, player, what)
        return what
