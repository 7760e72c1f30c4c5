"""Classifiers with their networks: rebuilt, and the same."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from sklimb import RebalancedClassifier
from sklimb._files.values import encode_plain
from sklimb.persistence._modules import decode_module, encode_module
from sklimb.persistence._names import Names
from sklimb.persistence._networks import decode_network, encode_network, same_scores
from sklimb.persistence._objects import Reader, Writer
from tests.shared import QUICK, global_state, same_bits
from tests.shared import data as data


class Own(RebalancedClassifier):
    """A classifier of a user's own."""


class Tokens(nn.Module):
    """Counts words."""

    casts_input = True

    def __init__(self):
        super().__init__()
        self.table = nn.EmbeddingBag(9, 4)

    def forward(self, x):
        return self.table(x)


class Flawed(nn.Module):
    """It keeps what it is told of the columns where nobody looks."""

    def __init__(self, in_features):
        super().__init__()
        self.layer = nn.Linear(in_features, 4)
        self.mean = torch.zeros(in_features)

    def set_input_scaling(self, mean, scale):
        self.mean = torch.as_tensor(mean).float()

    def forward(self, x):
        return self.layer(x - self.mean)


def written(model):
    writer = Writer(encode_network, encode_module)
    return json.loads(json.dumps(writer.encode(model, ""))), writer


def read(record, writer, own=(), device=None):
    decoders = {"network": decode_network, "module": decode_module}
    return Reader(writer.tensors, {}, Names(own), decoders, device).decode(record)


def there_and_back(model, own=(), device=None):
    return read(*written(model), own, device)


@pytest.fixture(scope="module")
def fitted(data):
    return RebalancedClassifier(**QUICK).fit(*data)


def test_everything_that_fit_left_is_there(fitted, data):
    before = global_state()
    back = there_and_back(fitted)
    assert global_state() == before
    assert same_bits(back, fitted) and back.get_params() == fitted.get_params()
    for name in ("classes_", "class_counts_", "n_iter_", "n_features_in_"):
        np.testing.assert_array_equal(getattr(back, name), getattr(fitted, name))
    assert set(vars(back)) == set(vars(fitted))
    assert list(back.history_) == list(fitted.history_)
    np.testing.assert_array_equal(back.predict_proba(data[0]), fitted.predict_proba(data[0]))


def test_training_goes_on_as_from_a_pickle(fitted, data):
    models = there_and_back(fitted), pickle.loads(pickle.dumps(fitted))
    for model in models:
        with pytest.warns(RuntimeWarning, match="optimiser"):
            model.partial_fit(*data)
        model.set_params(warm_start=True).fit(*data)
    assert same_bits(*models)
    assert same_bits(models[0].set_params(warm_start=False).fit(*data), fitted)  # a new fit


def test_with_sgd_it_goes_on_without_a_word(data):
    model = RebalancedClassifier(optimizer=torch.optim.SGD, lr=0.1, **QUICK).fit(*data)
    back = there_and_back(model).partial_fit(*data)
    assert same_bits(back, copy.deepcopy(model).partial_fit(*data))


def test_what_was_set_after_fit_is_not_what_was_built(data):
    model = RebalancedClassifier(**QUICK).fit(*data)
    model.set_params(module__hidden=(99,), loss="focal", warm_start=True)
    back = there_and_back(model)
    assert back.module__hidden == (99,) and same_bits(back, model)
    with pytest.warns(UserWarning, match=r"loss='focal' .*module__hidden=\(99,\) \(built with"):
        pickled = copy.deepcopy(model).fit(*data)
    assert not same_bits(pickled, back)


def test_not_fitted_it_is_its_parameters():
    back = there_and_back(
        RebalancedClassifier(lr=0.5, class_weight={"a": 2.0}, module__hidden=(3,))
    )
    assert back.lr == 0.5 and back.class_weight == {"a": 2.0} and back.module__hidden == (3,)
    assert not hasattr(back, "net_")


