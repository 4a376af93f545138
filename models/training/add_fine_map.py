#!/usr/bin/env python3
"""Adds the second graph (Grad-CAM at stride 16) to an existing package.

    python3 models/training/add_fine_map.py --model models/my-model --version 1.0.1

The network is read back from the package's own file, so no checkpoint is
needed. The new file holds no weights: the node takes them from the model file.
"""
import argparse
import json
from pathlib import Path

import onnx

from lumbar_training.from_onnx import read_network
from lumbar_training.gradcam_graph import STRIDE16_FILE, build_stride16_graph, without_shared_weights
from lumbar_training.manifest import stride16_entry, write_manifest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="folder of the package")
    parser.add_argument("--version", required=True, help="the package's new version")
    parser.add_argument("--float32", action="store_true", help="for a package with float32 weights")
    args = parser.parse_args()
    folder = Path(args.model)
    manifest = json.loads((folder / "manifest.json").read_text())
    path, size = folder / manifest["file"], manifest["input"]["size"]
    model = read_network(path)
    second = without_shared_weights(build_stride16_graph(model, size, not args.float32), onnx.load(str(path)))
    onnx.save(second, str(folder / STRIDE16_FILE))
    manifest["stride16"] = stride16_entry(folder, model, size)
    manifest["version"] = args.version
    write_manifest(folder, manifest)
    print(f"{folder / STRIDE16_FILE}: {manifest['stride16']['sizeBytes']:,} bytes")


if __name__ == "__main__":
    main()
