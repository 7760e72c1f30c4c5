"""Wrong labels: how many, which, of which classes, in what container."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

from sklimb.datasets import flip_labels

Y = np.random.default_rng(0).permutation(np.repeat(["a", "b", "c"], [600, 300, 100]))


@pytest.mark.parametrize(
    ("rate", "n"), [(0, 0), (0.0004, 0), (0.0005, 1), (0.1, 100), (0.5, 500), (1, 1000)]
)
def test_one_rate_is_that_share_of_all_rows(rate, n):
    assert (flip_labels(Y, rate=rate, random_state=0) != Y).sum() == n


def test_symmetric_noise_draws_each_other_class_alike():
    wrong = flip_labels(Y, rate=1, random_state=0)
    for label, others in {"a": "bc", "b": "ac", "c": "ab"}.items():
        drawn = wrong[label == Y]
        assert set(drawn) == set(others)
        # half, within 5 standard deviations
        n = len(drawn)
        assert abs((drawn == others[0]).sum() - n / 2) < 2.5 * np.sqrt(n)


def test_rows_are_drawn_from_all_classes_alike():
    wrong = flip_labels(Y, rate=0.5, random_state=0) != Y
    for label, n in {"a": 600, "b": 300, "c": 100}.items():
        assert abs(wrong[label == Y].sum() - n / 2) < 2.5 * np.sqrt(n)


def test_one_seed_flips_nested_rows_alike():
    found = [flip_labels(Y, rate=rate, random_state=3) for rate in (0.1, 0.3, 0.6)]
    for less, more in itertools.pairwise(found):
        wrong = less != Y
        np.testing.assert_array_equal(less[wrong], more[wrong])
    by_class = [flip_labels(Y, rate={"a": r, "c": r}, random_state=3) for r in (0.1, 0.3)]
    wrong = by_class[0] != Y
    np.testing.assert_array_equal(by_class[0][wrong], by_class[1][wrong])


def test_rates_by_class():
    wrong = flip_labels(Y, rate={"a": 0.25, "c": 0.5}, random_state=0)
    assert [(wrong[label == Y] != label).sum() for label in "abc"] == [150, 0, 50]
    assert set(wrong[Y == "a"]) == {"a", "b", "c"}
    np.testing.assert_array_equal(flip_labels(Y, rate={}, random_state=0), Y)


def test_becomes():
    wrong = flip_labels(Y, rate=0.1, becomes={"a": "c", "b": "a"}, random_state=0)
    assert [(wrong[label == Y] != label).sum() for label in "abc"] == [60, 30, 0]
    assert set(wrong[Y == "a"]) == {"a", "c"}
    assert set(wrong[Y == "b"]) == {"b", "a"}
    wrong = flip_labels(Y, rate={"b": 1}, becomes={"a": "c", "b": "a"}, random_state=0)
    assert set(wrong[Y == "b"]) == {"a"}
    np.testing.assert_array_equal(wrong[Y != "b"], Y[Y != "b"])


def test_random_state():
    first = flip_labels(Y, rate=0.3, random_state=1)
    np.testing.assert_array_equal(first, flip_labels(Y, rate=0.3, random_state=1))
    same = flip_labels(Y, rate=0.3, random_state=np.random.RandomState(1))
    np.testing.assert_array_equal(first, same)
    assert (first != flip_labels(Y, rate=0.3, random_state=2)).any()


@pytest.mark.parametrize(
    "convert",
    [
        list,
        tuple,
        np.asarray,
        lambda y: np.asarray(y)[:, None],
        lambda y: np.asarray(y, dtype=np.uint8),
        lambda y: pd.Series(y, index=np.arange(len(y)) + 7, name="label"),
        lambda y: pd.Series(y, dtype="Int64"),
        pl.Series,
        torch.tensor,
    ],
)
def test_containers(convert):
    y = np.repeat([3, 1, 2], [30, 20, 10]).tolist()
    expected = flip_labels(np.array(y), rate=0.5, random_state=0)
    before = list(y)
    given = convert(y)
    found = flip_labels(given, rate=0.5, random_state=0)
    assert type(found) is type(given)
    if hasattr(given, "dtype"):
        assert found.dtype == given.dtype
    if isinstance(given, pd.Series):
        pd.testing.assert_index_equal(found.index, given.index)
        assert found.name == given.name
    np.testing.assert_array_equal(np.asarray(found).ravel(), expected)
    np.testing.assert_array_equal(np.asarray(given).ravel(), before)  # nothing given is changed


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rate": 1.1}, "rate must lie between 0 and 1, got 1.1"),
        ({"rate": float("nan")}, "rate must lie between 0 and 1"),
        ({"rate": "0.1"}, "rate must lie between 0 and 1, got '0.1'"),
        ({"rate": {"a": -0.1}}, "rate must lie between 0 and 1, got -0.1"),
        ({"rate": {"x": 0.1}}, r"rate names labels .*: \['x'\]\. The labels are \['a', 'b', 'c'\]"),
        ({"rate": 0.1, "becomes": {"x": "a"}}, r"becomes names labels .*: \['x'\]"),
        ({"rate": 0.1, "becomes": {"a": "x"}}, r"becomes names \['x'\]"),
        ({"rate": 0.1, "becomes": {"a": "a"}}, "becomes gives 'a' for 'a'"),
        ({"rate": {"a": 0.1, "b": 1}, "becomes": {"a": "b"}}, r"rate names \['b'\], which becomes"),
    ],
)
def test_refused(options, said):
    with pytest.raises(ValueError, match=said):
        flip_labels(Y, **options)


@pytest.mark.parametrize("becomes", [None, {"a": "b", "b": "c", "c": "a"}])
def test_a_series_goes_by_its_labels(becomes):
    rate = {"c": 1.0, "a": 0.2, "b": 0.5}
    expected = flip_labels(Y, rate=rate, becomes=becomes, random_state=0)
    if becomes is not None:
        becomes = pd.Series(becomes).sort_values()
    found = flip_labels(Y, rate=pd.Series(rate), becomes=becomes, random_state=0)
    assert np.array_equal(found, expected)
    # a label that a part of the data lacks
    rate, becomes = pd.Series(rate | {"d": 1.0}), None if becomes is None else {**becomes, "d": "a"}
    assert np.array_equal(flip_labels(Y, rate=rate, becomes=becomes, random_state=0), expected)


def test_what_is_not_by_label():
    with pytest.raises(TypeError, match="rate is a DataFrame"):
        flip_labels(Y, rate=pd.DataFrame({"rate": {"a": 0.1}}))
    with pytest.raises(TypeError, match=r"becomes must be a dict .* got \['b', 'a', 'a'\]"):
        flip_labels(Y, rate=0.1, becomes=["b", "a", "a"])
    with pytest.raises(ValueError, match=r"rate names labels .*: \[0, 1, 2\]"):
        flip_labels(Y, rate=pd.Series([0.1, 0.2, 0.3]))


def test_bad_labels():
    with pytest.raises(ValueError, match=r"at least two classes, got \['a'\]"):
        flip_labels(["a", "a"], rate=0.5)
    with pytest.raises(ValueError, match="Unknown label type"):
        flip_labels([0.1, 0.2], rate=0.5)
