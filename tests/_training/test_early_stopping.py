"""The best epoch, on scores that a test decides."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import make_classification
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    f1_score,
    get_scorer,
    log_loss,
    make_scorer,
    roc_auc_score,
)
from skorch.callbacks import Callback
from skorch.history import History

from sklimb import AffinityClassifier, RebalancedClassifier
from sklimb._data.batches import Batches
from sklimb._data.training_data import ArrayData
from sklimb._training.early_stopping import BestEpoch, Fitted
from sklimb.backbones import MLP

LABELS = np.array(["ant", "bee", "cow"])


# --- what a scorer sees -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def three():
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1, 2], [60, 20, 8])
    scores = 1.5 * rng.normal(size=(88, 3)) + 2 * np.eye(3)[codes]
    return scores, codes, rng.uniform(0.1, 3, 88)


def naive_proba(scores):
    return np.exp(scores) / np.exp(scores).sum(1, keepdims=True)


@pytest.mark.parametrize("weighted", [False, True])
def test_scorers_of_three_classes(three, weighted):
    scores, codes, weight = three
    fitted, y = Fitted(scores, LABELS), LABELS[codes]
    X = np.empty((88, 0))
    weights = {"sample_weight": weight} if weighted else {}
    proba = naive_proba(scores)
    for name, expected in (
        ("roc_auc_ovr", roc_auc_score(codes, proba, multi_class="ovr", **weights)),
        ("neg_log_loss", -log_loss(codes, proba, **weights)),
        ("accuracy", accuracy_score(codes, scores.argmax(1), **weights)),
        ("f1_macro", f1_score(codes, scores.argmax(1), average="macro", **weights)),
    ):
        assert get_scorer(name)(fitted, X, y, **weights) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("positive", ["ant", "bee"])
def test_scorers_with_a_positive_label(three, positive):
    scores, codes, weight = three
    codes = np.minimum(codes, 1)
    fitted, y = Fitted(scores[:, :2], LABELS[:2]), LABELS[codes]
    X, truth = np.empty((88, 0)), LABELS[codes] == positive
    own = scores[:, 0] if positive == "ant" else scores[:, 1]
    other = scores[:, 1] if positive == "ant" else scores[:, 0]
    ranked = make_scorer(
        average_precision_score,
        response_method=("decision_function", "predict_proba"),
        pos_label=positive,
    )
    expected = average_precision_score(truth, own - other, sample_weight=weight)
    assert ranked(fitted, X, y, sample_weight=weight) == pytest.approx(expected)
    by_probability = make_scorer(
        average_precision_score, response_method="predict_proba", pos_label=positive
    )
    assert by_probability(fitted, X, y, sample_weight=weight) == pytest.approx(expected)
    decided = make_scorer(f1_score, pos_label=positive)
    assert decided(fitted, X, y) == pytest.approx(f1_score(truth, own > other))
    assert fitted.decision_function(X).shape == (88,)
    assert fitted.fit(X) is fitted


def test_probabilities_of_far_scores():
    fitted = Fitted(np.array([[0.0, -5000.0, 1e4]]), LABELS)
    assert fitted.predict_proba(None).tolist() == [[0.0, 0.0, 1.0]]
    assert fitted.predict(None).tolist() == ["cow"]


# --- which epoch ------------------------------------------------------------------------------


class ToldScores:
    """A net whose epochs have given scores and losses, and whose weights are the epoch's number."""

    class_labels = LABELS

    def __init__(self, told):
        self.told = list(told)
        self.history = History()
        self.module_ = torch.nn.Linear(1, 1, bias=False, dtype=torch.float64)
        self.module_.n_members = 1
        self.stop_training = False
        self.validation = ArrayData(np.zeros((3, 1)), np.array([0, 1, 2]))

    @property
    def finished_epochs(self):
        return len(self.history)

    def get_params_for(self, prefix):
        return {}

    def get_iterator(self, data):
        return Batches(data, batch_size=2)

    def train(self, callback):
        for epoch, (_, loss) in enumerate(self.told):
            self.history.new_epoch()
            self.history.record("valid_loss", loss)
            torch.nn.init.constant_(self.module_.weight, epoch)
            callback.after_epoch(self, self.validation)
            if self.stop_training:
                break
        callback.restore(self)
        return self


