"""What a backbone may give back, and what is said of anything else."""

from __future__ import annotations

from collections import OrderedDict
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from sklimb import RebalancedClassifier
from sklimb.backbones.features import as_features, check_features
from tests.shared import QUICK
from tests.shared import data as data


class ModelOutput(OrderedDict):
    """Stands for Hugging Face's: an ordered dict whose keys are attributes too."""

    def __getattr__(self, name):
        if name in self:
            return self[name]
        raise AttributeError(name)


class Gives(nn.Module):
    """A layer whose output goes through a function."""

    def __init__(self, change):
        super().__init__()
        self.layer = nn.Linear(6, 4)
        self.change = change

    def forward(self, x):
        return self.change(self.layer(x))


def test_tensors_and_tuples_become_a_matrix():
    x = torch.randn(3, 2, 5)
    assert as_features(x[:, 0], nn.Identity()) is not None
    assert torch.equal(as_features(x, nn.Identity()), x.reshape(3, 10))
    assert torch.equal(as_features((x, "more"), nn.Identity()), x.reshape(3, 10))
    assert torch.equal(as_features([x[:, 0]], nn.Identity()), x[:, 0])


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (
            lambda h: {"hidden": h, "mask": None},
            TypeError,
            r"Gives returned dict with \['hidden', 'mask'\].* self\.inner\(x\)\['hidden'\]",
        ),
        (
            lambda h: ModelOutput(last_hidden_state=h[:, None], pooler_output=h),
            TypeError,
            r"ModelOutput with \['last_hidden_state', 'pooler_output'\].*\['pooler_output'\]``",
        ),
        (
            lambda h: SimpleNamespace(last_hidden_state=h, length=4),
            TypeError,
            r"SimpleNamespace with \['last_hidden_state'\].*self\.inner\(x\)\.last_hidden_state``",
        ),
        (lambda h: None, TypeError, r"returned None.*forward end in a return\?"),
        (lambda h: (), TypeError, "returned tuple, not a tensor"),
        (lambda h: ((h,),), TypeError, "returned tuple, not a tensor"),
        (lambda h: h.numpy(), TypeError, "returned ndarray.*Return a torch.Tensor"),
        (lambda h: h[:, 0], ValueError, r"shape \(2,\), but .*\.unsqueeze\(1\)"),
        (lambda h: h.mean(), ValueError, r"shape \(\), but .*means over other axes"),
        (
            lambda h: h.mean(0, keepdim=True),
            ValueError,
            r"Gives turned 2 samples into 1, .*\(1, 4\)",
        ),
        (lambda h: h[:, :0], ValueError, r"no feature at all: shape \(2, 0\)"),
        (lambda h: h.long(), ValueError, "features of torch.int64. Return floats"),
    ],
    # no address of a function: two workers must collect the same names
    ids=lambda value: None if callable(value) else value,
)
def test_what_is_no_matrix_of_features(change, kind, message, data):
    with pytest.raises(kind, match=message):
        RebalancedClassifier(module=Gives(change), max_epochs=1).fit(*data)


def test_the_remedies_work(data):
    X, y = data

    class Around(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            return self.inner(x)["pooler_output"]

    torch.manual_seed(0)
    inner = Gives(lambda h: ModelOutput(pooler_output=h))
    params = {k: v for k, v in QUICK.items() if not k.startswith("module")}
    model = RebalancedClassifier(module=Around(inner), **params).fit(X, y)
    assert model.transform(X).shape == (len(X), 4)
    model = RebalancedClassifier(module=Gives(lambda h: h[:, 0].unsqueeze(1)), **params).fit(X, y)
    assert model.transform(X).shape == (len(X), 1)


def test_a_module_that_changes_its_mind_while_training(data):
    class Two(Gives):
        def forward(self, x):
            return {"h": self.layer(x)} if self.training else self.layer(x)

    with pytest.raises(TypeError, match=r"Two returned dict with \['h'\]"):
        RebalancedClassifier(module=Two(None), max_epochs=1).fit(*data)


def test_features_of_half_precision_pass():
    check_features(torch.zeros(2, 3, dtype=torch.bfloat16), 2, nn.Identity())
    with pytest.raises(ValueError, match="2 samples into 3"):
        check_features(torch.zeros(3, 3), 2, nn.Identity())
    with pytest.raises(ValueError, match=r"torch\.bool"):
        check_features(torch.from_numpy(np.ones((2, 3), dtype=bool)), 2, nn.Identity())
