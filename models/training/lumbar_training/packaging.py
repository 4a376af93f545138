"""From trained weights to a model folder: calibrate, refuse, export, prove, describe."""
import json
import os
from pathlib import Path

import numpy as np
import onnx

from .calibration import choose_band, choose_threshold, fit_temperature, softmax
from .card import write_card
from .figures import measure
from .forward_graph import build_classifier_graph
from .golden import write_golden_dicoms, write_golden_tensors
from .gradcam_graph import STRIDE16_FILE, build_stride16_graph, without_shared_weights
from .inference import onnx_runner, run_over, torch_runner
from .manifest import build_manifest, write_manifest
from .material import Material
from .networks import CLASSES, grow, parameter_count
from .quantised import shipped
from .refusal import discriminate, refusal_by_kind
from .rejection import fit_rejection, halves
from .training import load_weights

ARCHITECTURE = {
    "effnetv2m": "EfficientNetV2-M (torchvision's `efficientnet_v2_m`)",
    "nano": "A small EfficientNetV2-like network (F1x16x1, F4x32x2/2, F4x48x2/2, M4x80x3/2, M4x96x3, M4x144x3/2; head 512)",
}
# A float32 graph and torch agree to rounding; more means the export is wrong.
PARITY_LIMIT = 1e-3


def export(weights, folder: Path, size: int, int8: bool, stride16: bool):
    """Writes the graph(s) and returns the network as a whole-depth torch module in eval mode."""
    folder.mkdir(parents=True, exist_ok=True)
    model = load_weights(weights)
    full = grow(model).eval()
    first = build_classifier_graph(full, size, int8)
    onnx.save(first, str(folder / "model.onnx"))
    if stride16:
        second = without_shared_weights(build_stride16_graph(full, size, int8), first)
        onnx.save(second, str(folder / STRIDE16_FILE))
    return full


def prove_parity(model, path: Path, material: Material) -> float:
    """Largest difference of logits between torch and onnxruntime on eight images; NaN without onnxruntime."""
    runner = onnx_runner(path)
    if runner is None:
        return float("nan")
    some = material.subset(np.arange(len(material)) < 8)
    difference = float(np.abs(run_over(runner, some).logits - run_over(torch_runner(model), some).logits).max())
    if difference > PARITY_LIMIT:
        raise RuntimeError(f"onnxruntime and torch differ by {difference:.2g} in the logits")
    return difference


def calibrate(outputs, material: Material, what: str) -> dict:
    """Temperature, thresholds and bands from the validation outputs."""
    temperature = fit_temperature(outputs.logits.astype(np.float64), material.labels)
    probabilities = softmax(outputs.logits.astype(np.float64), temperature)
    thresholds, bands = {}, {}
    for index, name in enumerate(CLASSES[1:], start=1):
        present = material.labels == index
        thresholds[name] = choose_threshold(probabilities[:, index], present)
        bands[name] = choose_band(probabilities[:, index], present, thresholds[name])
    return {
        "temperature": temperature, "thresholds": thresholds, "bands": bands,
        "fittedOn": {"images": len(material), "what": what},
    }


def package(weights, splits: dict, folder, about: dict) -> dict:
    """Makes the folder and returns the manifest.

    ``splits`` has val (calibration) and optionally train and test;
    ``about["strangers"]`` optionally train and test pictures to refuse.
    """
    folder = Path(folder)
    val, test, train = splits["val"], splits.get("test"), splits.get("train")
    size = val.size
    model = export(weights, folder, size, about["int8"], about["stride16"])
    parameters = parameter_count(model)
    if about["int8"]:
        model = shipped(model)
    path = folder / "model.onnx"
    parity = prove_parity(model, path, val)
    runner = onnx_runner(path, about.get("threads", 0))
    engine = "onnxruntime" if runner else "torch (the same rounded weights)"
    runner = runner or torch_runner(model)

    def report(name):
        return lambda done, total: print(f"{name}: {done} of {total} images", flush=True)

    val_out = run_over(runner, val, report=report("val"))
    simulated = about["kind"] == "simulated"
    calibration = calibrate(val_out, val, "validation split, simulated" if simulated else "validation split")
    half = halves(val.column("patient_id"))
    rejection = fit_rejection(val_out.stats, val_out.features, half)
    metrics = {"measuredWith": engine, "parityTorchOnnx": None if np.isnan(parity) else parity}
    strangers = about.get("strangers") or {}
    if "train" in strangers:
        known = run_over(runner, strangers["train"], report=report("strangers"))
        rejection.discriminant = discriminate(val_out, half, known, strangers["train"].column("kind"))
    if "test" in strangers:
        seen = run_over(runner, strangers["test"], report=report("strangers, test"))
        metrics["strangers"] = refusal_by_kind(rejection, seen, strangers["test"].column("kind"))
    rejection.bank.astype("<f4").tofile(folder / "rejection-bank.f32")
    golden_source, golden_outputs = val, val_out
    for name, split, outputs in (("val", val, val_out), ("test", test, None)):
        if split is None:
            continue
        outputs = outputs or run_over(runner, split, report=report(name))
        refused = rejection.refused(outputs.stats, outputs.features)
        metrics[name] = measure(split, outputs, calibration["temperature"], refused)
        if name == "test":
            metrics["testSeeds"] = split.about.get("seed")
            golden_source, golden_outputs = split, outputs
    golden = write_golden_tensors(folder, golden_source, golden_outputs, 2 if about.get("golden") else 4)
    golden += write_golden_dicoms(folder, about.get("golden"), runner, size)
    seeds = {name: split.about.get("seed") for name, split in splits.items() if split and "seed" in split.about}
    training_data = {
        "kind": about["kind"], "statement": about["statement"], "images": len(train) if train else 0,
        "patients": len(set(train.column("patient_id"))) if train else 0, "seeds": seeds,
    }
    manifest = build_manifest(
        model, about["id"], about["name"], about["version"], folder, size, training_data, calibration, rejection,
        golden, metrics,
    )
    write_manifest(folder, manifest)
    network = {
        "architecture": ARCHITECTURE[model.name], "parameters": parameters, "training": about["training"],
        "weights": "weights int8 per output channel, folded to float32 at load" if about["int8"] else "float32 weights",
        "notes": about["notes"],
    }
    write_card(folder, json.loads((folder / "manifest.json").read_text()), network, about["command"])
    largest = max(os.path.getsize(p) for p in folder.glob("*.onnx"))
    print(f"{folder}: largest file {largest / 1e6:.1f} MB, parity {parity:.2g}, temperature {calibration['temperature']:.3f}")
    return manifest
