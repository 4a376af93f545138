"""Windows and tones: how a stored image becomes a training image.

Every change is one that another patient, tube or room could have made: both
facing directions occur, so mirroring is allowed; upside down is not.
"""
import queue
import threading
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .material import Material


@dataclass(frozen=True)
class Window:
    """Side of the square cut from the stored image, in its pixels, and the output's side."""

    smallest: float
    largest: float
    output: int


class Anchors:
    """Where to aim a window that is smaller than the image.

    Images with a finding aim at it. Others borrow the place from an image
    that faces the same way, so that the aim does not give the class away.
    """

    def __init__(self, material: Material):
        self.material = material
        self.known = ~np.isnan(material.lesion[:, 0])
        self.facing = material.column("facing")
        self.donors = {f: np.flatnonzero(self.known & (self.facing == f)) for f in set(self.facing)}

    def points(self, indices: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(n, 2) points in stored pixels; the image's centre when nothing is known."""
        points = self.material.lesion[indices].copy()
        for row, index in enumerate(indices):
            if self.known[index]:
                continue
            donors = self.donors[self.facing[index]]
            centre = (self.material.size / 2, self.material.size / 2)
            points[row] = self.material.lesion[rng.choice(donors)] if len(donors) else centre
        return points


def window_matrices(points: np.ndarray, size: int, window: Window, rng: np.random.Generator) -> np.ndarray:
    """(n, 2, 3) matrices from output pixels (centre origin, -1..1) to stored pixels.

    Each window keeps its anchor at least a fifth of its side from the edge,
    turns by up to 8 degrees and is mirrored half of the time.
    """
    n = len(points)
    side = rng.uniform(window.smallest, window.largest, n)
    shift = rng.uniform(-0.3, 0.3, (n, 2)) * side[:, None]
    slack = 0.05 * size
    half = side[:, None] / 2
    low, high = np.minimum(half - slack, size / 2 - slack), np.maximum(size - half + slack, size / 2 + slack)
    centre = np.clip(points + shift, low, high)
    angle = np.deg2rad(rng.uniform(-8, 8, n))
    stretch = np.exp(rng.uniform(-0.05, 0.05, n))
    mirror = np.where(rng.random(n) < 0.5, -1.0, 1.0)
    cos, sin, half = np.cos(angle), np.sin(angle), side / 2
    rows = [
        [half * stretch * cos * mirror, -half * sin / stretch, centre[:, 0]],
        [half * stretch * sin * mirror, half * cos / stretch, centre[:, 1]],
    ]
    return np.array(rows).transpose(2, 0, 1)


def cut(images: Tensor, matrices: np.ndarray, output: int) -> Tensor:
    """Bilinear samples (n, 1, output, output) of images (n, 1, S, S); outside is 0 like the letterbox."""
    size = images.shape[-1]
    theta = matrices.copy() * (2.0 / size)
    theta[:, :, 2] -= 1.0
    theta = torch.as_tensor(theta, dtype=torch.float32, device=images.device)
    grid = F.affine_grid(theta, [len(images), 1, output, output], align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def carry_points(points: np.ndarray, matrices: np.ndarray, output: int) -> np.ndarray:
    """Stored points (n, 2) in the output's pixels; NaN stays NaN."""
    linear = np.linalg.inv(matrices[:, :, :2])
    normalised = np.einsum("nij,nj->ni", linear, points - matrices[:, :, 2])
    return (normalised + 1.0) * output / 2.0


def vary_tone(images: Tensor, rng: np.random.Generator) -> Tensor:
    """Exposure, window and grain: gamma, contrast, brightness, noise. Values stay in [0, 1]."""
    n = len(images)

    def draw(low, high):
        return torch.as_tensor(rng.uniform(low, high, (n, 1, 1, 1)), dtype=torch.float32, device=images.device)

    outside = images <= 0
    images = images.clamp(1e-4, 1.0).pow(torch.exp(draw(-0.3, 0.3)))
    images = (images - 0.5) * draw(0.8, 1.2) + 0.5 + draw(-0.06, 0.06)
    images = images + torch.randn_like(images) * draw(0.0, 0.025)
    return images.clamp(0.0, 1.0).masked_fill(outside, 0.0)


def collimate(images: Tensor, points: np.ndarray, rng: np.random.Generator) -> Tensor:
    """Blackens margins of a third of the images as a narrower collimator would, never over the lesion."""
    size = images.shape[-1]
    for row in np.flatnonzero(rng.random(len(images)) < 0.33):
        left, top, right, bottom = (rng.uniform(0, 0.14, 4) * size).astype(int)
        x, y = points[row]
        if not np.isnan(x) and not (left + 8 < x < size - right - 8 and top + 8 < y < size - bottom - 8):
            continue
        images[row, :, :top] = 0
        images[row, :, size - bottom :] = 0
        images[row, :, :, :left] = 0
        images[row, :, :, size - right :] = 0
    return images


class Batches:
    """Endless shuffled batches of (image (n,1,s,s), label (n,), lesion (n,2) in output pixels).

    Images and labels are on ``device``, where they are cut and varied too.
    """

    def __init__(self, material: Material, window: Window, batch: int, seed: int, device="cpu"):
        self.material, self.window, self.batch, self.device = material, window, batch, torch.device(device)
        self.rng = np.random.default_rng(seed)
        self.anchors = Anchors(material)
        self.order = np.array([], int)

    def next(self):
        """One batch; classes are drawn evenly, whatever their share in the material."""
        while len(self.order) < self.batch:
            self.order = np.concatenate([self.order, self._epoch()])
        indices, self.order = self.order[: self.batch], self.order[self.batch :]
        images = torch.from_numpy(self.material.pixels(indices)).to(self.device).float().div_(255.0)[:, None]
        points = self.anchors.points(indices, self.rng)
        matrices = window_matrices(points, self.material.size, self.window, self.rng)
        lesion = carry_points(self.material.lesion[indices], matrices, self.window.output)
        images = vary_tone(cut(images, matrices, self.window.output), self.rng)
        images = collimate(images, lesion, self.rng)
        return images, torch.as_tensor(self.material.labels[indices], device=self.device), lesion

    def _epoch(self) -> np.ndarray:
        groups = [np.flatnonzero(self.material.labels == c) for c in np.unique(self.material.labels)]
        longest = max(len(g) for g in groups)
        even = [np.concatenate([self.rng.permutation(g) for _ in range(-(-longest // len(g)))])[:longest] for g in groups]
        return np.stack(even, 1).reshape(-1)


class Ahead:
    """The next batches made in a thread of their own, so that a GPU need not wait for the pictures."""

    def __init__(self, batches: Batches, depth: int = 3):
        self.made = queue.Queue(depth)
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._make, args=(batches,), daemon=True)
        self.thread.start()

    def next(self):
        """One batch as ``Batches.next`` gives it; an error of the thread is raised here."""
        batch = self.made.get()
        if isinstance(batch, Exception):
            raise batch
        return batch

    def close(self) -> None:
        """Ends the thread."""
        self.stopped.set()
        while self.thread.is_alive():
            try:
                self.made.get(timeout=0.05)
            except queue.Empty:
                pass

    def _make(self, batches: Batches) -> None:
        while not self.stopped.is_set():
            try:
                batch = batches.next()
            except Exception as error:  # pylint: disable=broad-except
                batch = error
            self.made.put(batch)
            if isinstance(batch, Exception):
                return
