from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback
from torch import nn

from sklimb import RebalancedClassifier
from sklimb._training.snapshot import decode, encode
from tests.shared import QUICK, same_bits
from tests.shared import data as data


def there_and_back(value):
    tensors = {}
    return decode(json.loads(json.dumps(encode(value, tensors, "it"), allow_nan=False)), tensors)


def test_nested_values_come_back_as_they_were():
    value = {
        "a": [1, (2.5, None, "x")],
        3: {"t": torch.arange(3), "nan": math.inf},
        "n": np.arange(4, dtype=np.uint32),
    }
    back = there_and_back(value)
    assert back["a"] == value["a"] and back[3]["nan"] == math.inf
    assert torch.equal(back[3]["t"], torch.arange(3))
    assert np.array_equal(back["n"], value["n"]) and back["n"].dtype == np.uint32
    with pytest.raises(TypeError, match=r"cannot hold it\['f'\], a function"):
        encode({"f": there_and_back}, {}, "it")


class Counting(nn.Module):
    """A network whose features go by how often it was trained, and by a buffer that grows."""

    def __init__(self, in_features):
        super().__init__()
        self.layer = nn.Linear(in_features, 4)
        self.n_steps = 0
        self.register_buffer("last", None)
        self.register_buffer("total", torch.zeros(1), persistent=False)

    def forward(self, x):
        if self.training:
            self.n_steps += 1
            self.last = self.layer.weight.detach().clone()
            self.total += 1
        factor = 1 + 0.01 * self.n_steps + 0.001 * self.total
        return self.layer(x) * factor + (0 if self.last is None else self.last.sum())


class Halt(Callback):
    def __init__(self, at=None):
        self.at = at

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == self.at:
            raise KeyboardInterrupt


def fitted(data, halt=None, **params):
    model = RebalancedClassifier(module=Counting, max_epochs=4, random_state=0, **params)
    model.callbacks = [halt] if halt else None
    return model.fit(*data)


def test_a_users_module_goes_on_with_what_it_counts(data, tmp_path):
    whole = fitted(data)
    with pytest.raises(KeyboardInterrupt):
        fitted(data, Halt(3), checkpoint=tmp_path / "c")
    again = fitted(data, Halt(), checkpoint=tmp_path / "c")
    assert same_bits(again, whole)
    assert again.module_.backbone.n_steps == whole.module_.backbone.n_steps
    assert np.array_equal(again.predict_proba(data[0]), whole.predict_proba(data[0]))


class Remembering(Callback):
    def on_train_begin(self, net, X=None, y=None, **kwargs):
        self.n, self.seen = 0, [object()]

    def on_epoch_end(self, net, **kwargs):
        self.n += 1


def test_what_a_callback_keeps_goes_on_or_is_warned_of(data, tmp_path):
    keeps = Remembering()
    model = RebalancedClassifier(checkpoint=tmp_path / "c", **QUICK)
    model.callbacks = [("mine", keeps), Halt(3)]
    with pytest.warns(UserWarning, match="'seen' of the callback 'mine'"):
        with pytest.raises(KeyboardInterrupt):
            model.fit(*data)
        model.callbacks = [("mine", keeps)]
        model.fit(*data)
    assert keeps.n == 4
