"""Training material: pixels as the product's own preprocessing made them, plus truth.

A split is a folder of shards ``pixels-<i>.u8`` (raw uint8, N x S x S, bone
bright, letterboxed) and ``rows-<i>.csv``. Both the simulator and
``lumbar-node preprocess`` write it, so training sees what serving sees.
"""
import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional

import numpy as np

from .networks import CLASSES

# A finding is looked for on these; anything else (AP) serves the rejection only.
LATERAL_VIEWS = ("", "lateral", "neutral", "flexion", "extension")


@dataclass
class Material:
    """One split. ``lesion`` is (N, 2) x, y in input pixels, NaN where unknown or absent."""

    size: int
    shards: List[np.ndarray]
    shard_of: np.ndarray
    row_of: np.ndarray
    labels: np.ndarray
    lesion: np.ndarray
    rows: List[dict]
    about: dict

    def __len__(self) -> int:
        return len(self.labels)

    def pixels(self, indices) -> np.ndarray:
        """uint8 (n, S, S) copies of the chosen images."""
        return np.stack([self.shards[self.shard_of[i]][self.row_of[i]] for i in indices])

    def column(self, name: str) -> np.ndarray:
        """A column of the CSV as strings; '' where the file lacks it."""
        return np.array([row.get(name, "") or "" for row in self.rows])

    def numbers(self, name: str) -> np.ndarray:
        """A column as float64; NaN where empty."""
        return np.array([_number(row.get(name)) for row in self.rows])

    def subset(self, keep: np.ndarray) -> "Material":
        """The images where ``keep`` (boolean) holds, sharing the pixels."""
        rows = [row for row, wanted in zip(self.rows, keep) if wanted]
        return Material(
            self.size, self.shards, self.shard_of[keep], self.row_of[keep],
            self.labels[keep], self.lesion[keep], rows, self.about,
        )


def read_material(folder, lateral_only: bool = True, limit: Optional[int] = None, labelled: bool = True) -> Material:
    """Opens a split without loading its pixels; complains about anything that does not fit.

    ``labelled`` false reads pictures that have a ``kind`` instead of a label
    (strangers, for the rejection).
    """
    folder = Path(folder)
    about = json.loads((folder / "material.json").read_text()) if (folder / "material.json").exists() else {}
    size = int(about.get("size", 320))
    paths = sorted(folder.glob("rows-*.csv"), key=lambda p: int(p.stem.split("-")[1]))
    if not paths:
        raise FileNotFoundError(f"{folder} holds no rows-*.csv")
    shards, shard_of, row_of, labels, lesion, rows = [], [], [], [], [], []
    for path in paths:
        with path.open(newline="") as handle:
            read = list(csv.DictReader(handle))
        pixels_path = path.with_name(path.name.replace("rows-", "pixels-")).with_suffix(".u8")
        pixels = np.memmap(pixels_path, np.uint8, "r")
        if pixels.size != len(read) * size * size:
            raise ValueError(f"{pixels_path}: {pixels.size} bytes for {len(read)} rows of {size} x {size}")
        for position, row in enumerate(read):
            if lateral_only and row.get("view", "").lower() not in LATERAL_VIEWS:
                continue
            labels.append(_label(row, path, position) if labelled else -1)
            lesion.append((_number(row.get("lesion_x")), _number(row.get("lesion_y"))))
            rows.append(row)
            shard_of.append(len(shards))
            row_of.append(position)
        shards.append(pixels.reshape(len(read), size, size))
    result = Material(
        size, shards, np.array(shard_of), np.array(row_of), np.array(labels), np.array(lesion, float), rows, about
    )
    if limit is None or limit >= len(result):
        return result
    return result.subset(np.arange(len(result)) < limit)


def read_strangers(folder) -> Material:
    """Pictures that the model must refuse; ``column("kind")`` names what each is."""
    strangers = read_material(folder, lateral_only=False, labelled=False)
    unnamed = np.flatnonzero(strangers.column("kind") == "")
    if len(unnamed):
        raise ValueError(f"{folder}: picture {unnamed[0]} has no kind")
    return strangers


def refuse_shared_patients(splits: dict) -> None:
    """Raises when a patient occurs in two splits: such figures would flatter the model."""
    seen = {}
    for name, material in splits.items():
        for patient in set(material.column("patient_id")) - {""}:
            other = seen.setdefault(patient, name)
            if other != name:
                raise ValueError(f"patient {patient} is in both {other} and {name}")


def _label(row: dict, path: Path, position: int) -> int:
    label = row.get("label", "")
    if label in CLASSES:
        return CLASSES.index(label)
    raise ValueError(f"{path}:{position + 2}: label {label!r} is none of {', '.join(CLASSES)}")


def _number(text) -> float:
    return float(text) if text not in (None, "") else float("nan")
