"""Probabilities and their logarithms against loops with Python's own floats."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sklimb.classifiers.probabilities import log_probabilities, probabilities

each_type = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def naive(row):
    top = max(row)
    total = math.fsum(math.exp(score - top) for score in row)
    return [score - top - math.log(total) for score in row]


@each_type
def test_they_are_those_of_a_loop(dtype):
    scores = np.random.default_rng(0).normal(scale=5, size=(50, 4)).astype(dtype)
    logs = np.array([naive(row) for row in scores.tolist()])
    found, logarithms = probabilities(scores, dtype), log_probabilities(scores, dtype)
    assert found.dtype == logarithms.dtype == dtype
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(found, np.exp(logs), rtol=20 * eps)
    np.testing.assert_allclose(logarithms, logs, rtol=20 * eps, atol=20 * eps)
    np.testing.assert_allclose(found.sum(1, dtype=float), 1, rtol=20 * eps)


@each_type
def test_both_say_the_same_where_a_probability_is_close_to_one(dtype):
    # in float32 one less 4e-9 is 1, and its logarithm is no -4e-9 then
    scores = np.linspace(0, 60, 241)[:, None] * np.array([[0.0, 1.0, 0.3]])
    found, logarithms = probabilities(scores, dtype), log_probabilities(scores, dtype)
    likely = found > 0.5
    np.testing.assert_array_equal(
        logarithms[likely], np.log(found[likely], dtype=float).astype(dtype)
    )
    assert (found == 1).any() and (logarithms[found == 1] == 0).all()
    np.testing.assert_array_equal(np.argsort(logarithms), np.argsort(found))


@each_type
def test_logarithms_are_finite_where_probabilities_underflow(dtype):
    scores = np.array([[0.0, 3000.0], [-3000.0, 3000.0]], dtype=dtype)
    assert (probabilities(scores, dtype)[:, 0] == 0).all()
    assert log_probabilities(scores, dtype)[:, 0].tolist() == [-3000.0, -6000.0]
    assert scores.tolist() == [[0.0, 3000.0], [-3000.0, 3000.0]]  # left as they were
