"""What runs logged."""

from django.db import models

from riotwatch_jobs.models.executions import Execution
from riotwatch_jobs.models.items import WorkItem


class ExecutionLog(models.Model):
    """One line of a run's log: ours, or what a library logged or printed while an item of the run was worked on."""

    execution = models.ForeignKey(Execution, on_delete=models.CASCADE, related_name="log_lines")
    item = models.ForeignKey(WorkItem, on_delete=models.SET_NULL, null=True, blank=True, related_name="log_lines")
    at = models.DateTimeField()
    level = models.PositiveSmallIntegerField()
    logger = models.CharField(max_length=100)
    message = models.TextField()

    class Meta:
        db_table = "execution_logs"
        verbose_name, verbose_name_plural = "log line", "log lines"
        ordering = ["id"]
        indexes = [models.Index(fields=["execution", "id"], name="logs_by_execution")]

    def __str__(self) -> str:
        return self.message
