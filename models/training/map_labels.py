#!/usr/bin/env python3
"""Writes labels.csv from a public collection's own layout.

    python3 models/training/map_labels.py --layout vindr --data /path/to/vindr-spinexr --out labels.csv

Layouts: buu (BUU-LSPINE), vindr (VinDr-SpineXR), folders (one folder per class).
Rows labelled ``unknown`` need a reader's decision before training.
"""
import argparse

from lumbar_training.mappers.buu import map_buu
from lumbar_training.mappers.folders import map_folders
from lumbar_training.mappers.labels import write_labels
from lumbar_training.mappers.vindr import map_vindr

LAYOUTS = {"buu": map_buu, "vindr": map_vindr, "folders": map_folders}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layout", choices=sorted(LAYOUTS), required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    mapping = LAYOUTS[args.layout](args.data)
    for problem in mapping.problems:
        print(f"note: {problem}")
    counts = write_labels(mapping, args.out)
    print(f"{args.out}: " + ", ".join(f"{n} {label}" for label, n in sorted(counts.items())))
    if counts.get("unknown"):
        print("Rows labelled unknown need a reader: spondylolysis or dls? Change them before `lumbar-node preprocess`.")


if __name__ == "__main__":
    main()
