"""The training step and prediction, recomputed from their definitions."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from sklearn.datasets import make_classification
from skorch.callbacks import Callback
from skorch.history import History
from torch import nn
from torch.nn import functional as F

from sklimb import AffinityClassifier, RebalancedClassifier, RSGClassifier
from sklimb._data.batches import sizes_of_batches
from sklimb._data.training_data import ArrayData
from sklimb._training.epoch import watchers
from sklimb._training.rebalancing import draw_balanced
from sklimb.backbones import MLP
from sklimb.heads import LinearHead
from sklimb.losses import affinity_margin_loss, diversity

# Weights stay where they began, and the loss of a row is the same in training and prediction.
STILL = {"module": MLP, "optimizer": torch.optim.SGD, "lr": 1e-30, "module__dropout": 0.0}


@pytest.fixture(scope="module")
def data():
    X, y = make_classification(
        101, 6, n_informative=5, n_redundant=0, n_classes=3, weights=[0.7, 0.2], random_state=0
    )
    return X, y, np.random.default_rng(0).uniform(0.2, 3.0, 101)


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
    by_class = RebalancedClassifier(
        module=MLP, class_weight=dict(enumerate(of_class)), module__dropout=0.0, **params
    ).fit(X, y)
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
    model = RebalancedClassifier(
        module=MLP, max_epochs=2, lr_schedule=None, module__dropout=0.0, **sgd, **params
    ).fit(X, y, weight)
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
    net.run_single_epoch(net.get_iterator(ArrayData(X, y)), False, "valid", net.validation_step)
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
    assert watchers(net, "on_batch_end") == [ends, inherits]
    assert watchers(net, "on_batch_begin") == []
    assert watchers(net, "on_grad_computed") == [gradients]
    assert epochs in watchers(net, "on_epoch_end")
    names = {name for name, _ in model.module_.named_parameters()}
    assert set(gradients.norms) == names
    assert len(ends.losses) == len(sizes_of_batches(101, 16))
    mean = np.average(ends.losses, weights=sizes_of_batches(101, 16))
    assert model.history_[0, "train_loss"] == pytest.approx(mean, rel=1e-6)


def test_history_of_batches_is_kept_only_for_callbacks_that_see_batches(data):
    X, y, _ = data
    params = {"max_epochs": 3, "batch_size": 16, "random_state": 0}
    bare = RebalancedClassifier(callbacks=[Epochs()], **params).fit(X, y)
    assert [len(row["batches"]) for row in bare.history_] == [1, 1, 1]
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
def test_a_samples_scores_do_not_depend_on_its_neighbours(cls, params, data):
    X, y, _ = data
    params = {"module": MLP, "max_epochs": 1, "random_state": 0} | params
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
            # to rounding: which kernel multiplies goes by the shape of the batch
            np.testing.assert_allclose(got, scores[rows], rtol=1e-4, atol=1e-5, err_msg=str(rows))


def test_data_that_a_net_gets():
    X = np.zeros((4, 2))
    model = RebalancedClassifier(max_epochs=1).fit(X + np.arange(4)[:, None], [0, 1, 0, 1])
    net = model.net_
    data = ArrayData(X, np.array([0, 1, 0, 1]))
    assert net.get_dataset(data) is data
    assert isinstance(net.get_dataset(X, np.zeros(4, int)), ArrayData)
    with pytest.raises(TypeError, match=r"unknown fit parameters: \['groups'\]"):
        net.fit_loop(data, groups=1)


def test_a_call_in_which_every_row_weighs_nothing(data):
    X, y, _ = data
    model = RebalancedClassifier(class_weight={0: 1.0, 1: 0.0, 2: 0.0}, random_state=0)
    some = y != 0  # no row of the only class that weighs
    model.partial_fit(X[some], y[some], classes=np.unique(y))
    assert model.history_[-1, "train_loss"] == 0.0
    assert np.isfinite(model.predict_proba(X)).all()


# --- what heads and callbacks are given ---------------------------------------------------------

QUICK = {
    "module": MLP,
    "max_epochs": 1,
    "module__hidden": (8,),
    "module__dropout": 0.0,
    "random_state": 0,
}


class WatchedHead(LinearHead):
    """Keeps what `after_step` is called with, and the weights at that moment."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.calls, self.passes = [], 0

    def forward(self, embedded):
        if self.training:
            self.passes += 1
            self.last = embedded.detach().clone()
        return super().forward(embedded)

    def after_step(self, embedded, y, weight):
        self.calls.append((embedded, y, weight, self.last, self.weight.detach().clone()))


class Watched(RebalancedClassifier):
    def _recipe(self, plan, data):
        head = partial(WatchedHead, n_classes=len(self.classes_))
        return replace(super()._recipe(plan, data), head=head)


@pytest.fixture(scope="module")
def samples():
    X, y = make_classification(90, 5, n_informative=4, n_redundant=0, weights=[0.8], random_state=0)
    return X, y, np.random.default_rng(0).uniform(0.2, 3.0, 90)


def calls_of(samples, **settings):
    X, y, weight = samples
    model = Watched(**QUICK | settings).fit(X, y, sample_weight=weight)
    return model, model.module_.head.calls


