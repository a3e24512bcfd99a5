"""What an operator sets for each job."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django_celery_beat.models import PeriodicTask
from unfold.admin import ModelAdmin

from riotwatch_jobs import dispatch, registry
from riotwatch_jobs.admin.pages import ask_for_run, audit, next_slot
from riotwatch_jobs.base import Job
from riotwatch_jobs.models import Execution, JobConfiguration

NO_CODE = "this job has no code any more"


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
class JobConfigurationAdmin(ModelAdmin):
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
        return next_slot(row) if row and configuration.enabled else "off"

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
