"""A run of the CIFAR scripts on a few random images: rows, and what is kept of it meanwhile."""

from __future__ import annotations

import warnings
from argparse import Namespace

import numpy as np
import pytest
from lib import cifar
from papers import m2m_cifar

ARGS = Namespace(
    depth=8, width=4, epochs=1, share=1.0, device="cpu", data_home=None, beta=0.0, lam=0.5,
    gamma=0.0, step_size=0.1,
)  # fmt: skip


@pytest.fixture
def images(monkeypatch, tmp_path):
    rng = np.random.default_rng(0)
    made = rng.integers(256, size=(60, 3, 32, 32)).astype(np.uint8), np.repeat(np.arange(3), 20)
    monkeypatch.setattr(m2m_cifar, "cifar10", lambda data_home: (made, made))
    monkeypatch.setattr(cifar, "RUNS", tmp_path)


def test_a_run_gives_its_row_and_keeps_g_alone(images, tmp_path):
    row = {"ratio": "10", "method": "M2m", "seed": "0"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # g of one epoch knows no class
        made = m2m_cifar.Runs(ARGS).run(row)
    assert set(made) == {"ratio", "method", "seed", *m2m_cifar.COLUMNS[-7:]}
    assert 0 <= float(made["balanced_accuracy"]) <= 100
    (g,) = tmp_path.iterdir()  # the checkpoints of fits that have ended are gone
    assert g.suffix == ".model"
    again = m2m_cifar.Runs(ARGS).source(10, 0).estimator
    assert again.module_.backbone is not None and len(again.classes_) == 3


def test_runs_are_kept_apart():
    rows = [{"seed": "0"}, {"seed": "1"}]
    assert len({cifar.kept_at(name, row) for name in ("a", "b") for row in rows}) == 4
