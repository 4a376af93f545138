#!/usr/bin/env python3
"""Makes a small network from a trained package: its first stages, frozen, and a short tail trained on material.

    python3 models/training/shorten.py --from models/lumbar-effnetv2m-sim --material material --out run

The large network's front is computed once per image and view and kept in
out/cache; several of these commands may fill it at the same time
(--part 0/4 ... --part 3/4), and the one without --part trains.
"""
import argparse
from pathlib import Path

import numpy as np
import torch

from lumbar_training.from_onnx import read_network
from lumbar_training.material import read_material, refuse_shared_patients
from lumbar_training.shortening import Cached, cache_front, front_from, train_tail
from lumbar_training.training import Run

CHUNK = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="source", required=True, help="folder of the package whose front is taken over")
    parser.add_argument("--material", required=True, help="folder with train/ and val/")
    parser.add_argument("--out", required=True, help="folder of this run: cache, weights, log")
    parser.add_argument("--views", type=int, default=2, help="varied views of each training image beside the plain one")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--part", default="", help="i/n: fill only every n-th part of the cache, then stop")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    run = Run(args.out, "cpu", args.seed)
    material = {split: read_material(f"{args.material}/{split}") for split in ("train", "val")}
    refuse_shared_patients(material)
    model = front_from(read_network(Path(args.source) / "model.onnx"))
    part, parts = (int(v) for v in (args.part or "0/1").split("/"))
    wanted = [("val", 0), *(("train", view) for view in range(args.views + 1))]
    jobs = [
        (split, view, start) for split, view in wanted for start in range(0, len(material[split]), CHUNK)
    ]
    for split, view, start in jobs[part::parts]:
        path = run.folder / "cache" / split / f"{view}-{start:06d}.npz"
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        indices = np.arange(start, min(start + CHUNK, len(material[split])))
        cache_front(model, material[split], path, view and args.seed * 100_000 + view * 10_000 + start, indices)
        print(f"{split}, view {view}: {indices[-1] + 1} of {len(material[split])}", flush=True)
    if args.part:
        return
    cache = {split: Cached(run.folder / "cache" / split) for split in material}
    path = train_tail(run, model, cache["train"], cache["val"], material["train"].size, args.epochs)
    print(f"trained: {path}")


if __name__ == "__main__":
    main()
