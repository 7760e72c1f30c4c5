"""What comes in, and what is refused."""

from __future__ import annotations

import random

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from skorch.helper import SliceDataset
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, Subset, TensorDataset

from sklimb import RebalancedClassifier
from sklimb._data.datasets import dataset_labels
from sklimb._data.validation import check_rows, is_dataset, take_rows, unsliced
from sklimb.backbones import MLP, ConvNet
from tests.shared import QUICK, Items, global_state
from tests.shared import data as data


class Estimator(ClassifierMixin, BaseEstimator):
    pass


# --- rows -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (np.float64, np.float64),
        (np.float32, np.float32),
        (np.float16, np.float32),
        (np.int64, np.float64),
        (np.uint8, np.float64),
        (bool, np.float64),
        (object, np.float64),
    ],
)
def test_types_of_rows(given, kept):
    X = np.array([[1, 0], [0, 1], [1, 1]]).astype(given)
    got, y = check_rows(Estimator(), X, ["a", "b", "a"], reset=True)
    assert got.dtype == kept
    assert got.tolist() == X.astype(float).tolist()
    assert y.tolist() == ["a", "b", "a"]


def test_rows_that_need_no_copy_are_not_copied():
    X = np.ones((3, 2), dtype=np.float32)
    assert check_rows(Estimator(), X, [0, 1, 0], reset=True)[0] is X
    fortran = np.asfortranarray(np.random.default_rng(0).normal(size=(4, 3)))
    got, _ = check_rows(Estimator(), fortran, [0, 1, 0, 1], reset=True)
    assert got.flags.c_contiguous
    assert np.array_equal(got, fortran)
    backwards = np.arange(12.0).reshape(4, 3)[::-1, ::-1]  # torch takes no negative strides
    got, _ = check_rows(Estimator(), backwards, [0, 1, 0, 1], reset=True)
    torch.from_numpy(got)


def test_tensors_come_in_detached():
    X = torch.ones(3, 2, requires_grad=True)
    y = torch.tensor([0, 1, 0])
    got = check_rows(Estimator(), X, y, reset=True)
    assert got[0].dtype == np.float32
    assert got[1].tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (np.uint8, np.uint8),
        (np.float32, np.float32),
        (np.float64, np.float64),
        (np.int16, np.float32),
        (np.float16, np.float32),
        (bool, np.float32),
    ],
)
def test_types_of_images(given, kept):
    X = np.random.default_rng(0).integers(0, 2, (4, 3, 5, 5)).astype(given)
    estimator = Estimator()
    got, _ = check_rows(estimator, X, [0, 1, 0, 1], reset=True)
    assert got.dtype == kept
    assert np.array_equal(got, X)
    assert check_rows(estimator, X, None, reset=False)[0].dtype == kept


def test_images_are_checked_too():
    X = np.zeros((4, 3, 5, 5), dtype=np.float32)
    X[1, 2, 3, 4] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        check_rows(Estimator(), X, [0, 1, 0, 1], reset=True)


def test_widths_and_names_are_remembered():
    estimator = Estimator()
    frame = pd.DataFrame({"a": [0.0, 1.0], "b": [1, 2]})
    check_rows(estimator, frame, [0, 1], reset=True)
    assert estimator.n_features_in_ == 2
    assert estimator.feature_names_in_.tolist() == ["a", "b"]
    assert check_rows(estimator, frame, None, reset=False)[1] is None
    assert check_rows(estimator, frame, [1, 0], reset=False)[1].tolist() == [1, 0]
    with pytest.raises(ValueError, match="feature names"):
        check_rows(estimator, frame[["b", "a"]], None, reset=False)
    estimator = Estimator()
    check_rows(estimator, np.zeros((2, 2)), [0, 1], reset=True)
    with pytest.raises(ValueError, match="3 features"):
        check_rows(estimator, np.zeros((2, 3)), [0, 1], reset=False)


def test_a_column_of_labels_warns_and_no_labels_is_an_error():
    from sklearn.exceptions import DataConversionWarning

    X = np.zeros((3, 2))
    with pytest.warns(DataConversionWarning, match="column-vector"):
        _, y = check_rows(Estimator(), X, np.array([[0], [1], [0]]), reset=True)
    assert y.shape == (3,)
    with pytest.raises(ValueError, match="requires y"):
        check_rows(Estimator(), X, None, reset=True)


