"""The recipe from material to package on fabricated images, and its parts."""
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from fabricated import fabricate, fabricate_strangers  # noqa: E402
from lumbar_training.augment import Ahead, Batches, Window, carry_points, cut, window_matrices  # noqa: E402
from lumbar_training.calibration import expected_calibration_error, fit_temperature, log_loss, softmax  # noqa: E402
from lumbar_training.figures import class_figures, upsampled_peak  # noqa: E402
from lumbar_training.inference import Outputs  # noqa: E402
from lumbar_training.manifest import read_rejection, rejection_entry, sha256_of  # noqa: E402
from lumbar_training.losses import Criterion  # noqa: E402
from lumbar_training.material import read_material, refuse_shared_patients  # noqa: E402
from lumbar_training.networks import LumbarNetwork  # noqa: E402
from lumbar_training.packaging import package  # noqa: E402
from lumbar_training.recipes import Phase  # noqa: E402
from lumbar_training.refusal import discriminate, refusal_by_kind  # noqa: E402
from lumbar_training.rejection import fit_rejection  # noqa: E402
from lumbar_training.strangers import Discriminant  # noqa: E402
from lumbar_training.training import Run, train, with_batch  # noqa: E402


class Augmentation(unittest.TestCase):
    def test_a_lesion_point_moves_with_its_pixels(self):
        rng = np.random.default_rng(5)
        size, points = 160, np.array([[60.0, 100.0], [90.0, 70.0], [100.0, 110.0]])
        images = torch.zeros(3, 1, size, size)
        for row, (x, y) in enumerate(points.astype(int)):
            images[row, 0, y - 2 : y + 3, x - 2 : x + 3] = 1
        matrices = window_matrices(points, size, Window(90, 130, 96), rng)
        moved = carry_points(points, matrices, 96)
        out = cut(images, matrices, 96)
        for row in range(3):
            rows, columns = np.nonzero(out[row, 0].numpy() > 0.5)
            self.assertLess(abs(columns.mean() + 0.5 - moved[row, 0] ), 1.5)
            self.assertLess(abs(rows.mean() + 0.5 - moved[row, 1]), 1.5)


