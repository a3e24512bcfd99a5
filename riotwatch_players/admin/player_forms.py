"""Forms about players: add one, paste many, pause with a reason."""

from typing import Any

from django import forms
from django.utils import timezone
from unfold.forms import ActionForm
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from riotwatch_players import bulk, outages, tracking
from riotwatch_players.admin.asking import AskingForm
from riotwatch_players.models import ForeignDatabase, Player
from riotwatch_players.riot.errors import RiotError
from riotwatch_players.riot.routing import PLATFORMS

MOST_LINES = 200
LARGEST_FILE = 100 * 1024
"""Bytes; lines as long as they can be, and then some."""
COULD_NOT_ADD = (
    *(tracking.BadRiotId, tracking.NoSuchPlayer, tracking.WasErased, tracking.TooManyTracked),
    *(ForeignDatabase, RiotError),
)
PLATFORM_CHOICES = [(name, name) for name in PLATFORMS]


class AddPlayerForm(AskingForm[Player]):
    """Adds by Riot ID: Riot is asked who that is."""

    riot_id = forms.CharField(
        label="Riot ID",
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Name#TAG", "autofocus": True}),
        help_text="Name#TAG, as the player sees it in the game.",
    )
    platform = forms.ChoiceField(
        choices=[("", "Wherever they play"), *PLATFORM_CHOICES],
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="Riot is asked where the player plays, unless it is said here.",
    )
    track = forms.BooleanField(
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Keep watch on the player from now on. Otherwise the player is only known.",
    )

    class Meta:
        model = Player
        fields: tuple[str, ...] = ("riot_id", "platform", "track")

    def clean(self) -> dict[str, Any]:
        """Ask Riot; every refusal becomes a message at the field it is about."""
        cleaned = super().clean() or {}
        if "riot_id" not in cleaned or "platform" not in cleaned:
            return cleaned
        now = timezone.now()
        try:
            player = tracking.add_player(
                cleaned["riot_id"],
                platform=cleaned["platform"] or None,
                now=now,
                lift_erasure=cleaned.get("lift_erasure", False),
            )
            if cleaned.get("track"):
                tracking.track(player, now=now)
        except COULD_NOT_ADD as problem:
            self.add_error(_field_of(problem), outages.explained(problem))
        else:
            self.instance = player
        return cleaned


class AddErasedPlayerForm(AddPlayerForm):
    """The same for those who may erase: they may also take that back."""

    lift_erasure = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Only for a player who was erased here and is to be stored again. What was known does not come back.",
    )

    class Meta(AddPlayerForm.Meta):
        fields = (*AddPlayerForm.Meta.fields, "lift_erasure")


def _field_of(problem: Exception) -> str | None:
    if isinstance(problem, tracking.BadRiotId | tracking.NoSuchPlayer | tracking.WasErased):
        return "riot_id"
    return "track" if isinstance(problem, tracking.TooManyTracked) else None


class PastePlayersForm(forms.Form):
    """Many Riot IDs at once, pasted or from a file."""

    riot_ids = forms.CharField(
        label="Riot IDs",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 12, "placeholder": "Name#TAG\nOther Name#TAG kr", "class": ""}),
        help_text=f"One per line, at most {MOST_LINES}: Name#TAG, Name#TAG platform, or the two as CSV.",
    )
    file = forms.FileField(
        label="Or a file",
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
        help_text="CSV or plain text with such lines, in UTF-8.",
    )
    platform = forms.ChoiceField(
        label="Platform",
        choices=PLATFORM_CHOICES,
        initial="euw1",
        widget=UnfoldAdminSelectWidget,
        help_text="Of lines that name none.",
    )
    track = forms.BooleanField(
        label="Track",
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Keep watch on the players from now on.",
    )

    def clean_file(self) -> str:
        """The file's text; refuse what is none, or larger than so many lines can be."""
        file = self.cleaned_data["file"]
        if file is None:
            return ""
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(
                f"The file is over {LARGEST_FILE // 1024} KB: use manage.py import_players FILE."
            )
        try:
            return str(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise forms.ValidationError("This is no text in UTF-8: save the file as CSV in UTF-8.") from None

    def clean(self) -> dict[str, Any]:
        """Lines from one of the two; refuse more than a person wants to wait for."""
        cleaned = super().clean() or {}
        given = [text for text in (cleaned.get("riot_ids", ""), cleaned.get("file", "")) if text.strip()]
        if len(given) != 1 and not self.errors:
            self.add_error("riot_ids", "Paste Riot IDs, or choose a file: one of the two.")
        cleaned["riot_ids"] = given[0] if given else ""
        count = sum(bool(line.strip()) for line in cleaned["riot_ids"].splitlines())
        if count > MOST_LINES:
            text = f"These are {count} lines: add {MOST_LINES} at a time, or use manage.py import_players FILE."
            self.add_error("riot_ids", text)
        return cleaned

    def lines(self) -> list[bulk.Line]:
        """The lines of a valid form."""
        return bulk.read_lines(self.cleaned_data["riot_ids"], platform=self.cleaned_data["platform"])


class PauseForm(forms.Form):
    """Why a player is paused."""

    reason = forms.CharField(
        required=False, max_length=tracking.PAUSE_REASON_MAX, widget=UnfoldAdminTextInputWidget(attrs={"id": "reason"})
    )


class PlayerActionForm(ActionForm):
    """The list's actions; a pause asks for its reason."""

    reason = forms.CharField(
        label="",
        required=False,
        max_length=tracking.PAUSE_REASON_MAX,
        widget=UnfoldAdminTextInputWidget(
            attrs={
                "placeholder": "Reason of the pause",
                "aria-label": "Reason of the pause",
                "x-show": "action === 'pause_players'",
                "class": "rw-action-reason",
            }
        ),
    )
