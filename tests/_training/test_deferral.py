"""What starts in the course of a training."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from sklimb._training.deferral import next_start, start_now
from sklimb._training.rebalancing import Rebalancer
from sklimb.transforms.base import Transform


def net_at(epoch, *, begins=None, from_epoch=0, class_weight="balanced"):
    transform = None
    if begins is not None:
        transform = Transform()
        transform.begins = begins
    rebalancer = Rebalancer(np.arange(2), class_weight, from_epoch=from_epoch)
    return SimpleNamespace(
        finished_epochs=epoch,
        rebalancer=rebalancer,
        has_transform=transform is not None,
        transform_=transform,
    )


@pytest.mark.parametrize(
    ("net", "expected"),
    [
        (net_at(0), None),
        (net_at(0, begins=8), 8),
        (net_at(0, begins=8, from_epoch=5), 5),
        (net_at(6, begins=8, from_epoch=5), 8),
        (net_at(8, begins=8, from_epoch=5), None),
        (net_at(0, begins=10), None),  # never
        (net_at(0, begins=8, from_epoch=5, class_weight=None), 8),  # nothing that would start
    ],
)
def test_what_starts_next(net, expected):
    assert next_start(net, 10) == expected


def test_all_that_is_to_come_starts_now():
    net = net_at(4, begins=8, from_epoch=6)
    start_now(net, 10)
    assert net.transform_.begins == net.rebalancer.from_epoch == 4
    assert next_start(net, 10) is None


def test_what_has_started_or_never_does_stays():
    net = net_at(4, begins=10, from_epoch=2)
    start_now(net, 10)
    assert (net.transform_.begins, net.rebalancer.from_epoch) == (10, 2)
