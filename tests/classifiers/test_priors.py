"""Class shares."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb.classifiers.priors import counts_of, target_shares

LABELS = np.array(["bulk", "rare", "some"])
ALL = np.ones(3, dtype=bool)


def test_counts():
    y = ["some", "bulk", "some"]
    np.testing.assert_array_equal(counts_of(y, LABELS, None), [1, 0, 2])
    np.testing.assert_array_equal(counts_of(y, LABELS, np.array([0.5, 2.0, 1.0])), [2, 0, 1.5])
    with pytest.raises(ValueError, match=r"does not know: \['new'\]"):
        counts_of(["new"], LABELS, None)


@pytest.mark.parametrize(
    "given",
    [
        [0.2, 0.5, 0.3],
        {"some": 3, "bulk": 2, "rare": 5},
        {"some": 3, "bulk": 2, "rare": 5, "new": 90},
        pd.Series({"rare": 5, "bulk": 2, "some": 3}),
        pd.Series(["rare"] * 5 + ["bulk"] * 2 + ["some"] * 3).value_counts(normalize=True),
        pd.Series([2, 5, 3]).to_numpy(),
    ],
)
def test_shares_in_many_forms(given):
    np.testing.assert_allclose(target_shares(given, LABELS, ALL), [0.2, 0.5, 0.3])
    present = np.array([True, False, True])
    np.testing.assert_allclose(target_shares(given, LABELS, present), [0.4, 0.0, 0.6])


def test_equal_shares():
    np.testing.assert_allclose(target_shares(None, LABELS, ALL), 1 / 3)
    found = target_shares(None, LABELS, np.array([True, False, True]))
    np.testing.assert_allclose(found, [0.5, 0.0, 0.5])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([0.5, 0.5], "share for each of 3 classes.*by position"),
        ([0.5, np.nan, 0.5], "finite share"),
        ([0.5, -0.1, 0.6], "not negative"),
        ({"bulk": 1.0}, r"nothing for \['rare', 'some'\]"),
        ([0.0, 1.0, 0.0], "share of 0 for all"),
    ],
)
def test_errors(given, message):
    with pytest.raises(ValueError, match=message):
        target_shares(given, LABELS, np.array([True, False, True]))
