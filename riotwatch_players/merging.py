"""Two rows of one player become one: nothing that was known under either is lost or counted twice."""

import structlog
from django.db import connection

from riotwatch_messages import choosing
from riotwatch_players.models import Player
from riotwatch_players.news import subject_of

# In the order in which ingest locks players. One of the two is going to be deleted.
_LOCK = 'SELECT id FROM players WHERE id = ANY(%(players)s) ORDER BY puuid COLLATE "C" FOR UPDATE'

# least and greatest pass over nulls. Where both were listed, listing begins at the earlier cursor: rather list twice
# than forget a game. Whoever resolves under a Riot ID is unavailable only if both rows say so.
_ADD_UP = """
UPDATE players AS kept
SET first_seen_at = least(kept.first_seen_at, gone.first_seen_at),
    tracked = kept.tracked OR gone.tracked,
    tracked_at = least(kept.tracked_at, gone.tracked_at),
    discovered_at = least(kept.discovered_at, gone.discovered_at),
    times_met = kept.times_met + gone.times_met,
    ranked_games = kept.ranked_games + gone.ranked_games,
    paused = kept.paused OR gone.paused,
    paused_reason = CASE WHEN kept.paused_reason <> '' THEN kept.paused_reason ELSE gone.paused_reason END,
    unavailable_at = CASE WHEN gone.unavailable_at IS NOT NULL THEN kept.unavailable_at END,
    listed_until = least(kept.listed_until, gone.listed_until),
    listed_depth = greatest(kept.listed_depth, gone.listed_depth),
    listed_all = kept.listed_all OR gone.listed_all,
    history_full_at = CASE WHEN kept.tracked = gone.tracked THEN least(kept.history_full_at, gone.history_full_at)
                           WHEN kept.tracked THEN kept.history_full_at ELSE gone.history_full_at END,
    rank_checked_at = greatest(kept.rank_checked_at, gone.rank_checked_at),
    last_updated = greatest(kept.last_updated, gone.last_updated),
    update_failed_at = greatest(kept.update_failed_at, gone.update_failed_at),
    update_failures = least(kept.update_failures, gone.update_failures)
FROM players AS gone WHERE kept.id = %(kept)s AND gone.id = %(gone)s
"""
_TAKE_NEWER_PROFILE = """
UPDATE players AS kept
SET platform = gone.platform, summoner_level = gone.summoner_level, profile_icon_id = gone.profile_icon_id,
    level_seen_at = gone.level_seen_at
FROM players AS gone
WHERE kept.id = %(kept)s AND gone.id = %(gone)s
  AND gone.level_seen_at > coalesce(kept.level_seen_at, '-infinity')
"""
_TAKE_NEWER_VERDICT = """
UPDATE players AS kept
SET analyzed_at = gone.analyzed_at, verdict = gone.verdict, smurf_score = gone.smurf_score,
    boosted_score = gone.boosted_score, analyzed_games = gone.analyzed_games,
    analyzed_standing = gone.analyzed_standing, analyzed_with = gone.analyzed_with
FROM players AS gone
WHERE kept.id = %(kept)s AND gone.id = %(gone)s AND gone.analyzed_at > coalesce(kept.analyzed_at, '-infinity')
"""
# Lines of teams name accounts; they are written anew when they are needed.
_DROP_TEAMS = """
DELETE FROM match_teams WHERE match_id IN (SELECT match_id FROM match_participants WHERE player_id = %(gone)s)
"""
# A standing is a row only when it changed: both rows may have seen the same one.
_DROP_REPEATED_RANKS = """
DELETE FROM player_ranks WHERE id IN (
    SELECT id FROM (
        SELECT id, (tier, division, league_points, wins, losses) AS standing,
               lag((tier, division, league_points, wins, losses)) OVER (PARTITION BY queue ORDER BY seen_at, id) AS last
        FROM player_ranks WHERE player_id = %(kept)s
    ) AS ranks WHERE standing IS NOT DISTINCT FROM last
)
"""

log = structlog.stdlib.get_logger(__name__)


def merge(kept: Player, gone: Player) -> None:
    """Put everything known about `gone` under `kept`, a fixed number of statements whatever there is.

    Call it in a transaction.
    """
    pair = {"kept": kept.pk, "gone": gone.pk}
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, {"players": [kept.pk, gone.pk]})
        cursor.execute(_DROP_TEAMS, pair)
        for relation in Player._meta.related_objects:
            rows = relation.related_model._base_manager.filter(**{relation.field.name: gone.pk})
            rows.update(**{relation.field.name: kept.pk})
        choosing.pass_on(subject_of(gone), subject_of(kept))
        for statement in (_ADD_UP, _TAKE_NEWER_PROFILE, _TAKE_NEWER_VERDICT, _DROP_REPEATED_RANKS):
            cursor.execute(statement, pair)
        cursor.execute("DELETE FROM players WHERE id = %(gone)s", pair)
    log.info("players_merged", kept=kept.pk, gone=gone.pk)
