"""The exported graphs against torch: outputs, and Grad-CAM against autograd."""
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lumbar_training.forward_graph import build_classifier_graph  # noqa: E402
from lumbar_training.from_onnx import read_network  # noqa: E402
from lumbar_training.gradcam_graph import build_stride16_graph, without_shared_weights  # noqa: E402
from lumbar_training.inference import onnx_runner, torch_runner  # noqa: E402
from lumbar_training.losses import fine_class_maps  # noqa: E402
from lumbar_training.networks import LumbarNetwork, grow  # noqa: E402
from lumbar_training.quantised import shipped  # noqa: E402

SIZE = 128


def lively(name: str = "nano", depths=()) -> LumbarNetwork:
    """A network with statistics and weights that no folding mistake survives."""
    torch.manual_seed(3)
    model = LumbarNetwork(name, depths)
    nn.init.normal_(model.classifier.weight, std=0.1)
    nn.init.normal_(model.classifier.bias, std=0.1)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2.0)
            nn.init.uniform_(module.weight, 0.7, 1.6)
            nn.init.normal_(module.bias, std=0.1)
    return model.eval()


def autograd_gradcam(model, image, target_class: int, layer: str) -> np.ndarray:
    """Selvaraju's definition, by torch's autograd."""
    maps = model.maps(image)
    activation = getattr(maps, layer)
    gradient = torch.autograd.grad(maps.logits[:, target_class].sum(), activation)[0]
    weighted = (gradient.mean((2, 3), keepdim=True) * activation).sum(1)
    return torch.relu(weighted).detach().numpy()


def normalised(maps: np.ndarray) -> np.ndarray:
    """Each map divided by its maximum."""
    return maps / np.maximum(maps.reshape(len(maps), -1).max(1), 1e-30)[:, None, None]


class ClosedForm(unittest.TestCase):
    def test_cam_equals_autograd_gradcam_after_normalisation(self):
        model, image = lively(), torch.rand(3, 1, SIZE, SIZE)
        cam = torch_runner(model)(image.numpy())[1]
        shown = 0
        for target in range(3):
            expected = normalised(autograd_gradcam(model, image, target, "last"))
            actual = normalised(np.maximum(cam[:, target], 0))
            shown += int((expected.reshape(3, -1).max(1) > 0.99).sum())
            self.assertLess(np.abs(actual - expected).max(), 1e-5)
        self.assertGreaterEqual(shown, 3)

    def test_mean_of_cam_plus_bias_is_the_logit(self):
        model = lively()
        logits, cam, _, _ = torch_runner(model)(np.random.rand(2, 1, SIZE, SIZE).astype(np.float32))
        bias = model.classifier.bias.detach().numpy()
        self.assertLess(np.abs(cam.mean((2, 3)) + bias - logits).max(), 1e-5)


