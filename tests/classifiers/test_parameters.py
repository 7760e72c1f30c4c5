"""Parameters: which there are, which values they take, and what the values stand for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone

from sklimb import RebalancedClassifier
from sklimb._training.plan import resolve_device
from sklimb.classifiers.parameters import warn_of_ignored
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
        ({"max_epochs": 0}, "'max_epochs' parameter of .* Got "),
        ({"batch_size": 0}, "'batch_size' parameter of .* Got "),
        ({"batch_size": 2.5}, "'batch_size' parameter of .* Got "),
        ({"lr": -1.0}, "'lr' parameter of .* Got "),
        ({"lr_schedule": "linear"}, "'lr_schedule' parameter of .* Got "),
        ({"warmup_epochs": -1}, "'warmup_epochs' parameter of .* Got "),
        ({"lr_milestones": (1.5,)}, "each of lr_milestones as a float is a share"),
        ({"sampling": "smote"}, "'sampling' parameter of .* Got "),
        ({"dtype": "float16"}, "'dtype' parameter of .* Got "),
        ({"rebalance_from": 1.5}, "'rebalance_from' parameter of .* Got "),
        ({"class_weight": "auto"}, "class_weight must be None, 'balanced'"),
        ({"class_weight": {"huge": 2.0}}, r"labels that y does not have: \['huge'\]"),
        ({"class_weight": {"bulk": -1.0}}, "not negative"),
        ({"validation_fraction": 1.0}, "'validation_fraction' parameter of .* Got "),
        ({"device": "tpu9"}, "'tpu9' is not a device"),
        ({"random_state": "seed"}, "'random_state' parameter of .* Got "),
        ({"random_state": -3}, "'random_state' parameter of .* Got "),
        ({"module__activation": "step"}, "activation must be one of"),
        ({"iterator_train__num_workers": 2}, "belong to a DataLoader"),
        ({"module__hiden": (3,)}, "MLP has no argument for module__hiden.*module__hidden"),
        ({"module__hidden": 64}, r"hidden must be a sequence .*got 64\. One layer is \(64,\)"),
        ({"module": "mlp"}, "module must be None, an nn.Module class .*got 'mlp'"),
        ({"module": torch.nn.Linear}, "Linear needs module__out_features"),
        ({"module": lambda: None}, "made NoneType, not an nn.Module"),
        ({"module": torch.nn.Linear(9, 2)}, r"Linear cannot take .* of shape \(2, 6\): mat1"),
        ({"optimizer": "adam"}, r"class of optimisers.*got 'adam'\. Pass .*torch\.optim\.Adam\."),
        ({"optimizer": None}, r"got None\. Pass optimizer=torch\.optim\.AdamW\."),
        ({"optimizer": torch.optim.lr_scheduler.StepLR}, r"StepLR.*Pass .*AdamW\."),
        (
            {"optimizer": torch.optim.SGD([torch.zeros(1)], lr=0.1)},
            r"an instance of SGD.*Pass the class, optimizer=torch\.optim\.SGD",
        ),
        ({"optimizer__lrr": 0.1}, "AdamW has no argument for optimizer__lrr.*optimizer__betas"),
        ({"callbacks": 3}, "'callbacks' parameter of .* Got "),
        ({"callbacks": ["early"]}, "must hold instances of skorch.callbacks.Callback.*'early'"),
        ({"callbacks": [("stop", 3)]}, "must hold instances"),
        ({"lr_milestones": 3}, "'lr_milestones' parameter of .* Got "),
        ({"lr_milestones": np.array(0.8)}, "lr_milestones must be a sequence such as"),
        ({"module": dict}, "module must be a class of nn.Module"),
        ({"optimizer": lambda params: None}, r"optimizer must be a function of \(params, lr=\)"),
        ({"early_stopping": "False"}, "'early_stopping' parameter of .* Got 'False'"),
        ({"scoring": "bogus"}, r"'scoring' .*get_scorer_names\(\).* Got 'bogus'"),
        ({"scoring": lambda: 0.5}, r"scoring must be a function of \(estimator, X, y\)"),
        ({"scoring": dict}, "scoring must be a function .*got the class"),
        ({"scoring": lambda e, X, y: "x", "early_stopping": True}, "scoring must return a number"),
    ],
)
def test_a_parameter_that_no_fit_could_use(params, message, data):
    with pytest.raises((ValueError, TypeError, RuntimeError), match=message):
        RebalancedClassifier(**params).fit(*data)


def test_a_function_may_stand_for_a_class(data):
    def sgd(params, lr):
        return torch.optim.SGD(params, lr=lr)

    model = RebalancedClassifier(
        optimizer=sgd,
        module=lambda in_features: torch.nn.Linear(in_features, 3),
        optimizer__param_groups=[("head.*", {"lr": 1e-4})],
        max_epochs=1,
    )
    assert isinstance(model.fit(*data).net_.optimizer_, torch.optim.SGD)
    assert model.transform(data[0]).shape[1] == 3


@each_classifier
def test_double_correction_warns(cls, data):
    with pytest.warns(UserWarning, match="rare classes are corrected for twice") as seen:
        cls(class_weight="balanced", sampling="balanced", **QUICK).fit(*data)
    assert seen[0].filename == __file__


@each_classifier
def test_lbfgs_with_dropout_warns(cls, data):
    search = QUICK | {"optimizer": torch.optim.LBFGS, "lr": 0.01, "batch_size": 240}
    with pytest.warns(UserWarning, match=r"shares \[0\.1\]\).*Set module__dropout=0") as told:
        cls(**search).fit(*data)
    assert told[0].filename == __file__
    own = torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.Tanh(), torch.nn.Dropout(0.2))
    search.pop("module__hidden")
    with pytest.warns(UserWarning, match=r"shares \[0\.2\]\)"):
        cls(**search, module=own).partial_fit(*data)
    own[2].p = 0.0
    cls(**search, module=own).fit(*data)  # warnings are errors here
    cls(**search, module__dropout=0).fit(*data)


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


def test_series_among_parameters_are_compared_with_their_labels():
    built = {"module__of_class": pd.Series({"a": 1, "b": 2})}
    warn_of_ignored(built, {"module__of_class": pd.Series({"a": 1, "b": 2})}, ())
    with pytest.warns(UserWarning, match="module__of_class"):
        warn_of_ignored(built, {"module__of_class": pd.Series({"b": 1, "a": 2})}, ())
