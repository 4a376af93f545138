"""Each mapper on a tiny fabricated sample of its collection's layout."""
import csv
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lumbar_training.mappers.buu import map_buu, slip_percent  # noqa: E402
from lumbar_training.mappers.folders import map_folders  # noqa: E402
from lumbar_training.mappers.labels import Label, Mapping, split_of, write_labels  # noqa: E402
from lumbar_training.mappers.vindr import map_vindr  # noqa: E402


class FolderCase(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.root = Path(self.temporary.name)

    def tearDown(self):
        self.temporary.cleanup()

    def write(self, name: str, text: str = "") -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class Folders(FolderCase):
    def test_class_folders_become_labels_and_strange_folders_a_note(self):
        for name in ("Normal/12_a.jpg", "Normal/12_b.jpg", "degenerative_slip/7-1.png", "Spondylolysis/x.dcm",
                     "Spondylolisthesis/y.jpg", "Scoliosis/z.jpg", "Normal/readme.txt"):
            self.write(name)
        mapping = map_folders(self.root)
        found = {label.file: (label.label, label.patient_id) for label in mapping.labels}
        self.assertEqual(found, {
            "Normal/12_a.jpg": ("normal", "12"), "Normal/12_b.jpg": ("normal", "12"),
            "degenerative_slip/7-1.png": ("dls", "7"), "Spondylolysis/x.dcm": ("spondylolysis", "x"),
            "Spondylolisthesis/y.jpg": ("unknown", "y"),
        })
        self.assertEqual(len(mapping.problems), 1)
        self.assertIn("Scoliosis", mapping.problems[0])


class VinDr(FolderCase):
    HEADER = "image_id,series_id,study_id,rad_id,lesion_type,xmin,ymin,xmax,ymax\n"

    def test_slips_carry_their_box_centre_and_other_findings_are_left_out(self):
        self.write("annotations/train.csv", self.HEADER + "a,s,st1,r1,Spondylolisthesis,10,20,30,60\n"
                   "a,s,st1,r1,Osteophytes,1,1,2,2\nb,s,st2,r1,No finding,,,,\nc,s,st3,r1,Osteophytes,1,2,3,4\n")
        self.write("annotations/test.csv", self.HEADER + "d,s,st4,r1,No finding,,,,\n")
        mapping = map_vindr(self.root)
        found = {label.file: label for label in mapping.labels}
        self.assertEqual(sorted(found), ["test_images/d.dicom", "train_images/a.dicom", "train_images/b.dicom"])
        self.assertEqual(found["train_images/a.dicom"].label, "unknown")
        self.assertEqual(found["train_images/a.dicom"].lesion, (20.0, 40.0))
        self.assertEqual(found["test_images/d.dicom"].split, "test")
        self.assertEqual(mapping.problems, ["train: 1 images with other findings only, left out"])


class Buu(FolderCase):
    def spine(self, slip: float, code: str = "0") -> str:
        rows = []
        for index in range(11):
            shift = slip if index <= 7 else 0.0  # L4's lower edge is row 7
            y = 40 * index
            rows.append(f"{100 + shift},{y},{150 + shift},{y},{code if index == 7 else '0'}")
        return "\n".join(rows) + "\n"

    def test_a_slip_is_measured_from_the_edges_and_left_for_a_reader(self):
        for stem, slip in (("0001-F-037Y1", 0.5), ("0002-M-060Y1", 10.0), ("0003-F-050Y1", 3.2)):
            self.write(f"LA/{stem}.jpg")
            self.write(f"LA/{stem}.csv", self.spine(slip))
        self.write("LA/0004-F-050Y1.csv", self.spine(0))
        self.write("LA/0005-F-050Y1.jpg")
        self.write("LA/0005-F-050Y1.csv", "1,2,3,4,0\n")
        mapping = map_buu(self.root)
        found = {label.patient_id: label for label in mapping.labels}
        self.assertEqual({k: v.label for k, v in found.items()}, {"0001": "normal", "0002": "unknown"})
        self.assertEqual(found["0002"].lesion, (135.0, 280.0))
        self.assertIn("L4 on L5 20 %", found["0002"].note)
        self.assertEqual(len(mapping.problems), 3)

    def test_slip_is_a_share_of_the_lower_edge(self):
        self.assertAlmostEqual(slip_percent((10, 0, 60, 0), (0, 5, 50, 5)), 20.0)


class Labels(FolderCase):
    def test_a_patient_never_lands_in_two_splits(self):
        mapping = Mapping([Label(f"{i}.dcm", "normal", f"p{i % 40}") for i in range(200)])
        write_labels(mapping, self.root / "labels.csv")
        splits = {}
        with (self.root / "labels.csv").open() as handle:
            for row in csv.DictReader(handle):
                splits.setdefault(row["patient_id"], set()).add(row["split"])
        self.assertTrue(all(len(s) == 1 for s in splits.values()))
        self.assertEqual({s for group in splits.values() for s in group}, {"train", "val", "test"})
        self.assertEqual(split_of("p1"), split_of("p1"))


if __name__ == "__main__":
    unittest.main()
