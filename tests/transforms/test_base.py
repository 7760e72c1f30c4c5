"""Training-only transforms, in the network, in the training step and in the estimator."""

from __future__ import annotations

import pickle
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from sklimb import RebalancedClassifier, RSGClassifier
from sklimb.backbones import MLP
from sklimb.transforms import base
from sklimb.transforms.base import (
    GrowingTensor,
    MemberTransforms,
    Transform,
    choose_stage,
    find_stage,
    forward_with_hook,
)
from tests.shared import QUICK, same_bits
from tests.shared import data as data


class Echo(Transform):
    """Repeat the first rows at a stage, shifted by a learnt vector, and ask for a small shift."""

    def __init__(self, network, example, n_classes, *, n_rows, factor, stage="1"):
        super().__init__()
        self.stage = stage
        self.coefficients = {"shift": factor, "rare": 0.5}
        self.n_rows = n_rows
        with torch.no_grad():
            width = network.features(example).shape[1]
        self.shift = nn.Parameter(torch.randn(width))
        self.n_classes = n_classes
        self.log = []

    def set_class_counts(self, counts):
        self.counts = counts.clone()

    def start_epoch(self, epoch, rng):
        self.log.append((epoch, rng.integers(1000)))
        self.n_batches = 0

    def at_stage(self, maps, y, weight):
        self.n_batches += 1
        n = self.n_rows
        maps = torch.cat([maps, maps[:n].detach() + self.shift])
        return (
            maps,
            torch.cat([y, y[:n]]),
            None if weight is None else torch.cat([weight, weight[:n]]),
        )

    def terms(self):
        found = {"shift": self.shift.square().sum()}
        return found | ({"rare": self.shift[0]} if self.n_batches == 2 else {})

    def after_scores(self, step):
        self.seen = step

    def statistics(self):
        return {"n_added": float(self.n_rows * self.n_batches)}


class Echoing(RebalancedClassifier):
    """A plain net with the transform above."""

    echo = partial(Echo, n_rows=3, factor=0.1)

    def _recipe(self, plan, data):
        return replace(super()._recipe(plan, data), transform=type(self).echo)


Kept = partial(Echoing, keep_training_state=True)


@pytest.fixture(scope="module")
def kept(data):
    return Kept(module=MLP, **QUICK, batch_size=50).fit(*data)


def test_rows_of_a_stage_go_through_the_rest_and_carry_their_labels(kept, data):
    step = kept.net_.transform_.seen
    n_last = len(data[0]) % 50
    assert len(step.y) == len(step.scores) == len(step.features) == n_last + 3
    assert torch.equal(step.y[-3:], step.y[:3])
    assert not torch.equal(step.scores[-3:], step.scores[:3])


def test_its_parameters_learn_and_its_terms_are_recorded(kept):
    transform = kept.net_.transform_
    assert torch.equal(transform.counts.double(), torch.tensor(kept.class_counts_))
    fresh = Kept(module=MLP, **QUICK | {"max_epochs": 1, "lr": 1e-30}, batch_size=50)
    rows = np.random.default_rng(0).normal(size=(60, 6))
    start = fresh.fit(rows, np.arange(60) % 3).net_.transform_.shift
    assert not torch.allclose(transform.shift, start)
    history = kept.history_
    assert history[0, "n_added"] == 15
    assert history[-1, "train_shift"] < history[0, "train_shift"]
    # the one batch with this term is the whole mean; the loss is the sum of its parts
    for row in history:
        parts = row["train_classification"] + 0.1 * row["train_shift"]
        assert row["train_loss"] == pytest.approx(
            parts + 0.5 * row["train_rare"] * 50 / 240, rel=1e-5
        )


def test_each_epoch_has_its_own_randomness(kept, data):
    epochs, draws = zip(*kept.net_.transform_.log)
    assert epochs == (0, 1, 2, 3) and len(set(draws)) == 4
    again = Kept(module=MLP, **QUICK, batch_size=50).fit(*data)
    assert again.net_.transform_.log == kept.net_.transform_.log and same_bits(again, kept)


def test_a_transform_that_changes_nothing_leaves_the_plain_nets_bits(data):
    class Idle(Echoing):
        echo = partial(Echo, n_rows=0, factor=0.0)

        def _recipe(self, plan, data):
            idle = partial(_without_rare, self.echo)
            return replace(super()._recipe(plan, data), transform=idle)

    idle = Idle(module=MLP, **QUICK).fit(*data)
    assert same_bits(idle, RebalancedClassifier(module=MLP, **QUICK).fit(*data))
    assert not same_bits(Echoing(module=MLP, **QUICK).fit(*data), idle)


