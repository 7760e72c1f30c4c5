"""Data, settings and helpers of several test files.

Import the fixtures as ``data as data``: that marks a name as there for others, where ruff would not
take an argument of the same name for its use.
"""

from __future__ import annotations

import random
from collections import defaultdict

import numpy as np
import pytest
import torch
from sklearn.datasets import make_classification
from torch.utils.data import Dataset

from sklimb import AffinityClassifier, RebalancedClassifier

CLASSIFIERS = (RebalancedClassifier, AffinityClassifier)
QUICK = {"max_epochs": 4, "module__hidden": (16,), "random_state": 0}

each_classifier = pytest.mark.parametrize("cls", CLASSIFIERS)


@pytest.fixture(scope="module")
def data():
    X, codes = make_classification(
        240, 6, n_informative=5, n_redundant=0, n_classes=3, weights=[0.7, 0.2], random_state=0
    )
    return X, np.array(["bulk", "some", "rare"])[codes]


@pytest.fixture(scope="module")
def binary():
    X, y = make_classification(240, 6, weights=[0.8], random_state=1)
    return X, np.where(y == 1, "fraud", "fine")


def same_bits(a, b):
    return all(
        torch.equal(p, q)
        for p, q in zip(a.module_.state_dict().values(), b.module_.state_dict().values())
    )


def global_state():
    numpy_state = np.random.get_state()
    return (
        random.getstate(),
        (numpy_state[0], numpy_state[1].tobytes(), *numpy_state[2:]),
        torch.get_rng_state().numpy().tobytes(),
        torch.get_num_threads(),
    )


def samples_in(stored, X):
    """Rows of X of which two neighbouring values are in some bytes, as float32 or float64."""
    found = set()
    for dtype in (np.float32, np.float64):
        values = np.asarray(X, dtype=dtype).reshape(len(X), -1)
        pairs = defaultdict(set)  # from the bytes of two neighbours to the rows that have them
        for i, row in enumerate(values):
            for j in range(len(row) - 1):
                pairs[row[j : j + 2].tobytes()].add(i)
        size = 2 * values.itemsize
        starts = np.unique([np.frombuffer(pair[:8], "u8")[0] for pair in pairs])
        for offset in range(8):  # at each byte, eight bytes at a time: `in` is slow for many pairs
            rest = stored[offset:]
            words = np.frombuffer(rest[: len(rest) // 8 * 8], "u8")
            for k in np.flatnonzero(np.isin(words, starts)):
                at = offset + 8 * k
                found |= pairs.get(stored[at : at + size], set())
    return sorted(found)


class Items(Dataset):
    """A Dataset of given items that counts how often one is read."""

    def __init__(self, items, **attributes):
        self.items = items
        self.reads = 0
        vars(self).update(attributes)

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        self.reads += 1
        return self.items[index]
