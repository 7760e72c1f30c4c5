from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import f1_score, make_scorer
from torch import nn

from sklimb import RebalancedClassifier
from sklimb._training.identity import described, differences, shown
from tests.shared import QUICK
from tests.shared import data as data


def scaled(factor):
    return lambda scores, y: factor * nn.functional.cross_entropy(scores, y)


def added(factor):
    return lambda scores, y: factor + nn.functional.cross_entropy(scores, y)


PAIRS = [
    (0.1, 0.2),
    (1, True),
    ("a", "b"),
    ({"a": 1, "b": 2}, {"a": 1, "b": 3}),
    (pd.Series([1.0, 2.0], ["a", "b"]), pd.Series([1.0, 3.0], ["a", "b"])),
    ((8,), (8, 8)),
    (np.arange(3), np.arange(3.0)),
    (torch.optim.SGD, torch.optim.AdamW),
    (scaled(2.0), scaled(3.0)),
    (scaled(2.0), added(2.0)),
    (nn.CrossEntropyLoss(), nn.CrossEntropyLoss(label_smoothing=0.1)),
    (make_scorer(f1_score, pos_label=1), make_scorer(f1_score, greater_is_better=False)),
    (RebalancedClassifier(lr=0.1), RebalancedClassifier(lr=0.2)),
    (torch.ones(2, dtype=torch.bfloat16), torch.zeros(2, dtype=torch.bfloat16)),
]


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=lambda v: type(v).__name__)
def test_another_value_is_another(one, other):
    assert shown(one) == shown(one)
    assert shown(one) != shown(other)


def test_the_order_of_a_dict_or_set_is_no_matter():
    assert shown({"a": 1, "b": 2}) == shown({"b": 2, "a": 1})
    assert described({"x", "y", "z"}) == described({"z", "y", "x"})


def test_networks_go_by_their_weights(data):
    layers = [nn.Linear(2, 2) for _ in range(2)]
    assert shown(layers[0]) != shown(layers[1])
    layers[1].load_state_dict(layers[0].state_dict())
    assert shown(layers[0]) == shown(layers[1])
    frozen = [
        FrozenEstimator(RebalancedClassifier(**QUICK | {"random_state": seed}).fit(*data))
        for seed in (0, 0, 1)
    ]
    texts = [described(one.estimator.module_) for one in frozen]
    assert texts[0] == texts[1] != texts[2]


def test_differences_are_named_and_short():
    long = {"X": "sha256:01", "y": "sha256:02"}
    one = {"data": long, "parameters": {"lr": "0.1", "module": "sha256:03"}}
    other = {"data": long | {"y": "sha256:04"}, "parameters": {"lr": "0.2", "tau": "1"}}
    assert differences(one, one) == []
    assert differences(one, other) == [
        "y", "lr (0.1, and 0.2 in the file)", "module", "tau (none, and 1 in the file)",
    ]  # fmt: skip
