"""Differences in shares, as standard normal values."""

import numpy as np

from riotwatch_players.detection.history import Floats

MOST_DIFFERENCE = 6.0


def apart(size: Floats, squares: Floats, total: Floats) -> Floats:
    """How far the shares of kinds in each part lie from those in the rest, as standard normal values.

    `size`: what a part holds, parts x players. `squares`: of what it holds of each kind, weighted with `per_kind` and
    summed over the kinds, the same. `total`: kinds x players. A part that is empty or everything does not differ.
    """
    share = size / np.maximum(total.sum(axis=0), 1)
    off = squares - size * share  # the sum of (counted - expected)²/total, multiplied out
    variance = share * (1 - share)
    chi_square = np.divide(off, variance, out=np.zeros(size.shape), where=(variance > 0) & (off > 0))
    return as_z(chi_square, (total > 0).sum(axis=0) - 1.0)


def per_kind(total: Floats) -> Floats:
    """What the squares of a kind are weighted with."""
    return np.where(total > 0, 1 / np.maximum(total, 1), 0.0)


def as_z(squares: Floats, degrees: Floats) -> Floats:
    """A chi-square as a standard normal (Fisher's approximation); 0 where there is nothing to differ in."""
    z = np.sqrt(2 * squares) - np.sqrt(np.maximum(2 * degrees - 1, 0))
    return np.where(degrees > 0, np.clip(z, -MOST_DIFFERENCE, MOST_DIFFERENCE), 0.0)
