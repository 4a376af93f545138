"""The labels file, and a patient-level split that a second run repeats."""
import csv
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import List, Optional

HEADER = ("file", "label", "patient_id", "split", "lesion_x", "lesion_y", "note")
KNOWN = ("normal", "spondylolysis", "dls")


@dataclass
class Label:
    """One image; ``label`` is one of KNOWN or ``unknown``; the point is in source pixels."""

    file: str
    label: str
    patient_id: str
    split: str = ""
    lesion: Optional[tuple] = None
    note: str = ""


@dataclass
class Mapping:
    """What a mapper found, and in words what it could not use."""

    labels: List[Label] = field(default_factory=list)
    problems: List[str] = field(default_factory=list)


def split_of(patient_id: str, validation: float = 0.15, test: float = 0.15) -> str:
    """train, val or test by a hash of the patient: the same patient always lands in the same split."""
    share = int(hashlib.sha256(patient_id.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF
    if share < test:
        return "test"
    return "val" if share < test + validation else "train"


def write_labels(mapping: Mapping, path) -> dict:
    """Writes the CSV, filling empty splits by patient; returns the counts per label."""
    counts = {}
    with Path(path).open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(HEADER)
        for label in mapping.labels:
            x, y = label.lesion if label.lesion else ("", "")
            split = label.split or split_of(label.patient_id)
            writer.writerow([label.file, label.label, label.patient_id, split, x, y, label.note])
            counts[label.label] = counts.get(label.label, 0) + 1
    return counts
