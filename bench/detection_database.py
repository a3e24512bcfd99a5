"""A database of players who only met each other: every game of theirs is stored once, with all ten."""

from django.conf import settings
from django.db import connection

from riotwatch_players.models import Source

_PLAYERS = """
INSERT INTO players (source_id, puuid, platform, summoner_level, game_name, tag_line, first_seen_at, tracked, times_met,
                     paused, paused_reason, listed_depth, listed_all, ranked_games, update_failures)
SELECT %(source)s, 'puuid-' || n, 'euw1', 30 + n %% 300, 'Player ' || n, 'EUW', now(), false, 1, false, '', 0,
       false, %(games)s, 0
FROM generate_series(0, %(players)s - 1) AS n
"""
_MATCHES = """
INSERT INTO matches (match_id, source_id, platform, region, queue_id, mode, type, version, patch, created_at,
                     started_at, ended_at, duration_s, remake, surrendered, end_result, stored_at, people_met)
SELECT 'EUW1_' || n, %(source)s, 'euw1', 'europe', 420, 'CLASSIC', '', '', '16.7', at, at, at, 1500 + n %% 900, false,
       false, '', now(), false
FROM (SELECT n, timestamptz '2026-01-01' + n * interval '7 seconds' AS at FROM generate_series(0, %(matches)s - 1) AS n)
"""
# What ten players did in a game; who they are, an expression of `n`, the game, and `place`, goes in between.
INTO_PLACES = """
INSERT INTO match_participants (match_id, position, player_id, started_at, usable, team_id, win, champion_id,
                                team_position, individual_position, kills, deaths, assists, cs, gold, damage_share,
                                kill_participation, vision_score, items, spells, runes)
SELECT matches.id, place,
"""
FIGURES_OF_PLACES = """
       matches.started_at, true, 100 + 100 * (place / 5), (n + place / 5) %% 2 = 0, 1 + (n + place) %% 160,
       (array['TOP', 'JUNGLE', 'MIDDLE', 'BOTTOM', 'UTILITY'])[1 + place %% 5], '',
       (n + place * 3) %% 12, (n + place) %% 9, (n * place) %% 15, 120 + (n * 7 + place) %% 110,
       8000 + (n * 13) %% 7000, 0.12 + ((n + place) %% 17) / 100.0,
       0.3 + (n %% 40) / 100.0, 15 + n %% 30, '{}', '{}', '{}'
FROM (SELECT id, started_at, row_number() OVER (ORDER BY id) - 1 AS n FROM matches) AS matches
CROSS JOIN generate_series(0, 9) AS place
"""
# A round is one game of everybody; the factor is coprime to the number of players, so that each round mixes them anew.
_PARTICIPANTS = f"""{INTO_PLACES}
       first.id + (((n %% a_round) * 10 + place)::bigint * (20 * (n / a_round) + 1)) %% %(players)s,
{FIGURES_OF_PLACES}
CROSS JOIN (SELECT min(id) AS id, %(players)s / 10 AS a_round FROM players) AS first
ORDER BY matches.id, place
"""

# It looks at a table while that is filled, and what is invisible to it then, the VACUUM at the end cannot mark as
# visible: an index-only scan would fetch more or fewer of its rows all the same, by chance.
_WITHOUT_AUTOVACUUM = "ALTER TABLE match_participants SET (autovacuum_enabled = false)"


def fill(players: int, games: int) -> None:
    """So many players, a multiple of ten, with so many ranked games each."""
    source = Source.objects.current(settings.RIOT_API_URL)
    values = {"source": source.pk, "players": players, "games": games, "matches": players * games // 10}
    with connection.cursor() as cursor:
        for statement in (_WITHOUT_AUTOVACUUM, _PLAYERS, _MATCHES, _PARTICIPANTS):
            cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE")