def test_subclasses_and_instances_and_learnt_losses(data):
    model = Own(**QUICK).fit(*data)
    assert type(there_and_back(model, [Own])) is Own
    record, writer = written(model)
    with pytest.raises(ValueError, match=r"modules=\[Own\]"):
        read(record, writer)
    instance = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4))
    model = RebalancedClassifier(module=instance, loss=nn.CrossEntropyLoss(), max_epochs=2)
    back = there_and_back(model.fit(*data))
    assert same_bits(back, model) and torch.equal(back.module[0].weight, instance[0].weight)


def test_a_dataset_of_tokens(data):
    tokens = torch.randint(0, 9, (60, 5))
    labels = torch.arange(60) % 3
    model = RebalancedClassifier(module=Tokens, max_epochs=2).fit(TensorDataset(tokens, labels))
    back = there_and_back(model, [Tokens])
    items = TensorDataset(tokens)
    np.testing.assert_array_equal(back.predict_proba(items), model.predict_proba(items))


def test_what_a_constructor_does_not_make_is_found(data):
    model = RebalancedClassifier(module=Flawed, max_epochs=2).fit(data[0] + 5, data[1])
    assert not same_scores(model, there_and_back(model, [Flawed]))
    assert same_scores(model, copy.deepcopy(model))


def test_a_network_that_is_random_or_takes_no_made_up_samples_is_not_judged(data):
    model = RebalancedClassifier(**QUICK).fit(*data)
    other = RebalancedClassifier(**QUICK | {"random_state": 5}).fit(*data)
    assert not same_scores(model, other)
    model.net_.module_.backbone.forward = lambda x: torch.rand(len(x), 16)
    assert same_scores(model, other)
    model.net_.module_.backbone.forward = lambda x: 1 / 0
    assert same_scores(model, other)


def test_the_device_is_chosen_when_loading(fitted):
    record, writer = written(fitted)
    record["net"]["device"] = "cuda:7"
    tensors = dict(writer.tensors)
    with pytest.warns(UserWarning, match="was on 'cuda:7', which is not here"):
        assert read(record, writer).device_ == "cpu"
    writer.tensors = tensors
    back = read(record, writer, device="cpu")
    assert back.device_ == "cpu" and back.device == "cpu" and same_bits(back, fitted)
    with pytest.raises(ValueError, match="not a device of torch"):
        read(record, writer, device="toaster")


def changed(record, change):
    record = copy.deepcopy(record)
    change(record)
    return record


def parameter(record, name, value):
    record["parameters"] = [p for p in record["parameters"] if p[0] != name] + [[name, value]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r["net"]["weights"].pop(), "has a tensor '.*bias', other than"),
        (lambda r: parameter(r, "module__hidden", [99]), "the network that its parameters make"),
        (lambda r: parameter(r, "module__hidden", [10**9]), "values in one tensor"),
        (lambda r: r["attributes"].append(["predict", 1]), "attribute 'predict'"),
        (
            lambda r: r["net"].update({"counts": encode_plain(np.ones(7))}),
            "its counts of classes are",
        ),
        (lambda r: r["net"].update(batch_size=[5]), r"its batch_size is \[5\], not a whole"),
        (lambda r: r["net"].update(n_rows=-1), "its n_rows is -1, not a whole"),
        (lambda r: r["attributes"].append(["n_features_in_", 0]), "n_features_in_ that is not"),
        (lambda r: r.update({"class": "sklimb.backbones.MLP"}), "for a BaseNetClassifier"),
    ],
)
def test_a_record_that_does_not_fit_is_refused(change, message, fitted):
    record, writer = written(fitted)
    with pytest.raises(ValueError, match=message):
        read(changed(record, change), writer)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: torch.full_like(t, torch.nan), r"has values that are no numbers \(NaN\)"),
        (lambda t: t.double(), "is of the type torch.float64, and the network"),
    ],
)
def test_tensors_that_no_training_leaves_are_refused(change, message, fitted):
    record, writer = written(fitted)
    name = next(name for name, t in writer.tensors.items() if t.dtype == torch.float32)
    writer.tensors[name] = change(writer.tensors[name])
    with pytest.raises(ValueError, match=message):
        read(record, writer)
