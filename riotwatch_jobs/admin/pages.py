"""What the admin's pages of jobs share: who acts, asking for a run, pieces of HTML."""

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html

from riotwatch_jobs import audit, dispatch
from riotwatch_jobs.admin.words import Label
from riotwatch_jobs.audit import Actor
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import ExecutionState, Trigger
from riotwatch_jobs.switching import Refused


def actor(request: HttpRequest) -> Actor:
    """Who is signed in; the admin lets nobody else through."""
    if not isinstance(request.user, AbstractBaseUser):
        raise TypeError("nobody is signed in")
    return audit.person(request.user)


def run_now(request: HttpRequest, job_id: str, subject: Model) -> str:
    """Trigger a job for the signed-in person, with a trace at `subject`; returns what to show.

    Raises Refused where the run was skipped at once: that is not what the person wanted.
    """
    by = actor(request)
    wanted = dispatch.Request(job_id=job_id, trigger=Trigger.ADMIN, triggered_by=by.name)
    with transaction.atomic():
        execution, created = dispatch.request(wanted, now=database_now())
        is_skipped = execution.state == ExecutionState.SKIPPED
        became = f"was skipped: {execution.reason}" if is_skipped else "is queued" if created else "was already waiting"
        text = f"{job_id}: run {execution.pk} {became}"
        audit.record(by, subject, text)
    if is_skipped:
        raise Refused(text)
    address = reverse("admin:riotwatch_jobs_execution_change", args=[execution.pk])
    return format_html('{}: <a href="{}" class="rw-link">run {}</a> {}', job_id, address, execution.pk, became)


def label(shown: Label, *, href: str = "") -> str:
    """A word in a colored box, which may lead somewhere."""
    return render_to_string("unfold/helpers/label.html", {"text": shown.text, "type": shown.type, "href": href})


def link_to(model: type[Model], pk: object, text: object) -> str:
    """A link to a row's page."""
    return format_html('<a class="rw-link" href="{}">{}</a>', page_of(model, pk), text)


def page_of(model: type[Model], pk: object) -> str:
    """The address of a row's page."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=(pk,))


def flower_address(request: HttpRequest, path: str = "") -> str:
    """A page of Flower, on the host that the browser knows."""
    host = request.get_host().rpartition(":")[0] or request.get_host()
    return f"http://{host}:{settings.FLOWER_PORT}/{path}"
