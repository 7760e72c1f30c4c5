"""Parameters: which there are, which values they take, and what the values stand for."""

from __future__ import annotations

import pytest
import torch
from sklearn.base import clone

from sklimb import RebalancedClassifier
from sklimb._parameters import choose_batch_size, resolve_device
from tests.shared import QUICK, each_classifier
from tests.shared import data as data


@each_classifier
def test_unknown_parameter_names_the_nearest(cls):
    with pytest.raises(TypeError, match=r"no parameter 'max_epoch'\. Did you mean max_epochs"):
        cls(max_epoch=3)
    with pytest.raises(ValueError, match=r"no parameter 'clas_weight'\. Did you mean class_weight"):
        cls().set_params(clas_weight="balanced")
    with pytest.raises(TypeError, match="modul__hidden"):
        cls(modul__hidden=(3,))
    with pytest.raises(ValueError, match="no parameter 'nested'"):
        cls(nested=1).fit([[0.0], [1.0]], [0, 1])


@each_classifier
def test_nested_parameters_survive_clone_and_set_params(cls):
    model = cls(module__hidden=(7,), optimizer__weight_decay=0.5)
    copied = clone(model)
    assert copied.get_params()["module__hidden"] == (7,)
    copied.set_params(module__hidden=(9,), iterator_train__drop_last=True)
    assert copied.get_params()["module__hidden"] == (9,)
    assert model.get_params()["module__hidden"] == (7,)
    assert "iterator_train__drop_last" not in model.get_params()


def test_nested_parameters_reach_their_parts(data):
    X, y = data
    model = RebalancedClassifier(
        module__hidden=(5, 7), optimizer__weight_decay=0.25, max_epochs=1
    ).fit(X, y)
    assert model.module_.head.in_features == 7
    assert model.net_.optimizer_.param_groups[0]["weight_decay"] == 0.25
    with pytest.raises(TypeError, match="learning_rate"):
        RebalancedClassifier(optimizer__learning_rate=0.1).fit(X, y)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"max_epochs": 0}, "max_epochs == 0, must be >= 1"),
        ({"batch_size": 0}, "batch_size == 0"),
        ({"batch_size": 2.5}, "batch_size must be an instance of int"),
        ({"lr": -1.0}, "lr == -1.0, must be > 0"),
        ({"lr_schedule": "linear"}, r"lr_schedule must be one of \[None, 'cosine', 'step'\]"),
        ({"warmup_epochs": -1}, "warmup_epochs == -1"),
        ({"lr_milestones": (1.5,)}, "each of lr_milestones as a float is a share"),
        ({"sampling": "smote"}, r"sampling must be one of .*'smote'"),
        ({"dtype": "float16"}, "dtype must be one of"),
        ({"rebalance_from": 1.5}, r"share of max_epochs and must lie in \[0, 1\], got 1.5"),
        ({"class_weight": "auto"}, "class_weight must be None, 'balanced'"),
        ({"class_weight": {"huge": 2.0}}, r"labels that y does not have: \['huge'\]"),
        ({"class_weight": {"bulk": -1.0}}, "not negative"),
        ({"validation_fraction": 1.0}, "validation_fraction == 1.0"),
        ({"device": "tpu9"}, "'tpu9' is not a device"),
        ({"random_state": "seed"}, "random_state='seed' cannot seed"),
        ({"random_state": -3}, "must not be negative"),
        ({"module__activation": "step"}, "activation must be one of"),
        ({"iterator_train__num_workers": 2}, "belong to a DataLoader"),
    ],
)
def test_a_parameter_that_no_fit_could_use(params, message, data):
    with pytest.raises((ValueError, TypeError), match=message):
        RebalancedClassifier(**params).fit(*data)


@each_classifier
def test_double_correction_warns(cls, data):
    with pytest.warns(UserWarning, match="rare classes are corrected for twice"):
        cls(class_weight="balanced", sampling="balanced", **QUICK).fit(*data)


def test_resolve_device(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert resolve_device("auto") == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert resolve_device("auto") == "mps"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert resolve_device("auto") == "cpu"
    with pytest.raises(ValueError, match="Pass device='auto'"):
        resolve_device("cuda")


def test_batch_size_gives_some_thirty_steps():
    assert choose_batch_size(1) == choose_batch_size(200) == 16
    assert choose_batch_size(4_000) == 128
    assert choose_batch_size(10**7) == 512