def test_a_head_is_given_the_batch_with_its_weights_after_the_step(samples):
    X, y, weight = samples
    start = Watched(**QUICK, lr=1e-30, optimizer=torch.optim.SGD).fit(X, y).module_.head.weight
    model, calls = calls_of(samples, batch_size=30)
    order = model.net_.streams.generator("shuffling", 0).permutation(90)
    assert len(calls) == 3
    for rows, (embedded, codes, given, scored, _) in zip(order.reshape(3, 30), calls, strict=True):
        assert codes.tolist() == y[rows].tolist()
        np.testing.assert_allclose(given, weight[rows] / weight.mean(), rtol=1e-5)
        assert torch.equal(embedded, scored)
        assert not embedded.requires_grad
    # the first call already sees weights that the optimiser has moved
    assert not torch.allclose(calls[0][4], start)


def test_weights_are_none_where_there_are_none_and_hold_those_of_classes(samples):
    X, y, _ = samples
    _, calls = calls_of((X, y, None))
    assert calls[0][2] is None
    _, calls = calls_of((X, y, None), class_weight="balanced", batch_size=90)
    _, codes, given, *_ = calls[0]
    share = [given[codes == code].sum().item() for code in (0, 1)]
    assert share[0] == pytest.approx(share[1], rel=1e-5)


def test_lbfgs_scores_several_times_and_moves_the_head_once(samples):
    search = {"optimizer": torch.optim.LBFGS, "lr": 0.1, "module__dropout": 0.0}
    model, calls = calls_of(samples, batch_size=90, **search)
    assert len(calls) == 1
    assert model.module_.head.passes > 1
    np.testing.assert_allclose(calls[0][2].mean(), 1.0, rtol=1e-5)


def test_a_head_without_a_rule_takes_the_same_steps(samples):
    X, y, weight = samples
    watched, _ = calls_of(samples)
    plain = RebalancedClassifier(**QUICK).fit(X, y, sample_weight=weight)
    assert torch.equal(watched.module_.head.weight, plain.module_.head.weight)


# --- under a transform ------------------------------------------------------------------------

RSG = {"n_centers": 3, "contrast_channels": 4, "module__hidden": (8, 6)}


class Scores(Callback):
    """Keeps what a callback is given after each batch."""

    def __init__(self):
        self.seen = []

    def on_batch_end(self, net, batch, training, y_pred, step, **kwargs):
        self.seen.append((training, batch, y_pred, step))


def test_callbacks_get_a_score_for_each_row_of_the_batch_and_none_for_new_rows(samples):
    X, y, _ = samples
    settings = QUICK | RSG | {"early_stopping": True, "batch_size": 30}
    scores = Scores()
    model = RSGClassifier(generate_from=0, callbacks=[scores], **settings).fit(X, y)
    assert [training for training, *_ in scores.seen] == [True, True, True, False]
    n_new = 0
    for training, (_, codes), y_pred, step in scores.seen:
        assert (len(step.scores) > len(codes)) == training
        n_new += len(step.scores) - len(codes)
        assert y_pred.shape == (len(codes), 2)
        # the batch's own rows come first
        assert torch.equal(step.y[: len(codes)], codes)
        assert torch.equal(y_pred, step.scores[: len(codes)])
    assert n_new == model.history_[0, "n_generated"] > 0


class RandomStates(Callback):
    """Keeps the state of torch's generator through a training."""

    def __init__(self):
        self.states = []

    def on_epoch_begin(self, net, **kwargs):  # its stream is set after this
        self.states.append(("epoch", torch.get_rng_state().numpy().tobytes()))

    def on_batch_end(self, net, **kwargs):
        self.states.append(("batch", torch.get_rng_state().numpy().tobytes()))


def states_of(train, samples):
    """The states while a method of a model trains, from one state on."""
    states = train.__self__.callbacks[0].states = []
    torch.manual_seed(7)
    train(*samples[:2])
    return states


DROPOUT = QUICK | {"max_epochs": 2, "module__hidden": (8, 6), "module__dropout": 0.5}


def make_watched(cls, **settings):
    return cls(callbacks=[RandomStates()], **DROPOUT | settings)


def test_the_random_stream_is_the_same_with_a_transform_built_or_not(samples):
    without = states_of(make_watched(RebalancedClassifier, batch_size=30).fit, samples)
    assert [what for what, _ in without] == ["epoch", "batch", "batch", "batch"] * 2
    assert len({state for _, state in without[1:4]}) == 3  # dropout draws
    with_transform = make_watched(RSGClassifier, batch_size=30, generate_from=2, **RSG)
    assert states_of(with_transform.fit, samples) == without


def test_nor_is_it_moved_by_one_that_is_built_anew(samples):
    plain = make_watched(RebalancedClassifier).fit(*samples[:2])
    dropped = make_watched(RSGClassifier, generate_from=2, **RSG).fit(*samples[:2])
    assert not dropped.net_.has_transform
    without = states_of(plain.partial_fit, samples)
    with pytest.warns(RuntimeWarning, match="keep_training_state=True"):
        beside = states_of(dropped.partial_fit, samples)
    assert dropped.net_.has_transform
    assert beside == without != []


def test_a_transform_starts_from_a_stream_of_its_own(samples):
    still = {"optimizer": torch.optim.SGD, "lr": 1e-30, "keep_training_state": True}
    starts = []
    for hidden, seed in (((8, 6), 0), ((8, 40), 0), ((8, 6), 1)):
        changed = {"module__hidden": hidden, "random_state": seed}
        model = RSGClassifier(**QUICK | RSG | still | changed).fit(*samples[:2])
        starts.append(dict(model.net_.transform_.named_parameters()))
    first, wider, other = starts
    assert all(torch.equal(first[name], wider[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first)
