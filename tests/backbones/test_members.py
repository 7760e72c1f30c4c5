"""Layers that members share, and copies of a backbone side by side."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from sklimb.backbones import MLP, ConvNet, MemberCopies, MemberLinear


def test_a_member_layer_against_a_loop():
    torch.manual_seed(0)
    layer = MemberLinear(4, 3, 2, first="normal").double()
    nn.init.normal_(layer.out)
    own = torch.randn(5, 2, 4, dtype=torch.float64)
    shared = torch.randn(5, 4, dtype=torch.float64)
    for x, of in ((own, lambda i, m: own[i, m]), (shared, lambda i, m: shared[i])):
        got = layer(x)
        assert got.shape == (5, 2, 3)
        for i in range(5):
            for m in range(2):
                inner = layer.weight @ (layer.into[m] * of(i, m))
                torch.testing.assert_close(got[i, m], layer.out[m] * inner + layer.bias[m])


def test_where_adapters_start():
    torch.manual_seed(0)
    later = MemberLinear(6, 3, 4)
    assert (later.into == 1).all()
    assert (later.out == 1).all()
    signs = MemberLinear(6, 3, 4, first="signs")
    assert set(signs.into.flatten().tolist()) == {-1.0, 1.0}
    normal = MemberLinear(6, 3, 4, first="normal", group=3)
    assert torch.equal(normal.into[:, 0], normal.into[:, 2])  # one factor for an embedded number
    assert not torch.equal(normal.into[:, 2], normal.into[:, 3])
    # columns behind the embedded ones, of categories, make no whole group
    assert MemberLinear(7, 3, 4, first="normal", group=3).into.shape == (4, 7)
    assert len({row.tobytes() for row in later.bias.detach().numpy()}) == 4


def test_copies_are_their_members():
    torch.manual_seed(0)
    copies = MemberCopies([MLP(4, hidden=(8, 6)) for _ in range(3)]).eval()
    x = torch.randn(5, 4)
    for m, member in enumerate(copies.members):
        assert torch.equal(copies(x)[:, m], member(x))
    assert copies.default_stage == copies.members[0].default_stage
    assert copies.casts_input
    assert copies.accepts_sparse
    copies.set_input_scaling(np.arange(4.0), np.ones(4))
    assert all(member[0].shift.tolist() == [0, 1, 2, 3] for member in copies.members)


def test_copies_of_what_gives_maps_or_tuples():
    class Pair(nn.Module):
        def forward(self, x):
            return x[:, :, None], "more"

    copies = MemberCopies([Pair(), Pair()])
    assert copies(torch.zeros(5, 4)).shape == (5, 2, 4)
    # a module that takes no moments does not ask for a pass over the data
    assert copies.wants_scaling is False
    images = MemberCopies([ConvNet(1) for _ in range(2)])
    assert images(torch.zeros(3, 1, 28, 28)).shape[:2] == (3, 2)


@pytest.mark.parametrize("sparse", [False, True])
def test_copies_take_sparse_rows_where_their_members_do(sparse):
    torch.manual_seed(0)
    copies = MemberCopies([MLP(4, hidden=(8,)) for _ in range(2)]).eval()
    x = torch.eye(4)
    expected = torch.stack([member(x) for member in copies.members], 1)
    torch.testing.assert_close(copies(x.to_sparse_csr() if sparse else x), expected)
