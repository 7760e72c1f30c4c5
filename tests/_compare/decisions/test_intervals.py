from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from sklimb._compare.decisions.intervals import bootstrap_mean, wilson


@pytest.mark.parametrize(("hits", "n"), [(0, 5), (3, 10), (83, 100), (7, 7)])
def test_wilson_is_that_of_scipy(hits, n):
    theirs = binomtest(hits, n).proportion_ci(method="wilson")
    assert wilson(hits, n) == pytest.approx((theirs.low, theirs.high))


def test_nothing_counted_says_nothing():
    assert wilson(0, 0) == (0.0, 1.0)


def test_a_bootstrap_covers_the_mean_and_narrows_with_the_root_of_the_rows():
    values = np.repeat([0.0, 1.0, 50.0], [900, 80, 20])
    low, high = bootstrap_mean(values)
    assert low < values.mean() < high
    error = values.std() / np.sqrt(len(values))
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.15)
