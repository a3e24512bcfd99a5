"""The schedules: rows of django-celery-beat, each edited as one text. Nothing here makes a job fire for the past."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django_celery_beat import admin as _stock  # noqa: F401 - registers its pages; they are taken away below
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from riotwatch_jobs import audit, registry, rescheduling, scheduling
from riotwatch_jobs.admin import job_page
from riotwatch_jobs.admin.operations import Button, OperatedAdmin
from riotwatch_jobs.admin.pages import actor, link_to, page_of, run_now
from riotwatch_jobs.admin.schedule_form import (
    AddScheduleForm,
    ChangeScheduleForm,
    ScheduleForm,
    preview,
    text_and_zone,
)
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import JobConfiguration
from riotwatch_messages import subjects, targets
from riotwatch_pages import times

subjects.has_pages("schedule", lambda pk: page_of(PeriodicTask, pk))
# What django-celery-beat calls a periodic task is a schedule here, in headings, buttons and messages.
PeriodicTask._meta.verbose_name, PeriodicTask._meta.verbose_name_plural = "schedule", "schedules"
PeriodicTask._meta.app_config.verbose_name = JobConfiguration._meta.app_config.verbose_name
# A schedule is one text; the tables of times behind it, and kinds that would never fire, have no pages.
for model in (PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule):
    admin.site.unregister(model)


class JobFilter(admin.SimpleListFilter):
    """Schedules of one job."""

    title = "job"
    parameter_name = "job"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - Django's signature
        """Every job of the catalogue."""
        del request, model_admin
        return [(job.job_id, job.name) for job in registry.all_jobs()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> QuerySet[PeriodicTask]:
        """The rows that start the chosen job."""
        del request
        if self.value() is None:
            return queryset
        return queryset.filter(pk__in=[row.pk for row in queryset if scheduling.job_id_of(row) == self.value()])


def _slots_after(configuration: JobConfiguration | None, now: datetime) -> tuple[datetime | None, str]:
    """After which instant a job's slots become runs, and what to say where none follows it."""
    if configuration is None:
        return now, "none"
    if since := configuration.slots_count_after(now):
        return since, "none"
    return None, "none: the job is paused" if configuration.enabled else "none: the job is off"


