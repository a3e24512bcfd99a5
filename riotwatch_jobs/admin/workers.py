"""Who is alive."""

from django.contrib import admin

from riotwatch_jobs.admin.pages import ReadOnlyAdmin
from riotwatch_jobs.models import WorkerLease


@admin.register(WorkerLease)
class WorkerLeaseAdmin(ReadOnlyAdmin):
    """Who is alive."""

    list_display = ("node", "host", "pid", "concurrency", "queues", "started_at", "renewed_at")