def _without_rare(make, *args):
    transform = make(*args)
    transform.coefficients = {"shift": 0.0}
    return transform


def test_nothing_of_it_is_in_the_fitted_predictor(kept, data):
    X, y = data
    model = Echoing(module=MLP, **QUICK, batch_size=50).fit(X, y)
    assert not model.net_.has_transform and kept.net_.has_transform
    assert same_bits(model, kept)
    shift = kept.net_.transform_.shift.detach().numpy().tobytes()
    assert shift in pickle.dumps(kept) and shift not in pickle.dumps(model)
    n_parameters = len(list(model.module_.parameters()))
    assert sum(len(group["params"]) for group in model.net_.optimizer_.param_groups) == n_parameters
    assert len(model.net_.optimizer_.state) == n_parameters
    np.testing.assert_array_equal(model.decision_function(X), kept.decision_function(X))


def test_training_goes_on_without_it_after_a_warning(data):
    X, y = data
    model = Echoing(module=MLP, **QUICK).fit(X, y)
    with pytest.warns(RuntimeWarning, match="keep_training_state=True"):
        model.partial_fit(X, y)
    assert model.net_.has_transform
    before = model.net_.transform_.shift.clone()
    model.partial_fit(X, y)  # and now it stays, without a warning
    assert not torch.equal(before, model.net_.transform_.shift)
    assert all(group["lr"] == model.lr for group in model.net_.optimizer_.param_groups)


def test_kept_training_goes_on_as_one_training(data):
    X, y = data
    halves, whole = (
        Kept(module=MLP, **QUICK | {"lr_schedule": None, "max_epochs": n}) for n in (2, 4)
    )
    whole.fit(X, y)
    halves.fit(X, y)
    halves = pickle.loads(pickle.dumps(halves)).partial_fit(X, y).partial_fit(X, y)
    assert same_bits(halves, whole)


# --- stages -------------------------------------------------------------------------------------


def test_a_stage_is_any_submodule_that_runs_once():
    relu = nn.ReLU()
    backbone = nn.Sequential(nn.Linear(2, 3), relu, nn.Linear(3, 3), relu, nn.Identity())
    x = torch.randn(5, 2)
    changed = forward_with_hook(backbone, "2", lambda maps: maps + 1, lambda: backbone(x))
    assert torch.equal(changed, relu(backbone[2](relu(backbone[0](x))) + 1))
    assert not torch.equal(changed, backbone(x))  # the hook is gone
    with pytest.raises(ValueError, match=r"stage='1' of Sequential ran 2 times"):
        forward_with_hook(backbone, "1", lambda maps: maps, lambda: backbone(x))
    with pytest.raises(ValueError, match=r"stage='9' is no submodule .*'0'"):
        find_stage(backbone, "9")


class Uneven(nn.Module):
    """A backbone with a layer that is there for nothing, and one that is used twice."""

    def __init__(self):
        super().__init__()
        self.first, self.unused, self.twice = nn.Linear(6, 4), nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x):
        return self.twice(self.twice(self.first(x)))


class OnlyTrained(Uneven):
    """One whose layer runs while training alone, or never then."""

    runs_while_training = True

    def forward(self, x):
        x = super().forward(x)
        return self.unused(x) if self.training == self.runs_while_training else x


class NotTrained(OnlyTrained):
    runs_while_training = False


@pytest.mark.parametrize(("stage", "n"), [("unused", 0), ("twice", 2)])
def test_a_layer_that_does_not_run_once_is_no_stage(stage, n, data):
    message = (
        rf"stage='{stage}' of Uneven ran {n} times in one forward pass, and must run once\. "
        "Choose a submodule that is used once"
    )
    backbone, x = Uneven(), torch.randn(3, 6)
    with pytest.raises(ValueError, match=message):
        forward_with_hook(backbone, stage, lambda maps: maps + 1, lambda: backbone(x))

    class There(Echoing):
        echo = partial(Echo, n_rows=3, factor=0.1, stage=stage)

    quick = {"max_epochs": 1, "random_state": 0, "module": Uneven}
    with pytest.raises(ValueError, match=message):
        There(**quick).fit(*data)
    with pytest.raises(ValueError, match=message):  # it looks before it trains
        RSGClassifier(stage=stage, **quick).fit(*data)
    RSGClassifier(stage="first", **quick).fit(*data)


