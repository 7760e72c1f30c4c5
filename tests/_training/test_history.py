from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_classification

from sklimb import RebalancedClassifier, RSGClassifier
from sklimb._training.history import (
    far_apart,
    history_frame,
    kept_epoch,
    losses_of,
    scores_of,
    starts_of,
)

QUICK = {"max_epochs": 4, "module__hidden": (8,), "random_state": 0, "cross_fit": False}


@pytest.fixture(scope="module")
def data():
    return make_classification(90, 4, n_redundant=0, weights=[0.8], random_state=0)


def test_a_history_as_a_frame(data):
    model = RebalancedClassifier(early_stopping=True, **QUICK).fit(*data)
    frame = history_frame(model.history_)
    assert frame.index.tolist() == list(range(1, model.n_iter_ + 1))
    assert frame["train_loss"].tolist() == list(model.history_[:, "train_loss"])
    assert not [name for name in frame if name.endswith(("_best", "batch_count"))]
    assert losses_of(frame) == ["train_loss", "valid_loss"]
    assert scores_of(frame) == ["valid_score"]


def test_generation_and_deferred_weights(data):
    model = RSGClassifier(
        loss="cross_entropy", class_weight="balanced", rebalance_from=3, generate_from=2, **QUICK
    ).fit(*data)
    starts = starts_of(model.net_.rebalancer, history_frame(model.history_))
    assert starts == {"class weights": 4, "generation": 3}


def test_what_began_at_once_or_never_is_no_event(data):
    for start in (0, 9):
        model = RebalancedClassifier(class_weight="balanced", rebalance_from=start, **QUICK)
        model.fit(*data)
        assert starts_of(model.net_.rebalancer, history_frame(model.history_)) == {}


def test_of_equal_scores_the_one_at_the_lower_loss_is_kept(data):
    model = RebalancedClassifier(early_stopping=True, scoring=lambda *_: 1.0, **QUICK).fit(*data)
    losses = model.history_[:, "valid_loss"]
    assert kept_epoch(model.history_) == 1 + int(np.argmin(losses)) > 1


def test_cross_fitting_says_which_epoch_it_keeps(data):
    model = RebalancedClassifier(**QUICK | {"cross_fit": True, "n_members": 2}).fit(*data)
    judged = [row for row in model.history_ if "out_of_fold_loss" in row]
    assert judged and all(isinstance(row["out_of_fold_loss_best"], bool) for row in judged)
    kept = kept_epoch(model.history_)
    assert model.history_[kept - 1, "out_of_fold_loss_best"]


def test_no_epoch_is_kept_where_none_was_chosen_or_training_went_on(data):
    assert kept_epoch([]) is None
    assert kept_epoch(RebalancedClassifier(**QUICK).fit(*data).history_) is None
    stopped = RebalancedClassifier(early_stopping=True, **QUICK).fit(*data)
    assert kept_epoch(stopped.history_) is not None
    assert kept_epoch(stopped.partial_fit(*data).history_) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [([100.0, 1.0], True), ([1.0, 2.0], False), ([100.0, 0.0], False), ([np.nan], False)],
)
def test_far_apart(values, expected):
    assert far_apart(np.array(values)) is expected
