"""Jobs: the list, a job's page with its settings, and what operators do to it."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from riotwatch_jobs import configuring, switching
from riotwatch_jobs.admin import job_page, words
from riotwatch_jobs.admin.operations import Button, OperatedAdmin, Question
from riotwatch_jobs.admin.pages import actor, label, page_of, run_now
from riotwatch_jobs.admin.settings_fields import PREFIX
from riotwatch_jobs.admin.settings_form import OWN_FIELDS, form_for, in_words
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import EmergencyStop, Execution, JobConfiguration
from riotwatch_messages import subjects
from riotwatch_pages import times
from riotwatch_pages.live import Part, part

BARS_IN_LIST = 10
BARS_ON_PAGE = 30
AT_A_TIME = "at"
UNTIL_RESUMED = "resumed"
HOURS = {"1": "for 1 hour", "4": "for 4 hours", "24": "for 1 day", "168": "for 1 week"}


class PauseForm(forms.Form):
    """Why, and until when."""

    reason = forms.CharField(
        max_length=switching.LONGEST_REASON,
        widget=UnfoldAdminTextInputWidget,
        help_text="Whoever finds the job paused wants to know.",
    )
    end = forms.ChoiceField(
        choices=[*HOURS.items(), (UNTIL_RESUMED, "until somebody resumes it"), (AT_A_TIME, "until the time below")],
        widget=UnfoldAdminSelectWidget,
    )
    until = forms.DateTimeField(
        required=False,
        label="Until (UTC)",
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
        help_text="Only for “until the time below”.",
    )

    def clean(self) -> dict[str, Any]:
        """The time belongs to one of the choices."""
        cleaned = super().clean() or {}
        if cleaned.get("end") == AT_A_TIME and not cleaned.get("until") and "until" not in self.errors:
            self.add_error("until", "Write the time at which the pause ends, or choose a duration.")
        if cleaned.get("until"):
            cleaned["end"] = AT_A_TIME
        return cleaned

    @staticmethod
    def end_of(answer: dict[str, Any], now: datetime) -> datetime | None:
        """When the pause ends; None: when somebody resumes the job."""
        if answer["end"] == UNTIL_RESUMED:
            return None
        until: datetime | None = answer["until"]
        return until if answer["end"] == AT_A_TIME else now + timedelta(hours=int(answer["end"]))


PAUSE = Question(
    "Pause jobs?",
    "No run begins, by schedule or by hand, until the pause ends. Open runs go on. Slots meanwhile are lost.",
    "Pause",
    PauseForm,
)


subjects.has_pages("job", lambda job_id: page_of(JobConfiguration, job_id))


@admin.register(JobConfiguration)
class JobConfigurationAdmin(OperatedAdmin):
    """One row per job of the catalogue."""

    list_display = ("job", "state", "schedule", "next_run", "last_run", "tracker")
    list_display_links = ("job",)
    actions = ("run_now", "pause_jobs", "resume_jobs", "enable_jobs", "disable_jobs")
    list_before_template = "riotwatch_jobs/jobs.html"
    change_form_template = "riotwatch_jobs/job.html"
    search_fields = ("job_id",)
    empty_hint = "Jobs are files of the catalogue, riotwatch_jobs/jobs/: manage.py sync_schedules makes their rows."

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come from the catalogue (sync_schedules)."""
        del request
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ANN401
        """A job without code has nothing to set."""
        may: bool = super().has_change_permission(request, obj)
        return may and (obj is None or job_page.job_of(obj) is not None)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """A job is switched off, not deleted."""
        del request, obj
        return False

    # --- The list ---

    def get_urls(self) -> list[URLPattern]:
        """With the address that the list asks every five seconds."""
        live = part(self.admin_site, self.has_view_permission, self._live)
        return [path("live/", live, name="riotwatch_jobs_jobconfiguration_live"), *super().get_urls()]

    def _live(self, request: HttpRequest) -> Part:
        """The rows as they stand."""
        shown = self.get_changelist_instance(request)
        shown.formset = None  # nothing is edited in the list
        return "riotwatch_jobs/jobs_live.html", {"cl": shown, "opts": self.opts}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With the stop of everything, where there is one."""
        return super().changelist_view(request, {**(extra_context or {}), "stop": EmergencyStop.objects.first()})

    def get_changelist_instance(self, request: HttpRequest) -> Any:  # noqa: ANN401 - unfold's ChangeList
        """Schedules and runs of all rows are read at once, and kept with the rows."""
        shown = super().get_changelist_instance(request)
        facts = job_page.facts_of(list(shown.result_list), runs=BARS_IN_LIST, now=database_now())
        for row in shown.result_list:
            row.facts = facts[row.pk]
        return shown

    @admin.display(ordering="job_id")
    def job(self, row: Any) -> str:  # noqa: ANN401 - a row with its facts
        """What it is called."""
        name: str = row.facts.name
        return name

    @admin.display
    def state(self, row: Any) -> str:  # noqa: ANN401
        """On, off or paused; or why no run can begin."""
        why = format_html('<span class="rw-sub">{}</span>', row.facts.problems[0]) if row.facts.problems else ""
        return format_html("{}{}", label(row.facts.label), why)

    @admin.display
    def schedule(self, row: Any) -> str:  # noqa: ANN401
        """When it runs."""
        text: str = row.facts.schedule if row.facts.job else job_page.NO_CODE
        return text

    @admin.display
    def next_run(self, row: Any) -> str:  # noqa: ANN401
        """The next slot of any of its schedules."""
        return times.age(row.facts.next_run) or "none"

    @admin.display
    def last_run(self, row: Any) -> str:  # noqa: ANN401
        """State, age and duration of the newest run."""
        last = row.facts.last_run
        if last is None:
            return "never"
        took = f" · {times.span(last.duration_s)}" if last.duration_s is not None else ""
        state = label(words.of_run(last), href=page_of(Execution, last.pk))
        return format_html("{} {}{}", state, times.age(last.queued_at), took)

    @admin.display(description="last 10 runs")
    def tracker(self, row: Any) -> str:  # noqa: ANN401
        """The newest runs as bars."""
        return render_to_string("riotwatch_jobs/bars.html", {"bars": row.facts.bars})

    # --- A job's page ---

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: ANN401, FBT001, FBT002 - Django's signature
        """A field for each setting of the job."""
        del request, change, kwargs
        return form_for(obj)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ANN401
        """The job's settings, then what every job has; who may only look sees the settings in a table instead."""
        if not self.has_change_permission(request, obj):
            return ()
        limits = ("Switch and limits", {"fields": OWN_FIELDS})
        names = [name for name in form_for(obj).base_fields if name.startswith(PREFIX)]
        return (("Settings", {"fields": names}), limits) if names else (limits,)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The header above the form: how the job stands."""
        row = self.get_object(request, unquote(object_id))
        more = self._page(request, row) if row is not None and self.has_view_permission(request, row) else {}
        response: HttpResponse = super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})
        return response

    def _page(self, request: HttpRequest, row: JobConfiguration) -> dict[str, Any]:
        now = database_now()
        facts = job_page.facts_of([row], runs=BARS_ON_PAGE, now=now)[row.pk]
        return {
            "title": facts.name,
            "facts": facts,
            "now": now,
            "next_run": times.age(facts.next_run),
            "stop": EmergencyStop.objects.first(),
            "settings": [] if self.has_change_permission(request, row) else in_words(row),
            "operations": self.operations(request),
            "buttons": self.buttons_of(request, row),
        }

    def save_model(self, request: HttpRequest, obj: JobConfiguration, form: Any, change: bool) -> None:  # noqa: ANN401, FBT001
        """What the API changes a job with, so that either checks and traces the same."""
        del change
        by = actor(request)
        emptied = dict.fromkeys(JobConfiguration.objects.get(pk=obj.pk).stored_settings)
        limits = {name: getattr(obj, name) for name in configuring.LIMITS}
        configuring.configure(obj.job_id, config={**emptied, **obj.config}, limits=limits, by=by)
        if "enabled" in form.changed_data:
            switching.set_job_enabled(obj.job_id, enabled=obj.enabled, by=by)

    def log_change(self, request: HttpRequest, obj: Any, message: object) -> None:  # noqa: ANN401
        """What was changed has left its trace already."""

    # --- What operators do ---

    def buttons(self, row: Any) -> list[Button]:  # noqa: ANN401 - a JobConfiguration
        """Run, pause or resume, switch."""
        run = Button("run_now", "Run now", "play_arrow", variant="primary")
        pause, resume = Button("pause_jobs", "Pause", "pause"), Button("resume_jobs", "Resume", "resume")
        off, on = Button("disable_jobs", "Disable", "toggle_off"), Button("enable_jobs", "Enable", "toggle_on")
        return [run, resume if row.is_paused(database_now()) else pause, off if row.enabled else on]

    @admin.action(description="Run now", permissions=["change"])
    def run_now(self, request: HttpRequest, queryset: QuerySet[JobConfiguration]) -> HttpResponse | None:
        """Ask for a run of each job."""
        return self.carry_out(request, list(queryset), lambda row: run_now(request, row.job_id, row))

    @admin.action(description="Pause…", permissions=["change"])
    def pause_jobs(self, request: HttpRequest, queryset: QuerySet[JobConfiguration]) -> HttpResponse | None:
        """Let no run begin for a while."""

        def pause(row: JobConfiguration, answer: dict[str, Any]) -> str:
            now = database_now()
            until = PauseForm.end_of(answer, now)
            paused = switching.pause(row.job_id, reason=answer["reason"], until=until, by=actor(request), now=now)
            return f"{row.job_id}: {paused.pause_in_words()}"

        return self.ask(request, list(queryset), PAUSE, pause)

    @admin.action(description="Resume", permissions=["change"])
    def resume_jobs(self, request: HttpRequest, queryset: QuerySet[JobConfiguration]) -> HttpResponse | None:
        """End the pause."""

        def resume(row: JobConfiguration) -> str:
            was_paused = switching.resume(row.job_id, by=actor(request), now=database_now())
            return f"{row.job_id}: {'resumed' if was_paused else 'was not paused'}"

        return self.carry_out(request, list(queryset), resume)

    @admin.action(description="Enable", permissions=["change"])
    def enable_jobs(self, request: HttpRequest, queryset: QuerySet[JobConfiguration]) -> HttpResponse | None:
        """Switch on; nothing fires for the past."""
        return self._switch(request, queryset, enabled=True)

    @admin.action(description="Disable", permissions=["change"])
    def disable_jobs(self, request: HttpRequest, queryset: QuerySet[JobConfiguration]) -> HttpResponse | None:
        """Switch off; open runs go on."""
        return self._switch(request, queryset, enabled=False)

    def _switch(
        self, request: HttpRequest, queryset: QuerySet[JobConfiguration], *, enabled: bool
    ) -> HttpResponse | None:
        def switch(row: JobConfiguration) -> str:
            switching.set_job_enabled(row.job_id, enabled=enabled, by=actor(request))
            return f"{row.job_id}: {'enabled' if enabled else 'disabled'}"

        return self.carry_out(request, list(queryset), switch)
