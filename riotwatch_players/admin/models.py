"""Detection models: bring one in, compare it in the shadow, activate it, roll back."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget

from riotwatch_pages import times
from riotwatch_pages.posting import May, posted
from riotwatch_players import labels, model_cards, shadowing
from riotwatch_players.admin.pages import RecordAdmin
from riotwatch_players.audit import audit
from riotwatch_players.detection.cards import BadCard, read_card
from riotwatch_players.models import DetectionBaseline, DetectionModel, ModelOrigin, ModelState

ADDRESS = "riotwatch_players_detectionmodel"
REFUSED = (BadCard, model_cards.NotInThatState)


class UploadForm(forms.Form):
    """Takes a card's file."""

    card = forms.FileField(label="Model card", help_text="A .json file.", widget=UnfoldAdminFileFieldWidget)

    def text(self) -> str:
        """The file's content; raises BadCard."""
        file = self.cleaned_data["card"]
        if file.size > model_cards.MOST_BYTES:
            raise BadCard(file.name, f"larger than {model_cards.MOST_BYTES} bytes")
        try:
            content: str = file.read().decode()
        except UnicodeDecodeError:
            raise BadCard(file.name, "no UTF-8 text") from None
        return content


def _activate(request: HttpRequest, model: DetectionModel) -> str:
    model_cards.activate(model, by=request.user.get_username(), now=timezone.now())
    return "activated"


def _roll_back(request: HttpRequest, model: DetectionModel) -> str:
    model_cards.roll_back(model, by=request.user.get_username(), now=timezone.now())
    return "activated again (rolled back)"


def _cast_shadow(request: HttpRequest, model: DetectionModel) -> str:
    model_cards.cast_shadow(model, by=request.user.get_username(), now=timezone.now())
    return "judges in the shadow now"


def _end_shadow(request: HttpRequest, model: DetectionModel) -> str:
    model_cards.end_shadow(model, by=request.user.get_username(), now=timezone.now())
    return "no longer judges in the shadow"


CHANGES: dict[str, Callable[[HttpRequest, DetectionModel], str]] = {
    "activate": _activate,
    "back": _roll_back,
    "shadow": _cast_shadow,
    "end_shadow": _end_shadow,
}


@admin.register(DetectionModel)
class DetectionModelAdmin(RecordAdmin):
    """The models there are."""

    list_display = ("version_hash", "state_label", "origin", "brought_in", "file_state")
    list_filter = ("state", "origin")
    list_before_template = "riotwatch_players/models.html"
    ordering = ("-brought_in_at", "-id")
    search_fields = ("card_id", "version", "sha256")
    page_template = "riotwatch_players/model.html"
    empty_hint = "The shipped model judges. It is stored with the first run of detection_models."

    def get_queryset(self, request: HttpRequest) -> QuerySet[DetectionModel]:
        """Without the documents, which nobody needs in a list."""
        models: QuerySet[DetectionModel] = super().get_queryset(request)
        return models.defer("document")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:  # noqa: ANN401
        """Above the list: what judges now, the way back, and bringing one in."""
        named = {row.state: row for row in DetectionModel.objects.exclude(state="available").defer("document")}
        own = {
            "active": named.get(ModelState.ACTIVE),
            "shadow": named.get(ModelState.SHADOW),
            "previous": named.get(ModelState.PREVIOUS),
            "baseline": DetectionBaseline.objects.filter(current=True).defer("median", "mad", "n").first(),
            "form": UploadForm(),
            "may_upload": self._may_upload(request),
            "may_switch": self._may_switch(request),
        }
        return super().changelist_view(request, own | (extra_context or {}))

    def page_context(self, request: HttpRequest, row: DetectionModel) -> dict[str, Any]:
        """What the card says of itself, and how it compares."""
        try:
            card, problem = read_card(row.document, name=str(row)), ""
        except BadCard as refusal:
            card, problem = None, refusal.problem
        return {
            "model": row,
            "card": card,
            "problem": problem,
            "targets": [("Smurf", card.smurf), ("Boosted", card.boosted)] if card else [],
            "comparison": shadowing.comparison(row),
            "may_switch": self._may_switch(request),
        }

    @display(description="Model", ordering=("card_id", "version"))
    def version_hash(self, model: DetectionModel) -> str:
        """Id, version, and the beginning of the hash."""
        return model.version_hash

    @display(description="State", ordering="state", label=labels.MODEL_STATE_COLORS)
    def state_label(self, model: DetectionModel) -> str:
        """What it is used for."""
        return model.state

    @display(description="Brought in", ordering="brought_in_at")
    def brought_in(self, model: DetectionModel) -> str:
        """When, and by whom."""
        by = f" by {model.brought_in_by}" if model.brought_in_by else ""
        return format_html("{}{}", times.instant(model.brought_in_at), by)

    @display(description="File")
    def file_state(self, model: DetectionModel) -> str:
        """The file's name, and whether it is gone."""
        return f"{model.file} (gone)" if model.removed_at else model.file

    # --- What the pages' buttons do ----------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """With the addresses of the buttons."""
        views: dict[str, tuple[str, May, Callable[..., DetectionModel | None]]] = {
            "upload": ("upload/", self._may_upload, self._upload),
        } | {verb: (f"<int:pk>/{verb}/", self._may_switch, self._changing(verb)) for verb in CHANGES}
        own = [
            path(where, posted(self.admin_site, may, self._shown_after(do)), name=f"{ADDRESS}_{name}")
            for name, (where, may, do) in views.items()
        ]
        return own + super().get_urls()  # type: ignore[no-any-return]

    def _may_upload(self, request: HttpRequest) -> bool:
        return request.user.has_perm("riotwatch_players.add_detectionmodel")

    def _may_switch(self, request: HttpRequest) -> bool:
        return request.user.has_perm("riotwatch_players.change_detectionmodel")

    def _shown_after(self, do: Callable[..., DetectionModel | None]) -> Callable[..., str]:
        """Do it, and go to the model's page, or back to the list; what is refused is told."""

        def done(request: HttpRequest, **where: Any) -> str:  # noqa: ANN401 - from the address
            try:
                model = do(request, **where)
            except REFUSED as problem:
                self.message_user(request, f"Nothing was changed: {problem}", level=messages.ERROR)
                model = DetectionModel.objects.filter(**where).first() if where else None
            if model is None:
                return reverse(f"admin:{ADDRESS}_changelist")
            return reverse(f"admin:{ADDRESS}_change", args=[model.pk])

        return done

    def _changing(self, verb: str) -> Callable[..., DetectionModel]:
        def change(request: HttpRequest, pk: int) -> DetectionModel:
            model = get_object_or_404(DetectionModel, pk=pk)
            self._say(request, model, CHANGES[verb](request, model))
            return model

        return change

    def _upload(self, request: HttpRequest) -> DetectionModel | None:
        form = UploadForm(request.POST, request.FILES)
        if not form.is_valid():
            self.message_user(request, "Choose a file first", level=messages.ERROR)
            return None
        file, by = form.cleaned_data["card"].name, request.user.get_username()
        model, created = model_cards.bring_in(
            form.text(), file=file, origin=ModelOrigin.ADMIN, by=by, now=timezone.now()
        )
        self._say(request, model, "brought in" if created else "was there already")
        return model

    def _say(self, request: HttpRequest, model: DetectionModel, what: str) -> None:
        audit(request, model, what)
        self.message_user(request, f"{model}: {what}", level=messages.SUCCESS)
