"""PyTorch on a CUDA card: the network of the bundled model with the outputs the node asks for.

    python3 bench/torch_gpu.py [--seconds 3] [--json FILE] [--limit 120]

For batch 1, 4 and 16: float32 (TF32 off and on) and float16, eager and compiled; pictures start and answers end in the
processor's memory, as in ``bench/gpu-inference.ts``. What does not fit into ``--limit`` seconds is listed as skipped. Also
prints the floor: operations over the card's peak and bytes over its bandwidth, both measured here.
"""
import argparse
import json
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "models" / "training"))
from lumbar_training.networks import LumbarNetwork  # noqa: E402

SIZE = 320
GMAC_PER_IMAGE = 10.93  # convolutions, squeeze-excitation and linear layers at 320 x 320


class Served(torch.nn.Module):
    """The four outputs of the graph contract."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, image):
        maps = self.network.maps(image)
        inner = maps.stride8.float()
        stats = torch.cat([inner.mean((2, 3)), inner.std((2, 3), unbiased=False)], 1)
        return maps.logits, maps.cam, maps.features, stats


def peak_flops(dtype) -> float:
    a, b = (torch.randn(8192, 8192, device="cuda", dtype=dtype) for _ in range(2))
    return 2 * 8192**3 / timed(lambda: a @ b, 0.5)


def bandwidth() -> float:
    """Bytes per second of a copy within the card's memory, read and written."""
    a = torch.empty(1 << 30, dtype=torch.uint8, device="cuda")
    b = torch.empty_like(a)
    return 2 * (1 << 30) / timed(lambda: b.copy_(a), 0.5)


def timed(work, seconds: float) -> float:
    """Median seconds of one call, the card waited for."""
    for _ in range(3):
        work()
    torch.cuda.synchronize()
    times, began = [], time.perf_counter()
    while time.perf_counter() - began < seconds:
        start = time.perf_counter()
        work()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--limit", type=float, default=120.0)
    parser.add_argument("--json", default="")
    args = parser.parse_args()
    began = time.perf_counter()
    torch.backends.cudnn.benchmark = True
    network = LumbarNetwork("effnetv2m").eval().cuda().to(memory_format=torch.channels_last)
    served = Served(network)
    compiled = torch.compile(served, dynamic=False)
    results = []

    def report(**values):
        results.append(values)
        print(json.dumps(values), flush=True)
        if args.json:
            Path(args.json).write_text(json.dumps(results, indent=2) + "\n")

    report(what="card", name=torch.cuda.get_device_name(), torch=torch.__version__, bandwidth=bandwidth())
    for name, dtype, tf32 in (("float32", torch.float32, False), ("TF32", torch.float32, True), ("float16", torch.float16, False)):
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
        report(what="peak of a matrix product", precision=name, flops=peak_flops(dtype))
    weights = sum(p.numel() for p in network.parameters())
    report(what="floor per image", flop=2e9 * GMAC_PER_IMAGE, weights=weights)
    with torch.inference_mode():
        for mode, module in (("eager", served), ("compiled", compiled)):
            for name, tf32, half in (("float16", False, True), ("float32", False, False), ("TF32", True, False)):
                for batch in (1, 16, 4):
                    if time.perf_counter() - began > args.limit:
                        report(what="skipped", mode=mode, precision=name, batch=batch)
                        continue
                    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
                    source = torch.rand(batch, 1, SIZE, SIZE).pin_memory()

                    def once():
                        image = source.cuda(non_blocking=True).contiguous(memory_format=torch.channels_last)
                        with torch.autocast("cuda", torch.float16, enabled=half):
                            return [output.float().cpu() for output in module(image)]

                    start = time.perf_counter()
                    once()
                    first = time.perf_counter() - start
                    median = timed(once, args.seconds)
                    report(what="forward", mode=mode, precision=name, batch=batch, first=first,
                           msPerRun=1000 * median, imagesPerSecond=batch / median)


if __name__ == "__main__":
    main()
