from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from sklimb._data.weights import check_weights


def test_weights():
    assert check_weights(None, 3) is None
    assert check_weights(2.5, 3) is None
    assert check_weights([2, 2, 2], 3) is None
    got = check_weights([1, 0, 2], 3)
    assert got.dtype == np.float64
    assert got.tolist() == [1.0, 0.0, 2.0]
    assert check_weights(pd.Series([1.0, 3.0]), 2).tolist() == [1.0, 3.0]
    single = check_weights(np.array([0.1, 0.2], dtype=np.float32), 2)
    assert single.dtype == np.float64


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([1.0, -1.0, 1.0], "[Nn]egative"),
        ([1.0, np.nan, 1.0], "NaN"),
        ([1.0, np.inf, 1.0], "infinity"),
        ([1.0, 2.0], "shape"),
        ([[1.0], [2.0], [3.0]], "1D"),
        ([0.0, 0.0, 0.0], "0 for every sample|zero"),
        (0.0, "0 for every sample|zero"),
    ],
)
def test_weights_that_cannot_be(bad, message):
    with pytest.raises(ValueError, match=message):
        check_weights(bad, 3)


def test_weights_whose_sums_overflow_are_refused():
    with pytest.raises(ValueError, match=r"sample_weight has a weight of 1e\+300"):
        check_weights([1e300, 1, 2], 3)
    assert check_weights([1e300] * 3, 3) is None  # equal ones are as 1
    assert check_weights([1e-300, 1, 2], 3).tolist() == [1e-300, 1, 2]


@pytest.mark.parametrize(
    "bad, said",
    [
        ("balanced", "got 'balanced'. What goes by class is class_weight"),
        ({"a": 1, "b": 2}, "What goes by class is class_weight"),
        (pd.Series(pd.to_timedelta([1, 2, 3], unit="D")), "got timedelta64.*made numbers first"),
        (np.array(["2024-01-01"] * 3, dtype="datetime64[D]"), "got datetime64.*made numbers first"),
        (["1", "heavy", "2"], "sample_weight must hold a number for each sample.*'heavy'"),
        ([1, {}, 2], "sample_weight must hold a number for each sample"),
        (np.ma.masked_array([1.0, 2.0, 3.0], [True, False, False]), "sample_weight contains NaN"),
    ],
)
def test_weights_that_are_no_numbers_are_named(bad, said):
    with pytest.raises((TypeError, ValueError), match=said):
        check_weights(bad, 3)


def test_weights_of_a_graph_are_taken_as_numbers():
    assert check_weights(torch.tensor([1.0, 2.0], requires_grad=True), 2).tolist() == [1.0, 2.0]
