#!/usr/bin/env python3
"""Compares the node's answers of parity.ts with a pipeline that shares no code with it.

    python3 models/training/parity.py --answers DIR --model models/lumbar-nano-sim

Files are decoded by GDCM and pydicom, displayed by PS3.3's formulas in numpy,
letterboxed by torch's antialiased bilinear resize, and answered by torch with
the weights of the shipped file. Fails when a probability differs by more than
0.001, or a rejection score by more than a thousandth of its threshold.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pydicom
import torch
import torch.nn.functional as F

from lumbar_training.calibration import softmax
from lumbar_training.from_onnx import read_network
from lumbar_training.inference import torch_runner
from lumbar_training.manifest import read_rejection

LIMIT = 1e-3
DEFLATED = "1.2.840.10008.1.2.1.99"


def stored_pixels(path: Path, work: Path):
    """(data set, stored values); compressed pixel data goes through GDCM's own decoders first."""
    dataset = pydicom.dcmread(path)
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax.is_encapsulated and syntax != DEFLATED:
        raw = work / "raw.dcm"
        subprocess.run(["gdcmconv", "--raw", str(path), str(raw)], check=True, capture_output=True)
        dataset = pydicom.dcmread(raw)
    return dataset, dataset.pixel_array.astype(np.float64)


def displayed(dataset, stored: np.ndarray) -> np.ndarray:
    """PS3.3 C.11.1.1.2, C.11.2.1.2.1 LINEAR, and MONOCHROME1 turned, in [0, 1]."""
    values = stored * float(dataset.get("RescaleSlope", 1)) + float(dataset.get("RescaleIntercept", 0))
    centre, width = float(dataset.WindowCenter), float(dataset.WindowWidth)
    shown = np.clip((values - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)
    return 1 - shown if dataset.PhotometricInterpretation == "MONOCHROME1" else shown


def letterboxed(picture: np.ndarray, size: int) -> np.ndarray:
    """(1, 1, size, size), content centred, the rest zero."""
    rows, columns = picture.shape
    longest = max(rows, columns)
    width, height = (max(1, int(np.floor(side / longest * size + 0.5))) for side in (columns, rows))
    content = F.interpolate(
        torch.from_numpy(picture).float()[None, None], (height, width), mode="bilinear", align_corners=False, antialias=True
    )
    left, top = (size - width) // 2, (size - height) // 2
    return F.pad(content, (left, size - width - left, top, size - height - top)).numpy()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", required=True, help="folder that parity.ts wrote")
    parser.add_argument("--model", required=True)
    args = parser.parse_args()
    folder, package = Path(args.answers), Path(args.model)
    manifest = json.loads((package / "manifest.json").read_text())
    run = torch_runner(read_network(package / manifest["file"]))
    rejection = read_rejection(package, manifest)
    temperature, size = manifest["calibration"]["temperature"], manifest["input"]["size"]
    answers = json.loads((folder / "answers.json").read_text())
    largest, scores = 0.0, 0.0
    with tempfile.TemporaryDirectory() as work:
        for answer in answers:
            dataset, stored = stored_pixels(folder / answer["file"], Path(work))
            logits, _, features, stats = run(letterboxed(displayed(dataset, stored), size))
            expected = softmax(logits.astype(np.float64), temperature)[0]
            largest = max(largest, float(np.abs(expected - answer["probabilities"]).max()))
            mine = {
                "stats": (rejection.stats_distance(stats)[0], rejection.stats_threshold),
                "features": (rejection.features_distance(features)[0], rejection.features_threshold),
            }
            if rejection.discriminant is not None:
                mine["strangers"] = (rejection.discriminant.score(stats, features)[0], 10.0)
            for name, (value, scale) in mine.items():
                scores = max(scores, float(abs(value - answer["scores"][name]) / abs(scale)))
    kinds = {key: sorted({str(a[key]) for a in answers}) for key in ("transferSyntax", "bitsStored", "polarity")}
    print(json.dumps({"images": len(answers), "largestProbabilityDifference": largest,
                      "largestScoreDifference": scores, **kinds}, indent=2))
    return 0 if largest <= LIMIT and scores <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
