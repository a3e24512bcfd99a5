"""Operating jobs in the Django admin: configurations, schedules, runs with their items and logs."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django_celery_beat.admin import PeriodicTaskAdmin
from django_celery_beat.models import ClockedSchedule, PeriodicTask, SolarSchedule

from riotwatch_jobs import closing, dispatch, registry, scheduling, slots
from riotwatch_jobs.base import Job
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import (
    OPEN_ITEM_STATES,
    Execution,
    ExecutionLog,
    JobConfiguration,
    Trigger,
    WorkerLease,
    WorkItem,
)

LINES_SHOWN = 200
ITEMS_SHOWN = 100
NO_CODE = "this job has no code any more"


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Records that the system writes and people only read."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody adds one by hand."""
        del request, obj
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody edits one."""
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Retention deletes them."""
        del request, obj
        return False


def audit(request: HttpRequest, row: Model, text: str) -> None:
    """Leave a trace of who did what, in the row's history."""
    if request.user.pk is not None:
        LogEntry.objects.log_actions(request.user.pk, [row], CHANGE, change_message=text, single_object=True)


def ask_for_run(request: HttpRequest, job_id: str) -> str:
    """Trigger a job for the signed-in person; returns the message to show."""
    wanted = dispatch.Request(job_id=job_id, trigger=Trigger.ADMIN, triggered_by=request.user.get_username())
    execution, created = dispatch.request(wanted, now=database_now())
    return f"{job_id}: run {execution.pk} " + ("is queued" if created else "was already waiting")


# --- Configurations --------------------------------------------------------------------------------------------------


class JobConfigurationForm(forms.ModelForm[JobConfiguration]):
    """Refuses settings that the job would refuse, naming the field."""

    class Meta:
        model = JobConfiguration
        fields = ("enabled", "config", "timeout_s", "deadline_s", "overlap")

    def clean_config(self) -> dict[str, Any]:
        """Check the settings against the job's own types and bounds."""
        config: object = self.cleaned_data["config"] or {}
        if not isinstance(config, dict):
            raise forms.ValidationError('Write a JSON object such as {"tracked_depth": 100}.')
        try:
            dispatch.checked_config(self.instance.job, {**self.instance.job.seeded_config(), **config})
        except (dispatch.BadConfig, registry.UnknownJob) as problem:
            raise forms.ValidationError(str(problem)) from None
        return config