# --- images -----------------------------------------------------------------------------------


def test_channels_last_images_are_told():
    X = np.zeros((10, 8, 8, 3), dtype=np.uint8)
    with pytest.warns(UserWarning, match=r"channels last.*transpose\(0, 3, 1, 2\)") as told:
        RebalancedClassifier(max_epochs=1).fit(X, np.arange(10) % 2)
    assert told[0].filename == __file__
    source = TensorDataset(torch.from_numpy(X), torch.arange(10) % 2)
    with pytest.warns(UserWarning, match=r"\(10, 8, 8, 3\).*permute\(2, 0, 1\)") as told:
        model = RebalancedClassifier(module=ConvNet, max_epochs=1).fit(source)
    assert told[0].filename == __file__
    with pytest.warns(UserWarning, match="channels last") as told:
        model.predict(source)
    assert told[0].filename == __file__


@pytest.mark.parametrize("shape", [(3, 8, 8), (1, 4, 3), (4, 8, 8), (6, 1, 1), (6, 3, 3)])
def test_images_whose_channels_come_first_pass_without_a_word(shape):
    check_rows(Estimator(), np.zeros((4, *shape)), [0, 1, 0, 1], reset=True)


@pytest.mark.parametrize("convert", [np.asarray, torch.from_numpy], ids=["array", "tensor"])
def test_other_numbers_of_axes(convert):
    with pytest.raises(ValueError, match=r"\(4, 8, 8\) has three axes.*X\[:, None\].*reshape"):
        check_rows(Estimator(), convert(np.zeros((4, 8, 8))), [0, 1, 0, 1], reset=True)
    with pytest.raises(ValueError, match=r"has 5 axes.*rows.*images.*Dataset"):
        check_rows(Estimator(), convert(np.zeros((4, 3, 2, 8, 8))), [0, 1, 0, 1], reset=True)
    with pytest.raises(ValueError, match=r"\(4, 1, 0, 8\) has images without a pixel"):
        check_rows(Estimator(), convert(np.zeros((4, 1, 0, 8))), [0, 1, 0, 1], reset=True)


# --- Datasets ---------------------------------------------------------------------------------


def pairs(X, y):
    return Items([(torch.as_tensor(x, dtype=torch.float32), k) for x, k in zip(X, y)])


ROWS = QUICK | {"module": MLP, "max_epochs": 1}


@pytest.mark.parametrize(
    "column",
    [
        lambda X, y: (TensorDataset(X, y[:, None]), None),
        lambda X, y: (Items([(x, k[None]) for x, k in zip(X, y)]), None),
        lambda X, y: (TensorDataset(X), y[:, None]),
    ],
    ids=["tensors", "items", "y"],
)
def test_a_column_of_labels_is_taken_as_labels(column, data):
    from sklearn.exceptions import DataConversionWarning

    X = torch.from_numpy(data[0]).float()
    y = torch.from_numpy((data[1] == "rare").astype(int))
    expected = RebalancedClassifier(**ROWS).fit(TensorDataset(X, y))
    with pytest.warns(DataConversionWarning, match="column-vector"):
        model = RebalancedClassifier(**ROWS).fit(*column(X, y))
    assert model.classes_.tolist() == [0, 1]
    assert np.array_equal(model.predict_proba(X), expected.predict_proba(X))


def test_labels_of_a_dataset_may_be_whole_floats(data):
    X, y = data
    model = RebalancedClassifier(**ROWS).fit(pairs(X, (y == "rare").astype(float)))
    assert model.classes_.tolist() == [0.0, 1.0]
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        RebalancedClassifier(**ROWS).fit(pairs(X, X[:, 0]))
    with pytest.raises(ValueError, match="NaN"):
        RebalancedClassifier(**ROWS).fit(pairs(X, np.where(y == "rare", np.nan, 1.0)))


