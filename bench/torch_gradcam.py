"""Milliseconds per image of torch: forward pass and Grad-CAM by autograd of the same network.

Arguments: network (effnetv2m or nano), input size, threads, images. Prints one figure per line. The usual
implementation is measured: a hook keeps the last feature map and its gradient, ``backward`` runs through the network.
"""
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "models" / "training"))
from lumbar_training.networks import LumbarNetwork  # noqa: E402

name, size, threads, images = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(threads)
torch.manual_seed(1)
network = LumbarNetwork(name).eval()
torch.nn.init.normal_(network.classifier.weight, std=0.01)
kept = {}


def keep(module, given, out):
    out.retain_grad()
    kept["map"] = out


network.net.features[-1].register_forward_hook(keep)
for _ in range(images):
    image = torch.rand(1, 1, size, size)
    start = time.perf_counter()
    logits = network(image)
    network.zero_grad(set_to_none=True)
    logits[0, 1].backward()
    features = kept["map"]
    weights = features.grad.mean(dim=(2, 3), keepdim=True)
    cam = torch.relu((weights * features).sum(dim=1))
    cam = cam / cam.max().clamp(min=1e-12)
    print((time.perf_counter() - start) * 1000, flush=True)