@admin.register(PeriodicTask)
class ScheduleAdmin(OperatedAdmin):
    """Times at which jobs run."""

    list_display = ("times", "job", "switch", "next_run", "last_slot")
    list_display_links = ("times",)
    list_filter = (JobFilter, "enabled")
    list_select_related = ("interval", "crontab")
    list_before_template = "riotwatch_jobs/action_forms.html"
    search_fields = ("name",)
    ordering = ("name",)
    actions = ("enable_schedules", "disable_schedules", "run_now")
    change_form_template = "riotwatch_jobs/schedule.html"
    empty_hint = "Jobs run only when somebody asks for it. manage.py sync_schedules makes the default schedules."

    def get_urls(self) -> list[URLPattern]:
        """With the address that says what a text means, while it is typed."""
        address = path("preview/", self.preview, name="django_celery_beat_periodictask_preview")
        return [address, *super().get_urls()]

    # --- The list ---

    def get_changelist_instance(self, request: HttpRequest) -> Any:  # noqa: ANN401 - unfold's ChangeList
        """Each row knows whether it may be switched by who looks at it."""
        shown = super().get_changelist_instance(request)
        configurations = JobConfiguration.objects.in_bulk()
        now, may_change = database_now(), self.has_change_permission(request)
        for row in shown.result_list:
            row.job_id = scheduling.job_id_of(row)
            since, row.held = _slots_after(configurations.get(row.job_id), now)
            row.timing = job_page.timing_of(row, since)
            row.may_change = may_change
        return shown

    @admin.display(description="schedule", ordering="name")
    def times(self, row: Any) -> str:  # noqa: ANN401 - a row of the list
        """When it fires, in plain words."""
        text: str = row.timing.words
        return text

    @admin.display
    def job(self, row: Any) -> str:  # noqa: ANN401
        """What it starts."""
        return link_to(JobConfiguration, row.job_id, row.job_id)

    @admin.display(description="enabled", ordering="enabled")
    def switch(self, row: Any) -> str:  # noqa: ANN401
        """A switch for who may use it, else a word."""
        if not row.may_change:
            return "on" if row.enabled else "off"
        return format_html(
            '<button type="submit" class="rw-switch" role="switch" aria-checked="{}" aria-label="{}" form="{}"'
            ' name="_selected_action" value="{}"></button>',
            "true" if row.enabled else "false",
            f"Schedule {row.name}",
            "rw-disable_schedules" if row.enabled else "rw-enable_schedules",
            row.pk,
        )

    @admin.display
    def next_run(self, row: Any) -> str:  # noqa: ANN401
        """The next slot."""
        if not row.enabled:
            return "off"
        return times.age(row.timing.next_slot) or row.held

    @admin.display(ordering="last_run_at")
    def last_slot(self, row: Any) -> str:  # noqa: ANN401
        """The slot that was looked at last."""
        return times.age(row.last_run_at) if row.total_run_count else "never"

    # --- A schedule's page ---

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: ANN401, FBT001, FBT002 - Django's signature
        """The form that stores in the name of who is signed in."""
        del change, kwargs
        base: type[ScheduleForm] = AddScheduleForm if obj is None else ChangeScheduleForm
        return type(base.__name__, (base,), {"by": actor(request)})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ANN401
        """The text, its zone and its switch; who may only look finds the text above."""
        if obj is not None and not self.has_change_permission(request, obj):
            return ((None, {"fields": ("enabled",)}),)
        told = ("told",) if targets.configured() else ()
        return ((None, {"fields": (*(("job",) if obj is None else ()), "text", "zone", "enabled", *told)}),)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - what Django returns
        """What the text means stands below it from the start."""
        row = self.get_object(request, unquote(object_id)) if object_id else None
        stored = text_and_zone(row) if row else ("", "UTC")
        text, zone = request.POST.get("text", stored[0]), request.POST.get("zone", stored[1])
        more: dict[str, Any] = {
            "preview": preview(text, zone, now=database_now()),
            "title": "Add a schedule",
            "show_save_and_add_another": False,
        }
        if row:
            more |= {
                "title": f"Schedule of {scheduling.job_id_of(row)}",
                "job_id": scheduling.job_id_of(row),
                "timing": job_page.timing_of(row, database_now()),
                "operations": self.operations(request),
                "buttons": self.buttons_of(request, row),
            }
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **more})

    def preview(self, request: HttpRequest) -> HttpResponse:
        """What the text being typed means: in words, and its next five runs."""
        if not self.admin_site.has_permission(request) or not self.has_view_permission(request):
            raise PermissionDenied
        meant = preview(request.GET.get("text", ""), request.GET.get("zone", ""), now=database_now())
        return render(request, "riotwatch_jobs/preview.html", {"preview": meant})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ANN401, FBT001
        """The form stored it."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:  # noqa: ANN401
        """What stores leaves the trace."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:  # noqa: ANN401
        """What stores leaves the trace."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ANN401
        """What removes leaves the trace."""

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ANN401
        """On to the job that has one more schedule now."""
        del post_url_continue
        return self._to_job(request, obj)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:  # noqa: ANN401
        """On to the job."""
        return self._to_job(request, obj)

    def _to_job(self, request: HttpRequest, stored: PeriodicTask | JobConfiguration) -> HttpResponse:
        if isinstance(stored, JobConfiguration):
            job_id, text = stored.job_id, f"runs after each completed run of {stored.after}"
        else:
            timing = job_page.timing_of(stored, database_now())
            job_id, text = scheduling.job_id_of(stored), timing.words if stored.enabled else f"off: {timing.words}"
        self.message_user(request, f"{job_id}: {text}")
        return HttpResponseRedirect(reverse("admin:riotwatch_jobs_jobconfiguration_change", args=(job_id,)))

    def delete_model(self, request: HttpRequest, obj: PeriodicTask) -> None:
        """Remove it, with a trace."""
        rescheduling.remove([obj], by=actor(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        """Remove them, with a trace each."""
        rescheduling.remove(list(queryset), by=actor(request))

    # --- What operators do ---

    def buttons(self, row: Any) -> list[Button]:  # noqa: ANN401 - a PeriodicTask
        """Its job can be run at once; it is switched by its form."""
        del row
        return [Button("run_now", "Run the job now", "play_arrow")]

    @admin.action(description="Enable (the next slot counts)", permissions=["change"])
    def enable_schedules(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> HttpResponse | None:
        """Switch on; nothing fires for the past."""
        return self._switch(request, queryset, enabled=True)

    @admin.action(description="Disable", permissions=["change"])
    def disable_schedules(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> HttpResponse | None:
        """Switch off within a second; open runs go on."""
        return self._switch(request, queryset, enabled=False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[PeriodicTask], *, enabled: bool) -> HttpResponse | None:
        word = "Enabled" if enabled else "Disabled"

        def switch(row: PeriodicTask) -> str:
            with transaction.atomic():
                scheduling.set_enabled(row, enabled=enabled)
                audit.record(actor(request), row, f"{word} the schedule.")
            return f"{word}: {row.name}"

        return self.carry_out(request, list(queryset), switch)

    @admin.action(description="Run now", permissions=["change"])
    def run_now(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> HttpResponse | None:
        """Ask for a run of each schedule's job."""
        return self.carry_out(
            request, list(queryset), lambda row: run_now(request, scheduling.plan_of(row).job_id, row)
        )
