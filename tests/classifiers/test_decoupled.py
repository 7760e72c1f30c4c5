"""Each way of making the classifier anew, against its definition."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from sklearn.datasets import make_classification
from sklearn.metrics import balanced_accuracy_score, recall_score
from sklearn.model_selection import train_test_split

from sklimb import DecoupledClassifier, RebalancedClassifier
from sklimb.backbones import MLP
from sklimb.classifiers.decoupled import _tau_normalized

QUICK = {"module": MLP, "max_epochs": 20, "module__hidden": (32,), "random_state": 0}
METHODS = ("crt", "lws", "tau_norm", "ncm")


@pytest.fixture(scope="module")
def data():
    X, y = make_classification(
        1500, 10, n_informative=6, n_classes=3, weights=[0.8, 0.15], class_sep=0.8, random_state=0
    )
    y = np.array(["bulk", "some", "rare"])[y]
    return train_test_split(X, y, test_size=0.4, stratify=y, random_state=0)


@pytest.fixture(scope="module")
def fitted(data):
    X, _, y, _ = data
    return {m: DecoupledClassifier(method=m, **QUICK).fit(X, y) for m in METHODS}


@pytest.mark.parametrize("method", METHODS)
def test_the_representation_is_the_plain_nets(method, fitted, data):
    X, X_test, y, _ = data
    plain = RebalancedClassifier(**QUICK).fit(X, y)
    model = fitted[method]
    assert np.array_equal(plain.transform(X_test), model.transform(X_test))
    joint = model.module_.head.joint
    assert torch.equal(joint.weight, plain.module_.head.weight)
    assert torch.equal(joint.bias, plain.module_.head.bias)


@pytest.mark.parametrize("method", METHODS)
def test_a_new_classifier_changes_predictions_for_the_better(method, fitted, data):
    X, X_test, y, y_test = data
    plain = RebalancedClassifier(**QUICK).fit(X, y).predict(X_test)
    new = fitted[method].predict(X_test)
    # One factor a class can do little for a class whose scores are negative throughout.
    little = method == "lws"
    assert np.mean(new != plain) > 0.005
    gain = balanced_accuracy_score(y_test, new) - balanced_accuracy_score(y_test, plain)
    assert gain > (0.0 if little else 0.02)


def test_tau_norm_by_its_equation(fitted, data):
    model = fitted["tau_norm"]
    weight = model.module_.head.joint.weight.detach().double().numpy()
    expected = np.array([row / np.sqrt(np.sum(row**2)) ** model.tau_ for row in weight])
    np.testing.assert_allclose(model.module_.head.weight, expected, rtol=1e-5)
    assert not model.module_.head.bias.any()
    features = model.transform(data[1])
    np.testing.assert_allclose(
        model.decision_function(data[1]), features @ expected.T, rtol=1e-4, atol=1e-4
    )


def test_tau_zero_and_one():
    weight = torch.tensor([[3.0, 4.0], [0.6, 0.8]])
    assert torch.equal(_tau_normalized(weight, 0.0), weight)
    torch.testing.assert_close(_tau_normalized(weight, 1.0), torch.tensor([[0.6, 0.8]] * 2))


def test_tau_given_is_used_and_chosen_from_held_back_rows_otherwise(data):
    X, _, y, _ = data
    assert DecoupledClassifier(method="tau_norm", tau=0.3, **QUICK).fit(X, y).tau_ == 0.3
    chosen = DecoupledClassifier(method="tau_norm", **QUICK).fit(X, y)
    assert 0 <= chosen.tau_ <= 2
    assert chosen.class_counts_.sum() == len(X)  # the final network has seen all rows
    few = np.array([[0.0], [1.0], [2.0]])
    with pytest.warns(UserWarning, match="too few to hold some back"):
        DecoupledClassifier(method="tau_norm", **QUICK).fit(few, [0, 1, 2])


def test_ncm_by_its_definition(fitted, data):
    X, X_test, y, _ = data
    model = fitted["ncm"]
    train, test = model.transform(X), model.transform(X_test)
    means = np.stack([train[y == k].mean(0) for k in model.classes_])
    cosine = (test @ means.T) / np.outer(
        np.linalg.norm(test, axis=1), np.linalg.norm(means, axis=1)
    )
    np.testing.assert_allclose(model.decision_function(X_test), 30 * cosine, atol=1e-3)


def test_lws_only_rescales(fitted):
    head = fitted["lws"].module_.head
    factor = head.weight / head.joint.weight
    factor = factor[:, head.joint.weight.abs().min(0).values > 1e-3]
    torch.testing.assert_close(factor, factor[:, :1].expand_as(factor), rtol=1e-3, atol=1e-3)
    assert factor[:, 0].std() > 0.01


def test_weights_count(data):
    X, _, y, _ = data
    weight = np.where(X[:, 0] > 0, 5.0, 0.5)
    model = DecoupledClassifier(method="ncm", **QUICK).fit(X, y, sample_weight=weight)
    features = model.transform(X)
    mean = np.average(features[y == "rare"], axis=0, weights=weight[y == "rare"])
    expected = 30 * mean / np.linalg.norm(mean)
    np.testing.assert_allclose(model.module_.head.weight[1], expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_pickle_partial_fit_and_late_classes(method, data):
    X, X_test, y, _ = data
    model = DecoupledClassifier(method=method, **QUICK)
    early = y != "rare"
    model.partial_fit(X[early], y[early], classes=np.unique(y))
    model.partial_fit(X, y)
    model.partial_fit(X[:1], y[:1])
    copied = pickle.loads(pickle.dumps(model))
    assert np.array_equal(copied.predict_proba(X_test), model.predict_proba(X_test))


@pytest.mark.parametrize("method", ["crt", "lws", "ncm"])
def test_costs_in_a_dict_are_kept(method, data):
    X, X_test, y, y_test = data
    recalls = [
        recall_score(
            y_test == "rare",
            DecoupledClassifier(method=method, class_weight=weight, **QUICK)
            .fit(X, y)
            .predict(X_test)
            == "rare",
        )
        for weight in ({"rare": 1e-3}, None, {"rare": 1e3})
    ]
    assert recalls[0] <= recalls[1] < recalls[2]


def test_a_dataset(data):
    X, X_test, y, _ = data

    class Pairs(torch.utils.data.Dataset):
        def __len__(self):
            return len(X)

        def __getitem__(self, index):
            return torch.as_tensor(X[index], dtype=torch.float32), y[index]

    from sklimb.backbones import MLP

    params = QUICK | {"module": MLP, "module__in_features": 10, "max_epochs": 2}
    model = DecoupledClassifier(method="tau_norm", **params).fit(Pairs())
    assert model.predict(X_test.astype(np.float32)).shape == (600,)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"method": "mean"}, "'method' parameter of .* Got "),
        ({"tau": -1.0}, "'tau' parameter of .* Got "),
        ({"classifier_epochs": 0}, "'classifier_epochs' parameter of .* Got "),
        ({"classifier_lr": 0.0}, "'classifier_lr' parameter of .* Got "),
    ],
)
def test_errors(params, message, data):
    with pytest.raises(ValueError, match=message):
        DecoupledClassifier(**params).fit(data[0], data[2])


def test_a_warm_start_makes_the_classifier_by_new_settings(data):
    X, _, y, _ = data
    model = DecoupledClassifier(warm_start=True, **QUICK | {"max_epochs": 2}).fit(X, y)
    for changed in ({"method": "tau_norm", "tau": 0.5}, {"method": "ncm"}, {"method": "lws"}):
        model.set_params(**changed).fit(X, y)  # warnings are errors here
    assert model.tau_ == 0.5
    settings = {"method": "crt", "classifier_epochs": 2, "classifier_lr": 0.1}
    model.set_params(**settings).fit(X, y)
    assert not torch.equal(model.module_.head.weight, model.module_.head.joint.weight)
