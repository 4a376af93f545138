#!/usr/bin/env python3
"""Teaches an existing package which pictures to refuse, without training.

    python3 models/training/refit_rejection.py --model models/my-model --material material --version 1.0.1

Runs the package's own file over material/val and material/strangers/train,
fits the discriminant, writes it into the manifest, and reports refusals per
kind on material/strangers/test. The distances, the network and its hash stay.
"""
import argparse
import json
from pathlib import Path

from lumbar_training.inference import onnx_runner, run_over, torch_runner
from lumbar_training.from_onnx import read_network
from lumbar_training.manifest import read_rejection, strangers_entry, write_manifest
from lumbar_training.material import read_material, read_strangers
from lumbar_training.refusal import discriminants_without, discriminate, refusal_by_kind
from lumbar_training.rejection import halves


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="folder of the package")
    parser.add_argument("--material", required=True, help="folder with val/, strangers/train/ and strangers/test/")
    parser.add_argument("--version", required=True, help="the package's new version")
    parser.add_argument("--threads", type=int, default=0)
    args = parser.parse_args()
    folder, material = Path(args.model), Path(args.material)
    manifest = json.loads((folder / "manifest.json").read_text())
    path = folder / manifest["file"]
    runner = onnx_runner(path, args.threads) or torch_runner(read_network(path))

    def answers(split):
        return run_over(runner, split, report=lambda done, total: print(f"{done} of {total}", flush=True))

    val, known, test = (
        read_material(material / "val"),
        read_strangers(material / "strangers" / "train"),
        read_strangers(material / "strangers" / "test"),
    )
    laterals, strangers, half = answers(val), answers(known), halves(val.column("patient_id"))
    rejection = read_rejection(folder, manifest)
    kinds = known.column("kind")
    rejection.discriminant = discriminate(laterals, half, strangers, kinds)
    without = discriminants_without(laterals, half, strangers, kinds)
    by_kind = refusal_by_kind(rejection, answers(test), test.column("kind"), without)
    manifest["version"] = args.version
    manifest["rejection"]["strangers"] = strangers_entry(rejection.discriminant, len(rejection.mean))
    manifest.setdefault("metrics", {})["strangers"] = by_kind
    write_manifest(folder, manifest)
    for kind, figures in by_kind.items():
        print(f"{kind}: {figures['refused']} of {figures['images']} refused")


if __name__ == "__main__":
    main()
