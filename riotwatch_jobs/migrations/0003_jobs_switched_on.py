"""A job that is switched on again does not fire for the past either: its schedules count from now on.

Its schedules are those whose keyword arguments name it; they are a text, which people may have written by hand.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION riotwatch_job_switched_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE django_celery_beat_periodictask SET last_run_at = clock_timestamp(), enabled = enabled
    WHERE enabled AND kwargs ~ ('"job_id"\\s*:\\s*"' || NEW.job_id || '"');
    RETURN NULL;
END $$;

CREATE TRIGGER riotwatch_job_switched_on
AFTER UPDATE OF enabled ON job_configurations
FOR EACH ROW WHEN (NEW.enabled AND NOT OLD.enabled)
EXECUTE FUNCTION riotwatch_job_switched_on();
"""

BACKWARD = """
DROP TRIGGER riotwatch_job_switched_on ON job_configurations;
DROP FUNCTION riotwatch_job_switched_on();
"""


class Migration(migrations.Migration):
    dependencies = [("riotwatch_jobs", "0002_schedule_triggers")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
