"""Items and log lines of all runs, for looking things up."""

import json
import logging

from django.contrib import admin
from django.utils.html import format_html

from riotwatch_jobs.admin import words
from riotwatch_jobs.admin.pages import label, link_to
from riotwatch_jobs.admin.words import Label
from riotwatch_jobs.models import Execution, ExecutionLog, WorkItem
from riotwatch_pages import times
from riotwatch_pages.read_only import ReadOnlyAdmin

LEVEL_TYPES = {logging.WARNING: "warning", logging.ERROR: "danger", logging.CRITICAL: "danger"}


@admin.register(WorkItem)
class WorkItemAdmin(ReadOnlyAdmin):
    """Units of work, newest first."""

    list_display = ("key", "run", "state_label", "reason", "attempts", "lost_count", "host", "started")
    list_filter = ("state", "is_error", "queue", "region")
    search_fields = ("=execution__id", "key", "reason")
    list_select_related = ("execution",)
    ordering = ("-id",)
    show_full_result_count = False
    list_per_page = 50
    empty_hint = (
        "Items are the units of a run's work: one player, one slice of matches. Done ones are kept for a day, failed "
        "ones for 30. Run a job to see some."
    )
    fieldsets = (
        (None, {"fields": ("run", "key", "state_label", "reason", "phase")}),
        ("Work", {"fields": ("queue", "region", "lane", "data_folded", "result")}),
        ("Worker", {"fields": ("host", "pid", "started_at", "finished_at")}),
        ("Counters", {"fields": ("api_requests_made", "records_created", "records_updated")}),
        ("Delivery", {"fields": ("available_at", "waits_for_budget", "delivery", "sent_at", "attempts", "lost_count")}),
        ("Log and traceback", {"fields": ("log", "is_error", "traceback_folded")}),
    )
    readonly_fields = ("run", "state_label", "data_folded", "log", "traceback_folded")

    @admin.display(ordering="execution")
    def run(self, item: WorkItem) -> str:
        """Whose item it is."""
        return link_to(Execution, item.execution_id, item.execution)

    @admin.display(description="state", ordering="state")
    def state_label(self, item: WorkItem) -> str:
        """Where it stands."""
        return label(words.of_item(item.state))

    @admin.display(ordering="started_at")
    def started(self, item: WorkItem) -> str:
        """When it was last taken up."""
        return times.age(item.started_at)

    @admin.display
    def log(self, item: WorkItem) -> str:
        """What it logged, in all attempts."""
        lines = item.log_lines.order_by("id").values_list("at", "message")
        text = "\n".join(f"{at:%H:%M:%S} {message}" for at, message in lines)
        return format_html('<pre class="rw-pre">{}</pre>', text) if text else "nothing"

    @admin.display(description="traceback")
    def traceback_folded(self, item: WorkItem) -> str:
        """Where a bug raised."""
        return _folded(item.traceback) if item.traceback else "none"

    @admin.display(description="data")
    def data_folded(self, item: WorkItem) -> str:
        """What it works on, and remembers between attempts."""
        return _folded(json.dumps(item.data, default=str)) if item.data else "none"


@admin.register(ExecutionLog)
class ExecutionLogAdmin(ReadOnlyAdmin):
    """Log lines, newest first."""

    list_display = ("written", "level_label", "run", "logger", "message")
    list_filter = ("level",)
    search_fields = ("message", "logger", "=execution__id")
    list_select_related = ("execution",)
    ordering = ("-id",)
    show_full_result_count = False
    list_per_page = 50
    empty_hint = (
        "What jobs log while they work, and what libraries log or print meanwhile, is stored here with its run, when "
        "an item ends. Run a job to see some."
    )
    fields = ("at", "level_label", "run", "item", "logger", "message")
    readonly_fields = ("level_label", "run")

    @admin.display(ordering="id", description="when")
    def written(self, line: ExecutionLog) -> str:
        """How long ago."""
        return times.age(line.at)

    @admin.display(description="level", ordering="level")
    def level_label(self, line: ExecutionLog) -> str:
        """How much it asks for attention."""
        name = logging.getLevelName(line.level).lower()
        return label(Label(name, LEVEL_TYPES.get(line.level, "")))

    @admin.display(ordering="execution")
    def run(self, line: ExecutionLog) -> str:
        """Whose line it is."""
        return link_to(Execution, line.execution_id, line.execution)


def _folded(text: str) -> str:
    return format_html('<details><summary>Show</summary><pre class="rw-pre">{}</pre></details>', text)
