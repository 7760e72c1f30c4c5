"""Figure 2 of the affinity paper, drawn of a few images that are made here."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from lib import affinity_mnist, records
from papers import affinity_picture


@pytest.fixture
def small(monkeypatch, tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.integers(256, size=(30, 1, 28, 28)).astype(np.uint8), np.arange(30) % 10
    made = lambda data_home: (X, y, X[:20], y[:20])  # noqa: E731
    for module in (affinity_mnist, affinity_picture):
        monkeypatch.setattr(module, "images", made)
    for module in (records, affinity_picture):
        monkeypatch.setattr(module, "RESULTS", tmp_path)
    # all of the few digits 0 to 4 stay
    monkeypatch.setattr(affinity_picture, "training_part", lambda job, data_home: (X, y))
    monkeypatch.setattr(affinity_picture, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(sys, "argv", ["affinity_picture.py", "--epochs", "1"])
    return tmp_path


@pytest.mark.filterwarnings("ignore")  # an epoch on noise learns nothing
def test_the_picture_is_drawn_of_what_was_trained(small):
    rows = [
        {"method": "softmax", "config": '{"lr": 0.01}'},
        {"method": "affinity", "config": '{"lr": 0.01, "sigma": 10.0, "n_prototypes": 5}'},
        {"method": "centre loss", "config": '{"lr": 0.01, "lambda1": 0.1}'},
    ]
    records.write_csv(
        affinity_picture.SEARCH, [row | {"validation": "1"} for row in rows],
        ("method", "validation", "config"),
    )  # fmt: skip
    affinity_picture.main()
    found = records.read_csv(affinity_picture.FILE)
    assert [row["method"] for row in found] == list(affinity_mnist.LOSSES_OF_FIG_2)
    picture = small / affinity_picture.PICTURE
    assert picture.read_bytes().startswith(b"\x89PNG")
    kept = np.load(affinity_picture.feature_file(found[-1]))
    assert kept["points"].shape == (20, 2)
    assert kept["marks"].shape == (10, 2)  # one prototype a class


def test_without_a_search_it_says_what_to_do(small):
    with pytest.raises(SystemExit, match=r"No settings of 'softmax'.*affinity_mnist.py"):
        affinity_picture.main()
