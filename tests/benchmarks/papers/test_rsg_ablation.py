"""RSG's ablations on a few images that are made here: rows, epochs, the picture."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from lib import cifar, records
from papers import rsg_ablation


@pytest.fixture
def small(monkeypatch, tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.integers(256, size=(40, 1, 12, 12)).astype(np.float32), np.arange(40) % 10
    y[10:30] = 0
    monkeypatch.setattr(rsg_ablation, "images", lambda data_home, n_max, seed: (X, y, X, y))
    monkeypatch.setattr(cifar, "RUNS", tmp_path / "runs")
    for module in (records, rsg_ablation):
        monkeypatch.setattr(module, "RESULTS", tmp_path)
    told = ["rsg_ablation.py", "--variants", "LDAM-DRW", "RSG", "--seeds", "2", "--epochs", "4"]
    monkeypatch.setattr(sys, "argv", told)
    (tmp_path / "papers").mkdir()
    return tmp_path


@pytest.mark.filterwarnings("ignore")  # nothing is learnt from noise
def test_rows_epochs_and_picture(small, capsys):
    rsg_ablation.main()
    rows = records.read_csv(rsg_ablation.FILE)
    assert [row["variant"] for row in rows] == ["LDAM-DRW", "RSG"] * 2
    assert all(0 <= float(row["rare_error"]) <= 100 for row in rows)
    epochs = records.read_csv(rsg_ablation.LEARNING)
    assert [(row["seed"], row["epoch"]) for row in epochs] == [
        (seed, str(epoch)) for seed in "01" for epoch in range(1, 5)
    ]
    made = np.array([float(row["n_generated"]) for row in epochs]).reshape(2, 4)
    assert (made[:, :2] == 0).all() and (made[:, 2:] > 0).all()
    assert all((row["mv_cosine"] == "nan") == (int(row["epoch"]) < 3) for row in epochs)
    assert (small / rsg_ablation.PICTURE).read_bytes().startswith(b"\x89PNG")
    assert "2 s.e." in capsys.readouterr().out
