"""The training step and the loss, recomputed from their definitions."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from sklearn.datasets import make_classification
from skorch.callbacks import Callback
from skorch.history import History
from torch import nn
from torch.nn import functional as F

from sklimb import AffinityClassifier, RebalancedClassifier
from sklimb._batches import Rows, sizes_of_batches
from sklimb._network import Network, NetworkFactory, run_backbone
from sklimb._terms import LossTerms, Step
from sklimb.backbones import MLP
from sklimb.heads import LinearHead
from sklimb.losses import affinity_margin_loss, diversity

STILL = {"optimizer": torch.optim.SGD, "lr": 1e-30}  # weights stay where they began


@pytest.fixture(scope="module")
def data():
    X, y = make_classification(
        101, 6, n_informative=5, n_redundant=0, n_classes=3, weights=[0.7, 0.2], random_state=0
    )
    return X, y, np.random.default_rng(0).uniform(0.2, 3.0, 101)


def step(n=6, weight=None, C=3):
    torch.manual_seed(0)
    features, scores = torch.randn(n, 4), torch.randn(n, C, requires_grad=True)
    return Step(torch.arange(n) % C, weight, features, scores, nn.Identity())


# --- the sum of terms -------------------------------------------------------------------------


def per_row(step):
    return F.cross_entropy(step.scores, step.y, reduction="none")


def scalar(step):
    return step.features.square().sum()


def test_the_loss_is_the_weighted_sum():
    weight = torch.tensor([1.0, 0.0, 2.0, 5.0, 0.5, 0.5])
    for weights in (None, weight):
        given = step(weight=weights)
        loss, values = LossTerms({"a": (2.5, per_row), "b": (-0.5, scalar)})(given)
        rows = per_row(given).tolist()
        shares = [1.0] * 6 if weights is None else weights.tolist()
        mean = sum(w * r for w, r in zip(shares, rows, strict=True)) / sum(shares)
        # a scalar is taken as it is: weights belong to rows
        expected = 2.5 * mean - 0.5 * scalar(given).item()
        assert loss.item() == pytest.approx(expected, rel=1e-5)
        assert [v.item() for v in values] == pytest.approx([mean, scalar(given).item()], rel=1e-5)


def test_the_scale_of_the_weights_does_not_matter():
    weight = torch.tensor([1.0, 0.1, 2.0, 5.0, 0.5, 0.5])
    terms = LossTerms({"a": (1, per_row)})
    expected = terms(step(weight=weight))[0]
    for scale in (1e-20, 1e20):
        torch.testing.assert_close(terms(step(weight=scale * weight))[0], expected)


def test_rows_that_all_weigh_nothing_have_no_gradient():
    given = step(weight=torch.zeros(6))
    loss, _ = LossTerms({"a": (1, per_row)})(given)
    assert loss.item() == 0.0
    loss.backward()
    assert torch.equal(given.scores.grad, torch.zeros(6, 3))


def test_a_term_with_coefficient_zero_is_never_called():
    def explodes(step):
        raise AssertionError("switched off")

    terms = LossTerms({"a": (1, per_row), "off": (0.0, explodes), "none": (0, explodes)})
    assert list(terms.terms) == ["a"]
    terms(step())
    with pytest.raises(ValueError, match=r"All loss terms are switched off: \['a', 'b'\]"):
        LossTerms({"b": (0, per_row), "a": (0.0, per_row)})


class Learns(nn.Module):
    def __init__(self):
        super().__init__()
        self.temperature = nn.Parameter(torch.tensor(2.0))

    def forward(self, step):
        return F.cross_entropy(step.scores / self.temperature, step.y, reduction="none")


def test_terms_that_are_modules_learn():
    on, off = Learns(), Learns()
    terms = LossTerms({"on": (2.0, on), "function": (1.0, scalar), "off": (0.0, off)})
    assert [p is on.temperature for p in terms.parameters()] == [True]
    terms(step())[0].backward()
    assert on.temperature.grad != 0
    assert off.temperature.grad is None


def test_a_learnt_term_is_trained_by_the_net(data):
    class Method(RebalancedClassifier):
        def _make_terms(self):
            return {"classification": (1, Learns())}

    X, y, _ = data
    model = Method(max_epochs=3, module__hidden=(8,), random_state=0).fit(X, y)
    assert model.net_.criterion_.terms["classification"][1].temperature.item() != 2.0
    assert pickle.loads(pickle.dumps(model.net_.criterion_.state_dict()))


# --- backbones and networks -------------------------------------------------------------------


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
    network = Network(MLP(3, hidden=(5,)), LinearHead(5, 2))
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
    with pytest.raises(RuntimeError):
        explicit(in_features=4)  # what is said goes before what is found
    # a callable is as good as a class
    called = NetworkFactory(
        lambda in_features: Columns(in_features), make_head, rows, torch.float32
    )
    assert called().backbone.in_features == 5


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
    ],
    ids=["class", "instance", "mlp"],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_backbone_without_parameters(params, dtype, data):
    X, y, _ = data
    for given in (X, X.astype(np.float32)):
        model = RebalancedClassifier(max_epochs=20, lr=0.05, dtype=dtype, **params).fit(given, y)
        np.testing.assert_allclose(model.transform(given), given, rtol=1e-6)
        assert model.score(given, y) > 0.6


# --- an epoch ---------------------------------------------------------------------------------


def losses_by_batch(model, X, y, weight, value):
    """value(step) of each batch of epoch 0, its order drawn again from the stream."""
    order = model.net_.streams.generator("shuffling", 0).permutation(len(X))
    batches = np.split(order, np.cumsum(sizes_of_batches(len(X), model.batch_size))[:-1])
    module = model.module_
    losses = []
    with torch.no_grad():
        for rows in batches:
            features = module.features(torch.from_numpy(X[rows]))
            w = None if weight is None else torch.from_numpy(weight[rows])
            of_batch = value(torch.from_numpy(y[rows]), features, module.head)
            if of_batch.ndim:
                w = torch.ones(len(rows)) if w is None else w
                of_batch = (of_batch * w).sum() / w.sum()
            losses.append(of_batch.item())
    sizes = [len(rows) for rows in batches]
    return np.average(losses, weights=sizes), sizes


@pytest.mark.parametrize("weighted", [False, True])
def test_recorded_losses_are_means_over_rows(weighted, data):
    X, y, weight = data
    weight = weight if weighted else None
    params = {"max_epochs": 1, "batch_size": 11, "random_state": 0, "dtype": "float64"}
    model = RebalancedClassifier(**params, **STILL).fit(X, y, weight)
    expected, sizes = losses_by_batch(
        model, X, y, weight, lambda y, f, head: F.cross_entropy(head(f), y, reduction="none")
    )
    assert sizes == [11] * 9 + [2]  # uneven, or a mean over batches would do
    assert model.history_[0, "train_loss"] == pytest.approx(expected, rel=1e-9)
    assert model.history_[0, "train_batch_count"] == 10
    # one term is the loss itself
    assert "train_classification" not in model.history_[0]


@pytest.mark.parametrize("weighted", [False, True])
def test_each_term_is_recorded_before_its_coefficient(weighted, data):
    X, y, weight = data
    weight = weight if weighted else None
    model = AffinityClassifier(
        max_epochs=1,
        batch_size=11,
        random_state=0,
        dtype="float64",
        class_weight=None,
        diversity=0.25,
        lam=0.3,
        **STILL,
    ).fit(X, y, weight)
    margin, _ = losses_by_batch(
        model,
        X,
        y,
        weight,
        lambda y, f, head: affinity_margin_loss(head(f).exp(), y, 0.3, reduction="none"),
    )
    spread = diversity(model.module_.head.prototypes).item()
    row = model.history_[0]
    assert row["train_margin"] == pytest.approx(margin, rel=1e-9)
    assert row["train_diversity"] == pytest.approx(spread, rel=1e-9)
    assert row["train_loss"] == pytest.approx(margin + 0.25 * spread, rel=1e-9)


def test_class_weights_are_applied_to_rows(data):
    X, y, _ = data
    params = {"max_epochs": 1, "batch_size": 101, "random_state": 0, "dtype": "float64"}
    of_class = np.array([0.5, 4.0, 0.0])
    by_class = RebalancedClassifier(class_weight=dict(enumerate(of_class)), **params).fit(X, y)
    # equal to the last bit, except that prediction starts from moments without weights
    by_row, _ = losses_by_batch(
        RebalancedClassifier(**params, **STILL).fit(X, y),
        X,
        y,
        of_class[y],
        lambda y, f, head: F.cross_entropy(head(f), y, reduction="none"),
    )
    assert by_class.history_[0, "train_loss"] == pytest.approx(by_row, rel=1e-9)


def test_an_epoch_of_training_against_a_bare_loop(data):
    X, y, weight = data
    params = {"batch_size": 16, "random_state": 3, "dtype": "float64", "module__hidden": (8,)}
    sgd = {"optimizer": torch.optim.SGD, "lr": 0.1, "optimizer__momentum": 0.9}
    model = RebalancedClassifier(max_epochs=2, **sgd, **params).fit(X, y, weight)
    start = RebalancedClassifier(max_epochs=1, **params, **STILL).fit(X, y, weight)
    module = copy.deepcopy(start.module_)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)
    for epoch in range(2):
        order = model.net_.streams.generator("shuffling", epoch).permutation(len(X))
        for rows in np.split(order, np.cumsum(sizes_of_batches(101, 16))[:-1]):
            w = torch.from_numpy(weight[rows])
            losses = F.cross_entropy(
                module(torch.from_numpy(X[rows])), torch.from_numpy(y[rows]), reduction="none"
            )
            optimizer.zero_grad()
            ((losses * w).sum() / w.sum()).backward()
            optimizer.step()
    for a, b in zip(model.module_.parameters(), module.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)


def test_balanced_draws_are_those_of_the_stream(data):
    from sklimb._rebalance import draw_balanced

    seen = []

    class Labels(Callback):
        def on_batch_begin(self, net, batch, training, **kwargs):
            seen.append((batch[1].tolist(), batch.weight))

    X, y, weight = data
    model = RebalancedClassifier(
        sampling="balanced",
        rebalance_from=1,
        max_epochs=2,
        batch_size=101,
        random_state=0,
        callbacks=[Labels()],
    ).fit(X, y, weight)
    streams = model.net_.streams
    order = streams.generator("shuffling", 0).permutation(101)
    assert seen[0][0] == y[order].tolist()
    np.testing.assert_allclose(seen[0][1], weight[order] / weight.mean(), rtol=1e-6)
    drawn = draw_balanced(y, 101, streams.generator("draws", 1), weight)
    assert seen[1][0] == y[drawn].tolist()
    assert seen[1][1] is None  # the draw has used the weights


def test_validation_does_not_train(data):
    X, y, _ = data
    model = RebalancedClassifier(max_epochs=1, module=WithNorm, random_state=0).fit(X, y)
    net, before = model.net_, copy.deepcopy(model.module_.state_dict())
    net.history_ = History()
    net.history.new_epoch()
    net.run_single_epoch(net.get_iterator(Rows(X, y)), False, "valid", net.validation_step)
    assert all(torch.equal(before[k], v) for k, v in model.module_.state_dict().items())
    expected = -model.predict_log_proba(X)[np.arange(101), y].mean()
    assert net.history[-1, "valid_loss"] == pytest.approx(expected, rel=1e-5)
    assert net.history[-1, "valid_loss_best"] is True


class WithNorm(nn.Sequential):
    def __init__(self, in_features):
        super().__init__(nn.Linear(in_features, 8), nn.BatchNorm1d(8), nn.ReLU())


# --- callbacks --------------------------------------------------------------------------------


class Ends(Callback):
    def __init__(self):
        self.losses = []

    def on_batch_end(self, net, batch, training, loss, y_pred, **kwargs):
        assert training
        assert y_pred.shape == (len(batch[0]), 3)
        self.losses.append(loss.item())


class Inherits(Ends):
    pass


class Epochs(Callback):
    def on_epoch_end(self, net, **kwargs):
        pass


class Gradients(Callback):
    def on_grad_computed(self, net, named_parameters, **kwargs):
        self.norms = {name: p.grad.norm().item() for name, p in named_parameters}


def test_only_callbacks_that_watch_a_hook_are_asked(data):
    X, y, _ = data
    ends, inherits, epochs, gradients = Ends(), Inherits(), Epochs(), Gradients()
    model = RebalancedClassifier(
        max_epochs=1, batch_size=16, callbacks=[ends, inherits, epochs, gradients]
    ).fit(X, y)
    net = model.net_
    assert net._watchers("on_batch_end") == [ends, inherits]
    assert net._watchers("on_batch_begin") == []
    assert net._watchers("on_grad_computed") == [gradients]
    assert epochs in net._watchers("on_epoch_end")
    names = {name for name, _ in model.module_.named_parameters()}
    assert set(gradients.norms) == names
    assert len(ends.losses) == len(sizes_of_batches(101, 16))
    mean = np.average(ends.losses, weights=sizes_of_batches(101, 16))
    assert model.history_[0, "train_loss"] == pytest.approx(mean, rel=1e-6)


def test_history_of_batches_is_kept_only_for_callbacks_that_see_batches(data):
    X, y, _ = data
    params = {"max_epochs": 3, "batch_size": 16, "random_state": 0}
    bare = RebalancedClassifier(callbacks=[Epochs()], **params).fit(X, y)
    assert [len(row["batches"]) for row in bare.history_] == [0, 0, 0]
    ends = Ends()
    watched = RebalancedClassifier(callbacks=[ends], **params).fit(X, y)
    assert [len(row["batches"]) for row in watched.history_] == [7, 7, 7]
    assert watched.history_[:, "batches", :, "train_loss"] == [
        ends.losses[k : k + 7] for k in (0, 7, 14)
    ]
    assert watched.history_[0, "batches", :, "train_batch_size"] == sizes_of_batches(101, 16)
    # looking on changes nothing
    assert watched.history_[:, "train_loss"] == bare.history_[:, "train_loss"]


def test_the_best_epoch_of_the_training_loss_is_marked(data):
    X, y, _ = data
    model = RebalancedClassifier(max_epochs=4, lr=0.05, module__hidden=(8,), random_state=0)
    history = model.fit(X, y).history_
    losses = history[:, "train_loss"]
    expected = [all(loss < earlier for earlier in losses[:k]) for k, loss in enumerate(losses)]
    assert history[:, "train_loss_best"] == expected


# --- prediction -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"module__hidden": (100, 28)},
        {"batch_size": 7},
        {"module__activation": "tanh", "module__hidden": (16,)},
    ],
    ids=["default", "two widths", "small batches", "tanh"],
)
@pytest.mark.parametrize("cls", [RebalancedClassifier, AffinityClassifier])
def test_a_rows_scores_do_not_depend_on_its_neighbours(cls, params, data):
    X, y, _ = data
    params = {"max_epochs": 1, "random_state": 0} | params
    # widths that are multiples of 4: other rows of a matrix do not lie on 16-byte boundaries, and
    # kernels round them otherwise
    for C in (2, 3):
        model = cls(**params).fit(X, np.minimum(y, C - 1))
        scores = model.decision_function(X)
        for rows in (
            [0],
            [100],
            [5, 5],
            [3, 1, 2],
            list(range(17, 90)),
            list(range(100, -1, -1)),
            list(range(5)),
        ):
            got = model.decision_function(X[rows])
            assert got.shape[0] == len(rows)
            assert np.array_equal(got, scores[rows]), rows


def test_run_pads_to_whole_kernels_and_cuts_the_padding_off(data):
    X, y, _ = data
    net = RebalancedClassifier(max_epochs=1, batch_size=10).fit(X, y).net_
    seen = []

    def what(module, x):
        assert not module.training
        assert not torch.is_grad_enabled()
        seen.append(len(x))
        return x[:, :2]

    for n in (1, 2, 3, 4, 5, 10, 11, 23):
        seen.clear()
        result = net.run(Rows(X[:n]), what)
        assert np.array_equal(result.numpy(), X[:n, :2])
        assert all(size % 4 == 0 for size in seen)
        assert seen == [size + -size % 4 for size in sizes_of_batches(n, 10)]


def test_data_that_a_net_gets():
    X = np.zeros((4, 2))
    model = RebalancedClassifier(max_epochs=1).fit(X + np.arange(4)[:, None], [0, 1, 0, 1])
    net = model.net_
    data = Rows(X, np.array([0, 1, 0, 1]))
    assert net.get_dataset(data) is data
    assert isinstance(net.get_dataset(X, np.zeros(4, int)), Rows)
    with pytest.raises(TypeError, match=r"unknown fit parameters: \['groups'\]"):
        net.fit_loop(data, groups=1)


def test_every_class_starts_from_data_even_if_few_rows_are_looked_at(monkeypatch):
    from sklimb import _estimator

    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(300, 3)), 9 + rng.normal(size=(2, 3))])
    y = np.array([0] * 300 + [1] * 2)
    monkeypatch.setattr(_estimator, "_ROWS_TO_START_FROM", 20)
    for seed in range(4):
        model = AffinityClassifier(max_epochs=1, random_state=seed).fit(X, y)
        assert model.module_.head.started.all()
