"""Recipes of imbalance: their sizes, the rows that they keep, the containers that they take."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from scipy import sparse
from sklearn.datasets import load_digits
from skorch.helper import SliceDataset
from torch.utils.data import Subset, TensorDataset

from sklimb.datasets import (
    class_counts,
    imbalance_ratio,
    make_long_tailed,
    make_step_imbalanced,
)

RECIPES = [make_long_tailed, make_step_imbalanced]


def rows_of(n_classes, per_class, seed=0):
    """X holds the number of its row; the classes are shuffled."""
    y = np.random.default_rng(seed).permutation(np.arange(n_classes).repeat(per_class))
    return np.arange(len(y))[:, None], y


class TestCounts:
    def test_sorted_by_label(self):
        assert list(class_counts(["b", "c", "a", "c"]).items()) == [("a", 1), ("b", 1), ("c", 2)]
        counts = class_counts(np.array([10, 9, 10, -1]))
        assert list(counts.items()) == [(-1, 1), (9, 1), (10, 2)]
        assert all(type(value) is int for pair in counts.items() for value in pair)

    @pytest.mark.parametrize("convert", [pd.Series, pl.Series, pd.Categorical, torch.tensor])
    def test_containers(self, convert):
        assert class_counts(convert([2, 0, 2])) == {0: 1, 2: 2}

    def test_ratio(self):
        assert imbalance_ratio([0, 1, 1, 1, 2, 2]) == 3
        assert imbalance_ratio(["only"]) == 1

    def test_refused(self):
        with pytest.raises(ValueError, match="empty"):
            imbalance_ratio([])
        with pytest.raises(ValueError, match="Unknown label type: continuous"):
            class_counts([0.5, 0.7])
        with pytest.raises(ValueError, match="should be a 1d array"):
            class_counts([[0, 1, 1], [1, 0, 1]])
        with pytest.raises(ValueError, match="NaN"):
            class_counts([0.0, math.nan])


class TestLongTailed:
    def test_the_papers_sizes(self):
        """CIFAR-LT-10 at ratio 100, as published with the recipe."""
        _, y = make_long_tailed(*rows_of(10, 5000), ratio=100, random_state=0)
        expected = [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]
        assert list(class_counts(y).values()) == expected

    @pytest.mark.parametrize(
        ("n_classes", "per_class", "ratio", "total"),
        # The published sizes of CIFAR-LT-10 and CIFAR-LT-100.
        [
            (10, 5000, 10, 20431),
            (10, 5000, 50, 13996),
            (10, 5000, 100, 12406),
            (100, 500, 10, 19573),
            (100, 500, 50, 12608),
            (100, 500, 100, 10847),
        ],
    )
    def test_the_papers_totals(self, n_classes, per_class, ratio, total):
        _, y = make_long_tailed(*rows_of(n_classes, per_class), ratio=ratio, random_state=0)
        assert len(y) == total
        assert imbalance_ratio(y) == ratio

    @pytest.mark.parametrize("ratio", [1, 2, 3, 7, 10, 49, 100])
    def test_the_ratio_is_met_where_it_divides(self, ratio):
        for tail in (1, 3, 10):
            _, y = make_long_tailed(*rows_of(4, tail * ratio), ratio=ratio)
            counts = class_counts(y)
            assert (counts[0], counts[3]) == (tail * ratio, tail)

    def test_on_digits(self):
        """Nearly balanced, 174 to 183 a class: no class is asked for more than it has."""
        X, y = load_digits(return_X_y=True)
        X_tail, y_tail = make_long_tailed(X, y, ratio=50, random_state=0)
        before, after = class_counts(y), class_counts(y_tail)
        largest = max(before.values())
        head_first = sorted(before, key=before.get, reverse=True)
        assert [after[label] for label in head_first] == [
            math.floor(largest * 50 ** (-k / 9)) for k in range(10)
        ]
        assert X_tail.shape == (len(y_tail), 64)

    def test_again_it_changes_nothing(self):
        X, y = make_long_tailed(*rows_of(10, 500), ratio=20, random_state=0)
        X_again, y_again = make_long_tailed(X, y, ratio=20, random_state=1)
        np.testing.assert_array_equal(X, X_again)
        np.testing.assert_array_equal(y, y_again)

    def test_a_class_too_small_for_the_tail_lowers_the_head(self):
        y = np.array(["big"] * 100 + ["middle"] * 5 + ["small"] * 50)
        _, y_tail = make_long_tailed(y, y, ratio=4, order=["big", "middle", "small"])
        # 11 / 2 = 5.5 is the last that keeps "middle" within its 5 rows.
        assert class_counts(y_tail) == {"big": 11, "middle": 5, "small": 2}

    def test_a_ratio_beyond_the_rows_leaves_one_each(self):
        _, y = make_long_tailed(*rows_of(3, 20), ratio=1e6)
        assert class_counts(y) == {0: 20, 1: 1, 2: 1}


class TestStepImbalanced:
    def test_half_of_the_classes(self):
        _, y = make_step_imbalanced(*rows_of(10, 500), ratio=100)
        assert list(class_counts(y).values()) == [500] * 5 + [5] * 5

    @pytest.mark.parametrize(
        ("n_classes", "share", "n_small"),
        [(5, 0.5, 3), (10, 0.2, 2), (10, 0.01, 1), (10, 0.99, 9), (2, 0.9, 1), (3, 0.1, 1)],
    )
    def test_share(self, n_classes, share, n_small):
        _, y = make_step_imbalanced(*rows_of(n_classes, 20), ratio=10, minority_share=share)
        assert list(class_counts(y).values()) == [20] * (n_classes - n_small) + [2] * n_small

    def test_large_classes_become_equal(self):
        y = np.repeat(["a", "b", "c", "d"], [30, 20, 10, 40])
        _, y_step = make_step_imbalanced(y, y, ratio=4)
        assert class_counts(y_step) == {"a": 30, "b": 7, "c": 7, "d": 30}

    @pytest.mark.parametrize("share", [0, 1, -0.5, "half", None])
    def test_bad_share(self, share):
        with pytest.raises(ValueError, match="minority_share must lie between 0 and 1"):
            make_step_imbalanced(*rows_of(3, 20), ratio=10, minority_share=share)


@pytest.mark.parametrize("recipe", RECIPES)
class TestBoth:
    def test_rows_are_kept_whole_once_and_in_order(self, recipe):
        X, y = rows_of(5, 60)
        X_kept, y_kept = recipe(X, y, ratio=6, random_state=0)
        rows = X_kept[:, 0]
        assert (np.diff(rows) > 0).all()
        np.testing.assert_array_equal(y_kept, y[rows])

    def test_order(self, recipe):
        y = np.repeat(["a", "b", "c"], [30, 60, 40])
        sizes = {
            "frequency": ["b", "c", "a"],
            "label": ["a", "b", "c"],
            ("c", "a", "b"): ["c", "a", "b"],
        }
        for order, expected in sizes.items():
            given = order if isinstance(order, str) else np.array(order)
            _, kept = recipe(y, y, ratio=10, order=given)
            counts = class_counts(kept)
            head, tail = expected[0], expected[-1]
            assert counts[head] == max(counts.values())
            assert counts[tail] == counts[head] // 10

    def test_n_max(self, recipe):
        _, y = recipe(*rows_of(4, 50), ratio=10, n_max=20)
        assert (max(class_counts(y).values()), min(class_counts(y).values())) == (20, 2)

    def test_n_max_beyond_the_rows(self, recipe):
        y = np.repeat(["a", "b"], [30, 10])
        with pytest.raises(ValueError, match=r"n_max=60 .* class 'a' has 30 of 60. .* at most 30"):
            recipe(y, y, ratio=10, n_max=60)
        with pytest.raises(
            ValueError, match=r"class 'a' has 30 of 60, 'b' has 10 of 30. .* most 21"
        ):
            recipe(y, y, ratio=2, n_max=60)
        assert class_counts(recipe(y, y, ratio=2, n_max=21)[1]) == {"a": 21, "b": 10}

    def test_random_state(self, recipe):
        X, y = rows_of(4, 50)
        first, again = (recipe(X, y, ratio=10, random_state=3)[0] for _ in range(2))
        np.testing.assert_array_equal(first, again)
        other = recipe(X, y, ratio=10, random_state=np.random.RandomState(3))[0]
        np.testing.assert_array_equal(first, other)
        assert not np.array_equal(first, recipe(X, y, ratio=10, random_state=4)[0])
        state = np.random.get_state()[1].copy()
        recipe(X, y, ratio=10, random_state=3)
        np.testing.assert_array_equal(state, np.random.get_state()[1])

    def test_one_seed_keeps_nested_subsets(self, recipe):
        X, y = rows_of(4, 50)
        kept = [set(recipe(X, y, ratio=r, random_state=0)[0].ravel()) for r in (25, 10, 2)]
        assert kept[0] < kept[1] < kept[2]

    def test_nothing_given_is_changed(self, recipe):
        X, y = rows_of(3, 20)
        X_before, y_before = X.copy(), y.copy()
        recipe(X, y, ratio=5, random_state=0)
        np.testing.assert_array_equal(X, X_before)
        np.testing.assert_array_equal(y, y_before)

    @pytest.mark.parametrize("ratio", [0.5, 0, -3, math.inf, math.nan, "10", None])
    def test_bad_ratio(self, recipe, ratio):
        with pytest.raises(ValueError, match="ratio must be a finite number of at least 1"):
            recipe(*rows_of(3, 20), ratio=ratio)

    @pytest.mark.parametrize("n_max", [0, -1, 2.5, "all"])
    def test_bad_n_max(self, recipe, n_max):
        with pytest.raises(ValueError, match="n_max must be an int of at least 1"):
            recipe(*rows_of(3, 20), ratio=2, n_max=n_max)

    @pytest.mark.parametrize("order", [[0, 1], [0, 1, 1], [0, 1, 5], ["0", "1", "2"]])
    def test_bad_labels_in_order(self, recipe, order):
        with pytest.raises(ValueError, match=r"order must name each class .* for \[0, 1, 2\]"):
            recipe(*rows_of(3, 20), ratio=2, order=order)

    def test_order_in_a_series_and_with_labels_that_are_not_there(self, recipe):
        X, y = rows_of(3, 20)
        expected = recipe(X, y, ratio=5, order=[2, 0, 1], random_state=0)[1]
        for order in (pd.Series([2, 0, 1]), pd.Series([2, 0, 1], index=list("xyz")), [2, 9, 0, 1]):
            np.testing.assert_array_equal(
                recipe(X, y, ratio=5, order=order, random_state=0)[1], expected
            )

    def test_order_by_class(self, recipe):
        X, y = rows_of(3, 20)
        sizes = pd.Series({2: 1, 0: 2, 1: 0})  # sizes that might be labels
        for order in (sizes, sizes.to_dict()):
            with pytest.raises(
                ValueError, match=r"has something of each class: .*list\(order.keys"
            ):
                recipe(X, y, ratio=5, order=order)

    def test_bad_order(self, recipe):
        with pytest.raises(ValueError, match=r"order must be 'frequency', .* got 'size'"):
            recipe(*rows_of(3, 20), ratio=2, order="size")

    @pytest.mark.parametrize(
        ("X", "y", "message"),
        [
            ([[0], [1]], [0, 1, 1], "inconsistent numbers of samples"),
            ([[0], [1]], [1, 1], r"at least two classes, got \[1\]"),
            ([], [], r"at least two classes, got \[\]"),
            ([[0], [1]], [0.1, 0.2], "Unknown label type"),
        ],
    )
    def test_bad_data(self, recipe, X, y, message):
        with pytest.raises(ValueError, match=message):
            recipe(X, y, ratio=2)


def numbers(n):
    return np.column_stack([np.arange(n), np.arange(n) % 7 + 1]).astype(np.float64)


SPARSE = {
    f"{kind.__name__}": kind
    for name in ("csr", "csc", "coo", "lil")
    for kind in (getattr(sparse, f"{name}_array"), getattr(sparse, f"{name}_matrix"))
}
CONTAINERS = {
    "array": lambda X: X,
    "float16": lambda X: X.astype(np.float16),
    "images": lambda X: X.reshape(-1, 1, 1, 2),
    "pandas": lambda X: pd.DataFrame(X, columns=["row", "b"], index=np.arange(len(X)) + 1000),
    "polars": lambda X: pl.DataFrame({"row": X[:, 0], "b": X[:, 1]}),
    "tensor": lambda X: torch.as_tensor(X),
    "list": lambda X: X.tolist(),
    **SPARSE,
}


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("name", CONTAINERS)
def test_containers_of_data(recipe, name):
    X, (_, y) = numbers(120), rows_of(3, 40)
    expected, _ = recipe(X, y, ratio=8, random_state=0)
    given = CONTAINERS[name](X)
    got, _ = recipe(given, y, ratio=8, random_state=0)
    assert type(got) is type(given)
    if sparse.issparse(given):
        assert got.format == given.format
    if hasattr(given, "dtype"):
        assert got.dtype == given.dtype
    if name == "pandas":
        assert (got.index == got["row"] + 1000).all()
        assert got.columns.tolist() == ["row", "b"]
    dense = got.toarray() if sparse.issparse(got) else np.asarray(got)
    np.testing.assert_array_equal(dense.reshape(-1, 2), expected)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize(
    "convert",
    [list, tuple, pd.Series, pl.Series, torch.as_tensor, lambda y: y[:, None]],
)
def test_containers_of_labels(recipe, convert):
    X, (_, y) = numbers(120), rows_of(3, 40)
    expected_X, expected_y = recipe(X, y, ratio=8, random_state=0)
    given = convert(y)
    got_X, got_y = recipe(X, given, ratio=8, random_state=0)
    assert type(got_y) is type(given)
    np.testing.assert_array_equal(got_X, expected_X)
    np.testing.assert_array_equal(np.asarray(got_y).ravel(), expected_y)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_range_becomes_a_list(recipe):
    X, y = rows_of(3, 40)
    got, _ = recipe(range(120), y, ratio=8, random_state=0)
    assert got == recipe(X, y, ratio=8, random_state=0)[0].ravel().tolist()


@pytest.mark.parametrize("recipe", RECIPES)
def test_what_has_no_rows_is_refused(recipe):
    y = [0, 0, 1, 1]
    for X in ({0: 1, 1: 1, 2: 1, 3: 1}, {1, 2, 3, 4}):
        with pytest.raises(
            TypeError, match=f"Samples cannot be taken from a {type(X).__name__}: give"
        ):
            recipe(X, y, ratio=2)


def test_a_nested_tensor_has_no_number_of_samples(recwarn):
    X = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])
    with pytest.raises(TypeError, match=r"^X, a Tensor, has no number of samples"):
        make_step_imbalanced(X, [0, 1], ratio=2)


@pytest.mark.parametrize("recipe", RECIPES)
def test_texts(recipe):
    texts = [f"text number {row}" for row in range(90)]
    y = ["ham", "spam", "eggs"] * 30
    X_kept, y_kept = recipe(texts, y, ratio=3, random_state=0)
    assert isinstance(X_kept, list)
    assert [y[int(text.split()[-1])] for text in X_kept] == y_kept
    assert Counter(y_kept)["spam"] == 10


def test_datasets_are_cut_down_to_subsets():
    """A Dataset of tensors came back as the tuple of its tensors."""
    x, y = torch.arange(40.0)[:, None], np.repeat([0, 1], 20)
    wanted, _ = make_long_tailed(x, y, ratio=4, random_state=0)
    dataset = TensorDataset(x, torch.from_numpy(y))
    made, y_made = make_long_tailed(dataset, y, ratio=4, random_state=0)
    assert isinstance(made, Subset) and len(made) == len(y_made) == 25
    assert [item[0].item() for item in made] == wanted[:, 0].tolist()
    sliced, _ = make_step_imbalanced(SliceDataset(dataset), y, ratio=4, random_state=0)
    assert (
        isinstance(sliced, SliceDataset) and [row.item() for row in sliced] == wanted[:, 0].tolist()
    )
