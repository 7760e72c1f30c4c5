"""Batches hold the rows that were asked for, in that order, whatever way they come."""

from __future__ import annotations

import weakref

import numpy as np
import pytest
import torch

from sklimb._data import batches as _batches
from sklimb._data.batches import Batch, Batches, StreamedBatches, sizes_of_batches
from sklimb._data.training_data import ArrayData, DatasetData


def rows(n, shape=(3,), weighted=False):
    rng = np.random.default_rng(n)
    x = np.arange(n * int(np.prod(shape)), dtype=np.float32).reshape(n, *shape)
    return ArrayData(x, rng.integers(0, 4, n), rng.uniform(size=n) if weighted else None)


# --- sizes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 16])
def test_sizes(batch_size, drop_last):
    for n in range(1, 50):
        sizes = sizes_of_batches(n, batch_size, drop_last)
        whole, rest = divmod(n, batch_size)
        lost = rest if drop_last and whole and rest > 1 else 0
        assert sum(sizes) == n - lost
        assert sizes  # drop_last does not leave an epoch with nothing
        assert all(size == batch_size for size in sizes[:-1])
        if batch_size > 1 and n > 1:
            assert sizes[-1] > 1
        assert sizes[-1] <= batch_size + (rest == 1)
    assert sizes_of_batches(0, batch_size, drop_last) == []


# --- a pair that carries weights --------------------------------------------------------------


def test_a_batch_unpacks_as_a_pair():
    from skorch.dataset import unpack_data

    x, y, weight = torch.zeros(2, 3), torch.zeros(2), torch.ones(2)
    batch = Batch(x, y, weight)
    got = unpack_data(batch)
    assert got[0] is x
    assert got[1] is y
    assert len(batch) == 2
    assert batch.weight is weight
    assert Batch(x, None).weight is None


# --- rows -------------------------------------------------------------------------------------


def test_an_array_on_the_cpu_is_not_copied():
    x = np.zeros((4, 3))
    assert ArrayData(x).X.data_ptr() == x.ctypes.data
    tensor = torch.zeros(4, 3)
    assert ArrayData(tensor).X.data_ptr() == tensor.data_ptr()
    x.flags.writeable = False
    assert ArrayData(x).X.data_ptr() == x.ctypes.data  # and torch does not warn of it
    for batch, _ in Batches(ArrayData(x), batch_size=3):
        assert batch.data_ptr() != x.ctypes.data


def test_the_whole_in_order_is_a_view():
    data = rows(10)
    first = next(iter(Batches(data, batch_size=4)))
    assert first[0].data_ptr() == data.X.data_ptr()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_types_stay(dtype):
    data = ArrayData(np.ones((5, 2), dtype), np.arange(5, dtype=np.int32))
    x, y = next(iter(Batches(data, batch_size=5)))
    assert x.numpy().dtype == dtype
    assert y.dtype == torch.long
    assert len(data) == 5
    row, code = data[3]
    assert row.shape == (2,)
    assert code == 3
    assert ArrayData(np.ones((5, 2)))[3][1] == 0


# --- batches ----------------------------------------------------------------------------------


def joined(batches):
    parts = list(batches)
    return [
        None if parts[0][0] is None or values[0] is None else torch.cat(values)
        for values in (
            [b[0] for b in parts],
            [b[1] for b in parts],
            [b.weight for b in parts],
        )
    ]


@pytest.mark.parametrize("shape", [(3,), (2, 4, 4), ()])
@pytest.mark.parametrize("n", [1, 9, 33, 40])
def test_every_row_once_in_the_order_given(n, shape):
    data = rows(n, shape)
    batches = Batches(data, batch_size=8)
    order = np.random.default_rng(0).permutation(n)
    batches.indices = order
    weight = torch.rand(n)
    batches.weight = weight
    parts = list(batches)
    assert [len(part[0]) for part in parts] == sizes_of_batches(n, 8)
    assert len(batches) == len(parts)
    x, y, w = joined(parts)
    assert torch.equal(x, data.X[order])
    assert torch.equal(y, data.y[order])
    assert torch.equal(w, weight[order])
    x, y, w = joined(Batches(data, batch_size=8))
    assert torch.equal(x, data.X)
    assert torch.equal(y, data.y)
    assert w is None


def test_rows_may_come_more_than_once_or_not_at_all():
    data = rows(20)
    batches = Batches(data, batch_size=4)
    batches.indices = np.array([3, 3, 3, 19, 0, 3, 7])
    batches.weight = torch.arange(20.0)
    x, y, w = joined(batches)
    assert torch.equal(x, data.X[batches.indices])
    assert torch.equal(y, data.y[batches.indices])
    assert w.tolist() == [3.0, 3.0, 3.0, 19.0, 0.0, 3.0, 7.0]
    assert len(batches) == 2


def test_without_labels():
    batch = next(iter(Batches(ArrayData(np.ones((5, 2))), batch_size=5)))
    assert batch[1] is None
    assert batch.weight is None


def test_drop_last():
    data = rows(11)
    batches = Batches(data, batch_size=4, drop_last=True)
    batches.indices = np.arange(11)[::-1].copy()
    assert [len(part[0]) for part in batches] == [4, 4]
    assert torch.equal(joined(batches)[0], data.X[batches.indices[:8]])
    assert [len(part[0]) for part in Batches(rows(3), batch_size=4, drop_last=True)] == [3]


