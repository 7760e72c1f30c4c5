"""The sizes of classes that Figure 3 of the M2m paper draws."""

from __future__ import annotations

import sys

import numpy as np
from lib import records
from papers import m2m_sizes


def test_sizes_and_ratio_of_each_set(monkeypatch, tmp_path):
    made = {
        "twitter": [(None, np.repeat(["a", "b"], [6, 3])), None, None],
        "reuters": (None, np.repeat([0, 1, 2], [4, 8, 2]), None, None),
    }
    monkeypatch.setattr(m2m_sizes, "texts", lambda name, data_home: made[name])
    for module in (records, m2m_sizes):
        monkeypatch.setattr(module, "RESULTS", tmp_path)
    monkeypatch.setattr(sys, "argv", ["m2m_sizes.py"])
    (tmp_path / "papers").mkdir()
    m2m_sizes.main()
    found = {row["set"]: row for row in records.read_csv(m2m_sizes.FILE)}
    assert list(found) == list(m2m_sizes.PAPER)
    assert [found["Reuters"][name] for name in ("classes", "largest", "smallest")] == [
        "3",
        "8",
        "2",
    ]
    assert found["Twitter"]["ratio"] == "2.0"
    of_cifar = found["CIFAR-10-LT, 100"]
    assert (of_cifar["largest"], of_cifar["smallest"]) == ("5000", "50")
    assert (tmp_path / m2m_sizes.PICTURE).read_bytes().startswith(b"\x89PNG")
