"""Members that leave folds out: who sees what, when it ends, and how sure it is."""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, softmax
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.metrics import log_loss, roc_auc_score
from torch import nn

from sklimb import (
    AffinityClassifier,
    DecoupledClassifier,
    M2mClassifier,
    OffsetDebiasedClassifier,
    RebalancedClassifier,
    RSGClassifier,
)
from sklimb._training import out_of_fold
from sklimb._training.out_of_fold import FoldWeights, member_folds
from sklimb.backbones import MLP, TabularMLP

X, Y = make_classification(
    240, 6, n_informative=3, weights=[0.85], flip_y=0.1, class_sep=0.8, random_state=0
)
X = X.astype(np.float32)


def fitted(cls=RebalancedClassifier, y=Y, weight=None, X=X, **settings):
    settings = {"cross_fit": True, "n_members": 4, "max_epochs": 12, "random_state": 0} | settings
    return cls(**settings).fit(X, y, sample_weight=weight)


# --- folds --------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(40, 8), (41, 7, 3), (1, 1), (2, 30)])
@pytest.mark.parametrize("k", [2, 5, 8])
def test_folds_and_the_classes_in_them_are_of_one_size(sizes, k):
    y = np.repeat(np.arange(len(sizes)), sizes)
    folds = member_folds(y, k, np.random.default_rng(0))
    assert np.ptp(np.bincount(folds, minlength=k)) <= 1
    for code in range(len(sizes)):
        assert np.ptp(np.bincount(folds[y == code], minlength=k)) <= 1


def test_weights_of_folds_are_those_of_the_whole_matrix():
    folds = np.arange(30) % 3
    whole = 1.0 - np.eye(3)[folds]
    expected = torch.as_tensor(whole / whole.mean(), dtype=torch.float32)
    weight = torch.tensor(1.0 / whole.mean(), dtype=torch.float32)
    lazy = FoldWeights(torch.as_tensor(folds), 3, weight)
    rows = torch.tensor([4, 0, 29, 4])
    assert torch.equal(lazy[rows], expected[rows])
    assert torch.equal(lazy[3:9], expected[3:9])


def test_copies_are_left_out_with_what_they_are_copies_of():
    y = np.repeat([0, 1], [30, 8])
    copied = np.concatenate([np.arange(38), np.tile(np.arange(30, 38), 5)])
    with_copies = member_folds(y[copied], 4, np.random.default_rng(0), copied)
    np.testing.assert_array_equal(with_copies, with_copies[copied])
    assert np.bincount(with_copies[30:38]).tolist() == [2, 2, 2, 2]
    none = np.arange(38)
    alone = member_folds(y, 4, np.random.default_rng(0))
    np.testing.assert_array_equal(member_folds(y, 4, np.random.default_rng(0), none), alone)


def test_a_network_behind_a_sampler_is_judged_by_what_it_has_not_seen():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 3)), np.repeat([0, 1], [180, 20])  # which X says nothing of
    rows = np.concatenate([np.arange(200), rng.integers(180, 200, 160)])
    settings = {"module": MLP, "n_members": 4, "cross_fit": True, "max_epochs": 30}
    model = RebalancedClassifier(**settings, random_state=0).fit(X[rows], y[rows])
    said = model.oof_proba_[:, 1]
    # copies in other folds would be known by heart: recall and precision of next to 1
    assert roc_auc_score(y[rows], said) < 0.75
    copies = rows == rows[-1]
    assert copies.sum() > 1 and np.ptp(said[copies]) < 1e-5


def test_folds_are_drawn():
    y = np.zeros(50, dtype=int)
    first, second = (member_folds(y, 5, np.random.default_rng(seed)) for seed in (0, 1))
    assert not np.array_equal(first, second)


# --- who sees what ------------------------------------------------------------------------------


class Memory(nn.Module):
    """A vector for each sample, which is all that a network on it can learn from."""

    def __init__(self, in_features):
        super().__init__()
        self.of_sample = nn.Embedding(len(X), 4)
        nn.init.zeros_(self.of_sample.weight)

    def forward(self, x):
        return self.of_sample(x[:, 0].long())


