"""Figures of a labelled split: classes, calibration, groups, and where the map peaks."""
import numpy as np

from .calibration import expected_calibration_error, log_loss, softmax
from .inference import Outputs
from .material import Material
from .networks import CLASSES

SLIP_BINS = ((0.0, 1e-9, "no slip"), (1e-9, 5.0, "under 5 mm"), (5.0, 9.0, "5 to 9 mm"), (9.0, 1e9, "9 mm and more"))


def confusion(labels: np.ndarray, called: np.ndarray) -> np.ndarray:
    """Counts (true class, called class)."""
    matrix = np.zeros((len(CLASSES), len(CLASSES)), int)
    np.add.at(matrix, (labels, called), 1)
    return matrix


def class_figures(matrix: np.ndarray) -> dict:
    """Accuracy and macro precision, sensitivity, specificity, F1 (as in the paper), and the same per class."""
    total = matrix.sum()
    per = {}
    for i, name in enumerate(CLASSES):
        hit, truth, called = matrix[i, i], matrix[i].sum(), matrix[:, i].sum()
        precision = hit / called if called else 0.0
        sensitivity = hit / truth if truth else 0.0
        negatives = total - truth
        specificity = (negatives - (called - hit)) / negatives if negatives else 0.0
        f1 = 2 * precision * sensitivity / (precision + sensitivity) if hit else 0.0
        per[name] = {
            "precision": precision, "sensitivity": sensitivity, "specificity": specificity, "f1": f1, "images": int(truth)
        }
    macro = {k: float(np.mean([per[c][k] for c in CLASSES])) for k in ("precision", "sensitivity", "specificity", "f1")}
    return {"accuracy": float(np.trace(matrix) / total), **macro, "perClass": per, "confusion": matrix.tolist()}


def upsampled_peak(cam: np.ndarray, size: int) -> np.ndarray:
    """(n, 2) x, y of the maximum of each (h, w) map enlarged bilinearly to ``size`` (align_corners=false).

    Such an enlargement takes its maximum at a cell's centre, so none is drawn.
    """
    rows, columns = cam.shape[1:]
    best = cam.reshape(len(cam), -1).argmax(1)
    return np.stack([(best % columns + 0.5) * size / columns, (best // columns + 0.5) * size / rows], 1)


def localisation(material: Material, outputs: Outputs, called: np.ndarray) -> dict:
    """Distance in mm from the map's peak to the lesion point over correctly called findings."""
    keep = (called == material.labels) & (material.labels > 0) & ~np.isnan(material.lesion[:, 0])
    if not keep.any():
        return {"images": 0}
    cam = outputs.cam[np.flatnonzero(keep), called[keep]]
    pixels = np.linalg.norm(upsampled_peak(cam, material.size) - material.lesion[keep], axis=1)
    mm = pixels * material.numbers("mm_per_pixel")[keep]
    mm = mm[~np.isnan(mm)]
    if not len(mm):
        return {"images": 0}
    return {
        "images": int(len(mm)), "medianMm": float(np.median(mm)),
        "within15mm": float((mm <= 15).mean()), "within25mm": float((mm <= 25).mean()),
    }


def groups(material: Material, called: np.ndarray) -> dict:
    """Accuracy (and count) by view, polarity, level and slip, and recall by slip within each finding."""
    hit = called == material.labels
    result = {}

    def put(group, name, keep):
        if keep.any():
            result.setdefault(group, {})[name] = {"accuracy": float(hit[keep].mean()), "images": int(keep.sum())}

    for column in ("view", "polarity", "level", "facing"):
        values = material.column(column)
        for value in sorted(set(values) - {""}):
            put(column, value, values == value)
    slip = np.abs(material.numbers("slip_mm"))
    for index, name in enumerate(CLASSES[1:], start=1):
        mine = material.labels == index
        for low, high, words in SLIP_BINS:
            inside = mine & (np.nan_to_num(slip) >= low) & (np.nan_to_num(slip) < high)
            put(f"slip, {name}", words, inside)
    return result


def measure(material: Material, outputs: Outputs, temperature: float, refused: np.ndarray) -> dict:
    """Everything the model card and the manifest say about one split."""
    probabilities = softmax(outputs.logits.astype(np.float64), temperature)
    called = probabilities.argmax(1)
    raw = softmax(outputs.logits.astype(np.float64))
    return {
        "images": len(material),
        "patients": len(set(material.column("patient_id"))),
        **class_figures(confusion(material.labels, called)),
        "ece": expected_calibration_error(probabilities, material.labels),
        "eceBeforeTemperature": expected_calibration_error(raw, material.labels),
        "logLoss": log_loss(probabilities, material.labels),
        "falselyRefused": float(refused.mean()),
        "map": localisation(material, outputs, called),
        "groups": groups(material, called),
    }
