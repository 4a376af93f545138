"""Tiny fabricated material: not radiographs, just enough structure to train, calibrate and package on."""
import csv
import json
from pathlib import Path

import numpy as np

CLASSES = ("normal", "spondylolysis", "dls")


def fabricate(folder, images: int, size: int, seed: int) -> Path:
    """Writes one split: a bright column, and for findings a dark bar or a step at the lesion."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    pixels, rows = [], []
    for index in range(images):
        label = index % 3
        image = rng.normal(60, 12, (size, size))
        centre = int(size * rng.uniform(0.4, 0.6))
        width = size // 10
        image[:, centre - width : centre + width] += 90
        y = int(size * rng.uniform(0.55, 0.75))
        if label == 1:
            image[y - size // 40 : y + size // 40, centre - width : centre + width] -= 110
        if label == 2:
            image[y:] = np.roll(image[y:], size // 8, axis=1)
        pixels.append(np.clip(image, 0, 255).astype(np.uint8))
        rows.append({
            "index": index, "label": CLASSES[label], "patient_id": f"{seed}-{index // 2}", "study_id": "", "split": "",
            "view": "lateral", "facing": "left", "polarity": "MONOCHROME2", "level": "L5" if label else "",
            "slip_mm": "6" if label == 2 else "", "slip_percent": "17" if label == 2 else "", "pars_gap_mm": "",
            "lesion_x": centre if label else "", "lesion_y": y if label else "",
            "box_x0": "", "box_y0": "", "box_x1": "", "box_y1": "", "mm_per_pixel": 0.7, "seed": seed,
        })
    write(folder, pixels, rows, size, seed)
    return folder


def fabricate_strangers(folder, images: int, size: int, seed: int) -> Path:
    """Pictures to refuse: the same, turned by a quarter or as a negative."""
    folder = fabricate(folder, images, size, seed)
    pixels = np.fromfile(folder / "pixels-0.u8", np.uint8).reshape(images, size, size)
    kinds = ["quarter-turn" if index % 2 else "inverted" for index in range(images)]
    changed = [np.rot90(image) if kind == "quarter-turn" else 255 - image for image, kind in zip(pixels, kinds)]
    rows = [{"index": i, "kind": kind, "patient_id": f"{seed}-{i}", "split": "", "seed": seed + i} for i, kind in enumerate(kinds)]
    write(folder, changed, rows, size, seed)
    return folder


def write(folder: Path, pixels: list, rows: list, size: int, seed: int) -> None:
    """One shard and what it holds."""
    np.stack(pixels).tofile(folder / "pixels-0.u8")
    with (folder / "rows-0.csv").open("w", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    (folder / "material.json").write_text(json.dumps({"format": 1, "size": size, "count": len(rows), "seed": seed}))
