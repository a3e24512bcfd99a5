"""The admin's pages of jobs, as tests open and use them."""

import html
import re
from datetime import UTC, datetime

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils.html import strip_tags
from django_celery_beat.models import PeriodicTask

from riotwatch_jobs import leases
from riotwatch_jobs.models import (
    EmergencyStop,
    Execution,
    ExecutionLog,
    ExecutionState,
    JobConfiguration,
    Trigger,
    WorkerLease,
    WorkItem,
)

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
APPS = ("riotwatch_jobs", "django_celery_beat")
MODELS = [model for model in admin.site._registry if model._meta.app_label in APPS]


def page(model, action="changelist", *arguments):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{action}", args=arguments)


def change_page(row):
    return page(type(row), "change", row.pk)


def act(client, action, *rows, query="", **answer):
    """Choose an action for rows on their list; with an answer, also what it asks. Returns the page that follows."""
    data = {"action": action, "_selected_action": [row.pk for row in rows], **answer}
    if answer:
        data["answered"] = "yes"
    return client.post(page(type(rows[0])) + query, data, follow=True)


def save_form(client, row, **fields):
    """Open a row's form, fill in some fields (None: take away), save."""
    form = client.get(change_page(row)).context["adminform"].form
    data = {name: form[name].value() for name in form.fields}
    data = {name: value for name, value in data.items() if value not in (None, False)} | fields
    return client.post(change_page(row), {name: value for name, value in data.items() if value is not None})


def told(response):
    return [strip_tags(str(message)) for message in response.context["messages"]]


def text_of(response):
    """What a person reads: no tags, single spaces."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def buttons_of(client, row):
    """What the row's page offers."""
    return [button.title for button in client.get(change_page(row)).context["buttons"].chosen]


def audit_of(row):
    return list(
        LogEntry.objects.filter(object_id=str(row.pk)).order_by("id").values_list("user__username", "change_message")
    )


def a_run(state=ExecutionState.IN_PROGRESS, *, items=0, scope="default", **fields):
    now = leases.database_now()
    values = {"job_id": "toy", "trigger": Trigger.CLI, "timeout_s": 9, "deadline_s": 9, "config": {"apples": 3}}
    values |= {"queued_at": now, "started_at": now, **fields}
    run = Execution.objects.create(state=state, scope=scope, **values)
    WorkItem.objects.bulk_create(
        WorkItem(execution=run, key=f"item{number}", queue="players", available_at=now) for number in range(items)
    )
    return run


def a_line(run, message, *, level=20, item=None):
    now = leases.database_now()
    return ExecutionLog.objects.create(execution=run, item=item, at=now, level=level, logger="lib", message=message)


def a_worker(**fields):
    now = leases.database_now()
    values = {"host": "h", "pid": 1, "node": "n", "queues": ["players"], "started_at": now, "renewed_at": now}
    return WorkerLease.objects.create(**values | fields)


def example(model):
    """A stored row of each kind."""
    run = Execution.objects.first() or a_run(items=3)
    makers = {
        Execution: lambda: run,
        WorkItem: lambda: run.items.first(),
        ExecutionLog: lambda: a_line(run, "<script>alert(1)</script>", level=30, item=run.items.first()),
        WorkerLease: a_worker,
        JobConfiguration: lambda: JobConfiguration.objects.get(pk="toy"),
        EmergencyStop: lambda: EmergencyStop.objects.create(stopped_at=leases.database_now(), reason="full disk"),
        PeriodicTask: lambda: PeriodicTask.objects.get(name="toy"),
    }
    return makers[model]()
