"""Items of torch Datasets: labels, shapes, and what no batch can be made of."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.data import (
    ConcatDataset,
    Subset,
    TensorDataset,
)

from sklimb._data.datasets import (
    check_filled,
    collate_items,
    dataset_labels,
    first_of,
    item_shape,
)
from tests.shared import Items

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
    with pytest.raises(ValueError, match="item 0 of the Dataset is tuple of length 1, not"):
        dataset_labels(TensorDataset(torch.zeros(3, 2)))


@pytest.mark.parametrize("item", [torch.zeros(2), (torch.zeros(2),), {"x": 1, "label": 0}])
def test_items_without_labels(item):
    with pytest.raises(ValueError, match=r"y is None and item 1 .* \(x, label\)\. Pass y="):
        dataset_labels(Items([(torch.zeros(2), 1), item]))


def test_labels_of_uneven_shape():
    items = [(torch.zeros(2), torch.zeros(k)) for k in (1, 1, 2)]
    with pytest.raises(ValueError, match=r"item 2 .* shape \(2,\), that of item 0 \(1,\)"):
        dataset_labels(Items(items))


# --- batches ----------------------------------------------------------------------------------


def test_a_batch_of_items():
    for kind in (torch.arange, np.arange):
        x, index = collate_items([(kind(3), 4), (kind(3), 2)])
        assert x.tolist() == [[0, 1, 2]] * 2
        assert index.tolist() == [4, 2]


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ({"image": 1, "label": 2}, r"is dict with the keys \['image', 'label'\].*__getitem__"),
        ([1.0, 2.0], r"is list of length 2.*torch\.as_tensor\(x\)"),
        ("photo.png", r"is str.*PILToTensor"),
        (None, "is NoneType"),
    ],
)
def test_what_no_batch_can_be_made_of(x, message):
    with pytest.raises(TypeError, match="x of item 7 of the Dataset " + message):
        collate_items([(torch.zeros(2), 3), (x, 7)])
    with pytest.raises(TypeError, match="x of item 0"):
        item_shape(Items([(x, 1)]))


def test_items_of_several_shapes():
    with pytest.raises(ValueError, match=r"item 5 .* \(1, 4, 3\), that of item 9 \(1, 4, 4\)"):
        collate_items([(torch.zeros(1, 4, 4), 9), (torch.zeros(1, 4, 3), 5)])


def test_shape_of_items():
    assert item_shape(TensorDataset(torch.zeros(5, 3, 4), torch.zeros(5))) == (3, 4)
    assert item_shape(Items([torch.zeros(2)])) == (2,)
    assert first_of(Items([(np.ones(2), 1)])).tolist() == [[1, 1]] * 2
    longest = first_of(Items(["abc", "a"]), lambda items: [[len(x) for x, _ in items], None])
    assert longest == [3, 3]
    with pytest.raises(ValueError, match="X, a Items, has no items"):
        check_filled(Items([]))
    with pytest.raises(ValueError, match=r"single number.*x\[None\]"):
        item_shape(TensorDataset(torch.zeros(3)))


@pytest.fixture
def each_time():
    """Let torch warn each time, not once in a process; a warning fails a test here."""
    before = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    yield
    torch.set_warn_always(before)


@pytest.mark.usefixtures("each_time")
def test_items_of_a_memory_map(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(12, dtype=np.float32).reshape(4, 3))
    rows = np.load(tmp_path / "x.npy", mmap_mode="r")
    x, positions = collate_items([(rows[i], i) for i in (2, 0)])
    assert torch.equal(x, torch.tensor([[6.0, 7, 8], [0, 1, 2]]))
    assert x.dtype == torch.float32
    assert positions.tolist() == [2, 0]
    x, _ = collate_items([(torch.zeros(3), 0), (rows[1], 1)])  # both kinds
    assert x.tolist() == [[0, 0, 0], [3, 4, 5]]
