"""Runs: the list, a run's page that follows it while it is open, and what operators do to it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from unfold.widgets import UnfoldAdminTextInputWidget

from riotwatch_jobs import rerunning
from riotwatch_jobs.admin import run_page, words
from riotwatch_jobs.admin.operations import Button, OperatedAdmin, Question
from riotwatch_jobs.admin.pages import actor, flower_address, label, link_to
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Execution, JobConfiguration
from riotwatch_jobs.switching import LONGEST_REASON
from riotwatch_pages import times
from riotwatch_pages.live import Part, part
from riotwatch_pages.read_only import ReadOnlyAdmin


class CancelForm(forms.Form):
    """Why a run is cancelled, if anybody wants to know."""

    reason = forms.CharField(required=False, max_length=LONGEST_REASON, widget=UnfoldAdminTextInputWidget)


class FailForm(forms.Form):
    """Why a run is failed or abandoned by hand."""

    reason = forms.CharField(
        max_length=LONGEST_REASON, widget=UnfoldAdminTextInputWidget, help_text="It is kept with the run."
    )


CANCEL = Question(
    "Cancel runs?",
    "Items nobody is working on are cancelled at once, the others end at their next checkpoint. What was done stays.",
    "Cancel the run",
    CancelForm,
    "danger",
)
FAIL = Question(
    "Fail runs by hand?",
    "The run ends as failed at once, whatever its workers do. What was done stays.",
    "Fail the run",
    FailForm,
    "danger",
)
ABANDON = Question(
    "Abandon runs?",
    "For runs whose workers died and that are not worth resuming: they end as abandoned. What was done stays. While a "
    "living worker is at work on one, cancel it or fail it.",
    "Abandon the run",
    FailForm,
    "danger",
)
RETRY = Question(
    "Retry runs?",
    "A new run is asked for, with the same settings, over the items that were not done. Where those are no longer "
    "stored, or the job has phases, it is a whole run.",
    "Retry",
)


@admin.register(Execution)
class ExecutionAdmin(OperatedAdmin, ReadOnlyAdmin):
    """Runs, newest first."""

    list_display = ("id", "state_label", "job", "progress", "reason", "started_by", "queued", "duration")
    list_display_links = ("id", "state_label")
    list_filter = ("job_id", "state", "trigger")
    list_filter_sheet = False
    search_fields = ("=id", "reason", "triggered_by", "=request_id")
    date_hierarchy = "queued_at"
    actions = ("cancel_runs", "retry_runs", "fail_runs", "abandon_runs")
    list_per_page = 50
    show_full_result_count = False
    change_form_template = "riotwatch_jobs/run.html"
    empty_hint = (
        "A run is one execution of a job: by its schedule, or because somebody asked for it. Open Jobs, choose one and "
        "press Run now."
    )

    def get_urls(self) -> list[URLPattern]:
        """With the address that an open run's page asks every other second."""
        live = part(self.admin_site, self.has_view_permission, self._live)
        return [path("<int:run_id>/live/", live, name="riotwatch_jobs_execution_live"), *super().get_urls()]

    # --- The list ---

    def get_changelist_instance(self, request: HttpRequest) -> Any:  # noqa: ANN401 - unfold's ChangeList
        """Items are counted for the runs of the page that are open; ended ones hold their numbers."""
        shown = super().get_changelist_instance(request)
        counts = run_page.items_ended([run.pk for run in shown.result_list if run.is_open])
        for run in shown.result_list:
            run.ended, run.total = counts.get(run.pk, (0, 0))
        return shown

    @admin.display(description="state", ordering="state")
    def state_label(self, run: Execution) -> str:
        """Where it stands."""
        return label(words.of_run(run))

    @admin.display(ordering="job_id")
    def job(self, run: Execution) -> str:
        """Which job."""
        return link_to(JobConfiguration, run.job_id, run.job_id)

    @admin.display
    def progress(self, run: Any) -> str:  # noqa: ANN401 - a run of the list
        """Items ended of all; for ended runs how they ended."""
        if run.is_open:
            return f"{run.ended} of {run.total}"
        counts = {"done": run.items_done, "failed": run.items_failed, "skipped": run.items_skipped}
        return ", ".join(f"{number} {name}" for name, number in counts.items() if number or name == "done")

    @admin.display(description="trigger", ordering="trigger")
    def started_by(self, run: Execution) -> str:
        """What started it, and who."""
        return f"{run.trigger}, {run.triggered_by}" if run.triggered_by else run.trigger

    @admin.display(ordering="queued_at")
    def queued(self, run: Execution) -> str:
        """How long ago it was asked for."""
        return times.age(run.queued_at)

    @admin.display
    def duration(self, run: Execution) -> str:
        """From start to end."""
        return times.span(run.duration_s) if run.duration_s is not None else ""

    # --- A run's page ---

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The run as it stands; while it is open the page asks `live` for what changes."""
        run = self.get_object(request, unquote(object_id))
        more = self._page(request, run) if run is not None and self.has_view_permission(request, run) else {}
        response: HttpResponse = super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})
        return response

    def _page(self, request: HttpRequest, run: Execution) -> dict[str, Any]:
        job = run_page.job_of(run)
        title = f"{job.name if job else run.job_id}: run {run.pk}"
        return self._facts(request, run) | {"title": title, "operations": self.operations(request)}

    def _facts(self, request: HttpRequest, run: Execution) -> dict[str, Any]:
        shown = run_page.facts(run, state=request.GET.get("items", ""), now=database_now())
        return shown | {"flower": flower_address(request, "tasks"), "buttons": self.buttons_of(request, run)}

    def _live(self, request: HttpRequest, run_id: int) -> Part:
        """The run as it stands."""
        return "riotwatch_jobs/run_live.html", self._facts(request, get_object_or_404(Execution, pk=run_id))

    # --- What operators do ---

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Operating takes the right to change runs, though nobody edits one."""
        return request.user.has_perm("riotwatch_jobs.change_execution")

    def buttons(self, row: Any) -> list[Button]:  # noqa: ANN401 - an Execution
        """An open run can be ended, an ended one repeated."""
        if not row.is_open:
            return [Button("retry_runs", "Retry", "replay")]
        return [
            Button("cancel_runs", "Cancel", "cancel"),
            Button("fail_runs", "Fail by hand", "dangerous"),
            Button("abandon_runs", "Abandon", "heart_broken"),
        ]

    @admin.action(description="Cancel…", permissions=["operate"])
    def cancel_runs(self, request: HttpRequest, queryset: QuerySet[Execution]) -> HttpResponse | None:
        """End what is open; what has ended stays as it is."""

        def cancel(run: Execution, answer: dict[str, Any]) -> str:
            rerunning.cancel(run, reason=answer["reason"], by=actor(request), now=database_now())
            return f"Cancelled run {run.pk}."

        return self.ask(request, list(queryset), CANCEL, cancel, why_not=_why_not_to_end)

    @admin.action(description="Retry…", permissions=["operate"])
    def retry_runs(self, request: HttpRequest, queryset: QuerySet[Execution]) -> HttpResponse | None:
        """Repeat what ended runs did not get done."""

        def retry(run: Execution, answer: dict[str, Any]) -> str:
            del answer
            again = rerunning.retry(run, by=actor(request), now=database_now())
            return f"Run {again.pk} repeats run {run.pk}."

        now = database_now()
        return self.ask(
            request, list(queryset), RETRY, retry, why_not=lambda run: rerunning.why_not_to_retry(run, now=now)
        )

    @admin.action(description="Fail by hand…", permissions=["operate"])
    def fail_runs(self, request: HttpRequest, queryset: QuerySet[Execution]) -> HttpResponse | None:
        """End open runs as failed."""

        def fail(run: Execution, answer: dict[str, Any]) -> str:
            rerunning.fail(run, reason=answer["reason"], by=actor(request), now=database_now())
            return f"Run {run.pk} ended as failed."

        return self.ask(request, list(queryset), FAIL, fail, why_not=_why_not_to_end)

    @admin.action(description="Abandon…", permissions=["operate"])
    def abandon_runs(self, request: HttpRequest, queryset: QuerySet[Execution]) -> HttpResponse | None:
        """End open runs whose workers died."""

        def abandon(run: Execution, answer: dict[str, Any]) -> str:
            rerunning.abandon(run, reason=answer["reason"], by=actor(request), now=database_now())
            return f"Run {run.pk} is abandoned."

        return self.ask(request, list(queryset), ABANDON, abandon, why_not=_why_not_to_end)


def _why_not_to_end(run: Execution) -> str:
    return "" if run.is_open else f"run {run.pk} has already ended: {run.state}"
