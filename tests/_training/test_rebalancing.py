"""Weights, draws and the epoch from which they count, against their definitions."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from sklimb._training.rebalancing import (
    class_weight_vector,
    cost_vector,
    count_classes,
    draw_balanced,
    effective_number,
    is_cost,
    resolve_epoch,
)

LABELS = np.array(["a", "b", "c", "d"])


# --- counts -----------------------------------------------------------------------------------


def test_counts_against_a_loop():
    rng = np.random.default_rng(0)
    codes, weight = rng.integers(0, 4, 50), rng.uniform(0, 2, 50)
    expected = np.zeros(6)
    for code, w in zip(codes, weight, strict=True):
        expected[code] += w
    np.testing.assert_allclose(count_classes(codes, 6, weight), expected, rtol=1e-12)
    plain = count_classes(codes, 6)
    assert plain.dtype == np.float64
    assert plain.tolist() == [float(np.sum(codes == c)) for c in range(6)]
    assert count_classes(codes[:0], 3).tolist() == [0.0, 0.0, 0.0]


# --- class weights ----------------------------------------------------------------------------


def test_balanced_is_that_of_scikit_learn():
    from sklearn.utils.class_weight import compute_class_weight

    y = np.repeat(LABELS, [40, 7, 2, 1])
    counts = count_classes(np.unique(y, return_inverse=True)[1], 4)
    np.testing.assert_allclose(
        class_weight_vector("balanced", counts, LABELS),
        compute_class_weight("balanced", classes=LABELS, y=y),
        rtol=1e-14,
    )


@pytest.mark.parametrize("beta", [0.5, 0.9, 0.999, 0.9999])
def test_effective_against_cui_et_al(beta):
    counts = [5000, 120, 3, 1]
    raw = [(1 - beta) / (1 - beta**n) for n in counts]
    expected = [4 * w / sum(raw) for w in raw]
    got = class_weight_vector("effective", np.array(counts, float), LABELS, effective_beta=beta)
    np.testing.assert_allclose(got, expected, rtol=1e-9)
    assert got.sum() == pytest.approx(4)


def test_effective_number_at_both_ends():
    counts = np.array([1e6, 12.345, 1.7, 0.0])
    assert effective_number(counts, 0.0).tolist() == [1.0, 1.0, 1.0, 0.0]
    # 1 - beta**n loses all its digits here; E_n = n (1 - (n - 1) (1 - beta) / 2 + ...)
    np.testing.assert_allclose(effective_number(counts, 1 - 1e-13), counts, rtol=1e-6)
    # one row is one row whatever beta
    for beta in (0.1, 0.99, 1 - 1e-10):
        assert effective_number(np.array([1.0]), beta)[0] == pytest.approx(1.0, rel=1e-5)


def test_effective_from_no_weights_to_balanced():
    counts = np.array([900.0, 90.0, 9.0, 1.0])
    assert class_weight_vector("effective", counts, LABELS, effective_beta=0.0) is None
    got = class_weight_vector("effective", counts, LABELS, effective_beta=1 - 1e-12)
    balanced = class_weight_vector("balanced", counts, LABELS)
    np.testing.assert_allclose(got / got.sum(), balanced / balanced.sum(), rtol=1e-3)
    ratios = [
        np.ptp(class_weight_vector("effective", counts, LABELS, effective_beta=beta))
        for beta in (0.1, 0.9, 0.999, 0.999999)
    ]
    assert ratios == sorted(ratios)


@pytest.mark.parametrize("kind", ["balanced", "effective"])
def test_a_class_without_rows_weighs_nothing_and_moves_no_other(kind):
    with_gap = class_weight_vector(kind, np.array([90.0, 0.0, 10.0, 1.0]), LABELS)
    without = class_weight_vector(kind, np.array([90.0, 10.0, 1.0]), LABELS[[0, 2, 3]])
    assert with_gap[1] == 0
    np.testing.assert_allclose(with_gap[[0, 2, 3]], without, rtol=1e-14)


@pytest.mark.parametrize("kind", ["balanced", "effective"])
def test_equal_classes_need_no_weights(kind):
    assert class_weight_vector(kind, np.array([7.0, 7.0, 0.0, 7.0]), LABELS) is None
    assert class_weight_vector(None, np.array([7.0, 1.0, 0.0, 7.0]), LABELS) is None


def test_counts_by_weight_decide():
    codes = np.array([0] * 30 + [1] * 10)
    counts = count_classes(codes, 2, np.where(codes == 1, 3.0, 1.0))
    assert class_weight_vector("balanced", counts, LABELS[:2]) is None


def test_a_dict():
    weights = class_weight_vector({"b": 5, "d": 0.0}, np.ones(4), LABELS)
    assert weights.tolist() == [1.0, 5.0, 1.0, 0.0]
    numbers = class_weight_vector({-1: 2.0}, np.ones(2), np.array([-1, 3]))
    assert numbers.tolist() == [2.0, 1.0]
    assert class_weight_vector({np.int64(3): 2.0}, np.ones(2), np.array([-1, 3])).tolist() == [1, 2]
    assert class_weight_vector({}, np.ones(4), LABELS) is None
    assert class_weight_vector(dict.fromkeys(LABELS.tolist(), 3.0), np.ones(4), LABELS) is None


def test_weights_of_classes_that_are_not_there_are_left_aside():
    every = {"z": 7.0, "a": 2.0, "b": 5.0}
    for given in (every, pd.Series(every)):
        weights = class_weight_vector(given, np.ones(2), LABELS[:2])
        assert weights.tolist() == [2.0, 5.0]


def test_costs_are_weights_by_label():
    for costs in ({"b": 5, "d": 0}, pd.Series({"d": 0, "b": 5})):
        assert is_cost(costs)
        assert cost_vector(costs, LABELS).tolist() == [1, 5, 1, 0]
    assert cost_vector({"a": 3.0, "b": 3.0}, LABELS[:2]).tolist() == [3, 3]
    assert not any(is_cost(other) for other in (None, "balanced", "effective"))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("Balanced", "class_weight must be None, 'balanced', 'effective' or a dict .* 'Balanced'"),
        ([1.0, 2.0, 1.0, 1.0], "class_weight must be None"),
        (np.array([1.0, 2.0, 1.0, 1.0]), "class_weight must be None"),
        (
            {"z": 1.0, "y": 2.0},
            r"does not have: \['z', 'y'\]\. The labels are \['a', 'b'",
        ),
        ({"a": 1.0, "z": 2.0}, r"it has nothing for \['b', 'c', 'd'\]"),
        ({"a": 1.0, "b": 1.0, "c": 2.0, "d": 1.0, "z": -2.0}, "not negative"),
        ({"a": 0.0, "b": 0.0, "c": 0.0, "d": 0.0, "z": 2.0}, "not all 0"),
        ({"a": "heavy"}, "finite weights"),
        ({"a": None}, "finite weights"),
        (pd.Series([1.0, 2.0, 1.0, 1.0]), r"does not have: \[0, 1, 2, 3\]"),
        (pd.DataFrame({"weight": {"a": 1.0}}), "class_weight is a DataFrame"),
        ({"a": -1.0}, "not negative"),
        ({"a": np.nan}, "finite"),
        ({"a": np.inf}, "finite"),
        (dict.fromkeys("abcd", 0.0), "not all 0"),
    ],
)
def test_class_weights_that_cannot_be(bad, message):
    with pytest.raises((TypeError, ValueError), match=message):
        class_weight_vector(bad, np.ones(4), LABELS)


# --- from which epoch -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (0, 0),
        (1, 1),
        (250, 250),
        (np.int64(7), 7),
        (0.0, 0),
        (1.0, 200),
        (0.8, 160),
        (np.float32(0.5), 100),
        (0.001, 0),
        (0.004, 1),
    ],
)
def test_resolve_epoch(start, expected):
    got = resolve_epoch(start, 200)
    assert got == expected
    assert type(got) is int


def test_a_share_below_one_leaves_the_last_epoch():
    for n_epochs in range(1, 12):
        for share in (0.5, 0.8, 0.95, 0.999):
            expected = min(round(share * n_epochs), n_epochs - 1)
            assert resolve_epoch(share, n_epochs) == expected
        assert resolve_epoch(1.0, n_epochs) == n_epochs
        assert resolve_epoch(0.0, n_epochs) == 0
    assert resolve_epoch(0.8, 0) == 0


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (-1, ValueError, "later must not be negative, got -1"),
        (-0.1, ValueError, r"later as a float is a share of max_epochs .* got -0\.1"),
        (1.01, ValueError, "Pass an int to count epochs"),
        (float("nan"), ValueError, "share of max_epochs"),
        (True, TypeError, "later must be an int"),
        (np.bool_(False), TypeError, "later must be an int"),
        ("half", TypeError, "'half'"),
        (None, TypeError, "None"),
    ],
)
def test_epochs_that_cannot_be(bad, error, message):
    with pytest.raises(error, match=message):
        resolve_epoch(bad, 10, "later")


# --- draws ------------------------------------------------------------------------------------

N = 60_000


def far(counts, shares):
    """Pearson's statistic over its degrees of freedom: about 1, with spread sqrt(2 / df)."""
    counts, expected = np.asarray(counts, float), N * np.asarray(shares)
    return np.sum((counts - expected) ** 2 / expected) / (len(counts) - 1)


