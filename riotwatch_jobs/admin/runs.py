"""Runs with their items and logs."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.admin import TabularInline

from riotwatch_jobs import closing
from riotwatch_jobs.admin.pages import ReadOnlyAdmin, audit
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import OPEN_ITEM_STATES, Execution, ExecutionLog, WorkItem

LINES_SHOWN = 200
ITEMS_SHOWN = 100


class WorkItemInline(TabularInline):
    """A run's items that still matter: open and failed ones first come from the items page."""

    model = WorkItem
    fields = ("key", "state", "reason", "attempts", "lost_count", "api_requests_made", "host", "pid", "available_at")
    readonly_fields = fields
    extra = 0
    max_num = 0
    can_delete = False
    show_change_link = True
    verbose_name_plural = f"items that are open or failed (the newest {ITEMS_SHOWN})"

    def get_queryset(self, request: HttpRequest) -> QuerySet[WorkItem]:
        """Not the thousands that are simply done, nor the thousands that wait."""
        items = super().get_queryset(request)
        run = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
        shown = items.filter(execution=run).exclude(state__in=["DONE", "SKIPPED", "CANCELLED"]).order_by("-id")
        newest: QuerySet[WorkItem] = items.filter(
            pk__in=list(shown.values_list("pk", flat=True)[:ITEMS_SHOWN])
        ).order_by("-id")
        return newest

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """The framework adds items."""
        del request, obj
        return False


@admin.register(Execution)
class ExecutionAdmin(ReadOnlyAdmin):
    """Runs, newest first."""

    list_display = ("id", "job_id", "state", "progress", "reason", "trigger", "triggered_by", "queued_at", "duration")
    list_filter = ("job_id", "state", "trigger")
    search_fields = ("=id", "reason")
    date_hierarchy = "queued_at"
    actions = ("cancel_runs",)
    inlines = (WorkItemInline,)
    list_per_page = 50
    show_full_result_count = False
    readonly_fields = ("progress", "duration", "log")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Execution]:
        """With the numbers that the progress column shows."""
        open_items = Count("items", filter=Q(items__state__in=OPEN_ITEM_STATES))
        runs: QuerySet[Execution] = super().get_queryset(request)
        return runs.annotate(open_items=open_items, all_items=Count("items"))

    @admin.display
    def progress(self, execution: Any) -> str:  # noqa: ANN401 - an Execution with annotations
        """Items ended of all; for ended runs how they ended."""
        if execution.state == "IN_PROGRESS":
            return f"{execution.all_items - execution.open_items} of {execution.all_items}"
        done, failed, skipped = execution.items_done, execution.items_failed, execution.items_skipped
        return f"{done} done, {failed} failed, {skipped} skipped"

    @admin.display
    def duration(self, execution: Execution) -> str:
        """From start to end."""
        return f"{execution.duration_s:.1f} s" if execution.duration_s is not None else ""

    @admin.display(description=f"log (the last {LINES_SHOWN} lines)")
    def log(self, execution: Execution) -> str:
        """What the run's items logged."""
        newest = list(execution.log_lines.order_by("-id")[:LINES_SHOWN])
        lines = [f"{line.at:%H:%M:%S} {line.logger} {line.message}" for line in reversed(newest)]
        return format_html("<pre style='white-space: pre-wrap'>{}</pre>", "\n".join(lines) or "nothing logged")

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """Cancelling takes the right to change runs, though nobody edits one."""
        return request.user.has_perm("riotwatch_jobs.change_execution")

    @admin.action(description="Cancel selected runs", permissions=["cancel"])
    def cancel_runs(self, request: HttpRequest, queryset: QuerySet[Execution]) -> None:
        """End what is open; what has ended stays as it is."""
        who, now = request.user.get_username(), database_now()
        cancelled = []
        for run in queryset:
            if closing.cancel(run, who=who, reason="", now=now):
                audit(request, run, "Cancelled the run.")
                cancelled.append(run.pk)
        self.message_user(request, f"cancelled: {', '.join(map(str, cancelled)) or 'none, they had already ended'}")


@admin.register(WorkItem)
class WorkItemAdmin(ReadOnlyAdmin):
    """Items of all runs, for looking things up."""

    list_display = ("id", "execution", "key", "state", "reason", "attempts", "lost_count", "host", "started_at")
    list_filter = ("state", "queue", "region", "is_error")
    search_fields = ("=execution__id", "key")
    list_select_related = ("execution",)
    show_full_result_count = False
    list_per_page = 50


@admin.register(ExecutionLog)
class ExecutionLogAdmin(ReadOnlyAdmin):
    """Log lines of all runs, for searching."""

    list_display = ("at", "execution", "logger", "message")
    list_filter = ("level",)
    search_fields = ("message", "=execution__id")
    list_select_related = ("execution",)
    show_full_result_count = False
