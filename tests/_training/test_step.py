"""The training step: what a head's own rule and callbacks are given, and the random streams."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from sklearn.datasets import make_classification
from skorch.callbacks import Callback

from sklimb import RebalancedClassifier, RSGClassifier
from sklimb.backbones import MLP
from sklimb.heads import LinearHead

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
def data():
    X, y = make_classification(90, 5, n_informative=4, n_redundant=0, weights=[0.8], random_state=0)
    return X, y, np.random.default_rng(0).uniform(0.2, 3.0, 90)


def calls_of(data, **settings):
    X, y, weight = data
    model = Watched(**QUICK | settings).fit(X, y, sample_weight=weight)
    return model, model.module_.head.calls


def test_a_head_is_given_the_batch_with_its_weights_after_the_step(data):
    X, y, weight = data
    start = Watched(**QUICK, lr=1e-30, optimizer=torch.optim.SGD).fit(X, y).module_.head.weight
    model, calls = calls_of(data, batch_size=30)
    order = model.net_.streams.generator("shuffling", 0).permutation(90)
    assert len(calls) == 3
    for rows, (embedded, codes, given, scored, _) in zip(order.reshape(3, 30), calls, strict=True):
        assert codes.tolist() == y[rows].tolist()
        np.testing.assert_allclose(given, weight[rows] / weight.mean(), rtol=1e-5)
        assert torch.equal(embedded, scored)
        assert not embedded.requires_grad
    # the first call already sees weights that the optimiser has moved
    assert not torch.allclose(calls[0][4], start)


def test_weights_are_none_where_there_are_none_and_hold_those_of_classes(data):
    X, y, _ = data
    _, calls = calls_of((X, y, None))
    assert calls[0][2] is None
    _, calls = calls_of((X, y, None), class_weight="balanced", batch_size=90)
    _, codes, given, *_ = calls[0]
    share = [given[codes == code].sum().item() for code in (0, 1)]
    assert share[0] == pytest.approx(share[1], rel=1e-5)


def test_lbfgs_scores_several_times_and_moves_the_head_once(data):
    search = {"optimizer": torch.optim.LBFGS, "lr": 0.1, "module__dropout": 0.0}
    model, calls = calls_of(data, batch_size=90, **search)
    assert len(calls) == 1
    assert model.module_.head.passes > 1
    np.testing.assert_allclose(calls[0][2].mean(), 1.0, rtol=1e-5)


def test_a_head_without_a_rule_takes_the_same_steps(data):
    X, y, weight = data
    watched, _ = calls_of(data)
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


def test_callbacks_get_a_score_for_each_row_of_the_batch_and_none_for_new_rows(data):
    X, y, _ = data
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


def states_of(train, data):
    """The states while a method of a model trains, from one state on."""
    states = train.__self__.callbacks[0].states = []
    torch.manual_seed(7)
    train(*data[:2])
    return states


DROPOUT = QUICK | {"max_epochs": 2, "module__hidden": (8, 6), "module__dropout": 0.5}


def make_watched(cls, **settings):
    return cls(callbacks=[RandomStates()], **DROPOUT | settings)


def test_the_random_stream_is_the_same_with_a_transform_built_or_not(data):
    without = states_of(make_watched(RebalancedClassifier, batch_size=30).fit, data)
    assert [what for what, _ in without] == ["epoch", "batch", "batch", "batch"] * 2
    assert len({state for _, state in without[1:4]}) == 3  # dropout draws
    with_transform = make_watched(RSGClassifier, batch_size=30, generate_from=2, **RSG)
    assert states_of(with_transform.fit, data) == without


def test_nor_is_it_moved_by_one_that_is_built_anew(data):
    plain = make_watched(RebalancedClassifier).fit(*data[:2])
    dropped = make_watched(RSGClassifier, generate_from=2, **RSG).fit(*data[:2])
    assert not dropped.net_.has_transform
    without = states_of(plain.partial_fit, data)
    with pytest.warns(RuntimeWarning, match="keep_training_state=True"):
        beside = states_of(dropped.partial_fit, data)
    assert dropped.net_.has_transform
    assert beside == without != []


def test_a_transform_starts_from_a_stream_of_its_own(data):
    still = {"optimizer": torch.optim.SGD, "lr": 1e-30, "keep_training_state": True}
    starts = []
    for hidden, seed in (((8, 6), 0), ((8, 40), 0), ((8, 6), 1)):
        changed = {"module__hidden": hidden, "random_state": seed}
        model = RSGClassifier(**QUICK | RSG | still | changed).fit(*data[:2])
        starts.append(dict(model.net_.transform_.named_parameters()))
    first, wider, other = starts
    assert all(torch.equal(first[name], wider[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first)
