"""Statistics by which the node refuses images the model was not made for.

Joined by OR: two distances from accepted images (Mahalanobis on mean and
standard deviation of the stride-8 map, and the cosine distance to the nearest
validation images in the last features) and, where pictures of other kinds are
at hand, a discriminant against them (``strangers``). The distances catch what
nobody thought of; the discriminant catches what looks nearly right. Softmax
and energy alone let chest images through.
"""
from dataclasses import dataclass
from typing import Optional

import numpy as np

from .strangers import Discriminant

SHRINKAGE = 0.02
NEIGHBOURS = 10


@dataclass
class Rejection:
    """What the manifest carries; ``bank`` rows have unit length."""

    mean: np.ndarray
    whitener: np.ndarray
    stats_threshold: float
    bank: np.ndarray
    features_threshold: float
    discriminant: Optional[Discriminant] = None

    def stats_distance(self, stats: np.ndarray) -> np.ndarray:
        """Mahalanobis distance per row."""
        return np.sqrt((((stats - self.mean) @ self.whitener.T) ** 2).sum(1))

    def features_distance(self, features: np.ndarray) -> np.ndarray:
        """1 - mean cosine similarity to the nearest rows of the bank."""
        return neighbour_distance(unit(features), self.bank, skip_self=False)

    def too_far(self, stats: np.ndarray, features: np.ndarray) -> np.ndarray:
        """True where either distance exceeds its threshold."""
        return (self.stats_distance(stats) > self.stats_threshold) | (
            self.features_distance(features) > self.features_threshold
        )

    def refused(self, stats: np.ndarray, features: np.ndarray) -> np.ndarray:
        """True where a distance or the discriminant exceeds its threshold, as the node decides."""
        far = self.too_far(stats, features)
        return far if self.discriminant is None else far | self.discriminant.refused(stats, features)


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows divided by their length."""
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def neighbour_distance(rows: np.ndarray, bank: np.ndarray, skip_self: bool) -> np.ndarray:
    """1 - mean similarity to the ``NEIGHBOURS`` nearest; ``skip_self`` leaves each row's own entry out."""
    similarity = rows @ bank.T
    if skip_self:
        np.fill_diagonal(similarity, -np.inf)
    count = min(NEIGHBOURS, similarity.shape[1] - int(skip_self))
    nearest = -np.partition(-similarity, count - 1, axis=1)[:, :count]
    return 1.0 - nearest.mean(1)


def halves(patients) -> np.ndarray:
    """True for the images of every other patient: one half fits, the other sets thresholds."""
    order = {patient: position for position, patient in enumerate(dict.fromkeys(patients))}
    return np.array([order[patient] % 2 == 0 for patient in patients])


def fit_rejection(
    stats: np.ndarray, features: np.ndarray, half: np.ndarray, false_share: float = 0.01, bank_rows: int = 1000
) -> Rejection:
    """Fits on accepted (validation) images.

    Statistics are fitted where ``half`` holds and thresholds set on the other
    images, where the distances are honest: a covariance fits its own images
    too well. The share of wrongly refused images is split between the two
    distances.
    """
    mean, whitener = _whitener(stats[half])
    bank = unit(features[half][:bank_rows]).astype(np.float32)
    held = Rejection(mean, whitener, np.inf, bank, np.inf)
    quantile = 1.0 - false_share / 2
    held.stats_threshold = float(np.quantile(held.stats_distance(stats[~half]), quantile) * 1.02)
    held.features_threshold = float(np.quantile(held.features_distance(features[~half]), quantile) * 1.02)
    return held


def _whitener(rows: np.ndarray):
    """Mean and lower-triangular inverse Cholesky factor of the shrunk covariance."""
    rows = rows.astype(np.float64)
    mean = rows.mean(0)
    covariance = np.cov(rows - mean, rowvar=False, bias=True)
    target = np.eye(len(mean)) * np.trace(covariance) / len(mean)
    shrunk = (1 - SHRINKAGE) * covariance + SHRINKAGE * target
    return mean, np.linalg.inv(np.linalg.cholesky(shrunk))