def test_labels_of_a_dataset_that_are_none(data):
    X, y = data
    with pytest.raises(ValueError, match=r"shape \(240, 2\) .* 240 items.*argmax\(1\)"):
        RebalancedClassifier(**ROWS).fit(pairs(X, np.eye(2)[(y == "rare").astype(int)]))
    with pytest.raises(ValueError, match="X has 240 items and y 239 labels"):
        RebalancedClassifier(**ROWS).fit(pairs(X, y), y[1:])
    single = Items([x for x, _ in pairs(X, y)])
    with pytest.raises(ValueError, match=r"y is None and item 0 .* is Tensor, not \(x, label\)"):
        RebalancedClassifier(**ROWS).fit(single)
    assert RebalancedClassifier(**ROWS).fit(single, y).classes_.tolist() == ["bulk", "rare", "some"]


def test_dict_items_say_how_to_be_wrapped(data):
    X, y = data
    source = Items([{"row": torch.from_numpy(x), "label": k} for x, k in zip(X, y)])
    for labels in (None, y):
        with pytest.raises(TypeError, match=r"item 0 .* keys \['row', 'label'\].*__getitem__"):
            RebalancedClassifier(**ROWS).fit(source, labels)
    model = RebalancedClassifier(**ROWS).fit(X, y)
    with pytest.raises(TypeError, match="item 0 of the Dataset is dict"):
        model.predict(source)


@pytest.mark.parametrize("fitted_to", ["array", "dataset"])
def test_a_dataset_and_an_array_stand_for_each_other(fitted_to, data):
    X, y = data
    X = X.astype(np.float32)
    whole, narrow = (X, X[:, :5]), (pairs(X, y), pairs(X[:, :5], y))
    model = RebalancedClassifier(**ROWS).fit(X if fitted_to == "array" else pairs(X, y), y)
    assert model.n_features_in_ == 6
    assert np.array_equal(model.predict(whole[0]), model.predict(narrow[0]))
    for other in (whole[1], narrow[1]):
        for method in ("predict", "transform", "partial_fit"):
            more = (y,) if method == "partial_fit" else ()
            with pytest.raises(ValueError, match=r"5 features, but Reb.* expecting 6 features"):
                getattr(model, method)(other, *more)
    with pytest.raises(ValueError, match=r"samples of shape \(6, 2, 2\), .* fitted to .* \(6,\)"):
        model.predict(np.zeros((3, 6, 2, 2)))
    with pytest.raises(ValueError, match=r"samples of shape \(6, 2\), but"):
        model.predict(TensorDataset(torch.zeros(3, 6, 2)))


@pytest.mark.parametrize("fitted_to", ["array", "dataset"])
@pytest.mark.parametrize("given", ["array", "dataset"])
def test_images_keep_their_size_and_channels(fitted_to, given):
    def as_given(X, kind):
        return X if kind == "array" else pairs(X, np.arange(len(X)) % 2)

    X = np.random.default_rng(0).normal(size=(12, 3, 8, 8)).astype(np.float32)
    model = RebalancedClassifier(module=ConvNet, max_epochs=1, random_state=0)
    model.fit(as_given(X, fitted_to), np.arange(12) % 2)
    assert model.n_features_in_ == 3
    assert model.predict(as_given(X, given)).shape == (12,)
    for shape, remedy in (
        ((3, 7, 8), "Resize them to 8 x 8"),
        ((3, 16, 16), "Resize them to 8 x 8"),
        ((1, 8, 8), r"Bring them to the shape \(3, 8, 8\)"),
    ):
        with pytest.raises(
            ValueError, match=rf"\({shape[0]}, {shape[1]}, .* \(3, 8, 8\)\. {remedy}"
        ):
            model.predict(as_given(np.zeros((2, *shape), dtype=np.float32), given))
    with pytest.raises(ValueError, match="samples of shape"):
        model.partial_fit(as_given(np.zeros((2, 3, 8, 9)), given), [0, 1])
    if given == "array":
        with pytest.raises(ValueError, match=r"channels come first: X\.transpose\(0, 3, 1, 2\)"):
            model.predict(X.transpose(0, 2, 3, 1))
        with pytest.raises(ValueError, match=r"samples of shape \(192,\)"):
            model.predict(X.reshape(12, -1))
        with pytest.raises(ValueError, match="three axes"):
            model.predict(X[:, 0])


