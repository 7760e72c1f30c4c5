"""The affinity paper's figures on small digits: what is trained on what."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from lib import records
from papers import affinity_digits


def test_what_is_trained_on():
    _, y, *_ = affinity_digits.images()
    job = {"experiment": "fig5", "setting": "30 % wrong labels", "seed": "0"}
    assert np.mean(affinity_digits.training_part(job)[1] != y) == pytest.approx(0.3, abs=0.01)
    low = {"experiment": "fig8", "setting": "10 % of 0 to 4, 3 prototypes", "seed": "0"}
    X, fewer = affinity_digits.training_part(low)
    assert len(X) == len(fewer)
    kept = np.bincount(fewer) / np.bincount(y)
    assert kept[:5] == pytest.approx([0.1] * 5, abs=0.01)
    assert kept[5:].tolist() == [1.0] * 5


@pytest.mark.filterwarnings("ignore")  # one epoch learns next to nothing
def test_rows_are_written_once_a_setting_and_seed(monkeypatch, tmp_path):
    monkeypatch.setattr(records, "RESULTS", tmp_path)
    monkeypatch.setattr(affinity_digits, "EPOCHS", 1)
    monkeypatch.setattr(affinity_digits, "EXPERIMENTS", ("table4", "fig5"))
    first = {method: own[:1] for method, own in affinity_digits.CANDIDATES.items()}
    monkeypatch.setattr(affinity_digits, "CANDIDATES", first)
    monkeypatch.setattr(sys, "argv", ["affinity_digits.py", "--seeds", "1"])
    affinity_digits.main()
    found = records.read_csv(affinity_digits.FILE)
    assert len(found) == 4 + 2 * 5
    settings = {row["setting"]: row for row in found}
    inverse = settings["10 % of 0 to 4, sqeuclidean, inverse"]
    assert inverse["paper"] == "99.1" and float(inverse["reduced"]) >= 0
    assert settings["50 % wrong labels"]["reduced"] == ""
    for row in found:
        assert json.loads(row["config"]) == first[affinity_digits.searched_as(row)][0]
    assert json.loads(inverse["config"])["distance"] == "sqeuclidean"
    affinity_digits.main()
    assert records.read_csv(affinity_digits.FILE) == found
