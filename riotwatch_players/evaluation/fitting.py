"""Logistic regression with bounds on the coefficients, and Platt's calibration. NumPy only."""

from dataclasses import dataclass

import numpy as np

from riotwatch_players.detection.history import Bools, Floats

_MOST_STEPS = 60
_SWEEPS = 200
_CLOSE_ENOUGH = 1e-10


@dataclass(frozen=True, slots=True)
class Bounds:
    """By column: between which values its coefficient may lie."""

    least: Floats
    most: Floats


def fit_logistic(x: Floats, y: Bools, bounds: Bounds, *, ridge: float, weights: Floats | None = None) -> Floats:
    """Coefficients of x's columns that maximize the penalized likelihood within the bounds.

    Newton's method; each quadratic model is minimized by coordinates, which keeps to bounds exactly. The bias is a
    column of ones of x; columns are expected on a common scale.
    """
    weight = np.ones(len(y)) if weights is None else weights
    beta = np.clip(np.zeros(x.shape[1]), bounds.least, bounds.most)
    penalty = ridge * weight.sum()
    loss = _loss(x, y, weight, beta, penalty)
    for _ in range(_MOST_STEPS):
        p = 1 / (1 + np.exp(-(x @ beta)))
        gradient = x.T @ (weight * (p - y)) + penalty * beta
        curvature = (x * (weight * p * (1 - p))[:, None]).T @ x + penalty * np.eye(len(beta))
        target = _within(curvature, gradient, beta, bounds)
        step = 1.0
        while step > 1e-4:
            trial = beta + step * (target - beta)
            trial_loss = _loss(x, y, weight, trial, penalty)
            if trial_loss <= loss:
                break
            step /= 2
        done = loss - trial_loss <= _CLOSE_ENOUGH * abs(loss)
        beta, loss = trial, trial_loss
        if done:
            break
    return beta


def _loss(x: Floats, y: Bools, weight: Floats, beta: Floats, penalty: float) -> float:
    log_odds = x @ beta
    return float((weight * (np.logaddexp(0, log_odds) - y * log_odds)).sum() + penalty / 2 * (beta**2).sum())


def _within(curvature: Floats, gradient: Floats, beta: Floats, bounds: Bounds) -> Floats:
    """Minimize the quadratic model around beta within the bounds."""
    new = beta.copy()
    slope = gradient.copy()
    for _ in range(_SWEEPS):
        moved = 0.0
        for column in range(len(new)):
            wanted = new[column] - slope[column] / curvature[column, column]
            change = min(max(wanted, bounds.least[column]), bounds.most[column]) - new[column]
            if change:
                new[column] += change
                slope += curvature[:, column] * change
                moved = max(moved, abs(change))
        if moved < 1e-9:
            break
    return new


def fit_platt(raw: Floats, y: Bools, *, weights: Floats | None = None) -> tuple[float, float]:
    """Slope and offset that calibrate raw log-odds, fitted on accounts that the model was not trained on."""
    x = np.stack([raw, np.ones(len(raw))], axis=1)
    bounds = Bounds(np.array([0.05, -np.inf]), np.array([np.inf, np.inf]))
    slope, offset = fit_logistic(x, y, bounds, ridge=0.0, weights=weights)
    return float(slope), float(offset)
