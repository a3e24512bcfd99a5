"""`manage.py unschedule_job`: remove schedules for good."""

from typing import Any

from django.core.management.base import CommandParser
from django_celery_beat.models import PeriodicTask

from riotwatch_jobs import registry, rescheduling, scheduling, slots, switching
from riotwatch_jobs.management.operator_command import OperatorCommand


class Command(OperatorCommand):
    """`sync_schedules` does not bring back what was removed here; schedule_job does."""

    help = "Remove one schedule, those of a job, or all. To switch a job off for a while: pause_job or disable_job."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("job_id", nargs="?", metavar="JOB_ID", help="all schedules of this job")
        which.add_argument("--id", type=int, metavar="N", help="this schedule (job_status JOB_ID shows their numbers)")
        which.add_argument("--all", action="store_true", help="all schedules of all jobs")
        parser.add_argument("--confirm", action="store_true", help="really remove them")

    def act(self, options: dict[str, Any]) -> object:
        """Remove, when confirmed."""
        job_ids = [job.job_id for job in registry.all_jobs()] if options["all"] else [options["job_id"]]
        rows = [rescheduling.find(options["id"])] if options["id"] else _rows_of(job_ids)
        names = [f"{row.name} ({_times(row)})" for row in rows]
        if not options["confirm"]:
            raise switching.BadInput(f"this removes {'; '.join(names) or 'nothing'}. Add --confirm to do it")
        if options["id"]:
            removed = rescheduling.remove(rows, by=self.by)
        else:
            removed = sum(rescheduling.remove_all_of(job_id, by=self.by) for job_id in job_ids)
        self.say(f"removed {removed}: {'; '.join(names) or 'nothing was scheduled'}.")
        return {"removed": removed, "schedules": names}


def _rows_of(job_ids: list[str]) -> list[PeriodicTask]:
    for job_id in job_ids:
        registry.get(job_id)
    return [row for job_id in job_ids for row in rescheduling.schedules_of(job_id)]


def _times(row: PeriodicTask) -> str:
    try:
        return scheduling.text_of(row)
    except slots.BadSchedule as problem:
        return str(problem)
