"""An installation with 100,000 players, filled by a few statements: for `bench.pages`.

Four hundred of them are well known (200 games each), 20,000 are analyzed; a month of matches, a week of runs and of
budget readings, one open run with many items.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from bench.detection_database import FIGURES_OF_PLACES, INTO_PLACES
from riotwatch_jobs import leases, registry
from riotwatch_jobs.models import Execution, ExecutionState, WorkerLease
from riotwatch_players.analysis import AnalysisRule, analyze
from riotwatch_players.models import Player, Source

MATCHES = 40_000
ANALYZED = 20_000
WELL_KNOWN = 400
JUDGED = 200
"""For real; the others' analyses are copies of theirs."""

_PLAYERS = """
INSERT INTO players (source_id, puuid, platform, summoner_level, game_name, tag_line, first_seen_at, tracked,
                     tracked_at, discovered_at, times_met, paused, paused_reason, listed_depth, listed_all,
                     ranked_games, history_full_at, rank_checked_at, last_updated, update_failures)
SELECT %(source)s, 'puuid-' || n, 'euw1', 30 + n %% 300, 'Player ' || n, 'EUW', now() - n * interval '20 seconds',
       n < 300, CASE WHEN n < 300 THEN now() - interval '20 days' END,
       CASE WHEN n BETWEEN 300 AND 5299 THEN now() - interval '9 days' END, n %% 9, false, '', 0, false,
       CASE WHEN n < %(well_known)s THEN 200 ELSE 8 END, CASE WHEN n < %(analyzed)s THEN now() - interval '8 days' END,
       CASE WHEN n < %(analyzed)s THEN now() - interval '8 days' END, CASE WHEN n < 300 THEN now() END,
       CASE WHEN n < 300 AND n %% 60 = 7 THEN 2 ELSE 0 END
FROM generate_series(0, %(players)s - 1) AS n
"""
_MATCHES = """
INSERT INTO matches (match_id, source_id, platform, region, queue_id, mode, type, version, patch, created_at,
                     started_at, ended_at, duration_s, remake, surrendered, end_result, stored_at, people_met)
SELECT 'EUW1_' || n, %(source)s, 'euw1', 'europe', 420, 'CLASSIC', '', '', '16.7', at, at, at, 1500 + n %% 900, false,
       false, '', at + interval '1 hour', n %% 5 = 0
FROM (SELECT n, now() - interval '1 hour' - n * interval '65 seconds' AS at
      FROM generate_series(0, %(matches)s - 1) AS n)
"""
# Every fifth match is among the well known ones, the others among everybody.
_PARTICIPANTS = f"""{INTO_PLACES}
       first.id + CASE WHEN n %% 5 = 0 THEN ((n / 5) * 10 + place * 101) %% %(well_known)s
                                       ELSE (n * 10 + place) %% %(players)s END,
{FIGURES_OF_PLACES}
CROSS JOIN (SELECT min(id) AS id FROM players) AS first
"""
_RANKS = """
INSERT INTO player_ranks (player_id, queue, tier, division, league_points, wins, losses, seen_at)
SELECT players.id, 'RANKED_SOLO_5x5', (array['SILVER', 'GOLD', 'PLATINUM'])[1 + n / 20],
       (array['IV', 'III', 'II', 'I'])[1 + (n / 5) %% 4], (n * 37) %% 100, n * 3, n * 2,
       now() - (60 - n) * interval '8 hours'
FROM (SELECT id FROM players ORDER BY id LIMIT %(well_known)s) AS players CROSS JOIN generate_series(0, 59) AS n
"""
_ANALYSES = """
INSERT INTO player_analysis (player_id, analyzed_at, games_used, verdict, smurf_score, boosted_score, smurf_p,
                             boosted_p, confidence, model_version, baseline_version, factors, summary)
SELECT players.id, now() - (n %% 20000) * interval '30 seconds', games_used,
       CASE WHEN n %% 20 = 3 THEN 'likely_smurf' WHEN n %% 50 = 4 THEN 'watch' ELSE 'normal' END,
       (n * 7) %% 100, (n * 3) %% 100, smurf_p, boosted_p, confidence, model_version, baseline_version, factors, summary
FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM players ORDER BY id LIMIT %(analyzed)s) AS players
JOIN (SELECT *, row_number() OVER (ORDER BY id) AS place, count(*) OVER () AS there FROM player_analysis) AS judged
  ON judged.place = 1 + n %% judged.there
"""
_VERDICTS = """
UPDATE players SET verdict = newest.verdict, smurf_score = newest.smurf_score, boosted_score = newest.boosted_score,
                   analyzed_at = newest.analyzed_at
FROM (SELECT DISTINCT ON (player_id) * FROM player_analysis ORDER BY player_id, analyzed_at DESC) AS newest
WHERE newest.player_id = players.id
"""
_BACKLOG = """
INSERT INTO match_backlog (match_id, source_id, platform, region, lane, state, reason, added_at, holder, attempts)
SELECT 'EUW1_' || n, %(source)s, 'euw1', 'europe', 2, CASE WHEN n < %(matches)s THEN 'fetched' ELSE 'pending' END, '',
       now(), '', 0
FROM generate_series(0, %(matches)s + 19999) AS n
"""
_BUDGET = """
INSERT INTO budget_readings (host, at, used, possible, blocked)
SELECT host, date_trunc('minute', now()) - n * interval '1 minute', (n * 17) %% 100, 100, n %% 500 = 0
FROM generate_series(0, 8 * 24 * 60) AS n CROSS JOIN unnest(array['europe', 'euw1', 'asia', 'kr']) AS host
"""
_ITEMS = """
INSERT INTO work_items (execution_id, key, data, queue, region, lane, phase, state, available_at, waits_for_budget,
                        delivery, host, attempts, lost_count, alone, lost_alone_count, is_error, reason, traceback,
                        api_requests_made, records_created, records_updated)
SELECT %(run)s, 'player:' || n, '{}', 'players', 'europe', 1, 0, CASE WHEN n < 1500 THEN 'DONE' ELSE 'WAITING' END,
       now(), false, 1, '', 0, 0, false, 0, false, '', '', 3, 1, 1
FROM generate_series(0, 1999) AS n
"""
_LOG = """
INSERT INTO execution_logs (execution_id, at, level, logger, message)
SELECT %(run)s, now(), 20, 'riotwatch.job', 'player_updated player=' || n FROM generate_series(0, 4999) AS n
"""


