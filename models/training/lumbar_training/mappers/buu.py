"""BUU-LSPINE (Burapha University): lateral JPEGs with one CSV of vertebral edges each.

``LA/0001-F-037Y1.jpg`` (patient, sex, age, Y1 = lateral) with a CSV of the
same stem: eleven rows ``x1,y1,x2,y2,label``, the upper and lower edges of L1
to L5 and the upper edge of S1. Publications disagree on the last column's
codes, so that the slip is measured from the edges as well: the offset of the
two facing edges along the lower one, as a share of its length (Meyerding).
A slip's cause is not told; such rows come out as ``unknown``.
"""
import csv
import math
from pathlib import Path

from .labels import Label, Mapping

EDGES = ("L1a", "L1b", "L2a", "L2b", "L3a", "L3b", "L4a", "L4b", "L5a", "L5b", "S1a")
# Offsets under 5 % of the endplate are within the marking error.
SLIP_FROM_PERCENT = 8.0
NO_SLIP_BELOW_PERCENT = 5.0


def slip_percent(upper, lower) -> float:
    """Offset of the edge's middles along the lower edge, in percent of its length (always positive)."""
    (ax, ay, bx, by), (cx, cy, dx, dy) = upper, lower
    length = math.hypot(dx - cx, dy - cy)
    if length == 0:
        return 0.0
    ux, uy = (dx - cx) / length, (dy - cy) / length
    mx, my = (ax + bx - cx - dx) / 2, (ay + by - cy - dy) / 2
    return abs(mx * ux + my * uy) / length * 100


def read_edges(path: Path):
    """Eleven (x1, y1, x2, y2, code) rows; a header row is skipped."""
    with path.open(newline="") as handle:
        rows = [[cell.strip() for cell in row] for row in csv.reader(handle) if row]
    rows = [row for row in rows if _is_number(row[0])]
    if len(rows) != len(EDGES):
        raise ValueError(f"{path.name}: {len(rows)} edges, expected {len(EDGES)}")
    return [(tuple(float(v) for v in row[:4]), row[4] if len(row) > 4 else "") for row in rows]


def map_buu(root) -> Mapping:
    """Reads ``LA/*.csv`` of a BUU-LSPINE folder."""
    mapping = Mapping()
    for path in sorted((Path(root) / "LA").glob("*.csv")):
        image = next((path.with_suffix(s) for s in (".jpg", ".png") if path.with_suffix(s).exists()), None)
        if image is None:
            mapping.problems.append(f"{path.name}: no image beside it")
            continue
        try:
            edges = read_edges(path)
        except ValueError as error:
            mapping.problems.append(str(error))
            continue
        # L1b/L2a, L2b/L3a ... L5b/S1a
        slips = [(slip_percent(edges[i][0], edges[i + 1][0]), i) for i in range(1, len(edges) - 1, 2)]
        percent, at = max(slips)
        coded = any(code not in ("", "0") for _, code in edges)
        patient = path.stem.split("-")[0]
        file = str(image.relative_to(root))
        if percent < NO_SLIP_BELOW_PERCENT and not coded:
            mapping.labels.append(Label(file, "normal", patient))
        elif percent >= SLIP_FROM_PERCENT or coded:
            x1, y1, x2, y2 = edges[at][0]
            point = (round((x1 + x2) / 2, 1), round((y1 + y2) / 2, 1))
            note = f"{EDGES[at][:2]} on {EDGES[at + 1][:2]} {percent:.0f} %: spondylolysis or dls?"
            mapping.labels.append(Label(file, "unknown", patient, lesion=point, note=note))
        else:
            mapping.problems.append(f"{path.name}: {percent:.1f} % offset, neither clear slip nor clear normal")
    return mapping


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
