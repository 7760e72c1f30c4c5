"""The MLP, and moments that keep their precision."""

from __future__ import annotations

import copy
import io

import numpy as np
import pytest
import torch
from torch import nn

from sklimb.backbones import MLP, SparseInputLinear, Standardize

MEAN, SCALE = np.array([1.6e9, 1e-7]), np.array([1e3, 3e-9])


def standardize():
    layer = Standardize(2)
    layer.set_input_scaling(MEAN, SCALE)
    return layer


def test_fresh_it_only_casts():
    x = torch.randn(4, 2, dtype=torch.float64)
    assert torch.equal(Standardize(2)(x), x.float())


@pytest.mark.parametrize(
    "move",
    [
        lambda layer: layer.float(),
        lambda layer: layer.to(torch.float32),
        lambda layer: layer.half(),
        lambda layer: layer.double(),
        lambda layer: layer.to("cpu"),
        lambda layer: layer.float().double().float(),
        copy.deepcopy,
        lambda layer: nn.Sequential(layer).to(torch.float32)[0],
    ],
)
def test_moments_stay_in_float64(move):
    layer = move(standardize())
    assert layer.shift.dtype == layer.scale.dtype == torch.float64
    assert layer.shift.tolist() == MEAN.tolist()
    assert layer.scale.tolist() == SCALE.tolist()
    # still buffers: saved, moved and not learnt
    assert set(layer.state_dict()) == {"shift", "scale"}
    assert not list(layer.parameters())


def test_moments_survive_a_file_in_full():
    stored = io.BytesIO()
    torch.save(standardize().float().state_dict(), stored)
    stored.seek(0)
    layer = Standardize(2).float()
    layer.load_state_dict(torch.load(stored))
    assert layer.shift.tolist() == MEAN.tolist()
    assert layer.scale.tolist() == SCALE.tolist()


def test_the_result_has_the_networks_type():
    x = torch.tensor(MEAN[None])
    assert standardize()(x).dtype == torch.float32
    assert standardize().double()(x).dtype == torch.float64
    assert standardize().double().float()(x).dtype == torch.float32
    assert standardize()(x.float()).dtype == torch.float32
    whole = Standardize(1)
    whole.set_input_scaling(np.array([100.0]), np.array([50.0]))
    assert whole(torch.tensor([[150], [0]], dtype=torch.uint8)).tolist() == [[1.0], [-2.0]]


def test_timestamps_keep_their_resolution():
    # float32 has steps of 128 at 1.6e9: an hour of seconds would be 29 values
    seconds = 1.6e9 + np.linspace(-1e3, 1e3, 2001)
    layer = Standardize(1).float()
    layer.set_input_scaling(np.array([1.6e9]), np.array([577.6]))
    got = layer(torch.from_numpy(seconds[:, None]))[:, 0].numpy()
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, (seconds - 1.6e9) / 577.6, rtol=1e-6, atol=1e-9)
    assert len(np.unique(got)) == 2001


def test_mlp_layers():
    layers = MLP(5, hidden=(8, 3), activation="gelu", dropout=0.25)
    kinds = [type(layer) for layer in layers]
    hidden = [SparseInputLinear, nn.GELU, nn.Dropout, nn.Linear, nn.GELU, nn.Dropout]
    assert kinds == [Standardize, *hidden]
    assert (layers[1].in_features, layers[1].out_features) == (5, 8)
    assert (layers[4].in_features, layers[4].out_features) == (8, 3)
    assert layers[3].p == 0.25
    assert layers.casts_input
    plain = MLP(5, hidden=(8,), dropout=0.0, standardize=False)
    assert [type(layer) for layer in plain] == [SparseInputLinear, nn.ReLU]
    assert not plain.casts_input
    plain.set_input_scaling(np.zeros(5), np.ones(5))  # has none to set
    assert [type(layer) for layer in MLP(5, hidden=())] == [Standardize]


def test_the_scaling_reaches_the_first_layer():
    torch.manual_seed(0)
    scaled = MLP(2, hidden=(4,), dropout=0.0)
    plain = MLP(2, hidden=(4,), dropout=0.0, standardize=False)
    plain[0].load_state_dict(scaled[1].state_dict())
    scaled.set_input_scaling(MEAN, SCALE)
    x = MEAN + SCALE * np.random.default_rng(0).normal(size=(6, 2))
    expected = plain(torch.from_numpy((x - MEAN) / SCALE).float())
    torch.testing.assert_close(scaled(torch.from_numpy(x)), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("activation", ["relu", "gelu", "silu", "tanh"])
def test_activations(activation):
    x = torch.linspace(-3, 3, 7)[:, None]
    net = MLP(1, hidden=(4,), activation=activation, dropout=0.0, standardize=False)
    expected = getattr(torch.nn.functional, activation)(x @ net[0].weight + net[0].bias)
    torch.testing.assert_close(net(x), expected)


def test_an_unknown_activation_names_those_there_are():
    with pytest.raises(ValueError, match=r"one of \['gelu', 'relu', 'silu', 'tanh'\], got 'step'"):
        MLP(3, activation="step")


# --- inside a classifier ----------------------------------------------------------------------


def test_moments_are_those_of_the_training_rows():
    from sklimb import RebalancedClassifier

    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3)) * [1e6, 1e-3, 0.0] + [1.6e9, 5.0, 7.0]
    y, weight = np.arange(60) % 2, rng.uniform(0.1, 2.0, 60)
    for weights in (None, weight):
        model = RebalancedClassifier(module=MLP, max_epochs=1, module__hidden=(4,)).fit(
            X, y, weights
        )
        layer = model.module_.backbone[0]
        mean = np.average(X, axis=0, weights=weights)
        std = np.sqrt(np.average((X - mean) ** 2, axis=0, weights=weights))
        np.testing.assert_allclose(layer.shift, mean, rtol=1e-12)
        # a constant column is only centred
        np.testing.assert_allclose(layer.scale, [*std[:2], 1.0], rtol=1e-6)
        assert np.isfinite(model.predict_proba(X)).all()


def test_a_classifier_tells_timestamps_apart():
    from sklimb import RebalancedClassifier

    # the two classes lie 20 s apart, less than one step of float32 at 1.6e9
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    X = (1.6e9 + 40 * y + rng.uniform(-10, 10, 200))[:, None]
    model = RebalancedClassifier(max_epochs=20, module__hidden=(16,), lr=1e-2, random_state=0)
    assert model.fit(X, y).score(X, y) == 1.0
