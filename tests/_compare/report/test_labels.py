"""Where the numbers of points stand."""

from __future__ import annotations

import numpy as np
import pytest

from sklimb._compare.report.labels import placed

ROOM = (41, 0, 328, 199)


def overlaps(middles, sizes):
    apart = np.abs(middles[:, None] - middles) >= (sizes[:, None] + sizes) / 2
    return np.triu(~apart.any(axis=2), 1).sum()


@pytest.mark.parametrize("n", [1, 8, 27])
@pytest.mark.parametrize("spread", [0.0, 2.0, 30.0, 150.0])
def test_no_label_is_on_another_or_on_a_point(n, spread):
    rng = np.random.RandomState(0)
    points = np.clip([150, 100] + spread * rng.uniform(-1, 1, (n, 2)), [45, 5], [305, 195])
    sizes = np.array([(7.0 * len(str(i + 1)), 9.0) for i in range(n)])
    middles = placed(points, sizes, ROOM, 4.5)
    assert overlaps(middles, sizes) == 0
    away = np.abs(middles[:, None] - points) >= sizes[:, None] / 2 + 4.5
    assert away.any(axis=2).all()
    low, high = middles - sizes / 2, middles + sizes / 2
    assert (low >= ROOM[:2]).all() and (high <= ROOM[2:]).all()


def test_a_point_alone_has_its_label_right_above():
    ((x, y),) = placed(np.array([[100.0, 100.0]]), np.array([[7.0, 9.0]]), ROOM, 4.5)
    assert 100 < x < 112 and 88 < y < 100


def test_no_room_at_all_is_no_error():
    middles = placed(np.full((40, 2), 10.0), np.full((40, 2), 9.0), (0, 0, 20, 20), 4.5)
    assert middles.shape == (40, 2) and np.isfinite(middles).all()
