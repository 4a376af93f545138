"""The manifest: what the node must know about the file it loads (camelCase, SI units)."""
import hashlib
import json
from pathlib import Path

import numpy as np

from .gradcam_graph import STRIDE16_FILE
from .networks import LumbarNetwork
from .rejection import NEIGHBOURS, Rejection
from .strangers import Discriminant

NOT_FOR = [
    "clinical use of any kind",
    "patients under 18 years",
    "post-operative spines and implants",
    "AP, oblique and coned-down views",
    "anything but lateral, flexion and extension radiographs of the lumbar spine",
]
# The paper's figures (Chen et al. 2024) and the project's own bar for calibration.
ACCEPTANCE = {
    "accuracy": 0.92, "precision": 0.919, "sensitivity": 0.922, "specificity": 0.957, "f1": 0.92, "ece": 0.03,
}
# Where every lesion point is known, as in simulated images: the map's peak and laterals refused by mistake.
SIMULATED_ACCEPTANCE = {**ACCEPTANCE, "within15mm": 0.75, "within25mm": 0.95, "refused": 0.02}


def sha256_of(path: Path) -> str:
    """Hex digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def class_entries(thresholds: dict, bands: dict) -> list:
    """The classes in the order of the logits."""
    def finding(identifier, label):
        return {
            "id": identifier, "role": "finding", "label": label, "threshold": thresholds[identifier],
            "indeterminate": [bands[identifier], thresholds[identifier]],
        }

    return [
        {"id": "normal", "role": "negative", "label": "normal"},
        finding("spondylolysis", "spondylolysis"),
        finding("dls", "degenerative spondylolisthesis"),
    ]


def rejection_entry(rejection: Rejection) -> dict:
    """Thresholds, statistics and the shape of the feature bank."""
    whitener = [[float(f"{v:.7g}") for v in row[: i + 1]] for i, row in enumerate(rejection.whitener)]
    entry = {
        "stats": {
            "mean": [float(f"{v:.8g}") for v in rejection.mean], "whitener": whitener,
            "threshold": round(rejection.stats_threshold, 4),
        },
        "features": {
            "neighbours": NEIGHBOURS, "threshold": round(rejection.features_threshold, 6), "bank": "rejection-bank.f32",
            "bankRows": int(rejection.bank.shape[0]), "bankColumns": int(rejection.bank.shape[1]),
        },
    }
    if rejection.discriminant is not None:
        entry["strangers"] = strangers_entry(rejection.discriminant, len(rejection.mean))
    return entry


def strangers_entry(discriminant: Discriminant, stats: int) -> dict:
    """The discriminant's weights, those of the statistics first."""
    weights = [float(f"{v:.9g}") for v in discriminant.weights]
    return {
        "weights": {"stats": weights[:stats], "features": weights[stats:]},
        "bias": float(f"{discriminant.bias:.9g}"), "threshold": round(discriminant.threshold, 4),
    }


def read_rejection(folder: Path, manifest: dict) -> Rejection:
    """The rejection of a written package, as far as its manifest has one."""
    entry = manifest["rejection"]
    stats, features = entry["stats"], entry["features"]
    size = len(stats["mean"])
    whitener = np.zeros((size, size))
    for index, row in enumerate(stats["whitener"]):
        whitener[index, : len(row)] = row
    bank = np.fromfile(folder / features["bank"], "<f4").reshape(features["bankRows"], features["bankColumns"])
    rejection = Rejection(np.array(stats["mean"]), whitener, stats["threshold"], bank, features["threshold"])
    if "strangers" in entry:
        known = entry["strangers"]
        weights = np.array(known["weights"]["stats"] + known["weights"]["features"])
        rejection.discriminant = Discriminant(weights, known["bias"], known["threshold"])
    return rejection


def stride16_entry(folder: Path, model: LumbarNetwork, size: int) -> dict:
    """What the node must know about the second graph, which takes its weights from the first file."""
    second = folder / STRIDE16_FILE
    return {
        "file": second.name, "sha256": sha256_of(second), "sizeBytes": second.stat().st_size,
        "inputs": {"image": "image", "classWeight": "class_weight"},
        "outputs": {"gradcam": "gradcam", "logits": "logits"}, "layer": f"features.{model.plan.stage_stride16}",
        "grid": [size // 16, size // 16],
    }


def build_manifest(model: LumbarNetwork, model_id: str, name: str, version: str, folder: Path, size: int,
                   training_data: dict, calibration: dict, rejection: Rejection, golden: list, metrics: dict) -> dict:
    """The complete manifest of the package in ``folder`` (whose model.onnx is already there)."""
    path = folder / "model.onnx"
    grid = size // 32
    manifest = {
        "schema": 1,
        "id": model_id,
        "name": name,
        "version": version,
        "file": path.name,
        "sha256": sha256_of(path),
        "sizeBytes": path.stat().st_size,
        "licence": "Apache-2.0",
        "clinicalUse": False,
        "intendedUse": "Classification of one lateral, flexion or extension lumbar radiograph into normal, "
        "spondylolysis or degenerative spondylolisthesis, for research and for testing the node. Not a diagnosis.",
        "notFor": NOT_FOR,
        "trainingData": training_data,
        "input": {"name": "image", "size": size, "range": [0, 1]},
        "preprocess": [
            {"step": "modality-lut"},
            {"step": "voi", "fallback": {"method": "percentile", "low": 1, "high": 99}},
            {"step": "monochrome1", "action": "invert"},
            {"step": "shutter", "action": "mask"},
            {"step": "letterbox", "size": size, "filter": "triangle-antialias", "pad": 0},
        ],
        "outputs": {"logits": "logits", "cam": "cam", "features": "features", "stats": "stats"},
        "classes": class_entries(calibration["thresholds"], calibration["bands"]),
        "calibration": {
            "method": "temperature", "temperature": round(calibration["temperature"], 5), "fittedOn": calibration["fittedOn"]
        },
        "cam": {"layer": f"features.{len(model.plan.stages) + 1}", "stride": 32, "grid": [grid, grid], "focalLimit": 0.5},
        "rejection": rejection_entry(rejection),
        "golden": golden,
        "metrics": metrics,
        "acceptance": SIMULATED_ACCEPTANCE if training_data["kind"] == "simulated" else ACCEPTANCE,
    }
    if (folder / STRIDE16_FILE).exists():
        manifest["stride16"] = stride16_entry(folder, model, size)
    return manifest


def write_manifest(folder: Path, manifest: dict) -> None:
    """Pretty, but with one line for each row of numbers."""
    text = json.dumps(_rounded(manifest), indent=2)
    (folder / "manifest.json").write_text(_join_number_lists(text) + "\n")


def _rounded(value):
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(v) for v in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def _join_number_lists(text: str) -> str:
    """Puts every list that holds only numbers on one line."""
    import re

    return re.sub(r"\[\s+((?:-?[\d.eE+-]+,\s+)*-?[\d.eE+-]+)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m.group(1)) + "]", text)
