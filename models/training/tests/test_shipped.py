"""The bundled packages themselves: closed-form map against autograd, and the second graph's weights."""
import json
import sys
import unittest
from pathlib import Path

import numpy as np
import onnx
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from lumbar_training.from_onnx import read_network  # noqa: E402
from lumbar_training.gradcam_graph import STRIDE16_FILE, build_stride16_graph, without_shared_weights  # noqa: E402
from lumbar_training.inference import torch_runner  # noqa: E402
from lumbar_training.manifest import sha256_of  # noqa: E402
from test_graph import autograd_gradcam, normalised  # noqa: E402

MODELS = Path(__file__).resolve().parents[2]


class Shipped(unittest.TestCase):
    def check(self, name: str):
        folder = MODELS / name
        manifest = json.loads((folder / "manifest.json").read_text())
        model, size = read_network(folder / manifest["file"]), manifest["input"]["size"]
        golden = next(g for g in manifest["golden"] if g["kind"] == "tensor")
        image = np.fromfile(folder / golden["file"], "<f4").reshape(1, 1, size, size)
        logits, cam, _, _ = torch_runner(model)(image)
        self.assertLess(np.abs(logits[0] - golden["logits"]).max(), golden["tolerance"])
        for target in range(3):
            expected = normalised(autograd_gradcam(model, torch.from_numpy(image), target, "last"))
            actual = normalised(np.maximum(cam[:, target], 0))
            self.assertLess(np.abs(actual - expected).max(), 1e-5)
        return folder, manifest, model, size

    def test_closed_form_map_of_the_nano_package_equals_autograd(self):
        self.check("lumbar-nano-sim")

    def test_closed_form_map_of_the_large_package_equals_autograd_and_its_second_graph_is_of_the_same_weights(self):
        folder, manifest, model, size = self.check("lumbar-effnetv2m-sim")
        self.assertEqual(manifest["stride16"]["sha256"], sha256_of(folder / STRIDE16_FILE))
        again = without_shared_weights(build_stride16_graph(model, size, int8=True), onnx.load(str(folder / "model.onnx")))
        written = onnx.load(str(folder / STRIDE16_FILE))
        self.assertEqual([n.op_type for n in again.graph.node], [n.op_type for n in written.graph.node])
        self.assertEqual(
            [t.raw_data for t in again.graph.initializer], [t.raw_data for t in written.graph.initializer]
        )


if __name__ == "__main__":
    unittest.main()
