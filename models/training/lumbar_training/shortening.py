"""A small network from a large one's first stages: the front is taken over and frozen, only a short tail is trained.

The front is computed once per image and kept, so that an epoch of the tail
costs seconds on a CPU.
"""
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from .augment import Window, carry_points, collimate, cut, vary_tone, window_matrices
from .averaging import Average
from .losses import map_location_loss, nearness
from .material import Material
from .networks import PIXEL_MEAN, PIXEL_SCALE, LumbarNetwork
from .training import Run, save_weights

FRONT_STAGES = 5


def front_from(large: LumbarNetwork) -> LumbarNetwork:
    """A ``short`` network whose stem and first five stages compute what ``large`` (folded) does there, less its added blocks."""
    short = LumbarNetwork("short").eval()
    for mine, theirs in zip(short.net.features[: FRONT_STAGES + 1], large.net.features):
        for own, other in zip(_sequences(mine), _sequences(theirs)):
            _take_over(own, other)
    return short


def _take_over(own: nn.Sequential, other: nn.Sequential) -> None:
    """Copies the convolutions of one layer; the bias that was folded in becomes that of an identity normalisation."""
    for mine, theirs in zip(own.modules(), other.modules()):
        if isinstance(mine, nn.Conv2d):
            mine.weight.data.copy_(theirs.weight.data)
            if mine.bias is not None:
                mine.bias.data.copy_(theirs.bias.data)
    for norm, before in zip(list(own.children())[1:], other.children()):
        if isinstance(norm, nn.BatchNorm2d):
            norm.weight.data.fill_(1.0)
            norm.bias.data.copy_(before.bias.data)
            norm.running_mean.zero_()
            norm.running_var.fill_(1.0 - norm.eps)


def _sequences(module: nn.Module):
    return [m for m in module.modules() if isinstance(m, nn.Sequential)]


def front(model: LumbarNetwork, images: torch.Tensor) -> torch.Tensor:
    """The last stride-16 map of whole images (n, 1, S, S) in [0, 1]."""
    x = ((images - PIXEL_MEAN) / PIXEL_SCALE).repeat(1, 3, 1, 1)
    return model.net.features[: FRONT_STAGES + 1](x)


@torch.no_grad()
def cache_front(model: LumbarNetwork, material: Material, path: Path, seed: int, indices: np.ndarray, batch: int = 10):
    """Writes float16 maps and lesion points of ``indices``; ``seed`` 0 is the plain picture, others are varied views."""
    model.eval()
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    size, maps, lesions = material.size, [], []
    for start in range(0, len(indices), batch):
        chosen = indices[start : start + batch]
        images = torch.from_numpy(material.pixels(chosen)).float().div_(255.0)[:, None]
        lesion = material.lesion[chosen].copy()
        if seed:
            centre = np.full((len(chosen), 2), size / 2)
            matrices = window_matrices(centre, size, Window(0.94 * size, 1.04 * size, size), rng)
            lesion = carry_points(lesion, matrices, size)
            images = collimate(vary_tone(cut(images, matrices, size), rng), lesion, rng)
        maps.append(front(model, images).half().numpy())
        lesions.append(lesion)
    np.savez(path, maps=np.concatenate(maps), lesion=np.concatenate(lesions), labels=material.labels[indices])


class Cached:
    """All cached parts of one folder, in memory."""

    def __init__(self, folder: Path):
        parts = [np.load(p) for p in sorted(Path(folder).glob("*.npz"))]
        self.maps = np.concatenate([p["maps"] for p in parts])
        self.lesion = np.concatenate([p["lesion"] for p in parts])
        self.labels = np.concatenate([p["labels"] for p in parts])


def tail(model: LumbarNetwork, maps: torch.Tensor):
    """(logits, cam) from stride-16 maps."""
    last = model.net.features[FRONT_STAGES + 1 :](maps)
    cam = torch.einsum("nchw,kc->nkhw", last, model.classifier.weight)
    return cam.mean((2, 3)) + model.classifier.bias, cam


def train_tail(run: Run, model: LumbarNetwork, cached: Cached, held: Cached, size: int, epochs: int, batch: int = 32) -> Path:
    """AdamW with a cosine on the tail alone; class loss and the map's location loss; the moving average ships."""
    parts = [*model.net.features[FRONT_STAGES + 1 :].parameters(), *model.classifier.parameters()]
    optimiser = torch.optim.AdamW(parts, lr=2e-3, weight_decay=0.05)
    steps = epochs * (len(cached.labels) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps, pct_start=0.1)
    average = Average(model, decay=0.995)
    rng = np.random.default_rng(run.seed)
    for epoch in range(epochs):
        model.net.features[FRONT_STAGES + 1 :].train()
        losses = []
        order = rng.permutation(len(cached.labels))
        for start in range(0, len(order) - batch + 1, batch):
            chosen = order[start : start + batch]
            labels = torch.as_tensor(cached.labels[chosen])
            logits, cam = tail(model, F.dropout2d(torch.from_numpy(cached.maps[chosen]).float(), 0.1))
            near = nearness(cached.lesion[chosen], size, cam.shape[-1], 0.5)
            loss = F.cross_entropy(logits, labels, label_smoothing=0.02) + 0.2 * map_location_loss(cam, labels, near)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parts, 5.0)
            optimiser.step()
            schedule.step()
            average.update(model)
            losses.append(float(loss.detach()))
        run.log(epoch=epoch + 1, loss=float(np.mean(losses)), validation=accuracy(average.model, held))
    save_weights(run, average.model)
    return run.folder / "model.pt"


@torch.no_grad()
def accuracy(model: LumbarNetwork, cached: Cached) -> float:
    """Share of cached images whose class is called right."""
    model.eval()
    called = [tail(model, torch.from_numpy(cached.maps[i : i + 50]).float())[0].argmax(1).numpy() for i in range(0, len(cached.labels), 50)]
    return float((np.concatenate(called) == cached.labels).mean())
