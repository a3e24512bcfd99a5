"""Who is alive, and what they are working on."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from riotwatch_jobs.admin.pages import label, link_to
from riotwatch_jobs.admin.words import Label
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import LEASE_DEAD_AFTER, ItemState, WorkerLease, WorkItem
from riotwatch_pages import times
from riotwatch_pages.read_only import ReadOnlyAdmin

ITEMS_NAMED = 3


class LifeFilter(admin.SimpleListFilter):
    """Live or dead."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - Django's signature
        """The two there are."""
        del request, model_admin
        return [("live", "live"), ("dead", "dead")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[WorkerLease]) -> QuerySet[WorkerLease]:
        """By the last sign of life."""
        del request
        since = database_now() - LEASE_DEAD_AFTER
        match self.value():
            case "live":
                return queryset.filter(renewed_at__gt=since)
            case "dead":
                return queryset.filter(renewed_at__lte=since)
        return queryset


@admin.register(WorkerLease)
class WorkerLeaseAdmin(ReadOnlyAdmin):
    """Processes that execute items."""

    list_display = ("node", "life", "serves", "working_on", "host", "pid", "concurrency", "started")
    list_filter = (LifeFilter,)
    search_fields = ("node", "host")
    ordering = ("node", "pid")
    fields = ("node", "life", "serves", "working_on", "host", "pid", "concurrency", "started_at", "renewed_at")
    readonly_fields = ("life", "serves", "working_on")
    empty_hint = (
        "No process executes items: runs are queued, but nobody works on them. Start the workers with `make run`, or "
        "with the worker lines of the Procfile; each of them shows up here within seconds."
    )

    def get_changelist_instance(self, request: HttpRequest) -> Any:  # noqa: ANN401 - unfold's ChangeList
        """What all of them are working on is read at once."""
        shown = super().get_changelist_instance(request)
        running = _running([lease.pk for lease in shown.result_list])
        now = database_now()
        for lease in shown.result_list:
            lease.running, lease.seen_at = running.get(lease.pk, []), now
        return shown

    @admin.display(description="state", ordering="renewed_at")
    def life(self, lease: Any) -> str:  # noqa: ANN401 - a lease, with the time where a list read it
        """Live, with what hangs in it, or dead since when."""
        now = getattr(lease, "seen_at", None) or database_now()
        if lease.renewed_at <= now - LEASE_DEAD_AFTER:
            return label(Label(f"dead, last seen {times.from_now(lease.renewed_at, now)}", "danger"))
        if lease.hanging_since:
            since = times.from_now(lease.hanging_since, now)
            return label(Label(f"live, {lease.hanging} of its items hang, the first begun {since}", "warning"))
        return label(Label("live", "success"))

    @admin.display(description="queues")
    def serves(self, lease: WorkerLease) -> str:
        """The queues it takes items from."""
        return ", ".join(lease.queues)

    @admin.display
    def working_on(self, lease: Any) -> str:  # noqa: ANN401 - a lease, with its items where a list read them
        """The items it holds."""
        running = getattr(lease, "running", None)
        if running is None:
            running = _running([lease.pk]).get(lease.pk, [])
        if not running:
            return "nothing"
        named = format_html_join(
            ", ",
            "{}",
            ((link_to(WorkItem, item.pk, f"{item.execution.job_id} {item.key}"),) for item in running[:ITEMS_NAMED]),
        )
        more = len(running) - ITEMS_NAMED
        return format_html("{} and {} more", named, more) if more > 0 else named

    @admin.display(ordering="started_at")
    def started(self, lease: WorkerLease) -> str:
        """How long ago it came up."""
        return times.age(lease.started_at)


def _running(leases: list[int]) -> dict[int, list[WorkItem]]:
    """The items that are being worked on, by the lease of who does."""
    found: dict[int, list[WorkItem]] = {}
    held = WorkItem.objects.filter(state=ItemState.RUNNING, owner_id__in=leases).select_related("execution")
    for item in held.order_by("id"):
        if item.owner_id is not None:
            found.setdefault(item.owner_id, []).append(item)
    return found
