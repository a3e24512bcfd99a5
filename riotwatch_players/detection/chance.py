"""Differences in shares, as standard normal values."""

import numpy as np

from riotwatch_players.detection.history import Floats

MOST_DIFFERENCE = 6.0


def apart(parts: Floats, total: Floats) -> Floats:
    """How far the shares of kinds in each part lie from those in the rest, as standard normal values.

    Of counts: players x parts x kinds, and players x kinds. A part that is empty or everything does not differ at all.
    """
    size = np.einsum("psk->ps", parts)
    share = size / np.maximum(total.sum(axis=1), 1)[:, None]
    off = np.einsum("ps,pk->psk", share, total)
    np.subtract(parts, off, out=off)  # in place: these are the largest arrays of a whole judgement
    off *= off
    per_kind = np.where(total > 0, 1 / np.maximum(total, 1), 0).astype(parts.dtype)
    squares = np.einsum("psk,pk->ps", off, per_kind)
    usable = (size > 0) & (share < 1)
    chi_square = np.where(usable, squares / np.where(usable, share * (1 - share), 1), 0.0)
    return as_z(chi_square, (total > 0).sum(axis=1)[:, None] - 1.0)


def as_z(squares: Floats, degrees: Floats) -> Floats:
    """A chi-square as a standard normal (Fisher's approximation); 0 where there is nothing to differ in."""
    z = np.sqrt(2 * squares) - np.sqrt(np.maximum(2 * degrees - 1, 0))
    return np.where(degrees > 0, np.clip(z, -MOST_DIFFERENCE, MOST_DIFFERENCE), 0.0)
