"""What batches add stays in its order, in one tensor that grows."""

from __future__ import annotations

import pytest
import torch

from sklimb.transforms import _gathered
from sklimb.transforms._gathered import Gathered


@pytest.mark.parametrize("shape", [(), (3,)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bool])
def test_rows_are_those_of_one_tensor(shape, dtype, monkeypatch):
    monkeypatch.setattr(_gathered, "_AT_FIRST", 4)
    parts = [(torch.arange(n * 3.0).view(n, 3) % 2)[(..., *[0] * (1 - len(shape)))].to(dtype)
             for n in (2, 0, 5, 1, 30)]  # fmt: skip
    gathered = Gathered()
    assert len(gathered) == 0
    for part in parts:
        gathered.add(part)
    assert len(gathered) == 38
    assert gathered.rows().dtype == dtype
    assert torch.equal(gathered.rows(), torch.cat(parts))


def test_nothing_of_a_batch_is_kept_and_room_is_seldom_made():
    gathered, rooms = Gathered(), set()
    for _ in range(5_000):
        part = torch.ones(1)
        gathered.add(part)
        rooms.add(gathered.rows().data_ptr())
        part.zero_()
    assert gathered.rows().sum() == 5_000
    assert len(rooms) <= 4