class Material(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.root = Path(self.temporary.name)

    def tearDown(self):
        self.temporary.cleanup()

    def test_batches_hold_every_class_evenly_and_stay_in_range(self):
        material = read_material(fabricate(self.root / "train", 30, 96, 1))
        images, labels, lesion = Batches(material, Window(60, 96, 64), 12, 1).next()
        self.assertEqual(tuple(images.shape), (12, 1, 64, 64))
        self.assertEqual(np.bincount(labels.numpy()).tolist(), [4, 4, 4])
        self.assertTrue(0 <= float(images.min()) and float(images.max()) <= 1)
        self.assertTrue(np.isnan(lesion[labels.numpy() == 0]).all())

    def test_batches_made_ahead_are_the_same_batches(self):
        material = read_material(fabricate(self.root / "train", 30, 96, 1))
        window = Window(60, 96, 64)
        plain, ahead = Batches(material, window, 6, 1), Ahead(Batches(material, window, 6, 1))
        for _ in range(4):
            expected, actual = plain.next(), ahead.next()
            self.assertEqual(expected[1].tolist(), actual[1].tolist())
            np.testing.assert_array_equal(expected[2], actual[2])
        ahead.close()
        self.assertFalse(ahead.thread.is_alive())

    def test_what_goes_wrong_while_batches_are_made_ahead_is_raised_where_they_are_taken(self):
        material = read_material(fabricate(self.root / "train", 30, 96, 1))
        material.row_of[:] = 10_000
        ahead = Ahead(Batches(material, Window(60, 96, 64), 6, 1))
        with self.assertRaises(IndexError):
            ahead.next()

    def test_a_truncated_shard_is_named(self):
        folder = fabricate(self.root / "train", 6, 64, 1)
        path = folder / "pixels-0.u8"
        path.write_bytes(path.read_bytes()[:-1])
        with self.assertRaisesRegex(ValueError, "pixels-0.u8"):
            read_material(folder)

    def test_a_patient_in_two_splits_is_refused(self):
        splits = {s: read_material(fabricate(self.root / s, 6, 64, 1)) for s in ("train", "val")}
        with self.assertRaisesRegex(ValueError, "both train and val"):
            refuse_shared_patients(splits)

    def test_an_unknown_label_is_refused_with_its_line(self):
        folder = fabricate(self.root / "train", 6, 64, 1)
        path = folder / "rows-0.csv"
        path.write_text(path.read_text().replace("spondylolysis", "unknown", 1))
        with self.assertRaisesRegex(ValueError, r"rows-0.csv:3: label 'unknown'"):
            read_material(folder)

    def test_from_material_to_package_and_resume(self):
        for seed, (split, count) in enumerate((("train", 96), ("val", 60), ("test", 60))):
            fabricate(self.root / split, count, 96, seed + 1)
        material = {s: read_material(self.root / s) for s in ("train", "val", "test")}
        phases = (
            Phase("near", Window(70, 96, 64), 16, 64, 2e-3, 1e-3, depths=(1, 1, 1, 1, 1, 1)),
            Phase("whole", Window(90, 100, 96), 16, 48, 1e-3, 1e-4),
            Phase("settle", Window(90, 100, 96), 16, 32, 1e-4, 1e-5, settle=True),
        )
        weights = train(Run(self.root / "run", "cpu", 1), "nano", phases, material)
        resumed = train(Run(self.root / "run", "cpu", 1), "nano", phases, material)
        self.assertEqual(weights, resumed)
        folder = self.root / "lumbar-test"
        manifest = package(weights, material, folder, {
            "id": "lumbar-test", "name": "Test", "version": "0.0.1", "kind": "simulated", "statement": "Fabricated.",
            "int8": True, "stride16": True, "training": "", "notes": "", "command": "train.py",
        })
        written = json.loads((folder / "manifest.json").read_text())
        self.assertEqual(written["sha256"], sha256_of(folder / "model.onnx"))
        self.assertEqual(written["metrics"]["test"]["images"], 60)
        self.assertEqual(written["input"]["size"], 96)
        self.assertEqual(manifest["rejection"]["features"]["bankColumns"], 512)
        self.assertEqual((folder / "rejection-bank.f32").stat().st_size, manifest["rejection"]["features"]["bankRows"] * 512 * 4)
        for entry in written["golden"]:
            self.assertEqual((folder / entry["file"]).stat().st_size, 96 * 96 * 4)
        self.assertIn("Not for clinical use", (folder / "MODEL_CARD.md").read_text())
        self.learns_what_to_refuse(folder)

    def learns_what_to_refuse(self, folder: Path):
        for seed, split in ((50, "train"), (60, "test")):
            fabricate_strangers(self.root / "strangers" / split, 40, 96, seed)
        recipe = Path(__file__).resolve().parents[1]
        for script in (["refit_rejection.py", "--version", "0.0.2"], ["measure_rejection.py", "--left-out"]):
            command = [sys.executable, str(recipe / script[0]), *script[1:], "--model", str(folder), "--material", str(self.root)]
            done = subprocess.run(command, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
        manifest = json.loads((folder / "manifest.json").read_text())
        self.assertEqual(manifest["version"], "0.0.2")
        self.assertEqual(manifest["rejection"]["strangers"]["fittedOn"]["strangers"], 40)
        measured = json.loads((folder / "evaluation" / "rejection.json").read_text())
        self.assertEqual(measured["strangers"]["inverted"]["refused"], 20)
        self.assertLessEqual(measured["strangers"]["quarter-turn"]["kindLeftOut"], 20)
        self.assertEqual(measured["laterals"]["images"], 60)


class FineMap(unittest.TestCase):
    def test_a_larger_batch_leaves_the_phase_of_second_derivatives_alone(self):
        phases = (Phase("a", Window(60, 96, 64), 16, 64, 1e-3, 1e-4), Phase("b", Window(60, 96, 64), 16, 64, 1e-3, 1e-4, settle=True))
        larger, same = with_batch(phases, 64)
        self.assertEqual((larger.batch, larger.rate, larger.final_rate), (64, 2e-3, 2e-4))
        self.assertEqual(same, phases[1])

    def test_settling_teaches_the_stride_16_map_where_to_point(self):
        torch.manual_seed(4)
        model = LumbarNetwork("nano").eval()
        torch.nn.init.normal_(model.classifier.weight, std=0.1)
        image, labels = torch.rand(6, 1, 96, 96), torch.tensor([1, 2, 1, 2, 1, 2])
        lesion = np.array([[20.0, 70.0]] * 3 + [[70.0, 30.0]] * 3)
        criterion = Criterion(model)
        criterion.fine = True
        for row, (x, y) in enumerate(lesion.astype(int)):
            image[row, 0, y - 6 : y + 6, x - 6 : x + 6] = 1
        optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3)
        seen = []
        for _ in range(30):
            loss, parts = criterion(model.maps(image), labels, lesion, 96)
            seen.append(parts["fine"])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        self.assertLess(seen[-1], 0.3 * seen[0])


class Figures(unittest.TestCase):
    def test_temperature_undoes_overconfidence(self):
        rng = np.random.default_rng(2)
        truth = rng.normal(0, 1.5, (4000, 3))
        labels = np.array([rng.choice(3, p=p) for p in softmax(truth)])
        self.assertAlmostEqual(fit_temperature(truth * 3, labels), 3.0, delta=0.3)
        self.assertLess(expected_calibration_error(softmax(truth), labels), 0.03)
        self.assertLess(log_loss(softmax(truth), labels), log_loss(softmax(truth * 3), labels))

    def test_class_figures_of_a_known_matrix(self):
        figures = class_figures(np.array([[8, 1, 1], [2, 8, 0], [0, 0, 10]]))
        self.assertAlmostEqual(figures["accuracy"], 26 / 30)
        self.assertAlmostEqual(figures["perClass"]["normal"]["specificity"], 18 / 20)
        self.assertAlmostEqual(figures["perClass"]["spondylolysis"]["precision"], 8 / 9)

    def test_peak_lies_where_bilinear_enlargement_puts_it(self):
        cam = torch.rand(4, 10, 10)
        large = torch.nn.functional.interpolate(cam[:, None], size=320, mode="bilinear", align_corners=False)[:, 0]
        for row, (x, y) in enumerate(upsampled_peak(cam.numpy(), 320)):
            self.assertGreaterEqual(float(large[row, int(y), int(x)]), 0.95 * float(large[row].max()))

    def test_rejection_refuses_few_of_its_own_and_all_of_the_strange(self):
        rng = np.random.default_rng(4)
        stats, features = rng.normal(1, 0.2, (1200, 12)), np.abs(rng.normal(1, 0.3, (1200, 16)))
        rejection = fit_rejection(stats[:800], features[:800], np.arange(800) % 2 == 0)
        self.assertLess(rejection.refused(stats[800:], features[800:]).mean(), 0.03)
        self.assertTrue(rejection.refused(stats[:50] + 3, features[:50]).all())

    def test_the_discriminant_refuses_what_lies_within_the_distances(self):
        rng = np.random.default_rng(6)
        stats, features = rng.normal(1, 0.2, (1600, 12)), np.abs(rng.normal(1, 0.3, (1600, 16)))
        strange = stats[:600] + np.array([0.25, -0.25] + [0.0] * 10), features[:600]
        kinds = np.where(np.arange(600) < 580, "turned", "rare")
        laterals, half = Outputs(None, None, features[600:], stats[600:]), np.arange(1000) % 2 == 0
        rejection = fit_rejection(stats[600:], features[600:], half)
        self.assertLess(rejection.too_far(*strange).mean(), 0.5)
        rejection.discriminant = discriminate(laterals, half, Outputs(None, None, strange[1], strange[0]), kinds)
        fresh = rng.normal(1, 0.2, (800, 12)), np.abs(rng.normal(1, 0.3, (800, 16)))
        self.assertLess(rejection.refused(*fresh).mean(), 0.05)
        by_kind = refusal_by_kind(rejection, Outputs(None, None, strange[1], strange[0]), kinds)
        self.assertGreater(by_kind["turned"]["refused"], by_kind["turned"]["byDistances"])

    def test_a_rejection_survives_its_manifest(self):
        rng = np.random.default_rng(7)
        stats, features = rng.normal(1, 0.2, (300, 6)), np.abs(rng.normal(1, 0.3, (300, 8)))
        rejection = fit_rejection(stats, features, np.arange(300) % 2 == 0)
        rejection.discriminant = Discriminant(rng.normal(0, 1, 14), -0.5, 2.0)
        with tempfile.TemporaryDirectory() as folder:
            rejection.bank.astype("<f4").tofile(Path(folder) / "rejection-bank.f32")
            read = read_rejection(Path(folder), {"rejection": rejection_entry(rejection)})
        for name in ("stats_distance",):
            self.assertLess(np.abs(getattr(read, name)(stats) - getattr(rejection, name)(stats)).max(), 1e-4)
        self.assertLess(np.abs(read.discriminant.score(stats, features) - rejection.discriminant.score(stats, features)).max(), 1e-6)


if __name__ == "__main__":
    unittest.main()