@pytest.mark.parametrize("module", [OnlyTrained, NotTrained])
def test_a_layer_must_run_while_training_and_when_it_is_looked_for(module, data):
    message = rf"stage='unused' of {module.__name__} ran 0 times in one forward pass"
    with pytest.raises(ValueError, match=message):
        RSGClassifier(module=module, stage="unused", max_epochs=1, random_state=0).fit(*data)


def test_the_hook_is_removed_after_an_error():
    backbone = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 3))

    def broken(maps):
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        forward_with_hook(backbone, "0", broken, lambda: backbone(torch.zeros(1, 2)))
    assert not backbone[0]._forward_hooks


def test_the_backbone_may_name_its_stage():
    backbone = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 3))
    assert choose_stage(backbone, "1") == "1"
    with pytest.raises(ValueError, match=r"Pass stage=.*\['0', '1'\].*default_stage"):
        choose_stage(backbone, None)
    backbone.default_stage = "0"
    assert choose_stage(backbone, None) == "0"
    backbone.default_stage = "nowhere"
    with pytest.raises(ValueError, match="nowhere"):
        choose_stage(backbone, None)


# --- of copies of a backbone ------------------------------------------------------------------


class Draws(Transform):
    """Add a row that is drawn, and say which member it was."""

    stage = "0"

    def __init__(self, number):
        super().__init__()
        self.number, self.coefficients, self.drawn = number, {"number": 1.0}, []

    def start_epoch(self, epoch, rng):
        self.rng = rng

    def at_stage(self, maps, y, weight):
        row = int(self.rng.integers(len(y)))
        self.drawn.append(row)
        return torch.cat([maps, maps[row : row + 1]]), torch.cat([y, y[row : row + 1]]), weight

    def terms(self):
        return {"number": torch.tensor(float(self.number))}

    def set_class_counts(self, counts):
        self.counts = counts

    def statistics(self):
        return {"drawn": float(self.number)}


def test_members_take_their_turns_and_draw_alike():
    together = MemberTransforms([Draws(1), Draws(2), Draws(6)])
    assert together.stage == "0"
    assert together.coefficients == {"number": 1.0}
    together.set_class_counts(torch.ones(2))
    assert all(member.counts.tolist() == [1, 1] for member in together.members)
    for epoch in range(2):
        together.start_epoch(epoch, np.random.default_rng(epoch))
        for _ in range(4):  # batches
            for m in range(3):
                maps, y = torch.full((9, 2), float(m)), torch.arange(9)
                more, labels, _ = together.at_stage(maps, y, None)
                assert (more == m).all()
                assert len(labels) == 10
    first, *others = (member.drawn for member in together.members)
    assert len(first) == 8
    assert all(drawn == first for drawn in others)
    assert together.terms()["number"] == pytest.approx(3.0)
    assert together.statistics() == {"drawn": 3.0}


def test_members_side_by_side_are_changed_each_by_its_own():
    together = MemberTransforms([Draws(1), Draws(2)])
    together.start_epoch(0, np.random.default_rng(0))
    maps = torch.randn(9, 2, 3)
    more, labels, _ = together.at_stage(maps, torch.arange(9), None)
    (row,) = set(together.members[0].drawn)
    assert together.members[1].drawn == [row] and labels[9] == row
    assert torch.equal(more, torch.cat([maps, maps[row : row + 1]]))


def test_what_has_begun_does_not_begin_later():
    together = MemberTransforms([Draws(1), Draws(2)])
    assert together.begins == 0
    for transform in (together, *together.members):
        transform.begins = 7
    together.begin_by(5)
    together.begin_by(6)
    assert [t.begins for t in (together, *together.members)] == [5, 5, 5]


@pytest.mark.parametrize("shape", [(), (3,)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bool])
def test_rows_are_those_of_one_tensor(shape, dtype, monkeypatch):
    monkeypatch.setattr(base, "_FIRST_CAPACITY", 4)
    parts = [(torch.arange(n * 3.0).view(n, 3) % 2)[(..., *[0] * (1 - len(shape)))].to(dtype)
             for n in (2, 0, 5, 1, 30)]  # fmt: skip
    grown = GrowingTensor()
    assert len(grown) == 0
    for part in parts:
        grown.add(part)
    assert len(grown) == 38
    assert grown.rows().dtype == dtype
    assert torch.equal(grown.rows(), torch.cat(parts))


def test_nothing_of_a_batch_is_kept_and_room_is_seldom_made():
    grown, rooms = GrowingTensor(), set()
    for _ in range(5_000):
        part = torch.ones(1)
        grown.add(part)
        rooms.add(grown.rows().data_ptr())
        part.zero_()
    assert grown.rows().sum() == 5_000
    assert len(rooms) <= 4
