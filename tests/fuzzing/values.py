"""Odd values, and values that a constraint allows."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from sklearn.utils._param_validation import Interval, Options

nan, inf = float("nan"), float("inf")
_ODD = (
    nan, inf, -inf, -1, 0, 1, 2, 3, 0.5, -0.5, 1.5, 1e300, -1e300, 1e-300, 1e308, 5e-324, 10**400,
    10**9, -(10**9), Fraction(1, 2), Decimal("0.5"), True, False, None, "", "bogus", "False",
    "auto", "balanced",
    "none", b"x", np.float32(0.5), np.int8(3), np.bool_(True), np.float64(nan), np.float16(7),
    np.uint8(1), np.datetime64("2020-01-01"), 1 + 1j, (), [], {}, [1], ["a"], {"a": 1}, {1: nan},
    {"many": 1e300}, {"few": 1e-300}, {"few": -1}, (0.5, 0.9), set(), object(), int, len,
    lambda: None, lambda *a, **k: None, np.array(0.5), np.array([1.0, nan]), np.eye(3),
    np.array([]),
    pd.NA, pd.NaT, pd.Series([1.0, 2.0]), ..., datetime(2020, 1, 1), "\x00", "\u202e", "a" * 300,
    range(3),
)  # fmt: skip
# Parameters that say how much work there is: a large number is what a user asked for.
WORK = frozenset({
    "max_epochs", "n_members", "n_prototypes", "n_centers", "n_steps", "classifier_epochs",
    "contrast_channels", "embedding_dim", "n_jobs", "verbose", "warmup_epochs", "ngram_range",
    "n_max", "folds", "repeats", "cv", "k_neighbors", "padding", "n_retries", "delay", "budget",
})  # fmt: skip

anything = st.one_of(
    st.sampled_from(_ODD),
    st.sampled_from(_ODD),
    st.floats(),
    st.floats(-2, 2),
    st.integers(-5, 5),
    st.text(max_size=5),
    st.lists(st.one_of(st.floats(), st.integers(-3, 3), st.text(max_size=2)), max_size=4),
)


def odd_for(name: str) -> st.SearchStrategy:
    """Return odd values of a parameter, without those that ask for hours of work."""
    if name not in WORK:
        return anything
    return anything.filter(lambda v: not _is_much(v))


def _is_much(value: Any) -> bool:
    if isinstance(value, (list, tuple, range, np.ndarray)):
        return any(_is_much(v) for v in np.atleast_1d(np.asarray(value, dtype=object)))
    if isinstance(value, np.generic):
        value = value.item()
    return isinstance(value, (int, float)) and 3 < value < 10**300


def allowed(name: str, constraints: Any) -> st.SearchStrategy | None:
    """Return values that scikit-learn's constraints of a parameter allow, None if they say none."""
    if constraints == "no_validation":
        return None
    found = [made for c in constraints if (made := _of_constraint(c)) is not None]
    return st.one_of(found).filter(lambda v: name not in WORK or not _is_much(v)) if found else None


def _of_constraint(constraint: Any) -> st.SearchStrategy | None:
    if constraint is None:
        return st.none()
    if isinstance(constraint, str):
        return st.booleans() if constraint == "boolean" else None
    if isinstance(constraint, Options):
        options = sorted(constraint.options, key=str)
        return st.sampled_from(options) if len(options) < 20 else None
    if not isinstance(constraint, Interval):
        return None
    low = -1e30 if constraint.left is None else constraint.left
    high = 1e30 if constraint.right is None else constraint.right
    if constraint.type is Integral:
        return st.integers(int(low), int(min(high, low + 3)))
    inside = st.floats(max(low, -10), min(high, 10))
    return st.one_of(inside, st.floats(low, high)).filter(lambda v: v in constraint)
