"""Golden inputs: what ``lumbar-node model verify`` runs on every machine."""
import json
import shutil
from pathlib import Path

import numpy as np

from .inference import Outputs
from .material import Material

TOLERANCE = 1e-3


def write_golden_tensors(folder: Path, material: Material, outputs: Outputs, count: int = 4) -> list:
    """Raw little-endian float32 inputs (1,1,S,S) with the logits and maps they must yield.

    One image per class that the model calls right, and one it is least sure of.
    """
    golden = folder / "golden"
    golden.mkdir(exist_ok=True)
    for stale in golden.glob("tensor-*"):
        stale.unlink()
    confident = outputs.logits[np.arange(len(material)), material.labels]
    chosen = []
    for label in range(3):
        mine = np.flatnonzero(material.labels == label)
        if len(mine):
            chosen.append(int(mine[np.argsort(confident[mine])[len(mine) // 2]]))
    margin = np.sort(outputs.logits, 1)
    unsure = [int(i) for i in np.argsort(margin[:, -1] - margin[:, -2]) if int(i) not in chosen]
    chosen = (chosen + unsure)[:count]
    entries = []
    for index in chosen:
        name = f"tensor-{len(entries) + 1}.f32"
        image = material.pixels([index])[0].astype("<f4") / np.float32(255)
        image.tofile(golden / name)
        entries.append({
            "file": f"golden/{name}", "kind": "tensor",
            "logits": [float(f"{v:.7g}") for v in outputs.logits[index]],
            "camMaximum": [float(f"{v:.7g}") for v in outputs.cam[index].reshape(3, -1).max(1)],
            "tolerance": TOLERANCE,
        })
    return entries


def write_golden_dicoms(folder: Path, source, runner, size: int) -> list:
    """DICOM files of ``make-golden.ts`` with the logits their tensors must yield; [] when ``source`` is empty."""
    golden = folder / "golden"
    golden.mkdir(exist_ok=True)
    for stale in golden.glob("dicom-*"):
        stale.unlink()
    entries = []
    if not source:
        return entries
    for item in json.loads((Path(source) / "golden.json").read_text()):
        tensor = np.fromfile(Path(source) / item["tensor"], "<f4").reshape(1, 1, size, size)
        logits, cam, _, _ = runner(tensor)
        shutil.copyfile(Path(source) / item["file"], golden / item["file"])
        entries.append({
            "file": f"golden/{item['file']}", "kind": "dicom", "label": item["label"], "seed": item["seed"],
            "logits": [float(f"{v:.7g}") for v in logits[0]],
            "camMaximum": [float(f"{v:.7g}") for v in cam[0].reshape(3, -1).max(1)],
            "tolerance": TOLERANCE,
        })
    return entries