def fill(players: int) -> None:
    """So many players, at least 20,000, with what an installation knows of them."""
    source = Source.objects.current(settings.RIOT_API_URL)
    values = {
        "source": source.pk,
        "players": players,
        "matches": MATCHES,
        "analyzed": ANALYZED,
        "well_known": WELL_KNOWN,
    }
    _execute(values, _PLAYERS, _MATCHES, _PARTICIPANTS, _RANKS, "ANALYZE")
    known = list(Player.objects.order_by("pk").values_list("pk", flat=True)[:JUDGED])
    analyze(known, AnalysisRule(), now=timezone.now() - timedelta(days=8))
    run = _runs()
    _execute(values | {"run": run}, _ANALYSES, _VERDICTS, _BACKLOG, _BUDGET, _ITEMS, _LOG, "VACUUM ANALYZE")


def _execute(values: dict[str, Any], *statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values)


def _runs() -> int:
    """A week of each job's runs, and one that is being worked on: its number."""
    now, every = leases.database_now(), timedelta(minutes=30)
    fields: dict[str, Any] = {"trigger": "schedule", "timeout_s": 90, "deadline_s": 21_600}
    Execution.objects.bulk_create(
        Execution(
            job_id=job.job_id,
            state=ExecutionState.FAILED if number % 40 == 7 else ExecutionState.COMPLETED,
            queued_at=now - number * every,
            started_at=now - number * every,
            finished_at=now - number * every + timedelta(seconds=5 + number % 60),
            items_total=30,
            items_done=30,
            **fields,
        )
        for job in registry.all_jobs()
        for number in range(336, 0, -1)
    )
    leases.beat_heart("beat")
    leases.beat_heart("housekeeping")
    queues = sorted({job.queue for job in registry.all_jobs()} | {"control", "interactive"})
    WorkerLease.objects.create(
        host="bench", pid=1, node="bench", queues=queues, concurrency=16, started_at=now, renewed_at=now
    )
    run = Execution.objects.create(
        job_id="tracked_player_updater", state=ExecutionState.IN_PROGRESS, queued_at=now, started_at=now, **fields
    )
    return run.pk
