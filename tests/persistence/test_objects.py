"""Objects taken apart and put together."""

from __future__ import annotations

import json
from collections import OrderedDict
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.utils import Bunch

from sklimb.backbones import MLP
from sklimb.persistence._names import Names
from sklimb.persistence._objects import Reader, Writer


def there_and_back(value):
    writer = Writer()
    record = json.loads(json.dumps(writer.encode(value, "it")))
    return Reader(writer.tensors, writer.parts, Names(), {}).decode(record)


@pytest.mark.parametrize(
    "value",
    [
        [1, [2.5, None]], (1, ("a",)), {1, 2}, frozenset("ab"), {"a": 1, 2: (3,), None: {}},
        {"is": "tuple", "value": [1]}, Bunch(a=[1]), MLP, torch.nn.functional.relu,
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_containers_and_names(value):
    back = there_and_back(value)
    assert back == value and type(back) is type(value)


def test_other_kinds():
    assert there_and_back(OrderedDict(b=1, a=2)) == {"b": 1, "a": 2}
    mixed = there_and_back(np.array([["a", 1], [None, 2.5]], dtype=object))
    assert mixed.dtype == object and mixed.tolist() == [["a", 1], [None, 2.5]]
    series = pd.Series([1.0, 2.0], index=["x", "y"], name="w")
    pd.testing.assert_series_equal(there_and_back(series), series, check_index_type=False)
    frame = pd.DataFrame({"a": [0, 1], "b": [0.5, 2.0]}, index=["a", "b"])
    pd.testing.assert_frame_equal(there_and_back(frame), frame, check_index_type=False)
    made = there_and_back(partial(MLP, 3, hidden=(8,)))
    assert made.func is MLP and made.args == (3,) and made.keywords == {"hidden": (8,)}
    tensor = torch.randn(3, 2).t()
    assert torch.equal(there_and_back([tensor])[0], tensor)


def test_what_cannot_be_held_is_named():
    with pytest.raises(TypeError, match=r"it\['a'\]\[1\] is of the type .*complex"):
        Writer().encode({"a": [0, 1j]}, "it")
    with pytest.raises(TypeError, match=r"it=<function .* has no import path"):
        Writer().encode(lambda x: x, "it")
    with pytest.raises(TypeError, match="it is a tensor of layout"):
        Writer().encode(torch.eye(2).to_sparse(), "it")
    with pytest.warns(UserWarning, match="random_state is a generator"):
        assert Writer().encode(np.random.RandomState(0), "random_state") == {"is": "none"}


def test_tensors_that_share_memory_are_both_named():
    one = torch.zeros(4, 2)
    for other in (one, one.t(), one[1:]):
        with pytest.raises(ValueError, match=r"a and b share memory \(tied weights\)"):
            writer = Writer()
            writer.tensor(one, "a")
            writer.tensor(other, "b")


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"is": "tensor", "name": "t", "shape": [3]}, r"'t' has the shape \(2,\).*\(3,\)"),
        ({"is": "tensor", "name": "u", "shape": [2]}, "'u' is missing"),
        ({"is": "cake"}, "not known, 'cake'"),
        ({"is": "_tensor"}, "not known"),
        ({"is": "name", "name": "os.system"}, "not sklimb's"),
    ],
)
def test_a_wrong_description_is_refused(record, message):
    with pytest.raises(ValueError, match=message):
        Reader({"t": torch.zeros(2)}, {}, Names(), {}).decode(record)


def test_nothing_is_left_over():
    reader = Reader({"t": torch.zeros(2)}, {"p": b""}, Names(), {})
    with pytest.raises(ValueError, match=r"more than its model is made of: \['p', 't'\]"):
        reader.check_all_used()
