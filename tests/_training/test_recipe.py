"""A method as the training sees it."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager

import pytest
import torch

from sklimb import RebalancedClassifier
from sklimb._training.recipe import Recipe
from sklimb.heads import LinearHead
from tests.shared import QUICK, same_bits
from tests.shared import data as data


def test_a_recipe_is_frozen_and_adds_nothing_by_itself():
    recipe = Recipe(LinearHead, {})
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.head = None
    assert recipe.transform is recipe.mixup is None and not recipe.reads_anew
    with recipe.around(None, None) as nothing:
        assert nothing is None


class Watched(RebalancedClassifier):
    """The plain net, with something around each training."""

    log: list = []  # noqa: RUF012

    def _recipe(self, plan, data):
        return dataclasses.replace(super()._recipe(plan, data), around=self._around)

    @contextmanager
    def _around(self, net, data):
        self.log.append(("before", net.finished_epochs, len(data)))
        try:
            yield
        finally:
            self.log.append(("after", net.finished_epochs, len(data)))


def test_what_is_around_a_training_sees_its_net_and_data(data):
    Watched.log.clear()
    model = Watched(**QUICK).fit(*data)
    model.partial_fit(*data)
    model.set_params(warm_start=True, max_epochs=2).fit(*data)
    assert Watched.log == [
        ("before", 0, 240), ("after", 4, 240),
        ("before", 4, 240), ("after", 5, 240),
        ("before", 5, 240), ("after", 7, 240),
    ]  # fmt: skip
    assert same_bits(Watched(**QUICK).fit(*data), RebalancedClassifier(**QUICK).fit(*data))


def test_it_is_left_also_after_an_error(data):
    def fails(scores, y):
        raise RuntimeError("stop here")

    Watched.log.clear()
    with pytest.raises(RuntimeError, match="stop here"):
        Watched(loss=fails, **QUICK).fit(*data)
    assert [where for where, *_ in Watched.log] == ["before", "after"]


def test_a_head_is_made_for_the_width_of_the_features(data):
    class Wide(RebalancedClassifier):
        def _recipe(self, plan, data):
            def head(n_features):
                widths.append(n_features)
                return LinearHead(n_features, 3)

            return dataclasses.replace(super()._recipe(plan, data), head=head)

    widths = []
    Wide(module=torch.nn.Linear(6, 11), max_epochs=1).fit(*data)
    assert widths == [11]
