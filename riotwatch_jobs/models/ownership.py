"""Whose schedules are whose."""

from django.conf import settings
from django.db import models


class ScheduleOwner(models.Model):
    """Somebody who is no admin made this schedule: other people see neither it nor its runs.

    The row outlives the schedule, as its runs do; numbers of schedules are not given twice.
    """

    schedule_id = models.PositiveBigIntegerField(primary_key=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, db_index=False)

    class Meta:
        db_table = "schedule_owners"

    def __str__(self) -> str:
        return f"schedule {self.schedule_id}"
