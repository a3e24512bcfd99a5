from django.db import models


class BudgetReading(models.Model):
    """How much of the key's budget on a host was taken at the beginning of a minute; of the longest window."""

    host = models.CharField(max_length=16)
    at = models.DateTimeField()
    used = models.IntegerField(help_text="Requests that the window counted.")
    possible = models.IntegerField(help_text="Requests that the window allows.")
    blocked = models.BooleanField(help_text="Nothing was granted, as after a 429.")

    class Meta:
        db_table = "budget_readings"
        constraints = [models.UniqueConstraint(fields=["at", "host"], name="one_budget_reading_per_minute")]

    def __str__(self) -> str:
        return f"{self.host}: {self.used} of {self.possible}"
