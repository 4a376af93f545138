#!/usr/bin/env python3
"""Teaches an existing package which pictures to refuse, without training.

    python3 models/training/refit_rejection.py --model models/my-model --material material --version 1.0.1

Runs the package's own file over material/val and material/strangers/train,
fits the discriminant and writes it into the manifest. The distances, the
network and its hash stay. ``measure_rejection.py`` tells what it refuses then.
"""
import argparse
import json
from pathlib import Path

from lumbar_training.inference import Answers
from lumbar_training.manifest import read_rejection, strangers_entry, write_manifest
from lumbar_training.material import read_material, read_strangers
from lumbar_training.refusal import FALSE_SHARE, discriminate
from lumbar_training.rejection import halves


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="folder of the package")
    parser.add_argument("--material", required=True, help="folder with val/ and strangers/train/")
    parser.add_argument("--version", required=True, help="the package's new version")
    parser.add_argument("--false-share", type=float, default=FALSE_SHARE, help="laterals the discriminant may refuse")
    parser.add_argument("--threads", type=int, default=0)
    args = parser.parse_args()
    folder, material = Path(args.model), Path(args.material)
    manifest = json.loads((folder / "manifest.json").read_text())
    answers = Answers(folder / manifest["file"], args.threads)
    val, known = read_material(material / "val"), read_strangers(material / "strangers" / "train")
    half = halves(val.column("patient_id"))
    discriminant = discriminate(
        answers.to(val, material / "val"), half, answers.to(known, material / "strangers" / "train"),
        known.column("kind"), args.false_share,
    )
    entry = strangers_entry(discriminant, len(read_rejection(folder, manifest).mean))
    entry["fittedOn"] = {
        "laterals": int(half.sum()), "thresholdLaterals": int((~half).sum()), "strangers": len(known),
        "falseShare": args.false_share,
    }
    manifest["version"] = args.version
    manifest["rejection"]["strangers"] = entry
    # They were counted with the thresholds before.
    metrics = manifest.get("metrics", {})
    metrics.pop("strangers", None)
    for split in ("val", "test"):
        metrics.get(split, {}).pop("falselyRefused", None)
    write_manifest(folder, manifest)
    print(f"threshold {entry['threshold']}, fitted on {entry['fittedOn']}")


if __name__ == "__main__":
    main()