@pytest.mark.parametrize("values", [1, 30, 24 * 7, 10**6])
@pytest.mark.parametrize("n", [24, 25, 33, 40])
def test_pieces_do_not_show(values, n, monkeypatch):
    data = rows(n)
    order = np.random.default_rng(0).permutation(n)

    def collect():
        batches = Batches(data, batch_size=8)
        batches.indices, batches.weight = order, torch.arange(float(n))
        return list(batches)

    whole = collect()
    monkeypatch.setattr(_batches, "_VALUES_GATHERED_AT_ONCE", values)
    pieces = collect()
    assert len(pieces) == len(whole)
    for a, b in zip(pieces, whole, strict=True):
        assert torch.equal(a[0], b[0])
        assert torch.equal(a[1], b[1])
        assert torch.equal(a.weight, b.weight)


def test_a_piece_is_no_larger_than_said(monkeypatch):
    monkeypatch.setattr(_batches, "_VALUES_GATHERED_AT_ONCE", 60)
    batches = Batches(rows(40), batch_size=8)
    batches.indices = np.arange(40)
    for x, _ in batches:
        # storage of the piece that the batch is a view of: two batches of 8 rows of 3
        assert x.untyped_storage().nbytes() <= 4 * 60


def test_a_piece_is_let_go_of_before_the_next_is_gathered(monkeypatch):
    monkeypatch.setattr(_batches, "_VALUES_GATHERED_AT_ONCE", 60)
    pieces = []
    cut = _batches._cut

    def look(values, *args):
        assert all(piece() is None for piece in pieces)
        return cut(values, *args)

    monkeypatch.setattr(_batches, "_cut", look)
    batches = Batches(rows(40), batch_size=8)
    batches.indices = np.arange(40)
    for batch in batches:
        pieces.append(weakref.ref(batch[0].untyped_storage()))
        del batch
    assert len(pieces) == 5


# --- streamed ---------------------------------------------------------------------------------


class Items(torch.utils.data.Dataset):
    def __init__(self, x, pair):
        self.x, self.pair = x, pair

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return (self.x[index], "ignored") if self.pair else self.x[index]


@pytest.mark.parametrize("pair", [False, True])
@pytest.mark.parametrize("workers", [0, 2])
def test_streamed_batches_are_those_of_the_rows(pair, workers):
    data = rows(26)  # 8, 8, 8, 2: no single row, which a DataLoader leaves alone
    streamed = DatasetData(Items(data.X, pair), data.y_encoded)
    assert len(streamed) == 26
    for order in (None, np.random.default_rng(0).permutation(26), np.array([5, 5, 1])):
        both = [
            Batches(data, batch_size=8),
            StreamedBatches(streamed, batch_size=8, num_workers=workers),
        ]
        for batches in both:
            batches.indices, batches.weight = order, torch.arange(26.0)
        parts = [list(batches) for batches in both]
        assert len(both[1]) == len(parts[1]) == len(parts[0])
        for a, b in zip(*parts, strict=True):
            assert torch.equal(a[0], b[0])
            assert torch.equal(a[1], b[1])
            assert torch.equal(a.weight, b.weight)
    plain = next(iter(StreamedBatches(DatasetData(Items(data.X, pair)), batch_size=8)))
    assert plain[1] is None
    assert plain.weight is None


def test_streaming_leaves_torchs_generator_alone():
    data = rows(20)
    torch.manual_seed(0)
    before = torch.get_rng_state()
    batches = StreamedBatches(DatasetData(Items(data.X, False), data.y_encoded), batch_size=4)
    for _ in range(2):
        assert len(list(batches)) == 5
        assert torch.equal(torch.get_rng_state(), before)


def test_the_order_may_change_between_epochs():
    data = rows(12)
    batches = StreamedBatches(DatasetData(Items(data.X, True), data.y_encoded), batch_size=4)
    for order in (np.arange(12)[::-1].copy(), np.arange(12), np.array([1, 2])):
        batches.indices = order
        assert torch.equal(joined(batches)[0], data.X[order])
    assert len(batches) == 1


def test_infinity_among_the_items_of_a_dataset_is_named():
    x = torch.zeros(9, 2)
    x[7, 1] = -torch.inf
    x[8] = torch.nan  # for the network to judge
    batches = StreamedBatches(DatasetData(torch.utils.data.TensorDataset(x)), batch_size=3)
    batches.indices = np.array([8, 0, 7, 1])
    with pytest.raises(ValueError, match="Input X contains infinity: x of item 7 of the Dataset"):
        list(batches)
    batches.indices = np.array([8, 0, 1])
    assert len(list(batches)) == 1


def test_what_is_infinite_in_the_networks_type_alone_is_named_too():
    x = torch.zeros(9, 2, dtype=torch.float64)
    x[7, 1] = 1e39
    data = DatasetData(torch.utils.data.TensorDataset(x))
    with pytest.raises(ValueError, match=r"too large for float32: x of item 7 of the Dataset"):
        list(StreamedBatches(data, batch_size=3, dtype=torch.float32))
    for dtype in (torch.float64, None):
        assert len(list(StreamedBatches(data, batch_size=3, dtype=dtype))) == 3
