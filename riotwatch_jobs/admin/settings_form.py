"""The form of a job's settings, made from its `Config`; stored is the JSON of what differs from the defaults."""

from collections.abc import Mapping
from typing import Any

import pydantic
from django import forms
from django.conf import settings
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from riotwatch_jobs import registry
from riotwatch_jobs.admin.conflicts import VersionedForm
from riotwatch_jobs.admin.settings_fields import PREFIX, SettingField, UnknownSettingField, bounds_of, shown_value
from riotwatch_jobs.base import Job, Overlap
from riotwatch_jobs.models import JobConfiguration
from riotwatch_pages import times

OWN_FIELDS = ("enabled", "timeout_s", "deadline_s", "overlap", "catch_up_s")
OVERLAPS = dict(Overlap.CHOICES)


class JobForm(VersionedForm):
    """Switch and limits of a job; `form_for` adds its settings."""

    version_fields = (*OWN_FIELDS, "config")
    job: type[Job] | None = None

    class Meta:
        model = JobConfiguration
        fields = OWN_FIELDS
        labels = {
            "timeout_s": "Timeout (s)",
            "deadline_s": "Deadline (s)",
            "catch_up_s": "Catch-up window (s)",
        }
        widgets = {
            "enabled": UnfoldBooleanSwitchWidget,
            "timeout_s": UnfoldAdminIntegerFieldWidget,
            "deadline_s": UnfoldAdminIntegerFieldWidget,
            "catch_up_s": UnfoldAdminIntegerFieldWidget,
            "overlap": UnfoldAdminSelectWidget,
        }
        help_texts = {"enabled": "Off: none of its schedules starts it; it can still be run by hand."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's signature
        super().__init__(*args, **kwargs)
        for name, value in self.instance.stored_settings.items():
            self.initial[PREFIX + name] = value
        if self.job is not None:
            self._name_defaults(self.job)

    def _name_defaults(self, job: type[Job]) -> None:
        timeout_s = job.timeout_s or settings.JOB_TIMEOUT_SECONDS
        texts = {
            "timeout_s": f"One item's working time, waiting excluded. Default: {times.span(timeout_s)}.",
            "deadline_s": f"One run's longest duration. Default: {times.span(job.deadline_s)}.",
            "overlap": "What a slot does while the run before is still open.",
            "catch_up_s": f"How late a missed slot is still made up for; 0 = never. Default: {_catch_up(job)}.",
        }
        for name, text in texts.items():
            self.fields[name].help_text = text
        self.fields["overlap"].widget.choices = [("", f"default ({OVERLAPS[job.overlap]})"), *Overlap.CHOICES]
        self.fields["timeout_s"].widget.attrs["placeholder"] = timeout_s
        self.fields["deadline_s"].widget.attrs["placeholder"] = job.deadline_s

    def clean(self) -> dict[str, Any]:
        """Check the settings against the job's own types and bounds; every refusal is shown at its field."""
        cleaned = super().clean() or {}
        self.check_version()
        if self.job is not None:
            chosen = {
                name.removeprefix(PREFIX): value
                for name, value in cleaned.items()
                if name.startswith(PREFIX) and value is not None
            }
            for name, problem in problems_of(self.job, chosen):
                self.add_error(PREFIX + name if PREFIX + name in self.fields else None, problem)
            self.instance.config = chosen
        return cleaned


def form_for(configuration: JobConfiguration) -> type[JobForm]:
    """With a field per setting of the job's Config, and per stored one that the Config does not name."""
    try:
        job = configuration.job
    except registry.UnknownJob:
        return JobForm
    seeded = job.seeded_config()
    fields: dict[str, forms.Field] = {
        PREFIX + name: SettingField(name, about, default=seeded.get(name, about.get_default(call_default_factory=True)))
        for name, about in job.Config.model_fields.items()
    }
    for name in configuration.stored_settings:
        if name not in job.Config.model_fields:
            fields[PREFIX + name] = UnknownSettingField(name)
    return type("SettingsForm", (JobForm,), {**fields, "job": job})


def problems_of(job: type[Job], values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the job refuses: names of settings (empty: several together) with what is wrong and what to do."""
    try:
        job.Config.model_validate({**job.seeded_config(), **values})
    except pydantic.ValidationError as refused:
        return [_worded(job, error) for error in refused.errors(include_url=False, include_input=False)]
    return []


def _worded(job: type[Job], error: Any) -> tuple[str, str]:  # noqa: ANN401 - pydantic's ErrorDetails
    name = str(error["loc"][0]) if error["loc"] else ""
    about = job.Config.model_fields.get(name)
    if about is None:
        known = ", ".join(job.Config.model_fields) or "none"
        remedy = f"Empty the field to remove it; the settings of this job are {known}." if name else ""
    else:
        bounds = bounds_of(about)
        remedy = f"{f'Allowed is {bounds}. ' if bounds else ''}An emptied field follows the default."
    return name, f"{error['msg']}. {remedy}".strip()


def stored_problems(configuration: JobConfiguration, job: type[Job]) -> list[str]:
    """What is wrong with the row as it is stored, whoever wrote it: such a job cannot run."""
    if not isinstance(configuration.config, dict):
        return [f"Its settings are stored as {configuration.config!r}, not as a JSON object: saving replaces them."]
    problems = problems_of(job, configuration.config)
    return [
        f"{name} = {shown_value(configuration.config.get(name))}: {text}" if name else text for name, text in problems
    ]


def _catch_up(job: type[Job]) -> str:
    return "one interval, 6 h at most" if job.catch_up_s is None else times.span(job.catch_up_s)


def in_words(configuration: JobConfiguration) -> list[tuple[str, str, str]]:
    """Name, value in effect and meaning of each field, for those who may only look."""
    form = form_for(configuration)(instance=configuration)
    return [
        (str(field.label), shown_value(field.value()) or _default_of(field), str(field.help_text))
        for field in form
        if not field.is_hidden
    ]


def _default_of(field: forms.BoundField) -> str:
    return str(field.field.widget.attrs.get("placeholder", "default"))