def test_training_on_a_dataset_that_draws_leaves_global_generators_alone(data):
    X, y = data

    class Noisy(Items):
        def __getitem__(self, index):
            x, label = super().__getitem__(index)
            return x + torch.randn(6) + np.random.normal() + random.random(), label

    source = Noisy([(torch.from_numpy(x).float(), k) for x, k in zip(X, y)])
    before = global_state()
    model = RebalancedClassifier(**ROWS).fit(source)
    model.partial_fit(source)
    assert global_state() == before
    # Prediction sets nothing process-wide, so what its items draw is the user's own draw.
    model.predict(source)
    assert global_state() != before


@pytest.mark.parametrize("workers", [0, 2])
def test_items_that_change_their_shape_on_the_way(workers, data):
    X, y = data
    source = pairs(X, y)
    source.items[9] = (torch.zeros(7), "bulk")
    params = {
        **ROWS,
        "iterator_train__num_workers": workers,
        "iterator_valid__num_workers": workers,
    }
    with pytest.raises(ValueError, match=r"item 9 of the Dataset has shape \(7,\).*a resize"):
        RebalancedClassifier(**params).fit(source)


def test_a_batch_may_be_made_in_the_users_own_way(data):
    X, y = data

    def double(items):
        x, index = zip(*items)
        return 2 * torch.stack(x), torch.tensor(index)

    nested = {"iterator_train__collate_fn": double, "iterator_valid__collate_fn": double}
    nested["module__standardize"] = False
    found = RebalancedClassifier(**ROWS, **nested).fit(pairs(X, y))
    expected = RebalancedClassifier(**ROWS, module__standardize=False).fit(pairs(2 * X, y))
    assert np.array_equal(found.predict_proba(pairs(X, y)), expected.predict_proba(pairs(2 * X, y)))


def test_sequences_of_any_length_with_a_collate_function_of_ones_own(data):
    rng = np.random.default_rng(0)
    lengths = rng.integers(2, 9, 60)
    y = (np.arange(60) % 3 == 0).astype(int)
    sequences = [torch.from_numpy(rng.integers(1, 5, n) + 5 * k) for n, k in zip(lengths, y)]

    def pad(items):
        x, index = zip(*items)
        return nn.utils.rnn.pad_sequence(x, batch_first=True), torch.tensor(index)

    class Words(nn.EmbeddingBag):
        casts_input = True

        def __init__(self):
            super().__init__(11, 4, padding_idx=0)

    nested = {"iterator_train__collate_fn": pad, "iterator_valid__collate_fn": pad}
    model = RebalancedClassifier(module=Words, max_epochs=20, lr=0.1, random_state=0, **nested)
    model.fit(Items(sequences), y)
    assert not hasattr(model, "n_features_in_")
    later = Items(sequences[::-1])
    assert len(sequences[0]) != len(sequences[-1])
    assert np.array_equal(model.predict(later), y[::-1])
    model.partial_fit(later, y[::-1])
    with pytest.raises(ValueError, match="no items"):
        model.predict(Items([]))


def test_an_empty_dataset(data):
    model = RebalancedClassifier(**ROWS)
    with pytest.raises(ValueError, match="X, a Items, has no items"):
        model.fit(Items([]))
    model.fit(*data)
    with pytest.raises(ValueError, match="X, a Items, has no items"):
        model.predict(Items([]))


def test_partial_fit_asks_for_labels(data):
    model = RebalancedClassifier(**ROWS).fit(*data)
    with pytest.raises(ValueError, match="requires y to be passed"):
        model.partial_fit(data[0])


def test_a_loader_is_refused_everywhere(data):
    X, y = data
    loader = torch.utils.data.DataLoader(pairs(X, y), batch_size=8)
    for labels in (None, y):
        with pytest.raises(TypeError, match=r"X=loader\.dataset.*batch_size=8"):
            RebalancedClassifier(**ROWS).fit(loader, labels)
    model = RebalancedClassifier(**ROWS).fit(loader.dataset)
    with pytest.raises(TypeError, match="X is a DataLoader"):
        model.predict(loader)


# --- torch tensors ----------------------------------------------------------------------------


