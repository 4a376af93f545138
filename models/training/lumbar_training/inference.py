"""Runs the shipped model over material and keeps what calibration and the card need."""
import hashlib
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from .from_onnx import read_network
from .material import Material


@dataclass
class Outputs:
    """Per image: logits (n,3), cam (n,3,h,w), features (n,D), stats (n,2C), all float32."""

    logits: np.ndarray
    cam: np.ndarray
    features: np.ndarray
    stats: np.ndarray


def torch_runner(model):
    """image (n,1,S,S) -> the graph's four outputs, computed by torch in float32."""

    @torch.no_grad()
    def run(images: np.ndarray):
        maps = model.maps(torch.from_numpy(images))
        spread = maps.stride8.std((2, 3), unbiased=False)
        stats = torch.cat([maps.stride8.mean((2, 3)), spread], 1)
        return [t.numpy() for t in (maps.logits, maps.cam, maps.features, stats)]

    return run


def onnx_runner(path, threads: int = 0):
    """The same, computed by onnxruntime from the file; ``None`` when onnxruntime is not installed."""
    try:
        import onnxruntime
    except ImportError:
        return None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # As the node loads it: int8 weights folded to float32 once.
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = ["logits", "cam", "features", "stats"]
    return lambda images: session.run(names, {"image": images})


def run_over(runner, material: Material, batch: int = 8, report=None) -> Outputs:
    """All images of the material, whole, in [0, 1]."""
    parts = []
    for start in range(0, len(material), batch):
        indices = np.arange(start, min(len(material), start + batch))
        parts.append(runner(material.pixels(indices).astype(np.float32)[:, None] / np.float32(255)))
        if report and start // batch % 25 == 0:
            report(start, len(material))
    return Outputs(*(np.concatenate(column) for column in zip(*parts)))


class Answers:
    """What a package's file answers; kept beside the material, so that asking twice takes seconds."""

    def __init__(self, path: Path, threads: int = 0):
        self.path, self.threads, self.runner = path, threads, None

    def to(self, material: Material, folder: Path) -> Outputs:
        """The outputs for all images of ``material``, which lies in ``folder``."""
        digest = hashlib.sha256(self.path.read_bytes()).hexdigest()
        keep = folder / f"outputs-{digest[:12]}.npz"
        if keep.exists():
            with np.load(keep) as stored:
                found = Outputs(**stored)
            if len(found.logits) == len(material):
                return found
        self.runner = self.runner or onnx_runner(self.path, self.threads) or torch_runner(read_network(self.path))
        outputs = run_over(self.runner, material, report=lambda done, total: print(f"{folder}: {done} of {total}", flush=True))
        beside = keep.with_suffix(".part.npz")
        np.savez(beside, **asdict(outputs))
        os.replace(beside, keep)
        return outputs
