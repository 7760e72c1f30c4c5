"""The recipe for faces, on images that are made here."""

from __future__ import annotations

import numpy as np
import pytest
from lib import cifar
from papers import affinity_faces
from papers.affinity_faces import fold_accuracies, read_pairs
from PIL import Image


@pytest.fixture
def faces(tmp_path, monkeypatch):
    monkeypatch.setattr(cifar, "RUNS", tmp_path / "runs")
    rng = np.random.default_rng(0)
    for name in ("ann", "bob"):
        (tmp_path / "data" / name).mkdir(parents=True)
        for n in (1, 2, 3):
            pixels = rng.integers(256, size=(24, 24, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / name / f"{name}_{n:04d}.jpg")
    lines = ["10 300", *(["ann 1 2", "bob 2 3", "ann 1 bob 2", "ann 3 bob 1"] * 3)]
    (tmp_path / "pairs.txt").write_text("\n".join(lines))
    return tmp_path


@pytest.mark.filterwarnings("ignore")  # a step on noise learns nothing
def test_a_step_of_training_and_the_verification_of_pairs(faces):
    told = ["--data", str(faces / "data"), "--epochs", "1", "--size", "32", "--width", "2",
            "--pairs", "LFW", str(faces / "data"), str(faces / "pairs.txt")]  # fmt: skip
    args = affinity_faces.parser().parse_args(told)
    (job,) = affinity_faces.jobs(args)
    row = affinity_faces.run(job, args=args)
    assert set(row) == set(affinity_faces.COLUMNS)
    assert (row["pairs"], row["paper"]) == ("12", "99.65")
    assert 0 <= float(row["accuracy"]) <= 100
    again = affinity_faces.run(job, args=args)  # by the network that was kept
    assert again["accuracy"] == row["accuracy"]


def test_pairs_of_both_forms(faces):
    (faces / "other.txt").write_text("ann/a.jpg bob/b.jpg 0\nann/a.jpg ann/b.jpg 1\n")
    pairs = read_pairs(faces, faces / "other.txt")
    assert [same for *_, same in pairs] == [False, True]
    pairs = read_pairs(faces / "data", faces / "pairs.txt")
    assert [same for *_, same in pairs[:4]] == [True, True, False, False]
    assert all(path.exists() for *paths, _ in pairs for path in paths)
    (faces / "other.txt").write_text("a name of many words\n")
    with pytest.raises(ValueError, match="is no pair"):
        read_pairs(faces, faces / "other.txt")


def test_the_threshold_is_the_best_of_the_other_folds():
    rng = np.random.default_rng(0)
    same = rng.random(200) < 0.5
    apart = np.where(same, 0.8, 0.2) + rng.uniform(-0.1, 0.1, 200)
    assert fold_accuracies(apart, same).tolist() == [1.0] * 10
    alike = np.where(same, 1.0, -1.0)
    alike[:20] *= -1  # the first fold is wrong throughout, and does not move the threshold
    assert fold_accuracies(alike, same).tolist() == [0.0] + [1.0] * 9
