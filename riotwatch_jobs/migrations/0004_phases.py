"""The part of its run that an item belongs to, and the part a run has come to."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("riotwatch_jobs", "0003_jobs_switched_on")]
    operations = [
        migrations.AddField(
            model_name="execution",
            name="phase",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="The part it has come to; most have only part 0."
            ),
        ),
        migrations.AddField(
            model_name="workitem",
            name="phase",
            field=models.PositiveSmallIntegerField(default=0, help_text="The part of its run that it belongs to."),
        ),
    ]
