#!/usr/bin/env python3
"""Trains a classifier on material written by ``lumbar-node preprocess`` or the simulator.

    python3 models/training/train.py --material material --model nano --out run

Interrupted? The same command goes on from the last checkpoint.
"""
import argparse
import os

import torch

from lumbar_training.material import read_material, refuse_shared_patients
from lumbar_training.recipes import RECIPES
from lumbar_training.training import Run, scaled_to, shortened, train, with_batch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--material", required=True, help="folder with train/ and val/")
    parser.add_argument("--model", choices=sorted(RECIPES), default="effnetv2m")
    parser.add_argument("--out", required=True, help="folder of this run: checkpoint, weights, log")
    parser.add_argument("--pretrained", default="", help="torchvision efficientnet_v2_m ImageNet file, if you have it")
    parser.add_argument("--start", default="", help="model.pt of an earlier run to go on from")
    parser.add_argument("--share", type=float, default=1.0, help="share of the recipe's images to train on")
    parser.add_argument("--minutes", default="", help="instead: minutes for each phase, comma separated")
    parser.add_argument("--phases", default="", help="only these phases of the recipe, comma separated")
    parser.add_argument("--batch", type=int, default=0, help="images per step; more than the recipe's for a GPU")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    material = {split: read_material(f"{args.material}/{split}") for split in ("train", "val")}
    refuse_shared_patients(material)
    recipe = RECIPES[args.model]
    if args.phases:
        recipe = tuple(p for p in recipe if p.name in args.phases.split(","))
    minutes = [float(m) for m in args.minutes.split(",")] if args.minutes else []
    phases = scaled_to(shortened(recipe, args.share, minutes), material["train"].size)
    if args.batch:
        phases = with_batch(phases, args.batch)
    run = Run(args.out, args.device, args.seed)
    run.log(model=args.model, train=len(material["train"]), val=len(material["val"]), device=args.device)
    path = train(run, args.model, phases, material, args.pretrained, args.start)
    print(f"trained: {path}")


if __name__ == "__main__":
    main()
