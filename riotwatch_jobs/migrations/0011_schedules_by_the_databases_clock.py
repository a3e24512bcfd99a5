"""A schedule that has not run yet counts from when it was saved: told by the database, for a web host's clock may be wrong."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION riotwatch_schedule_saved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.date_changed := clock_timestamp();
    RETURN NEW;
END $$;

CREATE TRIGGER riotwatch_schedule_saved
BEFORE INSERT OR UPDATE OF date_changed ON django_celery_beat_periodictask
FOR EACH ROW EXECUTE FUNCTION riotwatch_schedule_saved();
"""

BACKWARD = """
DROP TRIGGER riotwatch_schedule_saved ON django_celery_beat_periodictask;
DROP FUNCTION riotwatch_schedule_saved();
"""


class Migration(migrations.Migration):
    dependencies = [("riotwatch_jobs", "0010_limits_within_bounds")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