def test_a_member_learns_nothing_from_what_it_leaves_out():
    position = np.arange(len(X), dtype=np.float32)[:, None]
    model = RebalancedClassifier(
        module=Memory, cross_fit=True, n_members=4, max_epochs=5, random_state=0, lr=0.1,
        optimizer__weight_decay=0.0,
    ).fit(position, Y)  # fmt: skip
    tables = [m.of_sample.weight.detach().numpy() for m in model.module_.backbone.members]
    untouched = np.stack([np.all(table == 0, axis=1) for table in tables], axis=1)
    np.testing.assert_array_equal(untouched.sum(axis=1), 1)  # exactly one has never seen it


@pytest.mark.parametrize("cls", [RebalancedClassifier, AffinityClassifier])
def test_labels_that_say_nothing_are_not_foreseen(cls):
    y = np.random.default_rng(0).integers(0, 2, len(X))
    oof = fitted(cls, y=y, max_epochs=60).oof_proba_
    right = np.mean(oof.argmax(1) == y)
    # chance within three standard errors of 240 draws, and as unsure
    assert abs(right - 0.5) < 3 * 0.5 / np.sqrt(len(X))
    assert log_loss(y, oof) < 0.85


@pytest.mark.parametrize("at_once", [64, 2**16])
def test_out_of_fold_probabilities_are_those_of_the_member_that_left_the_sample_out(
    at_once, monkeypatch
):
    monkeypatch.setattr(out_of_fold, "_SAMPLES_AT_ONCE", at_once)
    model = fitted(module=MLP, module__hidden=(8,))
    network = model.module_.eval()
    with torch.no_grad():
        scores = network.head(network.features(torch.from_numpy(X))).double().numpy()
    of_members = softmax(scores / float(network.calibration.temperature), axis=2)
    nearest = np.abs(of_members - model.oof_proba_[:, None]).max(axis=2).min(axis=1)
    assert nearest.max() < 1e-5
    np.testing.assert_allclose(model.oof_proba_.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize(
    "cls, settings",
    [
        (RebalancedClassifier, {}),
        (RebalancedClassifier, {"loss": "logit_adjusted"}),
        (RebalancedClassifier, {"class_weight": "balanced"}),
        (OffsetDebiasedClassifier, {}),
    ],
)
def test_they_are_on_the_scale_of_what_is_predicted(cls, settings):
    model = fitted(cls, max_epochs=30, **settings)
    of_new = model.predict_proba(X).mean(axis=0)
    np.testing.assert_allclose(model.oof_proba_.mean(axis=0), of_new, atol=0.08)


@pytest.mark.parametrize("cls", [AffinityClassifier, OffsetDebiasedClassifier])
def test_a_head_does_not_start_from_what_its_member_leaves_out(cls):
    rng = np.random.default_rng(0)
    noise, y = rng.normal(size=(64, 30)).astype(np.float32), np.arange(64) % 2
    settings = {"n_prototypes": 30} if cls is AffinityClassifier else {}
    model = cls(
        cross_fit=True, n_members=4, max_epochs=1, lr=1e-6, class_weight=None, module=MLP,
        module__hidden=(), random_state=0, **settings,
    ).fit(noise, y)  # fmt: skip
    assert np.mean(model.oof_proba_.argmax(axis=1) == y) < 0.7  # chance within 3 standard errors


@pytest.mark.parametrize("loss", ["ldam", "am_softmax", "focal", "cross_entropy"])
def test_only_probabilities_keep_half_of_the_temperature(loss):
    assert fitted(loss=loss, max_epochs=2).net_.criterion_.is_proper == (loss == "cross_entropy")


def test_members_that_share_weights_are_refused():
    for module in (TabularMLP(6, n_members=4), TabularMLP):
        nested = {} if isinstance(module, nn.Module) else {"module__independent": False}
        with pytest.raises(ValueError, match=r"share weights.* set cross_fit=False"):
            fitted(module=module, **nested)


def test_the_number_of_members_may_be_the_modules():
    assert fitted(n_members=None, module__n_members=3).module_.n_members == 3


def test_the_only_sample_of_a_class_is_not_judged():
    y = Y.copy()
    y[5] = 2
    assert np.isfinite(fitted(y=y).oof_proba_).all()


def test_copies_of_the_only_sample_of_a_class_are_not_judged():
    rows = np.concatenate([np.arange(len(X)), np.zeros(9, dtype=int)])
    y = np.where(rows == 0, 2, Y[rows])
    oof = fitted(y=y, X=X[rows]).oof_proba_
    np.testing.assert_array_less(oof[y == 2, 2], 0.5)  # who left it out does not know it


def test_an_offset_of_all_samples_is_refused():
    with pytest.raises(ValueError, match=r"empirical.*cross_fit=False"):
        fitted(OffsetDebiasedClassifier, offset="empirical")


def test_what_was_said_of_an_earlier_network_goes():
    model = fitted()
    model.partial_fit(X, Y)
    assert not hasattr(model, "oof_proba_")


def test_a_sample_of_no_weight_is_left_out_of_all():
    weight = np.ones(len(X))
    weight[[3, 7]] = 0
    oof = fitted(weight=weight).oof_proba_
    assert np.isnan(oof[[3, 7]]).all() and not np.isnan(np.delete(oof, [3, 7], axis=0)).any()


# --- when it ends, and how sure it is -----------------------------------------------------------


def test_it_ends_long_before_the_bound_where_more_is_worse():
    model = fitted(max_epochs=400)
    losses = [row["out_of_fold_loss"] for row in model.history_ if "out_of_fold_loss" in row]
    assert model.n_iter_ < 200 and len(losses) > 3
    assert min(losses) < losses[-1]


def test_more_than_two_members_are_as_their_mean_at_the_temperature():
    model = fitted()
    network = model.module_.eval()
    with torch.no_grad():
        scores = network.head(network.features(torch.from_numpy(X))).double()
        mean = scores.softmax(-1).mean(1).log().numpy()
    T = float(network.calibration.temperature)
    np.testing.assert_allclose(
        model.predict_log_proba(X), log_softmax(mean / T, axis=1), rtol=1e-4, atol=1e-5
    )


def test_calibration_is_for_the_training_shares_under_logit_adjustment():
    model = fitted(loss="logit_adjusted", max_epochs=30)
    prior = np.log(np.bincount(Y) / len(Y))
    network = model.module_.eval()
    with torch.no_grad():
        scores = network.head(network.features(torch.from_numpy(X))).double()
        mean = scores.softmax(-1).mean(1).log().numpy()
    T = float(network.calibration.temperature)
    expected = (mean + prior) / T - prior
    np.testing.assert_allclose(
        model.predict_log_proba(X), log_softmax(expected, axis=1), rtol=1e-4, atol=1e-4
    )


def test_affinities_become_probabilities():
    plain = fitted(AffinityClassifier, cross_fit=False, max_epochs=30, class_weight=None)
    model = fitted(AffinityClassifier, max_epochs=30, class_weight=None)
    assert model.prototypes_.shape[0] == 4
    assert log_loss(Y, model.oof_proba_) < log_loss(Y, plain.predict_proba(X)) + 0.2
    assert float(model.module_.calibration.temperature) < 1  # they lie between 0 and 1


@pytest.mark.parametrize(
    "cls", [RebalancedClassifier, AffinityClassifier, OffsetDebiasedClassifier]
)
@pytest.mark.parametrize("module", [MLP, TabularMLP, None])
def test_same_seed_same_bits(cls, module):
    first, second = (fitted(cls, module=module, max_epochs=3) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))
    np.testing.assert_array_equal(first.oof_proba_, second.oof_proba_)


