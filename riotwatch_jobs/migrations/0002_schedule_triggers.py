"""Rules about schedule rows that hold whoever changes them: the admin, a bulk action, the API or plain SQL.

1. Switching a schedule on, or giving it other times, never makes it fire for the past: its last run becomes "now".
2. Every change is stamped with the database's clock, always growing, so that beat sees it within a second even when the
   clocks of two machines disagree.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION riotwatch_schedule_from_now_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.last_run_at := clock_timestamp();
    RETURN NEW;
END $$;

CREATE TRIGGER riotwatch_schedule_from_now_on
BEFORE UPDATE ON django_celery_beat_periodictask
FOR EACH ROW WHEN (NEW.enabled AND (
    NOT OLD.enabled
    OR NEW.interval_id IS DISTINCT FROM OLD.interval_id
    OR NEW.crontab_id IS DISTINCT FROM OLD.crontab_id
))
EXECUTE FUNCTION riotwatch_schedule_from_now_on();

CREATE FUNCTION riotwatch_schedule_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.last_update := GREATEST(clock_timestamp(), OLD.last_update + interval '1 microsecond');
    RETURN NEW;
END $$;

CREATE TRIGGER riotwatch_schedule_stamp
BEFORE UPDATE ON django_celery_beat_periodictasks
FOR EACH ROW EXECUTE FUNCTION riotwatch_schedule_stamp();

CREATE FUNCTION riotwatch_schedules_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO django_celery_beat_periodictasks (ident, last_update) VALUES (1, clock_timestamp())
    ON CONFLICT (ident) DO UPDATE SET last_update = EXCLUDED.last_update;
    RETURN NULL;
END $$;

-- What beat itself writes after each slot (last_run_at, total_run_count) is no change of a schedule.
CREATE TRIGGER riotwatch_schedules_changed
AFTER UPDATE OF enabled, interval_id, crontab_id, kwargs, task, name, start_time, expires
ON django_celery_beat_periodictask
FOR EACH STATEMENT EXECUTE FUNCTION riotwatch_schedules_changed();

CREATE TRIGGER riotwatch_schedules_added
AFTER INSERT OR DELETE ON django_celery_beat_periodictask
FOR EACH STATEMENT EXECUTE FUNCTION riotwatch_schedules_changed();

-- Several schedules may share one row of times: editing it touches all of them (and stamps, by the trigger above).
CREATE FUNCTION riotwatch_times_edited() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'django_celery_beat_crontabschedule' THEN
        UPDATE django_celery_beat_periodictask SET last_run_at = clock_timestamp(), enabled = enabled
        WHERE crontab_id = NEW.id AND enabled;
    ELSE
        UPDATE django_celery_beat_periodictask SET last_run_at = clock_timestamp(), enabled = enabled
        WHERE interval_id = NEW.id AND enabled;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER riotwatch_crontabs_changed
AFTER UPDATE ON django_celery_beat_crontabschedule
FOR EACH ROW WHEN (NEW.* IS DISTINCT FROM OLD.*) EXECUTE FUNCTION riotwatch_times_edited();

CREATE TRIGGER riotwatch_intervals_changed
AFTER UPDATE ON django_celery_beat_intervalschedule
FOR EACH ROW WHEN (NEW.* IS DISTINCT FROM OLD.*) EXECUTE FUNCTION riotwatch_times_edited();

CREATE TRIGGER riotwatch_jobs_switched
AFTER UPDATE OF enabled ON job_configurations
FOR EACH STATEMENT EXECUTE FUNCTION riotwatch_schedules_changed();
"""

BACKWARD = """
DROP TRIGGER riotwatch_jobs_switched ON job_configurations;
DROP TRIGGER riotwatch_intervals_changed ON django_celery_beat_intervalschedule;
DROP TRIGGER riotwatch_crontabs_changed ON django_celery_beat_crontabschedule;
DROP FUNCTION riotwatch_times_edited();
DROP TRIGGER riotwatch_schedules_added ON django_celery_beat_periodictask;
DROP TRIGGER riotwatch_schedules_changed ON django_celery_beat_periodictask;
DROP FUNCTION riotwatch_schedules_changed();
DROP TRIGGER riotwatch_schedule_stamp ON django_celery_beat_periodictasks;
DROP FUNCTION riotwatch_schedule_stamp();
DROP TRIGGER riotwatch_schedule_from_now_on ON django_celery_beat_periodictask;
DROP FUNCTION riotwatch_schedule_from_now_on();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("riotwatch_jobs", "0001_initial"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
