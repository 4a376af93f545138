#!/usr/bin/env python3
"""Counts which strange pictures and which laterals a package refuses.

    python3 models/training/measure_rejection.py --model models/my-model --material material

Pictures of material/strangers/test and, where there is one, laterals of
material/test; their seeds must be others than those of the fit. With
--left-out, also what a fit without each kind (material/val and
material/strangers/train) refuses of that kind. Writes
evaluation/rejection.json into the package.
"""
import argparse
import json
from pathlib import Path

from lumbar_training.inference import Answers
from lumbar_training.manifest import read_rejection
from lumbar_training.material import read_material, read_strangers
from lumbar_training.refusal import discriminants_without, refusal_by_kind
from lumbar_training.rejection import halves


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="folder of the package")
    parser.add_argument("--material", required=True, help="folder with strangers/test/")
    parser.add_argument("--left-out", action="store_true", help="judge kinds that the fit never met")
    parser.add_argument("--threads", type=int, default=0)
    args = parser.parse_args()
    folder, material = Path(args.model), Path(args.material)
    manifest = json.loads((folder / "manifest.json").read_text())
    answers, rejection = Answers(folder / manifest["file"], args.threads), read_rejection(folder, manifest)
    strangers = read_strangers(material / "strangers" / "test")
    without = {}
    if args.left_out:
        val, known = read_material(material / "val"), read_strangers(material / "strangers" / "train")
        without = discriminants_without(
            answers.to(val, material / "val"), halves(val.column("patient_id")),
            answers.to(known, material / "strangers" / "train"), known.column("kind"),
            manifest["rejection"]["strangers"]["fittedOn"]["falseShare"],
        )
    seen = answers.to(strangers, material / "strangers" / "test")
    result = {
        "schema": 1, "modelSha256": manifest["sha256"], "version": manifest["version"],
        "simulated": True, "seeds": seeds(strangers),
        "strangers": refusal_by_kind(rejection, seen, strangers.column("kind"), without),
    }
    if (material / "test").exists():
        test = read_material(material / "test")
        laterals = answers.to(test, material / "test")
        refused = rejection.refused(laterals.stats, laterals.features)
        result["laterals"] = {"images": len(refused), "refused": int(refused.sum()), "seeds": seeds(test)}
    (folder / "evaluation").mkdir(exist_ok=True)
    (folder / "evaluation" / "rejection.json").write_text(json.dumps(result, indent=2) + "\n")
    print(table(result["strangers"]))
    print(result.get("laterals", ""))


def seeds(material) -> list:
    """First and last seed of the pictures; empty where there are none."""
    known = [int(seed) for seed in material.column("seed") if seed]
    return [min(known), max(known)] if known else []


def table(by_kind: dict) -> str:
    """Markdown for the model card."""
    columns = ["images", "refused", "byDistances"] + (["kindLeftOut"] if "kindLeftOut" in next(iter(by_kind.values())) else [])
    lines = ["| kind | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {kind} | " + " | ".join(str(f[c]) for c in columns) + " |" for kind, f in by_kind.items()]
    totals = [sum(f[c] for f in by_kind.values()) for c in columns]
    return "\n".join([*lines, "| **all** | " + " | ".join(map(str, totals)) + " |"])


if __name__ == "__main__":
    main()
