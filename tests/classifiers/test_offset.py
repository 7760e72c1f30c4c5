"""The offset classifier: what it scores, what its terms are, where its boundaries lie."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.datasets import make_blobs
from skorch.callbacks import Callback
from torch import nn
from torch.nn import functional as F

from sklimb import OffsetDebiasedClassifier, RebalancedClassifier
from sklimb.backbones import MLP
from sklimb.classifiers.losses import WithPrior
from sklimb.classifiers.offset import _Center, _Uniform
from sklimb.heads import CosineHead, LinearHead, OffsetHead
from sklimb.losses import center_loss, uniform_offset_loss

QUICK = {"module": MLP, "max_epochs": 4, "module__hidden": (16,), "random_state": 0}
OFFSETS = ("estimated", "empirical", "uniform_only", "zero", "learned")
PAPER = {"keep_prior": False, "centered": False, "normalize_terms": False}


@pytest.fixture(scope="module")
def blobs():
    X, y = make_blobs([120, 20, 10], 5, cluster_std=2.0, random_state=3)
    return X, np.array(["bulk", "some", "rare"])[y]


def fit(data, **settings):
    return OffsetDebiasedClassifier(**{**QUICK, **settings}).fit(*data)


def same_bits(a, b):
    pairs = zip(a.module_.state_dict().values(), b.module_.state_dict().values(), strict=True)
    return all(torch.equal(p, q) for p, q in pairs)


def means_of(rows, y, classes, weight=None):
    return np.array(
        [
            np.average(rows[y == c], axis=0, weights=None if weight is None else weight[y == c])
            for c in classes
        ]
    )


# --- what is predicted, and what is kept ------------------------------------------------------


@pytest.mark.parametrize("centered", [True, False])
@pytest.mark.parametrize("loss", ["cross_entropy", "ldam"])
@pytest.mark.parametrize("offset", ["estimated", "empirical", "uniform_only"])
def test_scores_means_and_offsets(offset, loss, centered, blobs):
    X, y = blobs
    model = fit(blobs, offset=offset, loss=loss, centered=centered, dtype="float64", scale=9.0)
    rows, head = model.transform(X), model.module_.head
    weight = head.joint.weight.detach().numpy()
    if loss == "ldam":
        weight = 9.0 * weight / np.linalg.norm(weight, axis=1, keepdims=True)
    means = means_of(rows, y, model.classes_)
    np.testing.assert_allclose(model.class_means_, means, atol=1e-10)
    np.testing.assert_allclose(model.empirical_offset_, 0.5 * (means * weight).sum(1), atol=1e-10)
    if offset == "empirical":
        subtracted = model.empirical_offset_
        with pytest.raises(AttributeError, match="no centres are learnt"):
            _ = model.estimated_offset_
    else:
        centers = head.centers.numpy()
        assert not np.allclose(centers, means)  # learnt, not computed
        half = 0.5 * (centers * weight).sum(1)
        np.testing.assert_allclose(model.estimated_offset_, half, atol=1e-10)
        subtracted = half if offset == "estimated" else 0.0
    np.testing.assert_allclose(model.decision_function(X), rows @ weight.T - subtracted, atol=1e-9)
    if centered:
        of_centres = means if offset == "empirical" else head.centers.numpy()
        np.testing.assert_allclose(of_centres.mean(0), 0, atol=1e-10)


def test_means_go_by_row_weights(blobs):
    X, y = blobs
    weight = np.random.default_rng(0).uniform(0.1, 5, len(X))
    model = OffsetDebiasedClassifier(offset="empirical", dtype="float64", **QUICK)
    model.fit(X, y, sample_weight=weight)
    expected = means_of(model.transform(X), y, model.classes_, weight)
    np.testing.assert_allclose(model.class_means_, expected, atol=1e-10)
    # in several batches, of which the last is smaller
    small = model.set_params(batch_size=32).fit(X, y, sample_weight=weight)
    expected = means_of(small.transform(X), y, small.classes_, weight)
    np.testing.assert_allclose(small.class_means_, expected, atol=1e-10)


@pytest.mark.parametrize("loss", ["cross_entropy", "ldam", "focal"])
def test_learned_is_the_plain_net_bit_for_bit(loss, blobs):
    X, _ = blobs
    plain = RebalancedClassifier(loss=loss, **QUICK).fit(*blobs)
    model = fit(blobs, offset="learned", loss=loss, lambda1=5.0, lambda2=7.0)
    assert same_bits(model, plain)
    np.testing.assert_array_equal(model.predict_proba(X), plain.predict_proba(X))
    assert list(model.net_.criterion_.terms) == ["classification"]
    np.testing.assert_allclose(
        model.class_means_,
        means_of(unit(model, X), blobs[1], model.classes_),
        atol=1e-6,
    )


def unit(model, X):
    rows = model.transform(X)
    if isinstance(model.module_.head, CosineHead):
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


@pytest.mark.parametrize("offset", ["zero", "learned", "empirical"])
def test_plain_modes_ignore_the_terms(offset, blobs):
    models = [
        fit(blobs, offset=offset, lambda1=a, lambda2=b, keep_prior=c)
        for a, b, c in ((0, 0, True), (3.0, 9.0, False))
    ]
    assert same_bits(*models)


@pytest.mark.parametrize("loss", ["cross_entropy", "am_softmax"])
def test_empirical_trains_the_plain_net(loss, blobs):
    X, y = blobs
    plain = RebalancedClassifier(loss=loss, **QUICK).fit(X, y)
    model = fit(blobs, offset="empirical", loss=loss)
    for name, value in plain.module_.backbone.state_dict().items():
        assert torch.equal(value, model.module_.backbone.state_dict()[name])
    for name, value in plain.module_.head.state_dict().items():
        assert torch.equal(value, model.module_.head.joint.state_dict()[name])
    assert not np.allclose(plain.predict_proba(X), model.predict_proba(X))
    # a second training starts from the plain net again, early stopping looks at it
    more = copy.deepcopy(model).partial_fit(X, y)
    plain_more = copy.deepcopy(plain).partial_fit(X, y)
    assert torch.equal(more.module_.head.joint.weight, plain_more.module_.head.weight)
    stopped = fit(blobs, offset="empirical", loss=loss, early_stopping=True, max_epochs=3)
    plain = RebalancedClassifier(loss=loss, early_stopping=True, **QUICK | {"max_epochs": 3})
    plain.fit(X, y)
    assert stopped.history_[:, "valid_score"] == plain.history_[:, "valid_score"]


def test_zero_has_no_bias(blobs):
    head = fit(blobs, offset="zero").module_.head
    assert type(head) is LinearHead
    assert head.bias is None
    assert type(fit(blobs, offset="zero", loss="ldam").module_.head) is CosineHead


# --- terms ------------------------------------------------------------------------------------


class Bare(OffsetDebiasedClassifier):
    """The classification term alone on the head of the method."""

    def _recipe(self, plan, data):
        recipe = super()._recipe(plan, data)
        return replace(recipe, terms={"classification": recipe.terms["classification"]})


def test_terms_of_weight_zero_are_not_there(blobs):
    off = fit(blobs, lambda1=0, lambda2=0)
    bare = Bare(lambda1=3.0, lambda2=3.0, **QUICK).fit(*blobs)
    assert same_bits(off, bare)
    assert list(off.net_.criterion_.terms) == ["classification"]
    for settings in ({"lambda1": 0.5, "lambda2": 0}, {"lambda1": 0, "lambda2": 0.5}):
        one = fit(blobs, **settings)
        assert len(one.net_.criterion_.terms) == 2
        assert not same_bits(one, off)


class Shown:
    """A step as a term sees it, in float64."""

    def __init__(self, d=6, n_classes=3):
        generator = torch.Generator().manual_seed(0)

        def randn(*shape):
            return torch.randn(*shape, generator=generator, dtype=torch.float64)

        self.features, self.scores = randn(8, d), randn(8, n_classes)
        self.y = torch.tensor([0, 1, 2, 0, 0, 1, 2, 2])
        self.weight = None
        self.head = type("Head", (), {"centers": randn(n_classes, d), "offset": randn(n_classes)})

    def _replace(self, *, scores):
        other = copy.copy(self)
        other.scores = scores
        return other


def test_terms_are_equation_6_and_what_they_are_divided_by():
    step = Shown(d=6, n_classes=3)
    centre = center_loss(step.features, step.y, step.head.centers, reduction="none")
    uniform = uniform_offset_loss(step.head.offset)
    torch.testing.assert_close(_Center(False)(step), centre)
    torch.testing.assert_close(_Center(True)(step), centre / 6)
    torch.testing.assert_close(_Uniform(False)(step), uniform)
    torch.testing.assert_close(_Uniform(True)(step), uniform / np.log(3))
    # features a hundred times as large: the same size, and 1 a feature is where that begins
    spread = (step.head.centers - step.head.centers.mean(0)).square().mean()
    assert spread < 1
    for factor in (0.01, 0.5, 2.0, 100.0):
        scaled = Shown(d=6)
        scaled.features = (factor * step.features).requires_grad_()
        scaled.head.centers = factor * step.head.centers + 7.0  # wherever they lie
        scaled.features.data += 7.0
        size = max(1.0, factor**2 * spread.item())
        value = _Center(True)(scaled)
        torch.testing.assert_close(value, factor**2 * centre / 6 / size)
        pull = torch.autograd.grad(value.sum(), scaled.features)[0]
        gap = factor * (step.features - step.head.centers[step.y])
        torch.testing.assert_close(pull, 2 * gap / 6 / size)
    # twice the columns, or a class more: the same size
    wide = Shown(d=6)
    wide.features = step.features.repeat(1, 2)
    wide.head.centers = step.head.centers.repeat(1, 2)
    torch.testing.assert_close(_Center(True)(wide), _Center(True)(step))
    for n_classes in (2, 9):
        step.head.offset = torch.zeros(n_classes, dtype=torch.float64)
        assert _Uniform(True)(step).item() == pytest.approx(-1.0)


def test_the_prior_is_added_to_the_scores_of_the_loss():
    step, counts = Shown(), torch.tensor([90.0, 9.0, 1.0], dtype=torch.float64)
    term = WithPrior(lambda s: F.cross_entropy(s.scores, s.y, reduction="none"))
    term.set_seen_counts(counts)
    expected = F.cross_entropy(step.scores + (counts / 100).log(), step.y, reduction="none")
    torch.testing.assert_close(term(step), expected)


def seen_shares(model):
    return model.net_.criterion_.terms["classification"][1].log_shares.exp().numpy()


def test_the_prior_is_what_the_loss_sees(blobs):
    X, y = blobs
    counts = np.array([120, 10, 20.0])  # bulk, rare, some
    np.testing.assert_allclose(seen_shares(fit(blobs)), counts / 150, rtol=1e-5)
    for settings in ({"class_weight": "balanced"}, {"sampling": "balanced"}):
        np.testing.assert_allclose(seen_shares(fit(blobs, **settings)), 1 / 3, rtol=1e-5)
        later = fit(blobs, rebalance_from=4, **settings)
        np.testing.assert_allclose(seen_shares(later), counts / 150, rtol=1e-5)
    # costs are not re-balancing
    costs = fit(blobs, class_weight={"rare": 5.0})
    np.testing.assert_allclose(seen_shares(costs), counts / 150, rtol=1e-5)
    weight = np.where(y == "rare", 3.0, 1.0)
    weighted = OffsetDebiasedClassifier(**QUICK).fit(X, y, sample_weight=weight)
    shares = np.array([120, 30, 20]) / 170
    np.testing.assert_allclose(seen_shares(weighted), shares, rtol=1e-5)


def test_logit_adjustment_is_the_prior_and_is_not_added_twice(blobs):
    adjusted = fit(blobs, loss="logit_adjusted")
    assert same_bits(adjusted, fit(blobs, loss="logit_adjusted", keep_prior=False))
    term = adjusted.net_.criterion_.terms["classification"][1]
    assert not isinstance(term, WithPrior)
    np.testing.assert_allclose(
        adjusted.predict_proba(blobs[0]), fit(blobs).predict_proba(blobs[0]), atol=1e-4
    )
    assert not same_bits(fit(blobs), fit(blobs, keep_prior=False))


def test_a_loss_that_is_told_not_to_adjust_leaves_the_prior_to_the_method(blobs):
    off = fit(blobs, loss="logit_adjusted", tau=0.0)
    assert isinstance(off.net_.criterion_.terms["classification"][1], WithPrior)
    np.testing.assert_allclose(
        off.predict_proba(blobs[0]), fit(blobs).predict_proba(blobs[0]), atol=1e-4
    )
    for settings in ({"loss": "balanced_softmax"}, {"loss": "logit_adjusted", "tau": 0.5}):
        term = fit(blobs, **settings).net_.criterion_.terms["classification"][1]
        assert not isinstance(term, WithPrior)


def test_a_loss_that_goes_by_counts_gets_them_through_the_prior(blobs):
    model = fit(blobs, loss="ldam")
    inner = model.net_.criterion_.terms["classification"][1].term
    assert inner.counts.tolist() == [120, 10, 20]


class Learning(nn.Module):
    """A loss with a parameter of its own."""

    def __init__(self):
        super().__init__()
        self.temperature = nn.Parameter(torch.ones(()))

    def forward(self, scores, y):
        return F.cross_entropy(scores * self.temperature, y, reduction="none")


@pytest.mark.parametrize(
    "settings",
    [
        *({"loss": loss} for loss in ("focal", "ldam", "am_softmax", "balanced_softmax")),
        {"loss": Learning()},
        {"class_weight": "balanced"},
        {"class_weight": "effective", "rebalance_from": 0.5},
        {"sampling": "balanced", "rebalance_from": 2},
        {"optimizer": torch.optim.LBFGS, "lr": 0.1, "batch_size": 200, "module__dropout": 0.0},
        {"loss": "ldam", "offset": "uniform_only", "class_weight": "effective"},
    ],
    ids=str,
)
def test_losses_and_re_balancing_combine(settings, blobs):
    X, y = blobs
    settings = {"max_epochs": 12, "lr": 1e-2} | settings
    model = fit(blobs, **settings)
    # of the sum the other terms may grow; over eight seeds this one falls to 0.31 at most
    losses = np.array(model.history_[:, "train_classification"])
    assert losses[-1] < 0.6 * losses[0]
    assert np.isfinite(model.decision_function(X)).all()
    start = OffsetDebiasedClassifier(**QUICK | settings | {"center_rate": 0.0}).fit(X, y)
    assert not np.allclose(start.module_.head.raw_centers, model.module_.head.raw_centers)
    term = model.net_.criterion_.terms["classification"][1]
    if isinstance(settings.get("loss"), Learning):
        assert term.term.loss.temperature.item() != 1.0


def test_deferral_beyond_the_end_changes_nothing(blobs):
    plain = fit(blobs)
    for settings in ({"class_weight": "balanced"}, {"sampling": "balanced"}):
        assert same_bits(fit(blobs, rebalance_from=4, **settings), plain)
        assert not same_bits(fit(blobs, rebalance_from=3, **settings), plain)


# --- centres ----------------------------------------------------------------------------------


def test_centres_follow_the_class_means(blobs):
    model = fit(blobs, max_epochs=40, module__dropout=0.0)
    gaps = np.linalg.norm(model.module_.head.centers.numpy() - model.class_means_, axis=1)
    spread = np.linalg.norm(model.class_means_, axis=1).mean()
    assert (gaps < 0.3 * spread).all(), gaps / spread
    still = fit(blobs, max_epochs=40, module__dropout=0.0, center_rate=0.0)
    left = np.linalg.norm(still.module_.head.centers.numpy() - still.class_means_, axis=1)
    assert (left > gaps).all()


def test_centres_move_with_pickles_and_checkpoints(blobs, tmp_path):
    X, y = blobs
    model = fit(blobs)
    same = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(same.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(same.class_means_, model.class_means_)
    model.net_.save_params(f_params=tmp_path / "net.pt")
    other = fit(blobs, random_state=1)
    assert not np.allclose(other.estimated_offset_, model.estimated_offset_)
    other.net_.load_params(f_params=tmp_path / "net.pt")
    np.testing.assert_array_equal(other.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(other.estimated_offset_, model.estimated_offset_)
    before = model.module_.head.raw_centers.clone()
    copied = copy.deepcopy(model).partial_fit(X, y)
    assert not torch.equal(copied.module_.head.raw_centers, before)
    assert torch.equal(model.module_.head.raw_centers, before)


def test_partial_fit_starts_a_class_when_it_comes(blobs):
    X, y = blobs
    first = y != "rare"
    for offset in ("estimated", "empirical"):
        model = OffsetDebiasedClassifier(offset=offset, **QUICK)
        model.partial_fit(X[first], y[first], classes=np.unique(y))
        assert np.isnan(model.class_means_).all(1).tolist() == [False, True, False]
        assert np.isnan(model.empirical_offset_).tolist() == [False, True, False]
        assert np.isfinite(model.decision_function(X)).all()
        head = model.module_.head
        assert head.started.tolist() == [True, False, True]
        assert offset == "empirical" or head.offset[1] == 0
        known = head.raw_means[0].clone()
        model.partial_fit(X[y == "rare"], y[y == "rare"])
        head = model.module_.head
        assert head.started.all()
        assert np.isfinite(model.class_means_).all()
        assert torch.equal(head.raw_means[0], known)


def test_empirical_does_not_favour_a_class_that_is_still_to_come():
    X, y = make_blobs([300, 60, 30, 30], 5, cluster_std=2.0, random_state=1)
    met = y != 3
    for seed in range(3):
        model = OffsetDebiasedClassifier(
            offset="empirical", lr=1e-2, module__hidden=(16,), random_state=seed
        )
        for _ in range(10):
            model.partial_fit(X[met], y[met], classes=range(4))
        # with an offset of 0 instead it is what 11 to 22 % of these rows are taken for
        assert (model.predict(X[met]) == 3).mean() < 0.01


@pytest.mark.parametrize("offset", OFFSETS)
def test_a_new_fit_forgets_the_old_means(offset, blobs):
    X, y = blobs
    model = fit(blobs, offset=offset)
    assert np.isfinite(model.class_means_).all()
    # "rare" has no row that counts, but is a class
    model.fit(X, y, sample_weight=(y != "rare").astype(float))
    assert np.isnan(model.class_means_).all(1).tolist() == [False, True, False]


@pytest.mark.parametrize("offset", OFFSETS)
def test_class_means_move_with_checkpoints_of_our_heads(offset, blobs, tmp_path):
    model, other = fit(blobs, offset=offset), fit(blobs, offset=offset, random_state=1)
    model.net_.save_params(f_params=tmp_path / "net.pt")
    own = other.class_means_
    other.net_.load_params(f_params=tmp_path / "net.pt")
    moves = offset not in ("zero", "learned")
    np.testing.assert_array_equal(other.class_means_, model.class_means_ if moves else own)


class Stop(Callback):
    """Raise an error at the end of an epoch, counted from 1."""

    def __init__(self, epoch, error):
        self.epoch, self.error = epoch, error

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == self.epoch:
            raise self.error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("full")], ids=repr)
def test_known_means_stay_in_use_after_a_partial_fit_that_is_stopped(error, blobs):
    X, y = blobs
    model = fit(blobs, offset="empirical", callbacks=[Stop(5, error)])
    means = model.module_.head.raw_means.clone()
    with pytest.raises(type(error)):
        model.partial_fit(X, y)
    head = model.module_.head
    assert torch.equal(head.raw_means, means)
    rows = model.transform(X)
    expected = rows @ head.weight.detach().numpy().T - model.empirical_offset_
    np.testing.assert_allclose(model.decision_function(X), expected, atol=1e-4)


@pytest.mark.parametrize("offset", OFFSETS)
def test_means_after_a_first_fit_that_is_stopped(offset, blobs):
    X, y = blobs
    model = OffsetDebiasedClassifier(
        **QUICK, offset=offset, callbacks=[Stop(2, KeyboardInterrupt())]
    )
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    for name in ("class_means_", "empirical_offset_"):
        with pytest.raises(AttributeError, match="at the end of a training, and this one was stop"):
            getattr(model, name)
    assert np.isfinite(model.decision_function(X)).all()
    model.partial_fit(X, y)
    assert np.isfinite(model.class_means_).all()


def test_a_checkpoint_of_the_first_training_is_not_loaded_without_a_word(blobs, tmp_path):
    class Keep(Callback):
        def on_epoch_end(self, net, **kwargs):
            net.save_params(f_params=tmp_path / "during.pt")

    model = fit(blobs, offset="empirical", callbacks=[Keep()])
    with pytest.warns(UserWarning, match="before the class means were known"):
        model.net_.load_params(f_params=tmp_path / "during.pt")
    plain = RebalancedClassifier(**QUICK).fit(*blobs)
    np.testing.assert_array_equal(model.predict_proba(blobs[0]), plain.predict_proba(blobs[0]))
    # a later training knows the means of the one before
    model = fit(blobs, offset="empirical", callbacks=[Keep()]).partial_fit(*blobs)
    model.net_.load_params(f_params=tmp_path / "during.pt")
    assert not np.allclose(model.predict_proba(blobs[0]), plain.predict_proba(blobs[0]))


def test_early_stopping_looks_at_the_plain_net_in_a_warm_start_too(blobs):
    settings = {"early_stopping": True, "warm_start": True, "max_epochs": 3}
    model = fit(blobs, offset="empirical", **settings).fit(*blobs)
    plain = RebalancedClassifier(**QUICK | settings).fit(*blobs).fit(*blobs)
    assert model.history_[:, "valid_score"] == plain.history_[:, "valid_score"]
    assert model.history_[:, "valid_loss"] == plain.history_[:, "valid_loss"]
    assert torch.equal(model.module_.head.joint.weight, plain.module_.head.weight)


def test_a_class_of_one_row_and_columns_without_information():
    X = np.concatenate([np.random.default_rng(0).normal(size=(50, 3)), [[6.0, 6.0, 6.0]]])
    y = np.array([0] * 50 + [1])
    model = OffsetDebiasedClassifier(max_epochs=20, random_state=0).fit(X, y)
    assert model.predict(X[-1:]).tolist() == [1]
    flat = OffsetDebiasedClassifier(**QUICK).fit(np.zeros((30, 3)), np.arange(30) % 3)
    assert np.isfinite(flat.predict_proba(np.zeros((2, 3)))).all()


# --- what it does -----------------------------------------------------------------------------


def test_the_uniform_constraint_makes_offsets_even(blobs):
    gaps = [np.ptp(fit(blobs, max_epochs=30, lambda2=v).estimated_offset_) for v in (0.0, 30.0)]
    assert gaps[1] < 0.5 * gaps[0], gaps


def test_the_centre_loss_draws_features_together(blobs):
    X, y = blobs
    within = []
    for weight in (0.0, 3.0):
        model = fit(blobs, max_epochs=20, lambda1=weight, module__dropout=0.0)
        rows, codes = model.transform(X), np.searchsorted(model.classes_, y)
        within.append(np.square(rows - model.class_means_[codes]).mean())
    assert within[1] < 0.5 * within[0], within


class Large(nn.Module):
    """The features of an MLP times a hundred."""

    def __init__(self, in_features):
        super().__init__()
        self.mlp = MLP(in_features, hidden=(16,), dropout=0.0)

    def forward(self, x):
        return 100 * self.mlp(x)

    def set_input_scaling(self, *scaling):
        self.mlp.set_input_scaling(*scaling)


def test_large_features_do_not_make_the_centre_loss_rule(blobs):
    shares = []
    for normalize in (True, False):
        model = OffsetDebiasedClassifier(
            module=Large, max_epochs=4, normalize_terms=normalize, random_state=0
        ).fit(*blobs)
        shares.append(0.1 * model.history_[0, "train_center"])
    assert shares[0] < 5, shares
    assert shares[1] > 50, shares


def boundary(model, distance):
    at = np.linspace(-1, 2, 601)
    scores = model.decision_function(np.outer(at * distance, [0.8, 0.6]))
    crossing = np.flatnonzero((scores[:-1] < 0) & (scores[1:] >= 0))
    return at[crossing[0]] if len(crossing) else 2.0


def test_the_boundary_is_nearer_the_middle_than_the_plain_nets():
    # measured (benchmarks/papers/offset_toy.py): plain 0.9, here 0.3 to 0.6
    places = {OffsetDebiasedClassifier: [], RebalancedClassifier: []}
    for seed in range(3):
        rng = np.random.default_rng(seed)
        y = np.repeat([0, 1], [400, 10])
        X = rng.normal(size=(410, 2)) + np.outer(y, [2.4, 1.8])
        for cls, found in places.items():
            model = cls(max_epochs=20, lr=1e-2, module__hidden=(16,), module__dropout=0.0,
                        batch_size=64, random_state=seed).fit(X, y)  # fmt: skip
            found.append(abs(boundary(model, 3.0) - 0.5))
    ours, plain = (np.mean(found) for found in places.values())
    assert ours < 0.6 * plain, places


# --- errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"lambda1": -1}, "'lambda1' parameter of .* Got "),
        ({"lambda2": float("nan")}, "lambda2"),
        ({"lambda2": "strong"}, "'lambda2' parameter of .* Got "),
        ({"offset": "estimate"}, "'offset' parameter of .* Got "),
        ({"offset": None}, "'offset' parameter of .* Got "),
        ({"center_rate": 1.5}, "'center_rate' parameter of .* Got "),
        ({"center_rate": -0.1}, "'center_rate' parameter of .* Got "),
        ({"loss": "hinge"}, "'loss' parameter of .* Got "),
    ],
)
def test_parameters_that_cannot_be(params, message, blobs):
    model = OffsetDebiasedClassifier(**{**QUICK, **params})  # stored as given: only fit says
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit(*blobs)


def test_nothing_is_there_before_fit():
    for name in ("class_means_", "empirical_offset_", "estimated_offset_"):
        with pytest.raises(AttributeError, match="before fit"):
            getattr(OffsetDebiasedClassifier(), name)


def test_defaults_are_those_of_the_search():
    # benchmarks/tuning/defaults_offset.py; the rate is that of Wen et al.
    model = OffsetDebiasedClassifier()
    assert (model.lambda1, model.lambda2, model.center_rate) == (0.1, 1.0, 0.5)
    assert (model.offset, model.keep_prior, model.centered) == ("estimated", True, True)
    assert model.normalize_terms is True
    assert OffsetHead(2, 2).rate == 0.5


def test_the_papers_bare_method(blobs):
    model = fit(blobs, lambda1=1.0, lambda2=1.0, dtype="float64", **PAPER)
    last = model.history_[-1]
    parts = sum(last[f"train_{name}"] for name in ("classification", "center", "uniform"))
    assert last["train_loss"] == pytest.approx(parts)
    assert not isinstance(model.net_.criterion_.terms["classification"][1], WithPrior)
    assert (model.module_.head.origin == 0).all()
