"""The plan of a training: from parameters, data and mode alone."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pytest
import torch
from scipy import sparse
from skorch.callbacks import LRScheduler
from torch import nn
from torch.utils.data import TensorDataset

from sklimb import M2mClassifier, RebalancedClassifier
from sklimb._data.table_scan import scan_chunks
from sklimb._data.training_data import ArrayData, DatasetData
from sklimb._training.plan import (
    Mode,
    choose_backbone,
    cross_fits,
    make_plan,
)
from sklimb.backbones import MLP, ConvNet, TabularMLP, WideMLP
from tests._training.test_sizes import CODES, ROWS, Advises
from tests.shared import global_state

X = np.random.default_rng(0).normal(size=(90, 3))
Y = np.arange(90) % 2
LABELS = np.array(["a", "b"])


def plan(mode=Mode.FIT, *, backbone=MLP, batch_size=None, scan=None, **settings):
    parameters = RebalancedClassifier(**settings).get_params(deep=False)
    before = dict(parameters)
    made = make_plan(
        parameters, ArrayData(X, Y), mode, backbone=backbone, class_labels=LABELS,
        device="cpu", batch_size=batch_size, scan=scan,
    )  # fmt: skip
    assert parameters == before
    return made


def test_a_plan_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        plan().epochs = 3


@pytest.mark.parametrize("mode", Mode)
def test_epochs_of_each_mode(mode):
    given, auto = plan(mode, max_epochs=20), plan(mode)
    assert given.max_epochs == 20 and auto.max_epochs == 60
    assert given.epochs == (1 if mode is Mode.PARTIAL_FIT else 20)
    assert given.more_may_come == (mode is Mode.PARTIAL_FIT)


def test_a_backbone_advises_where_the_data_are_all_there():
    advised = TabularMLP.advised_sizes(90, 3, np.array([45, 45]))
    assert plan(backbone=TabularMLP, cross_fit=False).epochs == advised.max_epochs != 60
    assert plan(Mode.WARM_START, backbone=TabularMLP).epochs == advised.max_epochs
    piece = plan(Mode.PARTIAL_FIT, backbone=TabularMLP)
    assert (piece.epochs, piece.max_epochs) == (1, 60)
    assert piece.batch_size == advised.batch_size
    assert plan(batch_size=7).batch_size == 7


def test_a_cross_fitted_training_has_bounds_and_no_schedule():
    made = plan(backbone=TabularMLP)
    assert made.cross_fit and made.n_members == 8 and made.schedule is None
    assert (made.epochs, made.batch_size) == (150, 64)
    assert plan(backbone=MLP, cross_fit=True, n_members=3).n_members == 3
    assert plan(backbone=TabularMLP, cross_fit=True, max_epochs=7, batch_size=16).epochs == 7


def test_a_scan_makes_of_calls_the_pieces_of_a_fit():
    scan = scan_chunks([(X[:30], Y[:30]), (X[30:60], Y[30:60]), (X[60:], Y[60:])])
    settings = {"rebalance_from": 2, "warmup_epochs": 1, "lr_milestones": (4, 0.9)}
    whole = plan(backbone=TabularMLP, cross_fit=False)
    piece = plan(Mode.PARTIAL_FIT, backbone=TabularMLP, scan=scan, **settings)
    assert (piece.epochs, piece.passes) == (1, whole.max_epochs)
    assert piece.max_epochs == 3 * whole.max_epochs == piece.schedule["max_epochs"]
    assert (piece.batch_size, piece.n_samples) == (whole.batch_size, 90)
    assert piece.rebalancer.from_epoch == 6 and piece.epoch_of(5, "generate_from") == 15
    assert piece.epoch_of(0.5, "generate_from") == round(1.5 * whole.max_epochs)
    assert (piece.schedule["warmup_epochs"], piece.schedule["milestones"]) == (3, (12, 0.9))
    assert plan(Mode.PARTIAL_FIT, scan=scan, lr_schedule=None).schedule is None


@pytest.mark.parametrize("mode", [Mode.PARTIAL_FIT, Mode.WARM_START])
def test_only_a_fresh_fit_is_cross_fitted(mode):
    made = plan(mode, backbone=TabularMLP, cross_fit=True)
    assert not made.cross_fit and made.n_members is None


@pytest.mark.parametrize(
    "given",
    [
        {"module": TabularMLP},
        {"n_members": 1},
        {"module__n_members": 2},
        {"max_epochs": 20},
        {"early_stopping": True},
        {"warm_start": True},
        {"rebalance_from": 3},
        {"warmup_epochs": 1},
        {"callbacks": [LRScheduler()]},
    ],
)
def test_auto_cross_fits_only_where_all_is_left_open(given):
    assert not plan(backbone=TabularMLP, **given).cross_fit


@pytest.mark.parametrize(
    "given",
    [{"generate_from": 3}, {"translate_from": 3}, {"seed_pool": 5}, {"offset": "empirical"}],
)
def test_auto_cross_fits_nothing_that_counts_epochs_or_needs_all_samples(given):
    shared = RebalancedClassifier().get_params(deep=False)
    assert cross_fits(shared, Mode.FIT, TabularMLP)
    assert not cross_fits(shared | given, Mode.FIT, TabularMLP)
    assert cross_fits(shared | {"generate_from": 0.8}, Mode.FIT, TabularMLP)


def test_shares_are_of_the_epochs():
    made = plan(max_epochs=50, rebalance_from=0.8, class_weight="balanced")
    assert made.rebalancer.from_epoch == 40
    assert made.rebalancer.class_weight == "balanced"
    assert made.epoch_of(0.5, "generate_from") == 25 and made.epoch_of(7, "generate_from") == 7
    with pytest.raises(ValueError, match="generate_from must not be negative"):
        made.epoch_of(-1, "generate_from")


def test_auto_defers_rebalancing_where_members_leave_folds_out():
    settings = {"rebalance_from": "auto", "class_weight": "balanced", "backbone": TabularMLP}
    made = plan(**settings)
    assert made.cross_fit and made.rebalancer.from_epoch == round(0.8 * made.epochs)
    assert plan(**settings, cross_fit=False).rebalancer.from_epoch == 0


def test_the_schedule_belongs_to_trainings_of_known_length():
    made = plan(max_epochs=10, lr_schedule="step", lr_milestones=[0.5], warmup_epochs=2)
    assert made.schedule == {
        "schedule": "step", "max_epochs": 10, "warmup_epochs": 2, "milestones": (0.5,),
        "decay": 0.01,
    }  # fmt: skip
    assert plan(Mode.PARTIAL_FIT, lr_schedule="cosine").schedule is None
    assert plan(lr_schedule=None).schedule is None
    for own in (LRScheduler, LRScheduler(), ("mine", LRScheduler())):
        assert plan(lr_schedule="cosine", callbacks=[own]).schedule is None


def test_samples_are_held_back_where_a_training_can_stop():
    stops = {"early_stopping": True, "validation_fraction": 0.3}
    assert plan(**stops).validation_fraction == plan(Mode.WARM_START, **stops).validation_fraction
    assert plan(**stops).validation_fraction == 0.3
    assert plan(Mode.PARTIAL_FIT, **stops).validation_fraction is None
    assert plan(validation_fraction=0.3).validation_fraction is None


def test_float_type_and_threads():
    assert plan(dtype="float64").dtype is torch.float64
    assert plan(batch_size=16).threads == 1


# --- the backbone for samples of a shape --------------------------------------------------------


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (np.zeros((2, 512)), TabularMLP),
        (np.zeros((2, 513)), WideMLP),
        (sparse.csr_array((2, 512)), TabularMLP),
        (sparse.csr_array((2, 513)), WideMLP),
        (np.zeros((2, 1, 8, 8)), ConvNet),
    ],
)
def test_backbones_by_shape(X, expected):
    assert choose_backbone(None, ArrayData(X)) is expected
    assert choose_backbone(nn.Flatten, ArrayData(X)) is nn.Flatten


def test_a_dataset_has_no_default_backbone():
    data = DatasetData(TensorDataset(torch.zeros(2, 3)))
    with pytest.raises(ValueError, match="a torch Dataset needs module="):
        choose_backbone(None, data)
    assert choose_backbone(MLP, data) is MLP


# --- epochs and batch size where they are left to "auto" -----------------------------------------


def test_a_classifier_trains_as_many_epochs():
    model = RebalancedClassifier(module=Advises, max_epochs="auto", rebalance_from=0.5)
    model.set_params(class_weight="balanced").fit(ROWS, CODES)
    assert model.n_iter_ == 3
    assert model.net_.batch_size == 30
    assert model.net_.rebalancer.from_epoch == 2
    assert model.max_epochs == "auto"
    model.set_params(warm_start=True).fit(ROWS, CODES)
    assert model.n_iter_ == 6
    # a fit on other rows takes their advice
    assert model.set_params(warm_start=False).fit(ROWS[:40], CODES[:40]).n_iter_ == 2


def test_a_warm_start_takes_the_advice_for_its_own_rows():
    model = RebalancedClassifier(module=Advises, warm_start=True, max_epochs=1).fit(ROWS, CODES)
    model.set_params(max_epochs="auto").fit(ROWS, CODES)
    assert model.n_iter_ == 1 + 3
    assert model.fit(ROWS[:40], CODES[:40]).n_iter_ == 4 + 2
    first = RebalancedClassifier(module=Advises, warm_start=True).partial_fit(ROWS[:20], CODES[:20])
    assert first.fit(ROWS, CODES).n_iter_ == 1 + 3


def test_a_warm_start_makes_the_advised_steps_in_the_batches_that_the_net_has():
    class OfFour(Advises):
        @staticmethod
        def advised_sizes(n_rows, in_features, class_counts):
            class Sizes:
                max_epochs, batch_size = 6, n_rows // 4

            return Sizes

    model = RebalancedClassifier(module=OfFour, warm_start=True).fit(ROWS, CODES)
    assert (model.n_iter_, model.net_.batch_size) == (6, 15)
    model.fit(ROWS[:20], CODES[:20])  # 24 steps are advised; in batches of 15 an epoch has 2
    assert (model.n_iter_, model.net_.batch_size) == (6 + 12, 15)
    with pytest.warns(UserWarning, match="no effect: batch_size=5"):
        model.set_params(batch_size=5).fit(ROWS[:20], CODES[:20])
    assert (model.n_iter_, model.net_.batch_size) == (18 + 12, 15)


def test_items_that_take_a_function_of_the_users_own():
    class Items(torch.utils.data.Dataset):
        def __len__(self):
            return 60

        def __getitem__(self, i):
            torch.rand(1)  # as one that augments
            return {"x": ROWS[i]}, int(CODES[i])

    def collate(items):
        rows = torch.as_tensor(np.array([x["x"] for x, _ in items]))
        return rows, torch.tensor([label for _, label in items])

    nested = {"iterator_train__collate_fn": collate, "iterator_valid__collate_fn": collate}
    before = global_state()
    model = RebalancedClassifier(module=Advises, max_epochs="auto", **nested).fit(Items(), CODES)
    assert global_state() == before
    assert (model.n_iter_, model.net_.batch_size) == (3, 30)


def test_shares_of_the_epochs_are_of_those_that_were_chosen():
    params = {"module": Advises, "max_epochs": "auto", "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        m2m = M2mClassifier(**params, translate_from=2 / 3, gamma=0.0, beta=0.0)
        m2m.fit(np.vstack([ROWS, ROWS[:30]]), np.r_[CODES, np.zeros(30, dtype=int)])
    tried = m2m.history_[:, "n_to_translate"]
    assert [n > 0 for n in tried] == [False, False, False, True]


def test_other_words_are_refused():
    with pytest.raises(TypeError, match=r"'max_epochs' parameter .* Got 'many'"):
        RebalancedClassifier(max_epochs="many").fit(ROWS, CODES)


def test_calls_of_partial_fit_are_shares_of_sixty():
    model = RebalancedClassifier(
        class_weight="balanced", rebalance_from=0.8, cross_fit=False, random_state=0
    )
    model.partial_fit(ROWS[:12], CODES[:12])
    assert model.net_.rebalancer.from_epoch == 48
    assert model.fit(ROWS, CODES).net_.rebalancer.from_epoch == round(0.8 * model.n_iter_) != 48


def test_threads_go_by_the_samples_that_a_batch_really_has(monkeypatch):
    monkeypatch.setattr("sklimb._random._allowed_cpus", lambda: 4)
    assert plan(batch_size=10**6).threads == plan(batch_size=90).threads == 1
    wide = ArrayData(np.zeros((90, 3_000), dtype=np.float32), Y)
    parameters = RebalancedClassifier(batch_size=10**6).get_params(deep=False)
    made = make_plan(
        parameters, wide, Mode.FIT, backbone=MLP, class_labels=LABELS, device="cpu"
    )  # fmt: skip
    assert made.threads == 4
