"""The list of messages: what became of each, tests of the targets, and sending again what was given up."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from riotwatch_messages import arrivals, events, operating, subjects, targets
from riotwatch_messages.admin.choices import FOLLOWED, ChoicesForm, described
from riotwatch_messages.models import Message, MessageQuerySet, MessageState
from riotwatch_pages import times
from riotwatch_pages.live import Part, part
from riotwatch_pages.posting import posted
from riotwatch_pages.read_only import ReadOnlyAdmin

STATE_COLORS = {"waiting": "info", "sent": "success", "failed": "danger"}


class EventFilter(admin.SimpleListFilter):
    """Messages of one event."""

    title = "event"
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - Django's signature
        """Every event there is."""
        del request, model_admin
        return [(event.event_id, event.title) for event in events.EVENTS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        """By the chosen one."""
        del request
        return queryset.filter(event=self.value()) if self.value() else queryset


class TargetFilter(EventFilter):
    """Messages to one target."""

    title = "target"
    parameter_name = "target"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ANN401
        """Every name of NOTIFY_URLS."""
        del request, model_admin
        return [(name, name) for name in targets.configured()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        """By the chosen one."""
        del request
        return queryset.filter(target=self.value()) if self.value() else queryset


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """What was told to whom."""

    list_display = ("happened", "what", "about", "target", "state_label", "became")
    list_display_links = ("what",)
    list_filter = ("state", EventFilter, TargetFilter)
    list_before_template = "riotwatch_messages/targets.html"
    search_fields = ("text",)
    ordering = ("-id",)
    list_per_page = 50
    actions = ("send_again",)
    fields = (
        *("event_title", "text", "level", "about", "target", "state_label", "why"),
        *("attempts", "created_at", "tried_at", "next_try_at", "sent_at"),
    )
    readonly_fields = ("event_title", "about", "state_label")
    empty_hint = (
        "Messages are written when something happens that a target of NOTIFY_URLS is to hear of; a test sends one now."
    )

    @admin.display(description="when", ordering="id")
    def happened(self, message: Message) -> SafeString | str:
        """When it was written."""
        return times.instant(message.created_at)

    @admin.display(description="event")
    def event_title(self, message: Message) -> str:
        """What kind of thing happened."""
        return events.title_of(message.event, message.level)

    @admin.display(description="message", ordering="event")
    def what(self, message: Message) -> SafeString:
        """The event and the text."""
        return format_html('{}<span class="rw-sub">{}</span>', self.event_title(message), message.text)

    @admin.display(ordering="subject")
    def about(self, message: Message) -> SafeString | str:
        """A link to what it is about, where that has a page."""
        kind, address = subjects.kind_of(message.subject), subjects.address_of(message.subject)
        return format_html('<a class="rw-link" href="{}">{}</a>', address, kind) if address else message.subject

    @display(description="State", ordering="state", label=STATE_COLORS)
    def state_label(self, message: Message) -> str:
        """Where it stands."""
        return str(MessageState(message.state).label)

    @admin.display(description="what became of it")
    def became(self, message: Message) -> SafeString | str:
        """When it was sent; or why not, and when it is tried again."""
        if message.state == MessageState.SENT:
            return times.age(message.sent_at)
        if message.state == MessageState.PENDING and message.why:
            again = format_html("attempt {}, again {}", message.attempts, times.age(message.next_try_at))
            return format_html('<span>{}<span class="rw-sub">{}</span></span>', message.why, again)
        return message.why

    # --- Targets and their tests ---

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Above the list: how messages get through. An action that is not theirs is a 403, as everywhere."""
        wanted = request.POST.get("action")
        if wanted and wanted not in self.get_actions(request):
            raise PermissionDenied
        response: HttpResponse = super().changelist_view(request, self._targets(request) | (extra_context or {}))
        return response

    def _targets(self, request: HttpRequest) -> dict[str, Any]:
        return {"arrivals": arrivals.of_targets(timezone.now()), "may_test": self.has_test_permission(request)}

    def get_urls(self) -> list[URLPattern]:
        """With what follows targets and messages, and the button that tests a target."""
        views = {
            "live": part(self.admin_site, self.has_view_permission, self._live_targets),
            "live_rows": part(self.admin_site, self.has_view_permission, self._live_rows),
            "test": posted(self.admin_site, self.has_test_permission, self._test),
        }
        views["choices"] = self.admin_site.admin_view(self._choices)
        own = [path(f"{name}/", view, name=f"riotwatch_messages_message_{name}") for name, view in views.items()]
        return own + super().get_urls()  # type: ignore[no-any-return]

    def _live_targets(self, request: HttpRequest) -> Part:
        return "riotwatch_messages/targets_live.html", self._targets(request)

    def _live_rows(self, request: HttpRequest) -> Part:
        shown = self.get_changelist_instance(request)
        shown.formset = None  # nothing is edited in the list
        return "riotwatch_messages/rows_live.html", {"cl": shown, "opts": self.opts}

    def _test(self, request: HttpRequest) -> str:
        name = request.POST.get("target", "")
        if name in targets.configured():
            operating.send_test(name, by=request.user.get_username(), user_id=_user_id(request))
            text, level = f"A test for {name} is on its way: its line below tells what becomes of it", messages.SUCCESS
        else:
            text, level = f"NOTIFY_URLS has no target {name}", messages.ERROR
        self.message_user(request, text, level=level)
        return reverse("admin:riotwatch_messages_message_changelist")

    def _choices(self, request: HttpRequest) -> HttpResponse:
        """The page on which people choose who hears of what."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        may_change = request.user.has_perm("riotwatch_messages.change_eventsetting")
        if request.method == "POST" and not may_change:
            raise PermissionDenied
        form = ChoicesForm(request.POST or None, may_change=may_change)
        if form.is_bound and form.is_valid():
            return self._save_choices(request, form)
        title = "Who hears of what"
        # With the model's options in its context the skin would leave the page itself out of the path above it.
        context = self.admin_site.each_context(request) | {"model_admin": self, "title": title, "content_title": title}
        context |= {"form": form, "targets": list(targets.configured()), "followed": FOLLOWED, "may_change": may_change}
        return TemplateResponse(request, "riotwatch_messages/choices.html", context)

    def _save_choices(self, request: HttpRequest, form: ChoicesForm) -> HttpResponse:
        with transaction.atomic():
            changed = form.save()
            for row in changed:
                operating.record(_user_id(request), [row], described(row))
        text = f"Saved: {', '.join(map(str, changed))}" if changed else "Nothing was different"
        self.message_user(request, text, level=messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:riotwatch_messages_message_choices"))

    def has_test_permission(self, request: HttpRequest) -> bool:
        """Who may make something be sent."""
        return request.user.has_perm("riotwatch_messages.test_message")

    @admin.action(description="Send again (failed ones)", permissions=["test"])
    def send_again(self, request: HttpRequest, queryset: MessageQuerySet) -> None:
        """Try those that were given up as if they were new."""
        again = operating.send_again(queryset, user_id=_user_id(request))
        level = messages.SUCCESS if again else messages.WARNING
        self.message_user(request, f"Sent again: {again}" if again else "None of them has failed", level=level)


def _user_id(request: HttpRequest) -> int:
    if request.user.pk is None:
        raise TypeError("nobody is signed in")
    return request.user.pk
