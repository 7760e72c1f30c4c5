"""What is skorch's and torch's: callbacks, optimisers, files, Datasets, modules."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from skorch.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    GradientNormClipping,
    LRScheduler,
    ProgressBar,
)
from skorch.helper import SliceDataset
from torch import nn

from sklimb import AffinityClassifier, PriorCorrectedClassifier, RebalancedClassifier
from sklimb.backbones import MLP
from tests.shared import QUICK, each_classifier, global_state, same_bits
from tests.shared import data as data

# --- callbacks and optimisers -----------------------------------------------------------------


def test_skorch_callbacks(data, tmp_path, capsys):
    X, y = data
    model = RebalancedClassifier(
        early_stopping=True,
        validation_fraction=0.3,
        callbacks=[
            ("score", EpochScoring("balanced_accuracy", name="bac", lower_is_better=False)),
            ("on_train", EpochScoring("f1_macro", name="f1", on_train=True, use_caching=True)),
            ("checkpoint", Checkpoint(dirname=str(tmp_path), monitor="valid_loss_best")),
            ("rate", LRScheduler("StepLR", step_size=1, gamma=0.5)),
            ("clip", GradientNormClipping(1e-9)),
            ("bar", ProgressBar()),
        ],
        callbacks__clip__gradient_clip_value=1e-3,
        n_iter_no_change=10,
        optimizer=torch.optim.SGD,
        **QUICK,
    ).fit(X, y)
    last = model.history_[-1]
    assert {"bac", "f1", "valid_score", "train_loss", "valid_loss", "event_lr"} <= set(last)
    assert last["bac"] == pytest.approx(last["valid_score"])
    assert (tmp_path / "params.pt").exists()
    # halved an epoch, and by nothing else
    np.testing.assert_allclose(model.history_[:, "event_lr"], 3e-3 * 0.5 ** np.arange(4))
    # gradients of norm 1e-3 at most, so SGD hardly moves
    start = RebalancedClassifier(lr=1e-12, optimizer=torch.optim.SGD, **QUICK).fit(X, y)
    for a, b in zip(model.module_.head.parameters(), start.module_.head.parameters()):
        assert torch.equal(a, b) or (a - b).abs().max() < 1e-3


def test_skorchs_early_stopping_stops_without_swallowing_ctrl_c(data):
    X, y = data
    model = RebalancedClassifier(
        callbacks=[EarlyStopping(monitor="train_loss", patience=1, threshold=1e9)],
        **(QUICK | {"max_epochs": 20}),
    ).fit(X, y)
    assert model.n_iter_ == 2

    class CtrlC(Callback):
        def on_epoch_end(self, net, **kwargs):
            raise KeyboardInterrupt

    before = global_state()
    with pytest.raises(KeyboardInterrupt):
        RebalancedClassifier(callbacks=[CtrlC(), EarlyStopping("train_loss")], **QUICK).fit(X, y)
    assert global_state() == before


def test_verbose_prints_a_line_an_epoch(data, capsys):
    RebalancedClassifier(verbose=1, **QUICK).fit(*data)
    assert len(capsys.readouterr().out.splitlines()) == QUICK["max_epochs"]
    RebalancedClassifier(**QUICK).fit(*data)
    assert capsys.readouterr().out == ""


def test_other_optimisers(data):
    X, y = data
    # A line search compares values of one loss: with dropout each value is of another.
    search = {"optimizer__line_search_fn": "strong_wolfe", "module__dropout": 0.0}
    for optimizer, params in (
        (torch.optim.SGD, {"lr": 0.1, "optimizer__momentum": 0.9}),
        (torch.optim.RMSprop, {"lr": 1e-2}),
        (torch.optim.LBFGS, {"batch_size": 240, **search}),
    ):
        model = RebalancedClassifier(optimizer=optimizer, **(QUICK | {"max_epochs": 15} | params))
        assert balanced_accuracy_score(y, model.fit(X, y).predict(X)) > 0.6


def test_a_loss_that_is_no_longer_finite_says_what_to_do(data):
    X, y = data
    with pytest.raises(ValueError, match=r"loss is (nan|inf) in epoch .* Lower lr"):
        RebalancedClassifier(optimizer=torch.optim.SGD, **(QUICK | {"lr": 1e30})).fit(X, y)


def test_save_and_load_parameters(data, tmp_path):
    X, y = data
    X = X + 1e9  # the moments must come back in full precision
    model = AffinityClassifier(**QUICK).fit(X, y)
    model.net_.save_params(f_params=tmp_path / "weights.pt")
    other = AffinityClassifier(**(QUICK | {"random_state": 5})).fit(X[:50], y[:50])
    other.net_.load_params(f_params=tmp_path / "weights.pt")
    assert np.array_equal(other.predict_proba(X), model.predict_proba(X))


# --- Datasets ---------------------------------------------------------------------------------


class Pairs(torch.utils.data.Dataset):
    def __init__(self, X, y):
        self.rows, self.labels_ = torch.as_tensor(X, dtype=torch.float32), y

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index], self.labels_[index]


class Features(torch.utils.data.Dataset):
    def __init__(self, X):
        self.rows = torch.as_tensor(X, dtype=torch.float32)

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index]


@each_classifier
@pytest.mark.parametrize("workers", [0, 2])
def test_a_dataset_trains_like_the_array(cls, workers, data):
    X, y = data
    X = X.astype(np.float32)
    # 240 = 15 * 16: no rest, which a DataLoader and our own batches would cut differently
    params = QUICK | {"module__hidden": (16,), "max_epochs": 2}

    array = cls(module=MLP, module__in_features=6, **params).fit(X, y)
    streamed = cls(
        module=MLP, module__in_features=6, iterator_train__num_workers=workers, **params
    ).fit(Pairs(X, y))
    np.testing.assert_allclose(
        streamed.predict_proba(Features(X)), array.predict_proba(X), atol=1e-6
    )
    assert np.array_equal(streamed.classes_, array.classes_)
    with_labels = cls(module=MLP, module__in_features=6, **params).fit(Features(X), y)
    assert same_bits(with_labels, cls(module=MLP, module__in_features=6, **params).fit(Pairs(X, y)))


def test_a_dataset_with_weights_and_early_stopping(data):
    X, y = data
    weight = np.where(y == "rare", 0.0, np.random.default_rng(0).uniform(0.5, 1, len(y)))

    model = RebalancedClassifier(
        module=MLP, module__in_features=6, early_stopping=True, class_weight="balanced", **QUICK
    ).fit(Pairs(X, y), sample_weight=weight)
    assert model.class_counts_[1] == 0
    assert "valid_score" in model.history_[-1]


def test_dataset_errors(data):
    X, y = data

    class Endless(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter([])

    with pytest.raises(TypeError, match="IterableDataset"):
        RebalancedClassifier().fit(Endless(), y)
    with pytest.raises(ValueError, match="needs module="):
        RebalancedClassifier().fit(Pairs(X, y))
    with pytest.raises(ValueError, match="240 items and y 3 labels"):
        RebalancedClassifier(module=nn.Flatten()).fit(Features(X), y[:3])
    with pytest.raises(ValueError, match=r"not \(x, label\)"):
        RebalancedClassifier(module=nn.Flatten()).fit(Features(X))


@each_classifier
def test_a_dataset_is_cross_validated_as_a_slice_dataset(cls, data):
    X, y = data
    X, codes = X.astype(np.float32), np.unique(y, return_inverse=True)[1]
    source = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(codes))
    model = cls(**QUICK).set_params(module=MLP)
    expected = [
        clone(model)
        .fit(torch.utils.data.Subset(source, train), codes[train])
        .score(torch.utils.data.Subset(source, test), codes[test])
        for train, test in StratifiedKFold(2).split(X, codes)
    ]
    for labels in (codes, SliceDataset(source, idx=1)):
        found = cross_val_score(model, SliceDataset(source), labels, cv=2, error_score="raise")
        np.testing.assert_array_equal(found, expected)
    search = GridSearchCV(model, {"lr": [1e-3, 1e-2]}, cv=2, error_score="raise")
    search.fit(SliceDataset(source), codes)
    assert same_bits(search.best_estimator_, clone(search.best_estimator_).fit(source))
    part = torch.utils.data.Subset(source, range(0, 240, 2))
    np.testing.assert_array_equal(search.predict(SliceDataset(part)), search.predict(part))
    # labels are found in what it is of
    assert same_bits(clone(model).fit(SliceDataset(part)), clone(model).fit(part))
    # with shares that are said: some of these correct for class sizes by themselves
    corrected = PriorCorrectedClassifier(model, target_prior=[1, 1, 1]).fit(SliceDataset(part))
    np.testing.assert_array_equal(corrected.classes_, [0, 1, 2])


@pytest.mark.parametrize(
    "wrap", [lambda source: source, lambda source: torch.utils.data.Subset(source, range(240))]
)
def test_a_bare_dataset_that_scikit_learn_cuts(wrap, data):
    X, y = data
    source = wrap(torch.utils.data.TensorDataset(torch.from_numpy(X), torch.arange(240)))
    model = RebalancedClassifier(**QUICK).set_params(module=MLP)
    with pytest.raises(TypeError, match=r"SliceDataset\(dataset\) as X, and y beside it"):
        cross_val_score(model, source, y, cv=2, error_score="raise")
    with pytest.raises(ValueError, match=r"SliceDataset\(dataset\) as X"):
        GridSearchCV(model, {"lr": [1e-3, 1e-2]}, cv=2).fit(source, y)
    model.fit(X, y)
    with pytest.raises(TypeError, match=r"SliceDataset\(dataset\) as X"):
        model.predict([source[0], source[1]])


# --- images and modules -----------------------------------------------------------------------


class Patches(nn.Module):
    def __init__(self, in_channels, width=4):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(in_channels, width, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
        )

    def forward(self, x):
        return self.layers(x)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.int16])
def test_images_with_a_module(dtype):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60)
    # small values, for nothing scales them: over ten seeds all samples are right
    X = (rng.integers(0, 3, (60, 3, 8, 8)) + 2 * y[:, None, None, None]).astype(dtype)
    settings = {"max_epochs": 30, "lr": 2e-2, "random_state": 0}
    model = RebalancedClassifier(module=Patches, module__width=6, **settings)
    assert model.fit(X, y).score(X, y) > 0.9
    assert model.transform(X).shape == (60, 6)
    # without a module, sklimb.backbones.ConvNet
    assert RebalancedClassifier(max_epochs=1).fit(X, y).transform(X).shape == (60, 128)


def test_a_module_instance_is_copied(data):
    X, y = data
    module = nn.Sequential(nn.Linear(6, 5), nn.Tanh())
    before = copy.deepcopy(module.state_dict())
    model = RebalancedClassifier(module=module, **{**QUICK, "module__hidden": ()})
    del model.module__hidden
    model.fit(X, y)
    assert all(torch.equal(a, b) for a, b in zip(before.values(), module.state_dict().values()))
    assert model.transform(X).shape == (240, 5)
    with pytest.raises(ValueError, match=r"module is an instance of Sequential, so module__\*"):
        model.set_params(module__hidden=(3,)).fit(X, y)


def test_a_lazy_module_finds_its_width(data):
    X, y = data
    module = nn.Sequential(nn.LazyLinear(5), nn.Tanh())
    model = RebalancedClassifier(module=module, max_epochs=1).fit(X, y)
    assert model.transform(X).shape == (240, 5)


# --- the learning rate over several trainings -------------------------------------------------


class Rates(Callback):
    """Keep the learning rate of each epoch."""

    seen = ()

    def on_epoch_end(self, net, **kwargs):
        self.seen = [*self.seen, net.optimizer_.param_groups[0]["lr"]]


def test_partial_fit_keeps_the_rate(data):
    X, y = data
    rates = Rates()
    model = RebalancedClassifier(callbacks=[rates], warmup_epochs=2, lr=0.01, **QUICK)
    for _ in range(6):
        model.partial_fit(X, y)
    assert rates.seen == [0.01] * 6
    # after a fit that ended near 0 as well
    rates.seen = []
    model = RebalancedClassifier(callbacks=[rates], lr=0.01, **QUICK).fit(X, y)
    assert rates.seen[-1] < 0.002
    assert model.partial_fit(X, y) is model
    assert rates.seen[-1] == 0.01


def test_a_warm_start_begins_the_schedule_anew_and_takes_a_new_rate(data):
    X, y = data
    rates = Rates()
    model = RebalancedClassifier(warm_start=True, callbacks=[rates], lr=0.01, **QUICK)
    model.fit(X, y).fit(X, y)
    np.testing.assert_allclose(rates.seen[:4], rates.seen[4:])
    model.set_params(lr=0.04).fit(X, y)
    np.testing.assert_allclose(rates.seen[8:], 4 * np.asarray(rates.seen[:4]))


def test_a_dataset_after_an_array_leaves_no_column_names(data):
    import pandas as pd

    X, y = data
    model = RebalancedClassifier(module=nn.Flatten, **{"max_epochs": 1})
    model.fit(pd.DataFrame(X, columns=list("abcdef")), y)
    assert model.n_features_in_ == 6
    model.fit(Pairs(X[:, :4], y))
    assert model.n_features_in_ == 4
    assert not hasattr(model, "feature_names_in_")


# --- callbacks alone, and trainings that break off ------------------------------------------------


def test_a_checkpoint_alone(data, tmp_path):
    X, y = data
    for monitor in ("train_loss_best", None):
        Checkpointed = Checkpoint(dirname=str(tmp_path), monitor=monitor, f_history=None)
        RebalancedClassifier(callbacks=[Checkpointed], **QUICK).fit(X, y)
        assert (tmp_path / "params.pt").exists()
        (tmp_path / "params.pt").unlink()


@pytest.mark.parametrize("early_stopping", [False, True])
def test_epoch_scoring_without_its_cache(early_stopping, data):
    X, y = data
    scoring = EpochScoring("balanced_accuracy", name="bac", on_train=True, use_caching=False)
    model = RebalancedClassifier(
        callbacks=[scoring], early_stopping=early_stopping, **(QUICK | {"max_epochs": 1})
    ).fit(X, y)
    if not early_stopping:
        assert model.history_[-1, "bac"] == pytest.approx(
            balanced_accuracy_score(y, model.predict(X))
        )


def test_weights_that_diverge_in_the_last_step_are_an_error(data):
    X, y = data
    diverging = {"optimizer": torch.optim.SGD, "lr": 1e39, "batch_size": 240, "max_epochs": 1}
    model = RebalancedClassifier(**(QUICK | diverging))
    with pytest.raises(ValueError, match=r"no longer finite .* Lower lr"):
        model.fit(X, y)
    assert not hasattr(model, "net_")


def test_a_warm_start_that_diverges_leaves_the_model_of_before(data):
    X, y = data
    model = RebalancedClassifier(optimizer=torch.optim.SGD, warm_start=True, **QUICK).fit(X, y)
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match="Lower lr"):
        model.set_params(lr=1e30).fit(X, y)
    assert np.array_equal(model.predict_proba(X), before)
    assert np.isfinite(model.set_params(lr=1e-3).fit(X, y).predict_proba(X)).all()


class Interrupt(Callback):
    def __init__(self, epoch):
        self.epoch = epoch

    def on_train_begin(self, net, **kwargs):
        if self.epoch == 0:
            raise KeyboardInterrupt

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == self.epoch:
            raise KeyboardInterrupt


@pytest.mark.parametrize("early_stopping", [False, True])
def test_after_ctrl_c_what_is_learnt_can_be_used(early_stopping, data):
    X, y = data
    params = QUICK | {"early_stopping": early_stopping}
    model = RebalancedClassifier(callbacks=[Interrupt(2)], **params)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert model.n_iter_ == 2
    assert model.predict(X).shape == y.shape
    nothing = RebalancedClassifier(callbacks=[Interrupt(0)], **params)
    with pytest.raises(KeyboardInterrupt):
        nothing.fit(X, y)
    assert not hasattr(nothing, "net_")


def test_columns_too_large_to_scale_are_named(data):
    X, y = data
    X = X * np.array([1, 1e200, 1, 1, 1, 1])
    with pytest.raises(ValueError, match=r"Columns \[1\] of X cannot be scaled"):
        RebalancedClassifier(module=MLP, **QUICK).fit(X, y)
    # quartiles of float64 can hold it
    assert np.isfinite(RebalancedClassifier(**QUICK).fit(X, y).predict_proba(X)).all()
