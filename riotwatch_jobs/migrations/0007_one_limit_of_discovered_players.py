"""`max_discovered_players` is one setting, tracked_player_updater's: the other jobs read it there.

A value somebody set for another job is kept where the updater has none of its own. Runs forget theirs, so that open ones
go on and ended ones can be repeated.
"""

from django.db import migrations

FORWARD = """
UPDATE job_configurations updater
SET config = updater.config || jsonb_build_object('max_discovered_players', other.config -> 'max_discovered_players')
FROM job_configurations other
WHERE updater.job_id = 'tracked_player_updater' AND NOT updater.config ? 'max_discovered_players'
AND other.job_id = 'match_fetcher' AND other.config ? 'max_discovered_players';

UPDATE job_configurations SET config = config - 'max_discovered_players'
WHERE job_id IN ('match_fetcher', 'player_analyzer') AND config ? 'max_discovered_players';

UPDATE job_executions SET config = config - 'max_discovered_players'
WHERE job_id IN ('match_fetcher', 'player_analyzer') AND config ? 'max_discovered_players';
"""


class Migration(migrations.Migration):
    dependencies = [("riotwatch_jobs", "0006_names_of_rows")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
