"""The discriminant between lateral lumbar radiographs and known kinds of other pictures.

A linear logit on the inner statistics and last features, fitted by ridge
logistic regression (Newton steps). It sees what the two distances of
``rejection`` cannot: pictures that are near in texture but plainly something
else. What it never met is the distances' business, so they stay in force.
"""
from dataclasses import dataclass

import numpy as np

RIDGE = 3e-4
NEWTON_STEPS = 12


@dataclass
class Discriminant:
    """``bias + weights . (stats, features)``; refused above ``threshold``."""

    weights: np.ndarray
    bias: float
    threshold: float = 0.0

    def score(self, stats: np.ndarray, features: np.ndarray) -> np.ndarray:
        """Logit of "another kind of picture" per row."""
        return np.concatenate([stats, features], 1).astype(np.float64) @ self.weights + self.bias

    def refused(self, stats: np.ndarray, features: np.ndarray) -> np.ndarray:
        """True above the threshold."""
        return self.score(stats, features) > self.threshold


def fit_discriminant(laterals, strangers, kinds) -> Discriminant:
    """Fits on ``laterals`` and ``strangers``, each a pair (stats, features).

    Every kind weighs the same, however many pictures it has, and all kinds
    together weigh as much as the laterals.
    """
    kinds = np.asarray(kinds)
    rows = np.concatenate([np.concatenate(laterals, 1), np.concatenate(strangers, 1)]).astype(np.float64)
    target = np.concatenate([np.zeros(len(laterals[0])), np.ones(len(kinds))])
    count = {kind: (kinds == kind).sum() for kind in set(kinds)}
    weight = np.concatenate([
        np.full(len(laterals[0]), 0.5 / len(laterals[0])),
        np.array([0.5 / (len(count) * count[kind]) for kind in kinds]),
    ])
    centre, scale = _scaling(rows[target == 0])
    slopes, bias = _logistic((rows - centre) / scale, target, weight)
    weights = slopes / scale
    return Discriminant(weights, float(bias - centre @ weights))


def _scaling(rows: np.ndarray):
    """Centre and spread per column; a column that hardly moves among laterals is not blown up."""
    spread = rows.std(0)
    return rows.mean(0), np.maximum(spread, 0.1 * np.median(spread) + 1e-9)


def _logistic(rows: np.ndarray, target: np.ndarray, weight: np.ndarray):
    """Slopes and bias of the ridge-penalised weighted logistic regression; the bias is free."""
    design = np.concatenate([rows, np.ones((len(rows), 1))], 1)
    penalty = np.full(design.shape[1], RIDGE)
    penalty[-1] = 1e-9
    solution = np.zeros(design.shape[1])

    def cost(candidate):
        logit = design @ candidate
        return weight @ (np.logaddexp(0, logit) - target * logit) + 0.5 * penalty @ candidate**2

    current = cost(solution)
    for _ in range(NEWTON_STEPS):
        p = 1 / (1 + np.exp(-np.clip(design @ solution, -40, 40)))
        gradient = design.T @ (weight * (p - target)) + penalty * solution
        curvature = (design * (weight * p * (1 - p))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        length = 1.0
        while cost(solution - length * step) > current and length > 1e-4:
            length /= 2
        solution = solution - length * step
        before, current = current, cost(solution)
        if before - current < 1e-9:
            break
    return solution[:-1], float(solution[-1])