@admin.register(JobConfiguration)
class JobConfigurationAdmin(admin.ModelAdmin[JobConfiguration]):
    """One row per job of the catalogue."""

    form = JobConfigurationForm
    list_display = ("job_id", "enabled", "description", "last_run", "next_run")
    list_display_links = ("job_id",)
    actions = ("run_now",)
    readonly_fields = ("settings_there_are",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come from the catalogue (sync_schedules)."""
        del request
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """A job is switched off, not deleted."""
        del request, obj
        return False

    @admin.display
    def description(self, configuration: JobConfiguration) -> str:
        """What the job does."""
        job = _job_of(configuration)
        return job.description if job else NO_CODE

    @admin.display(description="settings there are")
    def settings_there_are(self, configuration: JobConfiguration) -> str:
        """Name, meaning and default of each setting."""
        job = _job_of(configuration)
        if job is None:
            return NO_CODE
        rows = job.Config.model_fields.items()
        lines = [f"{name}: {about.description} (default {about.default})" for name, about in rows]
        return format_html("<br>".join(["{}"] * len(lines)), *lines) if lines else "none"

    @admin.display
    def last_run(self, configuration: JobConfiguration) -> str:
        """State and time of the newest run."""
        last = Execution.objects.filter(job_id=configuration.job_id).order_by("-id").first()
        return f"{last.state} {last.queued_at:%Y-%m-%d %H:%M} UTC" if last else "never"

    @admin.display
    def next_run(self, configuration: JobConfiguration) -> str:
        """The next slot of the default schedule."""
        row = PeriodicTask.objects.filter(name=configuration.job_id, enabled=True).first()
        return _next_slot(row) if row and configuration.enabled else "off"

    @admin.action(description="Run now", permissions=["change"])
    def run_now(self, request: HttpRequest, queryset: QuerySet[JobConfiguration]) -> None:
        """Ask for a run of each selected job."""
        for configuration in queryset:
            try:
                text = ask_for_run(request, configuration.job_id)
            except (registry.UnknownJob, dispatch.BadConfig) as problem:
                self.message_user(request, str(problem), level=messages.ERROR)
                continue
            audit(request, configuration, text)
            self.message_user(request, text)


def _job_of(configuration: JobConfiguration) -> type[Job] | None:
    try:
        return configuration.job
    except registry.UnknownJob:
        return None


def _next_slot(row: PeriodicTask) -> str:
    try:
        following = slots.following(scheduling.schedule_of(row), database_now())
    except slots.BadSchedule as problem:
        return str(problem)
    return f"{following:%Y-%m-%d %H:%M:%S} UTC" if following else "never"


# --- Schedules -------------------------------------------------------------------------------------------------------

admin.site.unregister(PeriodicTask)
# Jobs run on intervals and crontabs; the other kinds would never fire.
admin.site.unregister(SolarSchedule)
admin.site.unregister(ClockedSchedule)


@admin.register(PeriodicTask)
class SchedulePageAdmin(PeriodicTaskAdmin):  # type: ignore[misc]  # django-celery-beat is untyped
    """The familiar page with safe actions: switching a schedule on never fires it, and everything is audited."""

    list_display = ("name", "enabled", "scheduler", "next_run", "last_run_at")
    list_filter = ("enabled",)
    actions = ("enable_schedules", "disable_schedules", "run_now")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """The stock bulk actions are replaced: they fire jobs, and leave no trace of who did it."""
        found = super().get_actions(request)
        stock = ("enable_tasks", "disable_tasks", "toggle_tasks", "run_tasks")
        return {name: action for name, action in found.items() if name not in stock}

    @admin.display
    def next_run(self, row: PeriodicTask) -> str:
        """The next slot."""
        return _next_slot(row) if row.enabled else "off"

    @admin.action(description="Enable selected schedules (the next slot counts)", permissions=["change"])
    def enable_schedules(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        """Switch on; nothing fires for the past."""
        self._switch(request, queryset, enabled=True)

    @admin.action(description="Disable selected schedules", permissions=["change"])
    def disable_schedules(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        """Switch off within a second; open runs go on."""
        self._switch(request, queryset, enabled=False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[PeriodicTask], *, enabled: bool) -> None:
        for row in queryset:
            scheduling.set_enabled(row, enabled=enabled)
            audit(request, row, f"{'Enabled' if enabled else 'Disabled'} the schedule.")
        word = "enabled" if enabled else "disabled"
        self.message_user(request, f"{word}: {', '.join(row.name for row in queryset)}")

    @admin.action(description="Run now", permissions=["change"])
    def run_now(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        """Ask for a run of each selected schedule's job."""
        for row in queryset:
            try:
                plan = scheduling.plan_of(row)
                text = ask_for_run(request, plan.job_id)
            except (scheduling.NotOurs, slots.BadSchedule, registry.UnknownJob, dispatch.BadConfig) as problem:
                self.message_user(request, str(problem), level=messages.ERROR)
                continue
            audit(request, row, text)
            self.message_user(request, text)


# --- Runs ------------------------------------------------------------------------------------------------------------


class WorkItemInline(admin.TabularInline[WorkItem, Execution]):
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
        return items.filter(pk__in=list(shown.values_list("pk", flat=True)[:ITEMS_SHOWN])).order_by("-id")

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


@admin.register(WorkerLease)
class WorkerLeaseAdmin(ReadOnlyAdmin):
    """Who is alive."""

    list_display = ("node", "host", "pid", "concurrency", "queues", "started_at", "renewed_at")


@admin.register(ExecutionLog)
class ExecutionLogAdmin(ReadOnlyAdmin):
    """Log lines of all runs, for searching."""

    list_display = ("at", "execution", "logger", "message")
    list_filter = ("level",)
    search_fields = ("message", "=execution__id")
    list_select_related = ("execution",)
    show_full_result_count = False
