"""Pauses, catch-up windows, jobs that follow others, repeated runs and the emergency stop.

A configuration that is added or deleted is a change of schedules as well: beat reads them again.
"""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
CREATE TRIGGER riotwatch_jobs_added
AFTER INSERT OR DELETE ON job_configurations
FOR EACH STATEMENT EXECUTE FUNCTION riotwatch_schedules_changed();
"""

BACKWARD = "DROP TRIGGER riotwatch_jobs_added ON job_configurations;"


class Migration(migrations.Migration):

    dependencies = [
        ('riotwatch_jobs', '0004_phases'),
    ]

    operations = [
        migrations.AddField(
            model_name='execution',
            name='abandoned',
            field=models.BooleanField(default=False, help_text='An operator gave it up, for its workers died.'),
        ),
        migrations.AddField(
            model_name='execution',
            name='retry_of',
            field=models.ForeignKey(blank=True, help_text='What it repeats.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='retries', to='riotwatch_jobs.execution'),
        ),
        migrations.AddField(
            model_name='jobconfiguration',
            name='after',
            field=models.CharField(blank=True, default='', help_text='The job whose completed runs are followed by one of this job.', max_length=64),
        ),
        migrations.AddField(
            model_name='jobconfiguration',
            name='catch_up_s',
            field=models.PositiveIntegerField(blank=True, help_text='How late a missed slot is still made up for, in seconds; 0 = never.', null=True),
        ),
        migrations.AddField(
            model_name='jobconfiguration',
            name='paused_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='jobconfiguration',
            name='paused_by',
            field=models.CharField(blank=True, default='', max_length=150),
        ),
        migrations.AddField(
            model_name='jobconfiguration',
            name='paused_reason',
            field=models.CharField(blank=True, default='', max_length=500),
        ),
        migrations.AddField(
            model_name='jobconfiguration',
            name='paused_until',
            field=models.DateTimeField(blank=True, help_text='Its own end; empty: when resumed.', null=True),
        ),
        migrations.CreateModel(
            name='EmergencyStop',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('stopped_at', models.DateTimeField()),
                ('stopped_by', models.CharField(max_length=150)),
                ('reason', models.CharField(max_length=500)),
            ],
            options={
                'db_table': 'emergency_stop',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='one_emergency_stop')],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
