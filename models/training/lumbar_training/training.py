"""The training loop: phases, checkpoints, resume, and a log line with the time left."""
import json
import math
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from .augment import Ahead, Batches, Window
from .averaging import Average
from .losses import Criterion
from .material import Material
from .networks import CLASSES, LumbarNetwork, grow, load_imagenet
from .recipes import Phase

LOG_EVERY_S = 20.0
SAVE_EVERY_S = 180.0
WARM_UP_STEPS = 40
EMA_EVERY = 4


class Run:
    """One training run in a folder: ``checkpoint.pt`` (resume), ``model.pt`` (the average), ``log.jsonl``."""

    def __init__(self, folder, device: str, seed: int):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.device, self.seed = torch.device(device), seed
        torch.manual_seed(seed)

    def log(self, **values) -> None:
        """One JSON line in the log, the same in words on standard output."""
        with (self.folder / "log.jsonl").open("a") as handle:
            handle.write(json.dumps(values) + "\n")
        print("  ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in values.items()), flush=True)

    def save(self, name: str, state: dict) -> None:
        """Writes beside and renames, so that an interrupted save loses nothing."""
        beside = self.folder / (name + ".part")
        torch.save(state, beside)
        os.replace(beside, self.folder / name)


def start_model(name: str, phase: Phase, imagenet: str) -> LumbarNetwork:
    """A fresh network; with ImageNet weights it is full depth from the first phase on."""
    model = LumbarNetwork(name, () if imagenet else phase.depths)
    if imagenet:
        load_imagenet(model, imagenet)
    return model


def make_optimiser(model: LumbarNetwork, criterion: Criterion, rate: float) -> torch.optim.Optimizer:
    """AdamW; normalisation and biases are not decayed."""
    parameters = list(model.parameters()) + list(criterion.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": 0.02},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    version = tuple(int(v) for v in torch.__version__.split(".")[:2])
    # One pass over the weights instead of ten; on a CPU since torch 2.4.
    fused = {"fused": True} if version >= (2, 4) else {}
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.99), **fused)


def rate_at(phase: Phase, step: int, progress: float) -> float:
    """Linear warm-up, then a cosine from ``rate`` to ``final_rate``."""
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    return min(1.0, (step + 1) / WARM_UP_STEPS) * (phase.final_rate + (phase.rate - phase.final_rate) * cosine)


@torch.no_grad()
def predict(model: LumbarNetwork, material: Material, device, indices=None, batch: int = 32, amp: bool = True):
    """Logits (n, 3) on whole stored images, as serving sees them."""
    model.eval()
    indices = np.arange(len(material)) if indices is None else indices
    logits = []
    for start in range(0, len(indices), batch):
        images = torch.from_numpy(material.pixels(indices[start : start + batch])).float().div_(255.0)[:, None]
        images = images.to(device).contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.bfloat16, enabled=amp):
            logits.append(model(images).float().cpu())
    return torch.cat(logits).numpy()


