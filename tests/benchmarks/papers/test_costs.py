"""What the papers' tables train: numbers of trainings and samples, and networks that are timed."""

from __future__ import annotations

import numpy as np
import pytest
from papers import costs
from papers.costs import Network, Trainings, long_tailed, networks, of_rsg, plain_and

from sklimb import RebalancedClassifier


def test_class_sizes_are_those_of_the_recipes():
    sizes = [int(5000 * 50 ** (-k / 9)) for k in range(10)]
    assert long_tailed(10, 50) == sum(sizes)
    assert long_tailed(10, 50, "step") == 5 * 5000 + 5 * 100
    assert long_tailed(100, 10, "step") == 50 * 500 + 50 * 50


def test_a_training_that_changes_has_two_parts():
    first, second = plain_and("Table 1", "ResNet-32", 3, 1000, "RSG")
    assert (first.network, second.network) == ("ResNet-32", "ResNet-32, RSG")
    assert first.samples + second.samples == 1000
    assert first.samples == pytest.approx(800)


def test_all_networks_that_are_wanted_are_timed():
    wanted = list(of_rsg())
    assert {own.network for own in wanted} <= set(networks())
    assert all(isinstance(own, Trainings) and own.n > 0 and own.samples > 0 for own in wanted)
    table_1 = [own for own in wanted if own.item == "Table 1" and own.samples == 200 * 13_996]
    assert [own.n for own in table_1] == [12]  # four losses, three seeds


def test_steps_are_timed(monkeypatch):
    monkeypatch.setattr(
        costs, "samples_like", lambda shape, n: (np.eye(n, *shape), np.arange(n) % 3)
    )
    model = RebalancedClassifier(module__hidden=(4,), cross_fit=False)
    assert 0 < costs.seconds_a_sample(Network(model, (5,), 8)) < 1
