"""Data of arrays and of Datasets: the same answers to the same questions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import sparse
from torch.utils.data import Dataset

from sklimb import AffinityClassifier, RebalancedClassifier
from sklimb._data.batches import Batches
from sklimb._data.training_data import ArrayData, DatasetData, stratified_split
from sklimb._random import Streams
from sklimb._training import training
from tests.shared import QUICK

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
    return cls(given, CODES, weight)


@each_kind
def test_what_it_holds(kind):
    data = make(kind)
    assert len(data) == 5 and data.weight is None
    assert data.y_encoded.tolist() == data.y.tolist() == CODES.tolist()
    assert values(data) == X.tolist()
    assert data.class_counts(4).tolist() == [2, 2, 1, 0] == data.distinct_counts(4).tolist()
    assert data.copied_from is None
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
    given, cls = KINDS[kind]
    bare = cls(given).take(np.array([0]))
    assert bare.y_encoded is bare.y is bare.weight is None


@each_kind
def test_labels_come_to_the_same_samples(kind):
    bare = KINDS[kind][1](KINDS[kind][0])
    data = bare.labelled(CODES, np.arange(1.0, 6.0))
    assert values(data) == X.tolist()
    assert data.y_encoded.tolist() == data.y.tolist() == CODES.tolist()
    assert data.weight.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert bare.y is None


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


@each_kind
def test_copies_of_samples_are_seen_in_memory(kind):
    data = make(kind).take(np.array([0, 1, 2, 3, 4, 4, 4]))
    if kind == "Dataset":
        assert data.copied_from is None  # to see them it would have to be read
    else:
        assert data.copied_from.tolist() == [0, 1, 2, 3, 4, 4, 4]
        assert data.distinct_counts(3).tolist() == [2, 2, 1]
    assert data.class_counts(3).tolist() == [2, 2, 3]


def test_memory_is_shared_where_it_may_be_written_to():
    data = ArrayData(X)
    assert data.X.data_ptr() == X.ctypes.data
    assert data.whole().ctypes.data == X.ctypes.data


class InPlace(torch.nn.Module):
    """A network that writes to what it is given."""

    def __init__(self, in_features):
        super().__init__()
        self.layer = torch.nn.Linear(in_features, 4)

    def forward(self, x):
        return self.layer(x.mul_(0.5))


def test_read_only_memory_is_shared_and_never_written_to(tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "X.npy", rng.normal(size=(60, 3)).astype(np.float32))
    X, y = np.load(tmp_path / "X.npy", mmap_mode="r"), np.arange(60) % 2
    data = ArrayData(X).labelled(y, None)
    assert data.X.data_ptr() == X.ctypes.data
    assert not data.whole().flags.writeable and data.whole().ctypes.data == X.ctypes.data
    for x, _ in Batches(data, batch_size=16):
        x.zero_()  # in the mapped file it would end the process
    data[3][0].zero_()
    data.take(np.arange(4)).X.zero_()
    data.example().zero_()
    inside = {"module": InPlace, "max_epochs": 2, "iterator_train__shuffle": False}
    model = RebalancedClassifier(**inside, random_state=0).fit(X, y)
    assert np.isfinite(model.predict_proba(X)).all()
    assert np.array_equal(X, np.load(tmp_path / "X.npy"))


def test_the_users_own_batches():
    def collate(items):
        return torch.stack([2 * x[0] for x, _ in items]), None

    class Pairs(Numbers):
        def __getitem__(self, index):
            return (torch.from_numpy(X[index]),), 0

    data = DatasetData(Pairs(), collate=lambda items: (torch.ones(len(items), 7), None))
    assert data.sample_shape == (7,)
    assert data.take(np.array([3, 1])).sample_shape == (7,)


@pytest.mark.parametrize("kind", ["dense", "CSR", "images"])
def test_an_example_holds_two_samples_and_no_more(kind):
    # a view would bring all samples into every pickle of a network that keeps its example
    example = make(kind).example()
    parts = [example.values(), example.col_indices()] if kind == "CSR" else [example]
    assert all(p.untyped_storage().nbytes() == p.numel() * p.element_size() for p in parts)


# --- some of each class -----------------------------------------------------------------------


def subsample(codes, n, rng):
    return ArrayData(np.zeros((len(codes), 1)), codes).stratified_subsample(n, rng)


def test_each_class_gives_alike_as_far_as_it_has_rows():
    codes = np.random.default_rng(0).permutation(np.repeat([0, 1, 3], [500, 40, 3]))
    rows = subsample(codes, 60, np.random.default_rng(0))
    assert np.array_equal(rows, np.unique(rows))  # in order, none twice
    assert np.bincount(codes[rows]).tolist() == [20, 20, 0, 3]
    # a class of more rows than its share gives others the next time, one of fewer the same
    again = subsample(codes, 60, np.random.default_rng(1))
    assert set(rows[codes[rows] == 0]) != set(again[codes[again] == 0])
    assert set(rows[codes[rows] == 3]) == set(again[codes[again] == 3])
    assert np.array_equal(rows, subsample(codes, 60, np.random.default_rng(0)))


def test_rows_that_are_drawn_are_any_of_the_class():
    codes = np.repeat([0, 1], [10, 5])
    drawn = [subsample(codes, 4, np.random.default_rng(seed)) for seed in range(300)]
    times = np.bincount(np.concatenate(drawn), minlength=15)
    # 60 expected of each of the 10 and 120 of each of the 5, with spread 7 and 8.5
    assert np.abs(times[:10] - 60).max() < 35
    assert np.abs(times[10:] - 120).max() < 42


def test_few_rows_are_all_taken():
    codes = np.array([2, 0, 0, 1, 2])
    for n in (5, 6, 1000):
        assert subsample(codes, n, np.random.default_rng(0)).tolist() == [0, 1, 2, 3, 4]
    # no class goes without, even if that makes more than n
    rows = subsample(codes, 2, np.random.default_rng(0))
    assert sorted(codes[rows].tolist()) == [0, 1, 2]


def test_every_class_starts_from_data_even_if_few_rows_are_looked_at(monkeypatch):
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(300, 3)), 9 + rng.normal(size=(2, 3))])
    y = np.array([0] * 300 + [1] * 2)
    monkeypatch.setattr(training, "_SAMPLES_FOR_HEAD", 20)
    for seed in range(4):
        model = AffinityClassifier(max_epochs=1, random_state=seed).fit(X, y)
        assert model.module_.head.started.all()


# --- rows held back ---------------------------------------------------------------------------


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5])
def test_the_split_holds_back_a_share_of_each_class(fraction):
    codes = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [120, 60, 20]))
    train, held = stratified_split(codes, fraction, Streams(0))
    assert sorted([*train, *held]) == list(range(200))
    assert np.array_equal(train, np.sort(train))
    assert np.array_equal(held, np.sort(held))
    assert np.bincount(codes[held]).tolist() == [120 * fraction, 60 * fraction, 20 * fraction]


def test_the_split_follows_from_the_seed():
    codes = np.arange(90) % 3
    first = stratified_split(codes, 0.2, Streams(0))[1]
    assert np.array_equal(first, stratified_split(codes, 0.2, Streams(0))[1])
    assert not np.array_equal(first, stratified_split(codes, 0.2, Streams(1))[1])


def test_a_class_of_one_row_stays_in_training():
    codes = np.array([0] * 30 + [1] + [2] * 10 + [4])  # class 3 has no rows
    for seed in range(5):
        train, held = stratified_split(codes, 0.2, Streams(seed))
        assert np.bincount(codes[held]).tolist() == [6, 0, 2]  # 0.2 of each
        assert np.bincount(codes[train]).tolist() == [24, 1, 8, 0, 1]


def test_every_class_of_two_rows_is_on_either_side():
    rng = np.random.default_rng(0)
    for fraction in (0.01, 0.1, 0.74, 0.99):
        for _ in range(50):
            codes = np.repeat(np.arange(4), rng.integers(2, 12, 4))
            train, held = stratified_split(codes, fraction, Streams(0))
            assert set(codes[train]) == set(codes[held]) == {0, 1, 2, 3}
            assert sorted([*train, *held]) == list(range(len(codes)))


def test_a_rare_class_is_held_back_too():
    _, held = stratified_split(np.repeat([0, 1, 2], [900, 90, 4]), 0.1, Streams(0))
    assert np.bincount(np.repeat([0, 1, 2], [900, 90, 4])[held]).tolist() == [90, 9, 1]


def test_early_stopping_on_too_few_rows():
    with pytest.raises(ValueError, match="No samples can be held back: each of 3 classes"):
        RebalancedClassifier(early_stopping=True).fit([[0.0], [1.0], [2.0]], [0, 1, 2])
    # a class of one row stays in training
    X = np.random.default_rng(0).normal(size=(21, 2))
    y = np.array([0] * 10 + [1] * 10 + [2])
    model = RebalancedClassifier(early_stopping=True, **QUICK).fit(X, y)
    assert model.class_counts_[2] == 1
