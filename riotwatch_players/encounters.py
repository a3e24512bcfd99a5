"""Whom a player meets: together and against, how often, and how it went; one statement over the newest matches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from riotwatch_players.detection.words import FLAGGED
from riotwatch_players.models import Player

NEWEST_MATCHES = 200

# In Arena the team ids mean nothing: who shares a subteam plays together. Remakes are nobody's meeting.
_MEETINGS = """
WITH own AS (
    SELECT one.match_id, one.team_id, one.subteam, one.win, one.started_at
    FROM match_participants AS one JOIN matches ON matches.id = one.match_id AND NOT matches.remake
    WHERE one.player_id = %(player)s ORDER BY one.started_at DESC LIMIT %(matches)s
),
met AS (
    SELECT other.player_id, own.win, own.started_at,
           coalesce(other.subteam = own.subteam, other.team_id = own.team_id, false) AS together
    FROM own JOIN match_participants AS other ON other.match_id = own.match_id
    WHERE other.player_id <> %(player)s
),
counted AS (
    SELECT player_id, max(started_at) AS last_met, count(*) AS times,
           count(*) FILTER (WHERE together) AS with_times,
           count(*) FILTER (WHERE together AND win) AS with_won,
           count(*) FILTER (WHERE NOT together) AS against_times,
           count(*) FILTER (WHERE NOT together AND win) AS against_won
    FROM met GROUP BY player_id HAVING count(*) >= %(at_least)s
)
SELECT players.*, last_met, with_times, with_won, against_times, against_won
FROM counted JOIN players ON players.id = counted.player_id
ORDER BY players.verdict = ANY(%(flagged)s) DESC, times DESC, last_met DESC, players.id DESC
LIMIT %(most)s
"""


@dataclass(frozen=True)
class Score:
    """Matches, and how many of them the player whose encounters these are won."""

    times: int
    won: int


@dataclass(frozen=True)
class Encounter:
    """Somebody the player met."""

    player: Player
    together: Score
    against: Score
    last_met: datetime

    @property
    def scores(self) -> tuple[Score, Score]:
        """Together and against, in the order of columns."""
        return self.together, self.against


def encounters_of(
    player: Player, *, matches: int = NEWEST_MATCHES, at_least: int = 1, most: int
) -> Sequence[Encounter]:
    """Whom the player met `at_least` so often in their newest `matches`, flagged people first, then most-met first."""
    found = Player.objects.raw(
        _MEETINGS,
        {
            "player": player.pk,
            "matches": matches,
            "at_least": at_least,
            "most": most,
            "flagged": [one.value for one in FLAGGED],
        },
    )
    return [
        Encounter(
            player=row,
            together=Score(row.with_times, row.with_won),  # type: ignore[attr-defined]
            against=Score(row.against_times, row.against_won),  # type: ignore[attr-defined]
            last_met=row.last_met,  # type: ignore[attr-defined]
        )
        for row in found
    ]