class Exported(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self.temporary.name)

    def tearDown(self):
        self.temporary.cleanup()

    def save(self, graph, name="model.onnx") -> Path:
        onnx.save(graph, str(self.folder / name))
        return self.folder / name

    def runner(self, graph):
        runner = onnx_runner(self.save(graph))
        if runner is None:
            self.skipTest("onnxruntime for Python is not installed")
        return runner

    def test_every_output_equals_torch_at_batch_1_and_4(self):
        model = lively()
        runner = self.runner(build_classifier_graph(model, SIZE, int8=False))
        for batch in (1, 4):
            image = np.random.rand(batch, 1, SIZE, SIZE).astype(np.float32)
            for actual, expected in zip(runner(image), torch_runner(model)(image)):
                self.assertEqual(actual.shape, expected.shape)
                self.assertLess(np.abs(actual - expected).max(), 2e-5 * max(1.0, np.abs(expected).max()))

    def test_int8_file_equals_the_torch_network_with_rounded_weights(self):
        model = lively()
        runner = self.runner(build_classifier_graph(model, SIZE, int8=True))
        image = np.random.rand(2, 1, SIZE, SIZE).astype(np.float32)
        exact = torch_runner(lively())(image)
        rounded = torch_runner(shipped(model))(image)
        actual = runner(image)
        self.assertGreater(np.abs(exact[0] - rounded[0]).max(), 0)
        for mine, theirs in zip(actual, rounded):
            self.assertLess(np.abs(mine - theirs).max(), 2e-5 * max(1.0, np.abs(theirs).max()))

    def test_stride16_graph_equals_autograd(self):
        try:
            import onnxruntime
        except ImportError:
            self.skipTest("onnxruntime for Python is not installed")
        model, image = lively(), torch.rand(2, 1, SIZE, SIZE)
        path = self.save(build_stride16_graph(model, SIZE, int8=False))
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        for target in range(3):
            chosen = np.eye(3, dtype=np.float32)[target : target + 1]
            actual = session.run(["gradcam"], {"image": image.numpy(), "class_weight": chosen})[0][:, 0]
            expected = autograd_gradcam(model, image, target, "stride16")
            self.assertEqual(actual.shape, (2, SIZE // 16, SIZE // 16))
            self.assertLess(np.abs(normalised(actual) - normalised(expected)).max(), 1e-4)

    def test_what_the_recipe_trains_is_the_map_that_the_second_graph_shows(self):
        model, image, labels = lively(), torch.rand(3, 1, SIZE, SIZE), torch.tensor([1, 2, 1])
        trained = torch.relu(fine_class_maps(model.maps(image), labels)).detach().numpy()
        for row, label in enumerate(labels):
            shown = autograd_gradcam(model, image[row : row + 1], int(label), "stride16")
            np.testing.assert_allclose(normalised(trained[row : row + 1]), normalised(shown), atol=1e-5)

    def test_a_shipped_file_gives_its_network_back(self):
        model = lively()
        path = self.save(build_classifier_graph(model, SIZE, int8=True))
        image = np.random.rand(2, 1, SIZE, SIZE).astype(np.float32)
        read = read_network(path)
        for mine, theirs in zip(torch_runner(read)(image), torch_runner(shipped(model))(image)):
            self.assertLess(np.abs(mine - theirs).max(), 2e-5 * max(1.0, np.abs(theirs).max()))
        again = build_classifier_graph(read, SIZE, int8=True)
        self.assertEqual(again.SerializeToString(), onnx.load(str(path)).SerializeToString())

    def test_the_second_graph_leaves_its_weights_in_the_first_file(self):
        model = lively()
        first, second = (build(model, SIZE, int8=True) for build in (build_classifier_graph, build_stride16_graph))
        slim = without_shared_weights(second, first)
        self.assertLess(len(slim.SerializeToString()) * 20, len(second.SerializeToString()))
        # As the node does it: serialised messages of one type merge when appended.
        provided = {t.name for t in slim.graph.initializer}.union(*(set(n.output) for n in slim.graph.node))
        missing = {name for n in slim.graph.node for name in n.input} - provided - {i.name for i in slim.graph.input}
        donor = onnx.ModelProto()
        donor.graph.initializer.extend(t for t in first.graph.initializer if t.name in missing)
        self.assertEqual(len(donor.graph.initializer), len(missing))
        whole = onnx.ModelProto.FromString(slim.SerializeToString() + donor.SerializeToString())
        onnx.checker.check_model(whole)
        values = [{t.name: t.raw_data for t in m.graph.initializer} for m in (whole, second)]
        for mine, theirs in zip(whole.graph.node, second.graph.node):
            self.assertEqual(mine.op_type, theirs.op_type)
            for own, other in zip(mine.input, theirs.input):
                self.assertEqual(values[0].get(own, own), values[1].get(other, other))

    def test_int8_file_is_a_third_of_the_float_file(self):
        sizes = [self.save(build_classifier_graph(lively(), SIZE, int8=i)).stat().st_size for i in (True, False)]
        self.assertLess(sizes[0] * 3, sizes[1])


class Growth(unittest.TestCase):
    def test_a_grown_network_computes_what_the_shallow_one_did(self):
        shallow = lively("nano", (1, 1, 1, 1, 1, 1))
        full = grow(shallow).eval()
        self.assertEqual(full.depths, LumbarNetwork("nano").depths)
        image = torch.rand(2, 1, SIZE, SIZE)
        with torch.no_grad():
            self.assertLess(float((shallow(image) - full(image)).abs().max()), 1e-5)

    def test_every_grown_block_receives_a_gradient(self):
        full = grow(lively("nano", (1, 1, 1, 1, 1, 1))).train()
        full(torch.rand(2, 1, SIZE, SIZE)).square().sum().backward()
        block = full.net.features[5][2]
        gains = [m.weight.grad.abs().sum() for m in block.modules() if isinstance(m, nn.BatchNorm2d)]
        self.assertGreater(float(gains[-1]), 0)


if __name__ == "__main__":
    unittest.main()
