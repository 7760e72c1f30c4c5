"""The plan of a training: from parameters, data and mode alone."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from scipy import sparse
from skorch.callbacks import LRScheduler
from torch import nn
from torch.utils.data import TensorDataset

from sklimb import RebalancedClassifier
from sklimb._data.training_data import TrainingData
from sklimb._training.plan import Mode, choose_backbone, make_plan
from sklimb.backbones import MLP, ConvNet, TabularMLP

X = np.random.default_rng(0).normal(size=(90, 3))
Y = np.arange(90) % 2
LABELS = np.array(["a", "b"])


def plan(mode=Mode.FIT, *, backbone=MLP, batch_size=None, **settings):
    parameters = RebalancedClassifier(**settings).get_params(deep=False)
    before = dict(parameters)
    made = make_plan(
        parameters, TrainingData.of(X, Y), mode, backbone=backbone, class_labels=LABELS,
        device="cpu", batch_size=batch_size,
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
    assert plan(backbone=TabularMLP).epochs == advised.max_epochs != 60
    assert plan(Mode.WARM_START, backbone=TabularMLP).epochs == advised.max_epochs
    partial = plan(Mode.PARTIAL_FIT, backbone=TabularMLP)
    assert (partial.epochs, partial.max_epochs) == (1, 60)
    assert partial.batch_size == advised.batch_size
    assert plan(batch_size=7).batch_size == 7


def test_shares_are_of_the_epochs():
    made = plan(max_epochs=50, rebalance_from=0.8, class_weight="balanced")
    assert made.rebalancer.from_epoch == 40
    assert made.rebalancer.class_weight == "balanced"
    assert made.epoch_of(0.5, "generate_from") == 25 and made.epoch_of(7, "generate_from") == 7
    with pytest.raises(ValueError, match="generate_from must not be negative"):
        made.epoch_of(-1, "generate_from")


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
        (np.zeros((2, 513)), MLP),
        (sparse.csr_array((2, 512)), TabularMLP),
        (sparse.csr_array((2, 513)), MLP),
        (np.zeros((2, 1, 8, 8)), ConvNet),
    ],
)
def test_backbones_by_shape(X, expected):
    assert choose_backbone(None, TrainingData.of(X)) is expected
    assert choose_backbone(nn.Flatten, TrainingData.of(X)) is nn.Flatten


def test_a_dataset_has_no_default_backbone():
    data = TrainingData.of(TensorDataset(torch.zeros(2, 3)))
    with pytest.raises(ValueError, match="a torch Dataset needs module="):
        choose_backbone(None, data)
    assert choose_backbone(MLP, data) is MLP
