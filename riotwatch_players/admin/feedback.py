"""What people say about analyses: the labels, and the address that the buttons post to."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from riotwatch_pages import times
from riotwatch_pages.posting import posted
from riotwatch_players import feedback
from riotwatch_players.admin.player_rows import PlayerRowsAdmin
from riotwatch_players.audit import audit
from riotwatch_players.models import Analysis, DetectionLabel, LabelSource, Question, Says


class LabelForm(forms.Form):
    """Whether one answer of an analysis is right."""

    question = forms.ChoiceField(choices=Question.choices)
    says = forms.ChoiceField(choices=Says.choices)
    source = forms.ChoiceField(label="Known how", choices=LabelSource.choices, widget=UnfoldAdminSelectWidget)
    note = forms.CharField(
        required=False,
        max_length=1000,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "What it rests on"}),
    )


@admin.register(DetectionLabel)
class DetectionLabelAdmin(PlayerRowsAdmin):
    """What people said, newest first."""

    list_display = ("player", "question", "says", "source", "note", "by", "said")
    list_filter = ("question", "says", "source")
    list_select_related = ("player", "by")
    list_intro = (
        "What people know about accounts that were judged. It changes no verdict; it is what a model is measured by."
    )
    empty_hint = "Nobody has said anything yet: the page of a player or of an analysis has the buttons."
    ordering = ("-at",)
    page_template = "riotwatch_players/label.html"

    def page_context(self, request: HttpRequest, row: DetectionLabel) -> dict[str, Any]:
        """What was said, of which analysis."""
        del request
        return {"label": row, "title": str(row.player)}

    @display(description="Said", ordering="at")
    def said(self, label: DetectionLabel) -> str:
        """When."""
        return times.instant(label.at)

    def get_urls(self) -> list[URLPattern]:
        """With the address that the buttons post to."""
        say = posted(self.admin_site, self._may_say, self._say)
        return [path("of/<int:pk>/", say, name="riotwatch_players_detectionlabel_say"), *super().get_urls()]

    def _may_say(self, request: HttpRequest) -> bool:
        return request.user.has_perm("riotwatch_players.add_detectionlabel")

    def _say(self, request: HttpRequest, pk: int) -> str:
        """Keep what somebody says of the analysis `pk`."""
        analysis = get_object_or_404(Analysis.objects.select_related("player"), pk=pk)
        form = LabelForm(request.POST)
        if form.is_valid():
            self._keep(request, analysis, form.cleaned_data)
        else:
            problems = "; ".join(f"{name}: {texts[0]}" for name, texts in form.errors.items())
            self.message_user(request, f"Nothing was kept: {problems}", level=messages.ERROR)
        return _back(request, analysis)

    def _keep(self, request: HttpRequest, analysis: Analysis, said: dict[str, Any]) -> None:
        question, says, source = Question(said["question"]), Says(said["says"]), LabelSource(said["source"])
        user = request.user
        if not user.is_authenticated:
            raise PermissionDenied
        try:
            feedback.label(analysis, question, says, source=source, note=said["note"], by=user, now=timezone.now())
        except feedback.NothingAnswered as problem:
            self.message_user(request, f"Nothing was kept: {problem}", level=messages.ERROR)
            return
        note = f" ({said['note']})" if said["note"] else ""
        audit(request, analysis.player, f"{question.label}: {says.label}, {source.label}{note}")
        self.message_user(request, f"Kept: {question.label}, {says.label}. Thank you.", level=messages.SUCCESS)


def _back(request: HttpRequest, analysis: Analysis) -> str:
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse("admin:riotwatch_players_analysis_change", args=[analysis.pk])
