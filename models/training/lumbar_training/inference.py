"""Runs the shipped model over material and keeps what calibration and the card need."""
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

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


def kept_outputs(path: Path, runner, material: Material, report=None) -> Outputs:
    """``run_over``, or what an earlier call wrote to ``path`` (.npz) for as many images."""
    if path.exists():
        with np.load(path) as stored:
            found = Outputs(**stored)
        if len(found.logits) == len(material):
            return found
    outputs = run_over(runner, material, report=report)
    beside = path.with_suffix(".part.npz")
    np.savez(beside, **asdict(outputs))
    os.replace(beside, path)
    return outputs
