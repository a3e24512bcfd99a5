"""A schedule as one text, with the times it means shown while it is typed."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.db import transaction
from django.urls import reverse_lazy
from django.utils.html import format_html, format_html_join
from django_celery_beat.models import PeriodicTask
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from riotwatch_jobs import audit, describing, registry, rescheduling, run_news, scheduling, slots
from riotwatch_jobs.admin.conflicts import VersionedForm
from riotwatch_jobs.audit import Actor
from riotwatch_jobs.models import JobConfiguration
from riotwatch_jobs.switching import Refused
from riotwatch_messages import choosing, targets

RUNS_SHOWN = 5
UTC_NAME = "UTC"
PREVIEW = {
    "hx-get": reverse_lazy("admin:django_celery_beat_periodictask_preview"),
    "hx-target": "#rw-preview",
    "hx-include": "[name=text], [name=zone]",
}
EXAMPLES = ("every 15m", "daily 23:59", "weekly sun 23:59", "after JOB_ID", "*/15 * * * *")
HELP = format_html("Such as {}.", format_html_join(", ", "<code>{}</code>", ((text,) for text in EXAMPLES)))


@dataclass(frozen=True)
class Preview:
    """What a schedule text means."""

    words: str = ""
    runs: list[datetime] = field(default_factory=list)
    problem: str = ""


def preview(text: str, zone: str, *, now: datetime) -> Preview:
    """The text in plain words with its next runs; or what the parser finds wrong with it."""
    if not text.strip():
        return Preview()
    try:
        schedule = slots.parse_any(with_zone(text, zone))
        if isinstance(schedule, slots.After):
            registry.get(schedule.job_id)
            return Preview(words=describing.describe(schedule))
        return Preview(describing.describe(schedule), slots.next_runs(schedule, now, count=RUNS_SHOWN))
    except (slots.BadSchedule, registry.UnknownJob) as problem:
        return Preview(problem=str(problem))


def with_zone(text: str, zone: str) -> str:
    """The text with the chosen time zone behind it, where it is a crontab that names none; raises BadSchedule."""
    schedule = slots.parse_any(text)
    names_none = isinstance(schedule, slots.Cron) and schedule.zone is UTC and text.split()[-1].upper() != UTC_NAME
    return f"{text} {zone}" if names_none and zone and zone != UTC_NAME else text


def zones() -> list[tuple[str, str]]:
    """Every time zone, UTC first."""
    return [(name, name) for name in (UTC_NAME, *sorted(available_timezones() - {UTC_NAME}))]


class ScheduleForm(VersionedForm):
    """Stores through the functions that the command line uses; each of them leaves its trace."""

    version_fields = ("enabled", "interval_id", "crontab_id", "task", "kwargs")
    by: Actor
    text = forms.CharField(
        label="Schedule",
        max_length=150,
        help_text=HELP,
        widget=UnfoldAdminTextInputWidget(
            attrs={
                **PREVIEW,
                "hx-trigger": "input changed delay:250ms",
                "autocomplete": "off",
                "spellcheck": "false",
                "aria-describedby": "rw-preview",
            }
        ),
    )
    zone = forms.ChoiceField(
        label="Time zone",
        choices=zones,
        initial=UTC_NAME,
        help_text="For times of day and cron fields; intervals have none.",
        widget=UnfoldAdminSelectWidget(attrs={**PREVIEW, "hx-trigger": "change"}),
    )
    enabled = forms.BooleanField(required=False, initial=True, widget=UnfoldBooleanSwitchWidget)
    told = forms.MultipleChoiceField(
        label="Tell when a run completed",
        choices=lambda: [(name, name) for name in targets.configured()],
        required=False,
        help_text="Runs of this schedule alone; that a job fails is told in any case.",
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = PeriodicTask
        fields = ("enabled",)

    def clean(self) -> dict[str, Any]:
        """Store, where everything is right; every refusal is shown at the text."""
        cleaned = super().clean() or {}
        self.check_version()
        if self.errors:
            return cleaned
        try:
            with transaction.atomic():
                self.instance = self.store(with_zone(cleaned["text"], cleaned["zone"]), enabled=cleaned["enabled"])
                self._follow(self.instance, cleaned["told"])
        except (slots.BadSchedule, registry.UnknownJob, Refused) as problem:
            self.add_error("text", str(problem))
        return cleaned

    def store(self, text: str, *, enabled: bool) -> PeriodicTask | JobConfiguration:
        """Write it; returns the row that holds it now."""
        raise NotImplementedError

    def switch(self, row: PeriodicTask, *, enabled: bool) -> None:
        """Let the row be on or off, with a trace where that changes it."""
        if row.enabled != enabled:
            scheduling.set_enabled(row, enabled=enabled)
            audit.record(self.by, row, f"{'Enabled' if enabled else 'Disabled'} the schedule.")

    def _follow(self, row: PeriodicTask | JobConfiguration, names: list[str]) -> None:
        """Who hears of completed runs, with a trace where that changes it. Runs that follow others have no schedule."""
        if isinstance(row, PeriodicTask) and choosing.follow(run_news.schedule_subject(row.pk), names):
            audit.record(self.by, row, f"Completed runs are told to {', '.join(sorted(names)) or 'nobody'}.")

    def _post_clean(self) -> None:
        """It is stored already: nothing of the form is to be copied onto the row."""

    def save(self, commit: bool = True) -> Any:  # noqa: ANN401, FBT001, FBT002 - Django's signature
        """The row that `clean` stored."""
        del commit
        return self.instance

    def save_m2m(self) -> None:
        """Nothing is related by this form."""


class AddScheduleForm(ScheduleForm):
    """A further schedule for a job."""

    job = forms.ChoiceField(
        choices=lambda: [(job.job_id, f"{job.name} ({job.job_id})") for job in registry.all_jobs()],
        widget=UnfoldAdminSelectWidget,
    )

    def store(self, text: str, *, enabled: bool) -> PeriodicTask | JobConfiguration:
        """A new row; or the job's configuration, where it is to follow another job."""
        job_id = self.cleaned_data["job"]
        row = rescheduling.add(job_id, text, by=self.by)
        if row is None:
            return JobConfiguration.objects.get(pk=job_id)
        self.switch(row, enabled=enabled)
        return row