def test_draws_are_even_over_classes_and_over_the_rows_of_each():
    rng = np.random.default_rng(1)
    codes = rng.permutation(np.repeat([0, 2, 5], [40, 9, 1]))  # unsorted, classes 1, 3, 4 missing
    drawn = draw_balanced(codes, N, np.random.default_rng(0))
    assert drawn.shape == (N,)
    shares = (1 / 3) / np.bincount(codes)[codes]
    # 49 degrees of freedom, spread 0.2: right draws are below 2 but for one seed in 10,000; rows
    # drawn evenly (share 1/50 each) are above 1,000
    assert far(np.bincount(drawn, minlength=50), shares) < 2
    by_class = np.bincount(codes[drawn], minlength=6)
    assert by_class[[1, 3, 4]].sum() == 0
    assert far(by_class[[0, 2, 5]], [1 / 3] * 3) < 9.3  # chi-square, 2 degrees: one in 10,000


def test_draws_follow_weights_within_a_class():
    rng = np.random.default_rng(2)
    codes = rng.permutation(np.repeat([0, 1, 2], [30, 15, 5]))
    weight = rng.uniform(0.1, 5.0, 50) * np.array([1e6, 1.0, 1e-6])[codes]
    drawn = draw_balanced(codes, N, np.random.default_rng(0), weight)
    shares = weight / np.bincount(codes, weights=weight)[codes] / 3
    assert far(np.bincount(drawn, minlength=50), shares) < 2
    # weights count only inside a class: a million to one between classes changes nothing
    assert far(np.bincount(codes[drawn]), [1 / 3] * 3) < 9.3


