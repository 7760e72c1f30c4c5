"""Figures 4 and 5 of the M2m paper, drawn of a few digits."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from lib import records
from papers import m2m_ablation, m2m_pictures


def test_of_each_digit_a_few_are_drawn_and_the_frequent_hold_half(monkeypatch):
    monkeypatch.setattr(m2m_pictures, "DRAWN", 2)
    y = np.repeat([0, 1, 2], [5, 4, 3])
    assert m2m_pictures.drawn(y).tolist() == [0, 1, 5, 6, 9, 10]
    assert m2m_pictures.frequent(y).tolist() == [0, 1]


@pytest.mark.filterwarnings("ignore")  # two epochs on noise learn nothing
def test_the_picture_is_drawn_of_what_was_trained(monkeypatch, tmp_path):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [20, 10, 5])
    X = rng.random((len(y), 6)).astype(np.float32)
    monkeypatch.setattr(m2m_ablation, "load", lambda *told: (X, y, X, y))
    monkeypatch.setitem(m2m_ablation.SHARED, "max_epochs", 2)
    monkeypatch.setattr(m2m_pictures, "DRAWN", 5)
    for module in (records, m2m_pictures):
        monkeypatch.setattr(module, "RESULTS", tmp_path)
    monkeypatch.setattr(sys, "argv", ["m2m_pictures.py"])
    with pytest.raises(SystemExit, match=r"No settings of M2m.*m2m_ablation.py"):
        m2m_pictures.main()
    row = {"set": "mnist", "validation": "1", "config": '{"step_size": 0.1, "beta": 0.9}'}
    records.write_csv(m2m_ablation.SEARCH, [row], tuple(row))
    m2m_pictures.main()
    found = records.read_csv(m2m_pictures.FILE)
    assert [row["method"] for row in found] == list(m2m_pictures.METHODS)
    for row in found:
        assert 0 <= int(row["called_frequent"]) <= int(row["false_positives"]) <= len(y)
        assert -1 <= float(row["silhouette"]) <= 1
    assert (tmp_path / m2m_pictures.PICTURE).read_bytes().startswith(b"\x89PNG")
