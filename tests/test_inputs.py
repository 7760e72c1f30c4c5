"""What comes in, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from torch.utils.data import ConcatDataset, Dataset, IterableDataset, Subset, TensorDataset

from sklimb import RebalancedClassifier
from sklimb._inputs import check_rows, check_weights, dataset_labels, is_dataset
from sklimb.backbones import MLP


class Estimator(ClassifierMixin, BaseEstimator):
    pass


class Items(Dataset):
    def __init__(self, items, **attributes):
        self.items = items
        self.reads = 0
        vars(self).update(attributes)

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        self.reads += 1
        return self.items[index]


# --- datasets ---------------------------------------------------------------------------------


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


PAIRS = [(torch.zeros(1), label) for label in (2, 0, 1)]


@pytest.mark.parametrize("name", ["targets", "y", "labels"])
@pytest.mark.parametrize("convert", [list, np.array, torch.tensor], ids=["list", "array", "tensor"])
def test_labels_that_a_dataset_holds_are_taken_without_a_pass(name, convert):
    source = Items(PAIRS, **{name: convert([5, 6, 7])})
    assert dataset_labels(source).tolist() == [5, 6, 7]
    assert source.reads == 0


def test_labels_of_another_length_are_something_else():
    source = Items(PAIRS, targets=["cat", "dog"], labels=[5, 6, 7])
    assert dataset_labels(source).tolist() == [5, 6, 7]


def test_labels_from_a_pass():
    source = Items(PAIRS)
    labels = dataset_labels(source)
    assert labels.tolist() == [2, 0, 1]
    assert labels.shape == (3,)
    assert source.reads == 3
    names = dataset_labels(Items([(torch.zeros(1), "b"), [torch.zeros(1), "a"]]))
    assert names.tolist() == ["b", "a"]
    tensors = dataset_labels(Items([(torch.zeros(1), torch.tensor(k)) for k in (4, 3)]))
    assert tensors.tolist() == [4, 3]
    assert dataset_labels(Subset(Items(PAIRS), [2, 0])).tolist() == [1, 2]


def test_wrapped_datasets_are_asked_for_what_they_keep():
    source = Items(PAIRS, targets=[5, 6, 7])
    both = ConcatDataset([Subset(source, [2, 0]), Subset(Subset(source, [1, 2]), [1])])
    assert dataset_labels(both).tolist() == [7, 5, 7]
    assert source.reads == 0
    unknown = Items(PAIRS)
    assert dataset_labels(ConcatDataset([source, unknown])).tolist() == [2, 0, 1, 2, 0, 1]
    assert unknown.reads == 3


def test_a_target_transform_is_applied():
    source = Items(PAIRS, targets=[5, 6, 7], target_transform=lambda label: label == 6)
    assert dataset_labels(source).tolist() == [False, True, False]
    assert source.reads == 0


def test_labels_of_a_tensor_dataset():
    source = TensorDataset(torch.zeros(3, 2), torch.tensor([1, 0, 1]))
    assert dataset_labels(source).tolist() == [1, 0, 1]
    with pytest.raises(ValueError, match="item 0 of the Dataset is tuple, not"):
        dataset_labels(TensorDataset(torch.zeros(3, 2)))


@pytest.mark.parametrize("item", [torch.zeros(2), (torch.zeros(2),), {"x": 1, "label": 0}])
def test_items_without_labels(item):
    with pytest.raises(ValueError, match=r"y is None and item 1 .* \(x, label\)\. Pass y="):
        dataset_labels(Items([(torch.zeros(2), 1), item]))


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


# --- weights ----------------------------------------------------------------------------------


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
        ([0.0, 0.0, 0.0], "0 for every row|zero"),
        (0.0, "0 for every row|zero"),
    ],
)
def test_weights_that_cannot_be(bad, message):
    with pytest.raises(ValueError, match=message):
        check_weights(bad, 3)


def test_channels_last_images_are_told():
    X = np.zeros((10, 8, 8, 3), dtype=np.uint8)
    with pytest.warns(UserWarning, match=r"channels last.*transpose\(0, 3, 1, 2\)"):
        RebalancedClassifier(max_epochs=1).fit(X, np.arange(10) % 2)


def test_no_pass_for_moments_that_nobody_takes():
    X = np.array([[1e300, 0.0], [0, 1], [1, 0], [1, 1]])
    y = [0, 1, 0, 1]
    with pytest.raises(ValueError, match=r"Columns \[0\]"):
        RebalancedClassifier(max_epochs=1, dtype="float64").fit(X, y)
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
