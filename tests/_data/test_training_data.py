"""Data of arrays and of Datasets: the same answers to the same questions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import sparse
from torch.utils.data import Dataset

from sklimb._data.training_data import ArrayData, DatasetData, TrainingData
from sklimb._random import Streams

X = np.arange(10.0).reshape(5, 2)
CODES = np.array([0, 1, 1, 0, 2])


class Numbers(Dataset):
    def __len__(self):
        return 5

    def __getitem__(self, index):
        return torch.from_numpy(X[index]), "a label of its own"


KINDS = {
    "dense": (X, ArrayData),
    "CSR": (sparse.csr_array(X), ArrayData),
    "images": (X.reshape(5, 1, 1, 2), ArrayData),
    "Dataset": (Numbers(), DatasetData),
}
each_kind = pytest.mark.parametrize("kind", KINDS)


def values(data):
    """The samples as lists of numbers, whatever holds them."""
    whole = data.whole()
    if isinstance(data, DatasetData):
        return [whole[k][0].tolist() for k in range(len(whole))]
    whole = whole.toarray() if sparse.issparse(whole) else whole
    return whole.reshape(len(whole), -1).tolist()


def make(kind, weight=None):
    given, cls = KINDS[kind]
    data = TrainingData.of(given, CODES, weight)
    assert type(data) is cls
    return data


@each_kind
def test_what_it_holds(kind):
    data = make(kind)
    assert len(data) == 5 and data.weight is None
    assert data.y_encoded.tolist() == data.y.tolist() == CODES.tolist()
    assert values(data) == X.tolist()
    assert data.class_counts(4).tolist() == [2, 2, 1, 0]
    assert data.sample_shape == ((1, 1, 2) if kind == "images" else (2,))
    assert data.example().shape == (2, *data.sample_shape)
    # a Dataset's items are not counted; the first sparse row lacks its zero
    assert data.mean_values == {"Dataset": 1, "CSR": 9 // 5}.get(kind, 2)


@each_kind
def test_samples_are_taken_with_their_labels_and_weights(kind):
    weight = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    some = make(kind, weight).take(np.array([4, 1]))
    assert values(some) == X[[4, 1]].tolist()
    assert some.y_encoded.tolist() == some.y.tolist() == [2, 1]
    assert some.weight.tolist() == [5.0, 2.0]
    bare = TrainingData.of(KINDS[kind][0]).take(np.array([0]))
    assert bare.y_encoded is bare.y is bare.weight is None


@each_kind
def test_samples_without_weight_are_left_out(kind):
    kept = make(kind, np.array([1.0, 0.0, 2.0, 0.0, 3.0])).drop_zero_weight()
    assert values(kept) == X[[0, 2, 4]].tolist()
    assert kept.y_encoded.tolist() == [0, 1, 2]
    assert kept.weight.tolist() == [1.0, 2.0, 3.0]
    equal = make(kind, np.array([0.0, 3.0, 3.0, 0.0, 3.0])).drop_zero_weight()
    assert equal.y_encoded.tolist() == [1, 1, 2]
    assert equal.weight is None


@each_kind
@pytest.mark.parametrize("weight", [None, np.array([0.5, 1e-300, 2.0, 1.0, 3.0])])
def test_nothing_is_copied_where_every_sample_counts(kind, weight):
    data = make(kind, weight)
    assert data.drop_zero_weight() is data


@each_kind
def test_samples_are_held_back_class_by_class(kind):
    learnt, held = make(kind).hold_back(0.5, Streams(0))
    assert sorted(values(learnt) + values(held)) == X.tolist()
    assert held.y_encoded.tolist() == [0, 1]  # of a class of one sample none is
    assert learnt.y_encoded.tolist().count(2) == 1


@each_kind
def test_some_stratified_subsample(kind):
    chosen = make(kind).stratified_subsample(3, np.random.default_rng(0))
    assert CODES[chosen].tolist() in ([0, 1, 2], [1, 0, 2])
    assert make(kind).stratified_subsample(9, np.random.default_rng(0)).tolist() == [0, 1, 2, 3, 4]


def test_memory_is_shared_where_it_may_be_written_to():
    data = TrainingData.of(X)
    assert data.X.data_ptr() == X.ctypes.data
    assert data.whole().ctypes.data == X.ctypes.data


def test_the_users_own_batches():
    def collate(items):
        return torch.stack([2 * x[0] for x, _ in items]), None

    class Pairs(Numbers):
        def __getitem__(self, index):
            return (torch.from_numpy(X[index]),), 0

    data = TrainingData.of(Pairs(), collate=lambda items: (torch.ones(len(items), 7), None))
    assert data.sample_shape == (7,)
    assert data.take(np.array([3, 1])).sample_shape == (7,)


@pytest.mark.parametrize("kind", ["dense", "CSR", "images"])
def test_an_example_holds_two_samples_and_no_more(kind):
    # a view would bring all samples into every pickle of a network that keeps its example
    example = make(kind).example()
    parts = [example.values(), example.col_indices()] if kind == "CSR" else [example]
    assert all(p.untyped_storage().nbytes() == p.numel() * p.element_size() for p in parts)