def test_few_arrays_as_long_as_the_data_are_there_at_a_time():
    codes = np.arange(200_000) % 7 % 3
    tracemalloc.start()
    draw_balanced(codes, len(codes), np.random.default_rng(0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * 8 * len(codes)


def test_equal_weights_draw_as_none_does():
    codes = np.repeat([0, 1], [300, 20])
    plain = draw_balanced(codes, 500, np.random.default_rng(3))
    weighted = draw_balanced(codes, 500, np.random.default_rng(3), np.full(320, 0.5))
    assert np.array_equal(plain, weighted)


class Edge:
    """A generator whose draws lie at the very ends of a class."""

    def __init__(self, where):
        self.where = where

    def integers(self, n, size):
        return np.arange(size) % n

    def random(self, size):
        return np.full(size, self.where)


@pytest.mark.parametrize("where", [0.0, np.nextafter(1.0, 0.0)])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_draw_never_leaves_its_class(where, weighted):
    rng = np.random.default_rng(0)
    for scale in (1e-12, 1.0, 1e12):
        codes = rng.permutation(np.repeat(np.arange(7), [1, 50, 3, 1, 999, 2, 1]))
        weight = scale * rng.uniform(1e-3, 1e3, len(codes)) if weighted else None
        drawn = draw_balanced(codes, 700, Edge(where), weight)
        assert np.array_equal(codes[drawn], np.arange(700) % 7)


def test_a_draw_repeats_with_its_generator():
    codes = np.repeat([0, 1], [30, 3])
    a, b, c = (draw_balanced(codes, 100, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)
    assert draw_balanced(codes, 0, np.random.default_rng(0)).shape == (0,)
    assert set(draw_balanced(np.zeros(3, int), 100, np.random.default_rng(0))) == {0, 1, 2}
