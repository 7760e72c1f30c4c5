"""Backbone and head as one network, and how it is built."""

from __future__ import annotations

import copy
import functools

import numpy as np
import pytest
import torch
from torch import nn

from sklimb import RebalancedClassifier
from sklimb._training.network import Network, NetworkFactory, check_keywords, run_backbone
from sklimb.backbones import MLP
from sklimb.heads import LinearHead
from tests.shared import data as data


class Probe(nn.Module):
    """Give back what comes in, with a parameter of a type."""

    def __init__(self, dtype=torch.float32, result=None):
        super().__init__()
        self.scale = nn.Parameter(torch.ones((), dtype=dtype))
        self.result = result

    def forward(self, x):
        self.seen = x.dtype
        return x if self.result is None else self.result(x)


def test_input_is_cast_to_the_networks_type():
    for given in (torch.float64, torch.float32, torch.uint8):
        for own in (torch.float32, torch.float64):
            probe = Probe(own)
            run_backbone(probe, torch.ones(2, 3, dtype=given), own)
            assert probe.seen == own
    probe = Probe()
    probe.casts_input = True
    run_backbone(probe, torch.ones(2, 3, dtype=torch.float64), torch.float32)
    assert probe.seen == torch.float64


def test_features_become_a_matrix():
    x = torch.randn(4, 3, 2, 2)
    assert run_backbone(Probe(), x, x.dtype).shape == (4, 12)
    pooled = Probe(result=lambda x: x.mean((2, 3), keepdim=True))
    torch.testing.assert_close(run_backbone(pooled, x, x.dtype), x.mean((2, 3)))
    several = Probe(result=lambda x: (x.mean((2, 3)), "attention"))
    assert run_backbone(several, x, x.dtype).shape == (4, 3)


def test_a_network_is_head_after_backbone():
    torch.manual_seed(0)
    network = Network(MLP(3, hidden=(5,), dropout=0.0), LinearHead(5, 2))
    x = torch.randn(4, 3)
    assert torch.equal(network.features(x), network.backbone(x))
    assert torch.equal(network(x), network.head(network.backbone(x)))


def make_head(n_features):
    return LinearHead(n_features, 2)


class Columns(nn.Linear):
    def __init__(self, in_features, width=3):
        super().__init__(in_features, width)


class Channels(nn.Conv2d):
    def __init__(self, in_channels, width=3):
        super().__init__(in_channels, width, 1)


def test_the_factory_fills_in_what_the_data_say():
    rows, images = torch.zeros(2, 5), torch.zeros(2, 4, 6, 6)
    network = NetworkFactory(Columns, make_head, rows, torch.float64)(width=7)
    assert network.backbone.in_features == 5
    assert network.head.in_features == 7
    assert {p.dtype for p in network.parameters()} == {torch.float64}
    network = NetworkFactory(Channels, make_head, images, torch.float32)(width=2)
    assert network.backbone.in_channels == 4
    assert network.head.in_features == 2 * 36
    explicit = NetworkFactory(Columns, make_head, rows, torch.float32)
    with pytest.raises(ValueError, match="module Columns cannot take the first samples of X"):
        explicit(in_features=4)  # what is said goes before what is found
    # a callable is as good as a class
    called = NetworkFactory(
        lambda in_features: Columns(in_features), make_head, rows, torch.float32
    )
    assert called().backbone.in_features == 5


def test_what_the_data_do_not_say_is_named_with_their_shape():
    images, rows = torch.zeros(2, 4, 6, 6), torch.zeros(2, 5)
    for backbone, example, text in (
        (
            Columns,
            images,
            r"Columns needs module__in_features.*from images of shape \(n, 4, 6, 6\)\.",
        ),
        (Channels, rows, r"Channels needs module__in_channels.*from rows of shape \(n, 5\)\."),
    ):
        with pytest.raises(TypeError, match=text):
            NetworkFactory(backbone, make_head, example, torch.float32)()


def test_the_factory_does_not_touch_an_instance():
    instance = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4)).train()
    before = copy.deepcopy(instance.state_dict())
    factory = NetworkFactory(instance, make_head, torch.randn(2, 5), torch.float64)
    first, second = factory(), factory()
    assert first.backbone is not second.backbone is not instance
    assert instance.training
    after = instance.state_dict()
    assert all(torch.equal(before[k], after[k]) for k in before)
    # finding the width did not count as a batch
    assert first.backbone[1].num_batches_tracked == 0
    with pytest.raises(ValueError, match=r"instance of Sequential.*\['width'\]"):
        factory(width=3)


@pytest.mark.parametrize(
    "params",
    [
        {"module": nn.Flatten},
        {"module": nn.Flatten()},
        {"module__hidden": (), "module__standardize": False},
        {"module": MLP, "module__hidden": (), "module__standardize": False},
    ],
    ids=["class", "instance", "default", "mlp"],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_backbone_without_parameters(params, dtype, data):
    X, y = data
    for given in (X, X.astype(np.float32)):
        model = RebalancedClassifier(max_epochs=20, lr=0.05, dtype=dtype, **params).fit(given, y)
        np.testing.assert_allclose(model.transform(given), given, rtol=1e-6)
        assert model.score(given, y) > 0.6


# --- arguments that a user names for a class of their own ---------------------------------------


class Takes:
    def __init__(self, width, depth=2, *, slope=0.1):
        pass


class TakesAny:
    def __init__(self, width, **more):
        pass


class Unreadable:
    __signature__ = "none that inspect reads"


def test_what_fits_passes():
    check_keywords(Takes, "module", ["width", "slope"])
    check_keywords(Takes, "module", [], filled=("width",))
    check_keywords(TakesAny, "module", ["width", "anything"])
    check_keywords(functools.partial(Takes, 3), "module", ["depth"])
    check_keywords(Unreadable, "module", ["whatever"])


def test_an_unknown_name_gets_the_nearest_and_all():
    with pytest.raises(
        TypeError,
        match=r"Takes has no argument for module__dept\. Did you mean module__depth\? It takes "
        r"module__depth, module__slope\.$",
    ):
        check_keywords(Takes, "module", ["dept"], filled=("width",))
    with pytest.raises(TypeError, match=r"no argument for module__x\. It takes none\.$"):
        check_keywords(lambda: None, "module", ["x"])


def test_what_is_missing_is_named():
    with pytest.raises(TypeError, match=r"Takes needs module__width, which cannot be filled in"):
        check_keywords(Takes, "module", ["depth"])
    with pytest.raises(TypeError, match="TakesAny needs module__width"):
        check_keywords(TakesAny, "module", ["anything"])