@pytest.mark.parametrize(
    "settings",
    [
        {"class_weight": "balanced"},
        {"sampling": "balanced"},
        {"mixup": 0.5},
        {"loss": "ldam"},
        {"dtype": "float64"},
        {"module__embedding": "piecewise_linear"},
        {"module__scaling": "quantile"},
        {"module__hidden": (8,), "module__embedding": None},
    ],
)
def test_what_it_goes_with(settings):
    model = fitted(max_epochs=3, **settings)
    assert np.isfinite(model.predict_proba(X)).all() and np.isfinite(model.oof_proba_).all()


def test_codes_of_categories():
    codes = np.hstack([X, np.random.default_rng(0).integers(0, 3, (len(X), 1))])
    model = RebalancedClassifier(
        cross_fit=True, n_members=3, max_epochs=2, module__categorical_features=[6]
    )
    assert np.isfinite(model.fit(codes, Y).predict_proba(codes)).all()


def test_more_can_be_learnt_after():
    model = fitted()
    before = model.predict_proba(X)
    model.partial_fit(X, Y)
    assert not np.array_equal(before, model.predict_proba(X))


# --- what starts later --------------------------------------------------------------------------

STARTS = [
    (RSGClassifier, "generate_from", "n_generated"),
    (M2mClassifier, "translate_from", "n_translated"),
]
# of few features and members, that end soon
QUICK = {"module": partial(TabularMLP, hidden=(16, 16)), "lr": 3e-2, "max_epochs": 80,
         "batch_size": 64, "n_members": 2}  # fmt: skip