SPARSE = {
    "coo": torch.Tensor.to_sparse,
    "csr": torch.Tensor.to_sparse_csr,
    "csc": torch.Tensor.to_sparse_csc,
    "bsr": lambda x: x.to_sparse_bsr((2, 3)),
}


@pytest.mark.parametrize("layout", SPARSE)
def test_sparse_tensors_are_as_good_as_scipys(layout, data):
    X, y = data
    X = np.where(X > 0, X, 0.0)
    expected = RebalancedClassifier(**QUICK).fit(scipy.sparse.csr_array(X), y)
    given = SPARSE[layout](torch.from_numpy(X))
    model = RebalancedClassifier(**QUICK).fit(given, y)
    assert model.n_features_in_ == 6
    assert np.array_equal(model.predict_proba(given), expected.predict_proba(X))
    with pytest.raises(ValueError, match="2 features, but RebalancedClassifier is expecting 6"):
        model.predict(torch.eye(2).to_sparse())


def test_bfloat16_comes_in_as_float32():
    X = torch.tensor([[1.5, 2.0], [0.0, 1.0]], dtype=torch.bfloat16)
    got, _ = check_rows(Estimator(), X, [0, 1], reset=True)
    assert got.dtype == np.float32
    assert got.tolist() == X.tolist()


def test_no_pass_for_moments_that_nobody_takes():
    X = np.array([[1e300, 0.0], [0, 1], [1, 0], [1, 1]])
    y = [0, 1, 0, 1]
    with pytest.raises(ValueError, match=r"Columns \[0\]"):
        RebalancedClassifier(module=MLP, max_epochs=1, dtype="float64").fit(X, y)
    X = X.clip(max=2)
    source = Items([(torch.from_numpy(x), label) for x, label in zip(X, y)], targets=y)
    counts = []
    for standardize in (True, False):
        source.reads = 0
        RebalancedClassifier(
            module=MLP, max_epochs=1, dtype="float64", module__standardize=standardize
        ).fit(source)
        counts.append(source.reads)
    assert counts[0] - counts[1] == len(X)


# --- what is a Dataset ----------------------------------------------------------------------------


def test_is_dataset():
    class Endless(IterableDataset):
        def __iter__(self):
            return iter([])

    assert is_dataset(Items([]))
    assert is_dataset(TensorDataset(torch.zeros(2)))
    for other in (np.zeros((2, 2)), [[0.0]], torch.zeros(2, 2), pd.DataFrame([[0.0]]), None):
        assert not is_dataset(other)
    with pytest.raises(TypeError, match=r"IterableDataset \(Endless\).*__getitem__"):
        is_dataset(Endless())


def test_a_loader_is_not_taken_for_its_dataset():
    source = TensorDataset(torch.zeros(6, 2))
    with pytest.raises(
        TypeError, match=r"X=loader\.dataset.*batch_size=4, iterator_train__num_workers=0"
    ):
        is_dataset(DataLoader(source, batch_size=4))
    batches = DataLoader(source, batch_sampler=[[0, 1]])
    with pytest.raises(TypeError, match="to the classifier: iterator_train__num_workers=0"):
        is_dataset(batches)


# --- Datasets that scikit-learn splits --------------------------------------------------------


def test_a_slice_dataset_is_a_subset():
    source = TensorDataset(torch.arange(12.0).view(6, 2), torch.tensor([0, 1, 2, 0, 1, 2]))
    found = unsliced(SliceDataset(source)[np.array([4, 1])])
    assert isinstance(found, Subset)
    assert [found[i][0].tolist() for i in range(2)] == [[8, 9], [2, 3]]
    assert dataset_labels(found).tolist() == [1, 1]
    inner = SliceDataset(Subset(source, [5, 3]))[:1]
    assert unsliced(inner)[0][0].tolist() == [10, 11]


