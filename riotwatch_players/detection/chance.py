"""Differences in shares, as standard normal values."""

import numpy as np

from riotwatch_players.detection.history import Floats

MOST_DIFFERENCE = 6.0


def freedom(total: Floats) -> Floats:
    """Degrees of freedom of counts by kind."""
    return np.asarray((total > 0).sum(axis=1) - 1.0)


def as_z(squares: Floats, degrees: Floats) -> Floats:
    """A chi-square as a standard normal (Fisher's approximation); 0 where there is nothing to differ in."""
    z = np.sqrt(2 * squares) - np.sqrt(np.maximum(2 * degrees - 1, 0))
    return np.where(degrees > 0, np.clip(z, -MOST_DIFFERENCE, MOST_DIFFERENCE), 0.0)
