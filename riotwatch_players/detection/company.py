"""Context: who plays along, and breaks."""

import numpy as np

from riotwatch_players.detection.measures import MIN_GAMES, Measured, measured
from riotwatch_players.detection.plays import Plays
from riotwatch_players.detection.sums import DAY_S, Sums

EDGE_STYLE_SD, EDGE_SPREAD = 0.30, 1.0
"""Lasting and single-game differences in performance between two ordinary players of a team."""
WINS_PRIOR_GAMES = 8
USUAL_PAUSE_DAYS = 7.0


def duo_dependency(sums: Sums, plays: Plays) -> Measured:
    """A teammate who comes again and again, plays above the account, and without whom it wins less."""
    n = sums.games.sum(axis=1)
    together, won = sums.partner_games.sum(axis=1), sums.partner_wins.sum(axis=1)
    apart = n - together
    rate_apart = (sums.wins.sum(axis=1) - won + WINS_PRIOR_GAMES / 2) / (apart + WINS_PRIOR_GAMES)
    gap = (won + WINS_PRIOR_GAMES * rate_apart) / (together + WINS_PRIOR_GAMES) - rate_apart
    share = together / np.maximum(n, 1)
    rated = sums.partner_rated.sum(axis=1)
    above = sums.partner_above.sum(axis=1) / np.maximum(rated, 1)
    z = above / np.sqrt(EDGE_STYLE_SD**2 + EDGE_SPREAD**2 / np.maximum(rated, 1))
    known = (n >= MIN_GAMES) & (plays.accounts_known.sum(axis=1) >= MIN_GAMES)
    return measured(
        known,
        {
            "partner_share": share,
            "partner_edge": z * np.sqrt(share),
            "carried": np.maximum(z, 0.0) * share,
            "wins_together": np.maximum(won - together / 2, 0.0)
            / np.sqrt(np.maximum(together, 1) / 4)
            * np.sqrt(share),
            "partner_wins": 100 * gap * np.sqrt(share),
        },
        value=share,
        unit="share of games",
        baseline=0.0,
        z=z,
        n_used=n,
        too_few=plays.accounts_known.sum(axis=1) > 0,
        details={"together": together, "above": above, "gap": gap},
    )


def inactivity(plays: Plays) -> Measured:
    """The longest break between two games: who comes back plays differently for honest reasons."""
    days = np.diff(plays.at_s, axis=1, append=np.nan) / DAY_S
    told = np.isfinite(days).sum(axis=1)
    longest = np.where(np.isfinite(days), days, 0.0).max(axis=1)
    known = told >= MIN_GAMES - 1
    return measured(
        known,
        {"pause": np.log1p(np.maximum(longest, 0.0) / USUAL_PAUSE_DAYS)},
        value=longest,
        unit="days",
        baseline=USUAL_PAUSE_DAYS,
        z=np.log1p(np.maximum(longest, 0.0) / USUAL_PAUSE_DAYS),
        n_used=told + 1.0,
        too_few=told > 0,
    )