def best_epoch(net, patience, told=None):
    told = iter(net.told if told is None else told)
    return BestEpoch(lambda estimator, X, y: next(told)[0], patience)


@pytest.mark.parametrize(
    ("told", "best", "stops_after"),
    [
        # (score, loss) an epoch; patience is 2
        ([(0.5, 1.0), (0.6, 1.0), (0.7, 1.0)], 2, 3),
        ([(0.5, 1.0), (0.6, 1.0), (0.5, 0.1), (0.5, 0.1), (0.9, 0.1)], 1, 4),
        ([(0.5, 1.0), (0.5, 0.9), (0.5, 0.8), (0.5, 0.7)], 3, 4),  # the same score, a lower loss
        ([(0.5, 1.0), (0.5, 1.0), (0.5, 1.0), (0.5, 0.1)], 0, 3),  # both the same: the first
        ([(0.5, 1.0), (0.5, 2.0), (0.6, 9.0)], 2, 3),  # a better score, whatever the loss
        ([(0.9, 1.0), (0.1, 0.1), (0.1, 0.1), (1.0, 0.1)], 0, 3),
        ([(-3.0, 1.0), (-2.0, 1.0)], 1, 2),  # scores may be negative
    ],
)
def test_best_epoch(told, best, stops_after):
    net = ToldScores(told)
    callback = best_epoch(net, 2)
    net.train(callback)
    assert len(net.history) == stops_after
    assert net.stop_training == (stops_after < len(told) or stops_after - 1 - best >= 2)
    assert net.module_.weight.item() == best  # restored
    assert callback.best_epoch == best + 1
    flags = net.history[:, "valid_score_best"]
    assert flags[best]
    assert not any(flags[best + 1 :])
    assert net.history[:, "valid_score"] == [score for score, _ in told[:stops_after]]


def test_patience_of_one():
    net = ToldScores([(0.5, 1.0), (0.4, 1.0), (0.9, 1.0)])
    net.train(best_epoch(net, 1))
    assert len(net.history) == 2
    assert net.module_.weight.item() == 0


def test_the_best_weights_are_a_copy():
    net = ToldScores([(0.5, 1.0), (0.4, 1.0), (0.3, 1.0)])
    net.train(best_epoch(net, 5))
    assert net.module_.weight.item() == 0


def test_the_scorer_gets_labels_and_weights():
    seen = {}

    def scorer(estimator, X, y, sample_weight=None):
        seen.update(y=y.tolist(), weight=sample_weight.tolist(), n=len(X))
        return estimator.predict(X).tolist().count("ant")

    net = ToldScores([(0.0, 1.0)])
    net.validation.weight = np.array([1.0, 2.0, 3.0])
    net.train(BestEpoch(scorer, 3))
    assert seen == {"y": LABELS.tolist(), "weight": [1.0, 2.0, 3.0], "n": 3}
    assert net.history[-1, "valid_score"] == 3


# --- in a classifier --------------------------------------------------------------------------

QUICK = {
    "module": MLP,
    "max_epochs": 3,
    "module__hidden": (8,),
    "random_state": 0,
    "early_stopping": True,
}


@pytest.fixture(scope="module")
def data():
    X, codes = make_classification(
        200, 6, n_informative=5, n_redundant=0, n_classes=3, weights=[0.7, 0.2], random_state=0
    )
    return X, LABELS[codes], np.random.default_rng(0).uniform(0.2, 2.0, 200)


class HeldBack(Callback):
    """See which rows are held back; the first column of X is told to be a row's number."""

    def on_epoch_end(self, net, dataset_valid=None, **kwargs):
        self.rows = dataset_valid.X[:, 0].long().numpy()
        self.y_encoded = dataset_valid.y_encoded
        self.weight = dataset_valid.weight


