#!/usr/bin/env python3
"""Teaches an existing package which pictures to refuse, without training.

    python3 models/training/refit_rejection.py --model models/my-model --material material --version 1.0.1

Runs the package's own file over material/val and material/strangers/train,
fits the discriminant, writes it into the manifest, and reports refusals per
kind on material/strangers/test, and of laterals on material/test where there
is one. The distances, the network and its hash stay. What the file answered is
kept beside each split, so a second fit takes seconds.
"""
import argparse
import json
from pathlib import Path

from lumbar_training.inference import kept_outputs, onnx_runner, torch_runner
from lumbar_training.from_onnx import read_network
from lumbar_training.manifest import read_rejection, strangers_entry, write_manifest
from lumbar_training.material import read_material, read_strangers
from lumbar_training.refusal import FALSE_SHARE, discriminants_without, discriminate, refusal_by_kind
from lumbar_training.rejection import halves


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="folder of the package")
    parser.add_argument("--material", required=True, help="folder with val/, strangers/train/ and strangers/test/")
    parser.add_argument("--version", required=True, help="the package's new version")
    parser.add_argument("--false-share", type=float, default=FALSE_SHARE, help="laterals the discriminant may refuse")
    parser.add_argument("--threads", type=int, default=0)
    args = parser.parse_args()
    folder, material = Path(args.model), Path(args.material)
    manifest = json.loads((folder / "manifest.json").read_text())
    path = folder / manifest["file"]
    runner = onnx_runner(path, args.threads) or torch_runner(read_network(path))

    def answers(split, place):
        keep = material / place / f"outputs-{manifest['sha256'][:12]}.npz"
        return kept_outputs(keep, runner, split, lambda done, total: print(f"{place}: {done} of {total}", flush=True))

    val, known, test = (
        read_material(material / "val"),
        read_strangers(material / "strangers" / "train"),
        read_strangers(material / "strangers" / "test"),
    )
    half, kinds = halves(val.column("patient_id")), known.column("kind")
    laterals, strangers = answers(val, "val"), answers(known, "strangers/train")
    rejection = read_rejection(folder, manifest)
    rejection.discriminant = discriminate(laterals, half, strangers, kinds, args.false_share)
    without = discriminants_without(laterals, half, strangers, kinds, args.false_share)
    by_kind = refusal_by_kind(rejection, answers(test, "strangers/test"), test.column("kind"), without)
    unseen = {}
    if (material / "test").exists():
        seen = answers(read_material(material / "test"), "test")
        refused = rejection.refused(seen.stats, seen.features)
        unseen = {"images": len(refused), "refused": int(refused.sum())}
        print(f"laterals: {unseen['refused']} of {unseen['images']} refused")
    entry = strangers_entry(rejection.discriminant, len(rejection.mean))
    entry["fittedOn"] = {
        "laterals": int(half.sum()), "thresholdLaterals": int((~half).sum()), "strangers": len(known),
        "falseShare": args.false_share,
    }
    manifest["version"] = args.version
    manifest["rejection"]["strangers"] = entry
    manifest.setdefault("metrics", {})["strangers"] = by_kind
    if unseen:
        manifest["metrics"]["unseenLaterals"] = unseen
    write_manifest(folder, manifest)
    for kind, figures in by_kind.items():
        print(f"{kind}: {figures['refused']} of {figures['images']} refused, "
              f"{figures['byDistances']} by the distances alone, {figures['kindLeftOut']} by a fit without this kind")


if __name__ == "__main__":
    main()
