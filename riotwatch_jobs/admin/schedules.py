"""The schedules: rows of django-celery-beat, with actions that never fire a job for the past."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django_celery_beat.admin import PeriodicTaskAdmin
from django_celery_beat.models import ClockedSchedule, PeriodicTask, SolarSchedule
from unfold.admin import ModelAdmin

from riotwatch_jobs import dispatch, registry, scheduling, slots
from riotwatch_jobs.admin.pages import ask_for_run, audit, next_slot

admin.site.unregister(PeriodicTask)
# Jobs run on intervals and crontabs; the other kinds would never fire.
admin.site.unregister(SolarSchedule)
admin.site.unregister(ClockedSchedule)


@admin.register(PeriodicTask)
class SchedulePageAdmin(ModelAdmin, PeriodicTaskAdmin):
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
        return next_slot(row) if row.enabled else "off"

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