@pytest.mark.parametrize("cls", [RebalancedClassifier, AffinityClassifier])
def test_scores_are_those_of_the_epoch(cls, data):
    X, y, weight = data
    X = np.column_stack([np.arange(200.0), X])
    held = HeldBack()
    model = cls(scoring="roc_auc_ovr", callbacks=[held], **QUICK).fit(X, y, weight)
    assert np.array_equal(LABELS[held.y_encoded], y[held.rows])
    assert np.array_equal(held.weight, weight[held.rows])
    assert len(np.unique(held.rows)) == 20
    assert model.class_counts_.sum() == pytest.approx(weight.sum() - held.weight.sum())
    # a tenth of each class
    assert np.abs(np.bincount(held.y_encoded) - 0.1 * np.unique(y, return_counts=True)[1]).max() < 1
    assert len(model.history_[:, "valid_score"]) == 3
    ranks = [(row["valid_score"], -row["valid_loss"]) for row in model.history_]
    best = ranks.index(max(ranks))
    assert model.history_[:, "valid_score_best"][best]
    # the score of the best epoch again, from the fitted model
    expected = roc_auc_score(
        y[held.rows],
        model.predict_proba(X[held.rows]),
        multi_class="ovr",
        sample_weight=held.weight,
    )
    assert model.history_[best, "valid_score"] == pytest.approx(expected, rel=1e-6)


def test_the_validation_loss_counts_weights(data):
    # it breaks ties between scores that are weighted, and a row of weight 3 is three rows
    X, y, weight = data
    X = np.column_stack([np.arange(200.0), X])
    held = HeldBack()
    params = QUICK | {"max_epochs": 1, "batch_size": 200}
    model = RebalancedClassifier(callbacks=[held], **params).fit(X, y, weight)
    losses = -model.predict_log_proba(X[held.rows])[np.arange(20), held.y_encoded]
    expected = np.average(losses, weights=held.weight)
    assert model.history_[0, "valid_loss"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    "scoring",
    [
        make_scorer(lambda true, predicted: float(np.mean(true == predicted))),
        lambda estimator, X, y: float(np.mean(estimator.predict(X) == y)),
    ],
    ids=["make_scorer", "callable"],
)
def test_a_scorer_that_takes_no_weights_gets_none(scoring, data):
    model = RebalancedClassifier(scoring=scoring, **QUICK).fit(*data)
    assert 0 <= model.history_[-1, "valid_score"] <= 1


def test_partial_fit_after_a_stopped_fit_holds_nothing_back(data):
    X, y, _ = data
    model = RebalancedClassifier(**QUICK).fit(X, y)
    model.partial_fit(X, y)
    assert model.n_iter_ == 4
    assert "valid_loss" not in model.history_[-1]


def test_a_warm_start_stops_early_on_its_own_rows(data):
    X, y, weight = data
    model = RebalancedClassifier(warm_start=True, **QUICK).fit(X, y, weight)
    half = np.arange(0, 200, 2)
    model.fit(X[half], y[half], weight[half])
    assert len(model.history_[3:, "valid_score"]) >= 1


def test_a_warm_start_may_begin_to_stop_early(data):
    X, y, _ = data
    for first in ("partial_fit", "fit"):
        model = RebalancedClassifier(warm_start=True, **QUICK)
        if first == "fit":
            model.set_params(early_stopping=False).fit(X, y).set_params(early_stopping=True)
        else:
            model.partial_fit(X, y)
        model.fit(X, y)
        assert "valid_score" in model.history_[-1]


def test_unknown_scoring(data):
    with pytest.raises(ValueError, match="scoring"):
        RebalancedClassifier(scoring="acuracy", **QUICK).fit(*data[:2])


def test_a_model_carries_no_best_weights(data):
    import pickle

    X, y, _ = data
    stopped, plain = (
        len(pickle.dumps(RebalancedClassifier(**(QUICK | {"early_stopping": on})).fit(X, y)))
        for on in (True, False)
    )
    assert stopped < plain + 2_000  # two more figures an epoch in the history
