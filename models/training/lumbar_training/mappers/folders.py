"""One folder per class, as many small collections are published.

``root/<class>/<image>``; folder names are matched by words, the patient is
the file name up to its first ``_`` or ``-`` when that is a number, else the
whole stem.
"""
import re
from pathlib import Path

from .labels import Label, Mapping

IMAGES = {".dcm", ".jpg", ".jpeg", ".png", ".tif", ".tiff"}
WORDS = (
    ("normal", ("normal", "negative", "no finding", "healthy")),
    ("dls", ("degenerative", "dls")),
    ("spondylolysis", ("spondylolysis", "lysis", "isthmic", "pars")),
    ("unknown", ("spondylolisthesis", "slip", "listhesis")),
)


def class_of_folder(name: str) -> str:
    """A label, ``unknown`` for a slip of untold kind, or '' for a folder that means nothing here."""
    words = re.sub(r"[_\-]+", " ", name.lower())
    return next((label for label, keys in WORDS if any(key in words for key in keys)), "")


def map_folders(root) -> Mapping:
    """Reads every image below the class folders of ``root``."""
    root, mapping = Path(root), Mapping()
    for folder in sorted(p for p in root.iterdir() if p.is_dir()):
        label = class_of_folder(folder.name)
        if not label:
            mapping.problems.append(f"folder {folder.name}: no known class in its name, left out")
            continue
        for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in IMAGES):
            number = re.match(r"(\d+)[_-]", path.stem)
            patient = number.group(1) if number else path.stem
            mapping.labels.append(Label(str(path.relative_to(root)), label, patient))
    return mapping