class ChangeScheduleForm(ScheduleForm):
    """Other times for a schedule, or its switch."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's signature
        super().__init__(*args, **kwargs)
        text, zone = text_and_zone(self.instance)
        told = sorted(choosing.followers(run_news.schedule_subject(self.instance.pk)))
        self.initial.update(text=text, zone=zone, told=told)

    def store(self, text: str, *, enabled: bool) -> PeriodicTask | JobConfiguration:
        """Times are written only where they were edited: saving a switch alone starts no interval anew."""
        row, job_id = self.instance, scheduling.job_id_of(self.instance)
        if {"text", "zone"} & set(self.changed_data):
            if row.name != job_id:
                row = rescheduling.change(row, text, by=self.by)
            elif (row := rescheduling.set_default(job_id, text, by=self.by)) is None:
                return JobConfiguration.objects.get(pk=job_id)
        self.switch(row, enabled=enabled)
        return row


def text_and_zone(row: PeriodicTask) -> tuple[str, str]:
    """A row's times as they are typed; no text where they cannot be read."""
    try:
        schedule = scheduling.schedule_of(row)
    except slots.BadSchedule:
        return "", UTC_NAME
    if isinstance(schedule, slots.Every):
        return interval_text(schedule), UTC_NAME
    return " ".join(schedule.fields()), str(schedule.zone)


def interval_text(every: slots.Every) -> str:
    """`every 15m`, in the largest unit that fits."""
    unit, size = next((unit, size) for unit, size in reversed(slots.UNITS_S.items()) if every.seconds % size == 0)
    return f"every {every.seconds // size}{unit}"