def test_a_slice_dataset_of_another_part_or_with_a_transform():
    class Doubled(SliceDataset):
        def transform(self, data):
            return 2 * data

    source = TensorDataset(torch.zeros(3, 2), torch.arange(6.0).view(3, 2))
    found = unsliced(SliceDataset(source, idx=1)[np.array([2, 0])])
    assert len(found) == 2
    assert [found[np.int64(i)].tolist() for i in range(2)] == [[4, 5], [0, 1]]
    assert unsliced(Doubled(source, idx=1))[1].tolist() == [4, 6]
    assert is_dataset(found)


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ((torch.zeros(3), 1), "a tuple of length 2"),
        ((np.zeros(3), 1), "a tuple of length 2"),
        ((torch.tensor(1.0), 1), "a tuple of length 2"),
        ([torch.zeros(3), torch.tensor(1)], "a list of length 2"),
        ((object(), 1), "a tuple of length 2"),
        ({"x": 1.0, "label": 1}, r"a dict with the keys \['x', 'label'\]"),
        (torch.zeros(3, 8, 8), "a Tensor"),
        (np.zeros((8, 8)), "a ndarray"),
    ],
)
def test_a_list_of_items_says_how_a_dataset_is_split(item, said):
    for kind in (list, tuple):
        with pytest.raises(TypeError, match=rf"is {said}, as .*SliceDataset\(dataset\) .*Subset"):
            unsliced(kind([item, item]))


@pytest.mark.parametrize(
    "X",
    [
        [],
        [[1.0, 2], [3, 4]],
        [(1.0, 2), (3, 4)],
        [[torch.tensor(1.0)], [torch.tensor(2.0)]],
        [torch.zeros(2), torch.ones(2)],
        [np.zeros(2), np.ones(2)],
        ["a text", "another"],
        [[[1.0, 2]], [[3, 4]]],
        np.zeros((2, 2)),
        pd.DataFrame({"a": [1.0]}),
        Items([1]),
        None,
    ],
)
def test_all_else_is_left_as_it_is(X):
    assert unsliced(X) is X


# --- some rows of anything ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "back"),
    [
        (np.asarray, np.asarray),
        (np.ndarray.tolist, np.asarray),
        (pd.DataFrame, np.asarray),
        (pl.DataFrame, lambda part: part.to_numpy()),
        (scipy.sparse.csr_array, lambda part: part.toarray()),
        (torch.from_numpy, lambda part: part.numpy()),
    ],
)
def test_rows_are_taken_of_any_form(form, back):
    X, rows = np.arange(12.0).reshape(4, 3), np.array([3, 0, 0])
    part = take_rows(form(X), rows)
    assert type(part) is type(form(X))
    np.testing.assert_array_equal(back(part), X[rows])


def test_items_are_taken_of_a_dataset():
    part = take_rows(TensorDataset(torch.arange(4)), np.array([3, 0]))
    assert [int(x) for (x,) in part] == [3, 0]


# --- plain arrays to predict ------------------------------------------------------------------


def test_plain_arrays_skip_checks_that_would_find_nothing(data, monkeypatch):
    X, y = data
    model = RebalancedClassifier(**QUICK).fit(X, y)
    expected = model.predict_proba(X.tolist())
    with monkeypatch.context() as without:
        without.setattr("sklimb._data.validation.check_rows", None)
        np.testing.assert_array_equal(model.predict_proba(X), expected)
        single = model.predict_proba(X[:1].astype(np.float32))
    np.testing.assert_allclose(single, expected[:1], atol=1e-5)
    frozen = X.copy()
    frozen.flags.writeable = False
    np.testing.assert_array_equal(model.predict_proba(frozen), expected)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda X: np.where(X[0, 0] == X, np.nan, X), "contains NaN"),
        (lambda X: np.where(X[0, 0] == X, np.inf, X), "contains infinity"),
        (lambda X: X[:, :-1], "X has 5 features, but RebalancedClassifier is expecting 6"),
        (lambda X: X[0], "Expected 2D array, got 1D array"),
        (lambda X: X[:0], "Found array with 0 sample"),
        (lambda X: X + 1j, "Complex data not supported"),
    ],
)
def test_arrays_that_are_not_plain_get_the_errors_of_scikit_learn(data, change, said):
    X, y = data
    model = RebalancedClassifier(**QUICK).fit(X, y)
    with pytest.raises(ValueError, match=said):
        model.predict_proba(change(X))


def test_arrays_without_the_names_of_fit_are_warned_of(data):
    X, y = data
    model = RebalancedClassifier(**QUICK).fit(pd.DataFrame(X, columns=list("abcdef")), y)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.predict_proba(X[:1])
