"""What the admin's pages of jobs share: records that are only read, an audit trail, asking for a run."""

from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model
from django.http import HttpRequest
from django_celery_beat.models import PeriodicTask
from unfold.admin import ModelAdmin

from riotwatch_jobs import dispatch, scheduling, slots
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Trigger


class ReadOnlyAdmin(ModelAdmin):
    """Records that the system writes and people only read."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody adds one by hand."""
        del request, obj
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody edits one."""
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Retention deletes them."""
        del request, obj
        return False


def audit(request: HttpRequest, row: Model, text: str) -> None:
    """Leave a trace of who did what, in the row's history."""
    if request.user.pk is not None:
        LogEntry.objects.log_actions(request.user.pk, [row], CHANGE, change_message=text, single_object=True)


def ask_for_run(request: HttpRequest, job_id: str) -> str:
    """Trigger a job for the signed-in person; returns the message to show."""
    wanted = dispatch.Request(job_id=job_id, trigger=Trigger.ADMIN, triggered_by=request.user.get_username())
    execution, created = dispatch.request(wanted, now=database_now())
    return f"{job_id}: run {execution.pk} " + ("is queued" if created else "was already waiting")


def next_slot(row: PeriodicTask) -> str:
    """When a schedule is due next, as text; where it cannot be read, why."""
    try:
        following = slots.following(scheduling.schedule_of(row), database_now())
    except slots.BadSchedule as problem:
        return str(problem)
    return f"{following:%Y-%m-%d %H:%M:%S} UTC" if following else "never"