QUICKLY = {RSGClassifier: {"contrast_channels": 4}, M2mClassifier: {"n_steps": 2, "step_size": 1.0}}


@pytest.mark.parametrize(("cls", "parameter", "counted"), STARTS)
def test_what_is_deferred_starts_when_nothing_better_comes(cls, parameter, counted):
    settings = QUICK | QUICKLY[cls]
    model = fitted(cls, **settings, **{parameter: 0.9})
    rows = np.nan_to_num(model.history_[:, counted])
    first = int(np.argmax(rows > 0))
    assert rows.any() and 0 < first < 72  # before the epoch that is named
    assert (rows[first:] > 0).mean() > 0.9
    assert model.oof_proba_.shape == (len(X), 2)
    assert model.net_.module_.calibration.temperature > 0
    never = fitted(cls, **settings, **{parameter: 1.0})
    assert not np.nan_to_num(never.history_[:, counted]).any()
    assert not np.array_equal(never.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize(("cls", "parameter", "counted"), STARTS)
def test_what_is_deferred_starts_at_its_epoch_at_the_latest(cls, parameter, counted):
    settings = QUICK | QUICKLY[cls] | {"max_epochs": 8}
    rows = np.nan_to_num(fitted(cls, **settings, **{parameter: 3}).history_[:, counted])
    assert not rows[:3].any() and rows[3:].any()


def test_rebalancing_may_be_deferred():
    model = fitted(class_weight="balanced", rebalance_from=0.9, **QUICK)
    assert 0 < model.net_.rebalancer.from_epoch < 72
    at_once = fitted(class_weight="balanced", **QUICK)
    assert at_once.net_.rebalancer.from_epoch == 0
    plain = fitted(**QUICK)
    assert model.predict_proba(X)[:, 1].mean() > plain.predict_proba(X)[:, 1].mean()


def test_translated_samples_do_not_move_the_balance():
    """Translations of other classes are not what real rare samples look like."""
    model = fitted(M2mClassifier, **QUICK, **QUICKLY[M2mClassifier])
    weight = np.where(Y == 1, 0.5 / (Y == 1).sum(), 0.5 / (Y == 0).sum())
    shift = model.module_.calibration.shift.numpy()
    assert abs(shift.sum()) < 1e-5 and np.ptp(shift) > 0
    kept = model.oof_proba_
    as_it_was = softmax(np.log(kept) - shift / float(model.module_.calibration.temperature), 1)
    losses = [log_loss(Y, p, sample_weight=weight) for p in (kept, as_it_was)]
    assert losses[0] < losses[1]


# --- by default, and what does not go together --------------------------------------------------


def test_a_classifier_that_is_left_open_is_cross_fitted():
    model = RebalancedClassifier(random_state=0).fit(X, Y)
    assert model.module_.n_members == 8 and model.oof_proba_.shape == (len(X), 2)
    plain = clone(model).set_params(cross_fit=False).fit(X, Y)
    assert plain.module_.n_members == 1 and not hasattr(plain, "oof_proba_")


def test_a_refit_without_forgets():
    model = fitted()
    model.set_params(cross_fit=False).fit(X, Y)
    assert not hasattr(model, "oof_proba_")


@pytest.mark.parametrize(
    "settings",
    [{"early_stopping": True}, {"warm_start": True}, {"n_members": 1}],
)
def test_what_does_not_go_together_is_named(settings):
    (name,) = settings
    with pytest.raises(ValueError, match=f"cross_fit=True .*{name}"):
        fitted(**settings)


def test_a_method_that_counts_epochs_says_so():
    with pytest.raises(ValueError, match=r"Decoupled.* cannot be cross-fitted: .*cross_fit=False"):
        fitted(DecoupledClassifier)


@pytest.mark.parametrize("value", ["yes", 1, None])
def test_a_value_that_means_nothing_is_named(value):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="cross_fit"):
            fitted(cross_fit=value)


def test_classes_that_are_told_apart_are_not_made_certain():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [150, 20])
    apart = (rng.normal(size=(170, 3)) + 6 * y[:, None]).astype(np.float32)
    model = RebalancedClassifier(cross_fit=True, n_members=4, max_epochs=60, random_state=0)
    model.fit(apart, y)
    assert 0.7 <= float(model.module_.calibration.temperature) <= 2.3  # half of the bounds' logs
