"""VinDr-SpineXR (PhysioNet 10.13026/q45h-5h59): DICOM files and one CSV row per box.

``annotations/train.csv`` and ``test.csv`` hold image_id, series_id, study_id,
rad_id, lesion_type, xmin, ymin, xmax, ymax; images lie in
``train_images/<image_id>.dicom`` and ``test_images``. The collection tells a
slip ("Spondylolisthesis") from "No finding", not its cause: slips come out as
``unknown`` with the box's centre as lesion point. Other lesions are left out,
because an image with osteophytes alone was not judged normal by its readers.
"""
import csv
from pathlib import Path

from .labels import Label, Mapping


def map_vindr(root) -> Mapping:
    """Reads both annotation files of a VinDr-SpineXR folder."""
    root, mapping = Path(root), Mapping()
    for part in ("train", "test"):
        path = root / "annotations" / f"{part}.csv"
        if not path.exists():
            mapping.problems.append(f"{path} is not there")
            continue
        boxes, study = {}, {}
        with path.open(newline="") as handle:
            for row in csv.DictReader(handle):
                boxes.setdefault(row["image_id"], []).append(row)
                study[row["image_id"]] = row["study_id"]
        other = 0
        for image, rows in sorted(boxes.items()):
            slips = [r for r in rows if r["lesion_type"].strip().lower() == "spondylolisthesis"]
            clear = all(r["lesion_type"].strip().lower() == "no finding" for r in rows)
            if not slips and not clear:
                other += 1
                continue
            file = f"{part}_images/{image}.dicom"
            # VinDr names no patients; the study is the closest it gets.
            label = Label(file, "unknown" if slips else "normal", study[image], "test" if part == "test" else "")
            if slips:
                x0, y0, x1, y1 = (float(slips[0][k]) for k in ("xmin", "ymin", "xmax", "ymax"))
                label.lesion = (round((x0 + x1) / 2, 1), round((y0 + y1) / 2, 1))
                label.note = "slip of untold cause: spondylolysis or dls?"
            mapping.labels.append(label)
        if other:
            mapping.problems.append(f"{part}: {other} images with other findings only, left out")
    return mapping