def score(logits: np.ndarray, labels: np.ndarray) -> dict:
    """Accuracy, negative log-likelihood and recall per class."""
    shifted = logits - logits.max(1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    hit = logits.argmax(1) == labels
    recall = {c: float(hit[labels == i].mean()) for i, c in enumerate(CLASSES) if (labels == i).any()}
    return {"accuracy": float(hit.mean()), "nll": float(-log_p[np.arange(len(labels)), labels].mean()), **recall}


def train_phase(run: Run, model, criterion, average, phase: Phase, position, train: Material, val: Material, state):
    """Trains one phase to its end and returns the average; ``state`` resumes an interrupted phase."""
    optimiser = make_optimiser(model, criterion, phase.rate)
    done, step, spent = 0, 0, 0.0
    if state:
        optimiser.load_state_dict(state["optimiser"])
        done, step, spent = state["images"], state["step"], state["spent"]
    criterion.fine = phase.settle
    batches = Batches(train, phase.window, phase.batch, run.seed * 1000 + position * 100 + done % 97, run.device)
    if run.device.type == "cuda":
        torch.backends.cudnn.benchmark = True
        batches = Ahead(batches)
    sample = np.random.default_rng(run.seed).permutation(len(val))[: 480 if run.device.type == "cpu" else 2000]
    began, logged, saved = time.monotonic() - spent, time.monotonic(), time.monotonic()
    checks = [0.25, 0.5, 0.75, 1.0]
    resuming = bool(state)
    recent = []
    amp = supports_bfloat16(run.device)

    def snapshot():
        run.save("checkpoint.pt", {
            "phase": position, "depths": model.depths, "name": model.name, "images": done, "step": step,
            "spent": time.monotonic() - began, "model": model.state_dict(), "criterion": criterion.state_dict(),
            "average": average.model.state_dict(), "updates": average.updates, "optimiser": optimiser.state_dict(),
        })

    while True:
        elapsed = time.monotonic() - began
        progress = max(
            done / phase.images if phase.images else 0.0, elapsed / (60 * phase.minutes) if phase.minutes else 0.0
        )
        if resuming:
            checks, resuming = [c for c in checks if c > progress or c == 1.0], False
        if checks and progress >= checks[0]:
            checks = [c for c in checks if c > progress]
            found = score(predict(average.model, val, run.device, sample, amp=amp), val.labels[sample])
            run.log(phase=phase.name, progress=progress, validation=len(sample), **found)
        if progress >= 1.0:
            break
        model.train()
        if phase.settle:
            freeze_statistics(model)
        images, labels, lesion = batches.next()
        images = images.contiguous(memory_format=torch.channels_last)
        with torch.autocast(run.device.type, torch.bfloat16, enabled=amp):
            maps = model.maps(images)
        loss, parts = criterion(maps, labels, lesion, images.shape[-1])
        if not torch.isfinite(loss):
            raise FloatingPointError(f"loss is {float(loss)} after {done} images of phase {phase.name}")
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        for group in optimiser.param_groups:
            group["lr"] = rate_at(phase, step, progress)
        optimiser.step()
        done, step = done + phase.batch, step + 1
        if step % EMA_EVERY == 0:
            average.update(model, EMA_EVERY)
        hit = float((maps.logits.detach().argmax(1) == labels).float().mean())
        recent.append({**parts, "hit": hit})
        now = time.monotonic()
        if now - logged > LOG_EVERY_S:
            means = {k: float(np.mean([r[k] for r in recent])) for k in recent[0]}
            rate = len(recent) * phase.batch / (now - logged)
            left = (now - began) * (1 / max(progress, 1e-6) - 1) / 60
            run.log(phase=phase.name, images=done, **means, per_s=rate, minutes_left=left)
            recent, logged = [], now
        if now - saved > SAVE_EVERY_S:
            snapshot()
            saved = now
    if isinstance(batches, Ahead):
        batches.close()
    snapshot()
    return average


def freeze_statistics(model: LumbarNetwork) -> None:
    """Normalisations use what they have learnt, as in serving, and learn no more of it."""
    for layer in model.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.eval()


def supports_bfloat16(device: torch.device) -> bool:
    """bfloat16 where it pays: CUDA, and processors with AVX512-BF16; elsewhere float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    try:
        return "avx512_bf16" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


def train(run: Run, name: str, phases, material: dict, imagenet: str = "", start: str = "") -> Path:
    """All phases from the last checkpoint on (or from ``start``); returns the path of the average's weights."""
    path = run.folder / "checkpoint.pt"
    state = torch.load(path, map_location="cpu") if path.exists() else None
    first = state["phase"] if state else 0
    model = start_model(name, phases[first], imagenet)
    if state:
        model = LumbarNetwork(name, state["depths"])
        model.load_state_dict(state["model"])
    elif start:
        model = load_weights(start)
    criterion = Criterion(model)
    average = None
    for position in range(first, len(phases)):
        phase = phases[position]
        resumed = state if state and position == first else None
        wanted = LumbarNetwork(name, phase.depths).depths
        if model.depths != wanted and not resumed and sum(model.depths) < sum(wanted):
            model, average = grow(model), None
        if phase.settle and average and not resumed:
            # A few dozen steps: an average with the memory of thousands would not see them.
            model.load_state_dict(average.model.state_dict())
            average = None
        model = model.to(run.device).to(memory_format=torch.channels_last)
        criterion = criterion.to(run.device)
        average = average or Average(model)
        if resumed:
            criterion.load_state_dict(state["criterion"])
            average.model.load_state_dict(state["average"])
            average.updates = state["updates"]
        train_phase(run, model, criterion, average, phase, position, material["train"], material["val"], resumed)
        save_weights(run, average.model)
    return run.folder / "model.pt"


def save_weights(run: Run, model: LumbarNetwork) -> None:
    """The shipping weights with what is needed to rebuild the network."""
    run.save("model.pt", {"name": model.name, "depths": model.depths, "state": model.state_dict()})


def load_weights(path) -> LumbarNetwork:
    """The network that ``save_weights`` wrote, in eval mode."""
    state = torch.load(path, map_location="cpu")
    model = LumbarNetwork(state["name"], state["depths"])
    model.load_state_dict(state["state"])
    return model.eval()


def shortened(phases, share: float, minutes=()):
    """The same phases with a share of the images, or with the given minutes each."""
    result = [replace(p, images=max(p.batch, int(p.images * share))) for p in phases]
    if minutes:
        if len(minutes) != len(result):
            raise ValueError(f"{len(result)} phases need {len(result)} times, got {len(minutes)}")
        result = [replace(p, minutes=m, images=0) for p, m in zip(result, minutes)]
    return tuple(result)


def with_batch(phases, batch: int):
    """The same phases in batches of ``batch``; the rate grows with the square root, as AdamW's noise shrinks.

    Not where second derivatives are taken: those steps are slow and few.
    """

    def larger(phase: Phase) -> Phase:
        factor = math.sqrt(batch / phase.batch)
        return replace(phase, batch=batch, rate=phase.rate * factor, final_rate=phase.final_rate * factor)

    return tuple(p if p.settle else larger(p) for p in phases)


def scaled_to(phases, size: int):
    """The same phases for stored images of another side than 320."""
    if size == 320:
        return tuple(phases)
    factor = size / 320
    return tuple(
        replace(p, window=Window(p.window.smallest * factor, p.window.largest * factor,
                                 max(64, int(round(p.window.output * factor / 32)) * 32)))
        for p in phases
    )
