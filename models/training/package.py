#!/usr/bin/env python3
"""Makes a model folder for lumbar-node from a training run.

    python3 models/training/package.py --run run --material material --id my-model --out models/my-model

Fits temperature, thresholds and rejection on material/val, measures on
material/test where there is one, exports model.onnx, and writes manifest,
golden inputs and model card. Pictures to refuse (other views, other body
parts) may lie in material/strangers/train and /test.
"""
import argparse
from pathlib import Path

from lumbar_training.material import read_material, read_strangers
from lumbar_training.packaging import package

SIMULATED = "Trained on simulated radiographs only. Not for clinical use."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True, help="folder of train.py, or a model.pt")
    parser.add_argument("--material", required=True, help="folder with val/ and, better, test/ and train/")
    parser.add_argument("--id", required=True, help="lower case letters, digits, dots and dashes")
    parser.add_argument("--out", required=True)
    parser.add_argument("--name", default="", help="name for people; the id when left out")
    parser.add_argument("--version", default="0.1.0")
    parser.add_argument("--statement", default="", help="what the model was trained on, in one or two sentences")
    parser.add_argument("--notes", default="", help="Markdown file to end the model card with")
    parser.add_argument("--training-notes", default="", help="Markdown file on how it was trained, for the card")
    parser.add_argument("--command", default="", help="training command to name in the card")
    parser.add_argument("--golden", default="", help="folder of make-golden.ts: DICOM files to verify with")
    parser.add_argument("--float32", action="store_true", help="keep float32 weights (four times the size)")
    parser.add_argument("--no-stride16", action="store_true", help="leave the finer second map graph out")
    parser.add_argument("--threads", type=int, default=0)
    args = parser.parse_args()
    run, material = Path(args.run), Path(args.material)
    splits = {name: read_material(material / name) for name in ("train", "val", "test") if (material / name).exists()}
    strangers = {
        name: read_strangers(material / "strangers" / name)
        for name in ("train", "test")
        if (material / "strangers" / name).exists()
    }
    if "val" not in splits:
        parser.error(f"{material} has no val/ to calibrate on")
    simulated = splits["val"].about.get("source", "simulated" if "seed" in splits["val"].about else "own") == "simulated"
    if not simulated and not args.statement:
        parser.error("--statement is needed: say what the model was trained on")

    def text(path):
        return Path(path).read_text() if path else ""

    package(run / "model.pt" if run.is_dir() else run, splits, args.out, {
        "id": args.id, "name": args.name or args.id, "version": args.version,
        "kind": "simulated" if simulated else "own", "statement": args.statement or SIMULATED,
        "int8": not args.float32, "stride16": not args.no_stride16, "threads": args.threads, "golden": args.golden,
        "strangers": strangers,
        "training": text(args.training_notes), "notes": text(args.notes),
        "command": args.command or f"python3 models/training/train.py --material {material} --out {run}",
    })


if __name__ == "__main__":
    main()
