"""Rows on the unit sphere: torch's own numbers, gradients of every order, and what torch does."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from sklimb.heads._unit import unit_rows

MANY = 9


@pytest.mark.parametrize("shape", [(MANY, 4), (MANY, 2, 3)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_numbers_are_those_of_torch(shape, dtype):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(dtype)
    x[1] = 0.0
    for needed in (False, True):
        got = unit_rows(x.clone().requires_grad_(needed))
        assert got.dtype == dtype
        torch.testing.assert_close(got.detach(), F.normalize(x, dim=-1))


def test_gradients_are_those_of_differences_and_of_torch():
    x = torch.randn(MANY, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    x.requires_grad_()
    assert torch.autograd.gradcheck(unit_rows, (x,))
    assert torch.autograd.gradgradcheck(unit_rows, (x,))
    weight = torch.randn(x.shape, dtype=x.dtype, generator=torch.Generator().manual_seed(2))
    own = torch.autograd.grad((unit_rows(x) * weight).sum(), x)[0]
    torchs = torch.autograd.grad((F.normalize(x, dim=-1) * weight).sum(), x)[0]
    torch.testing.assert_close(own, torchs)


@pytest.mark.parametrize("length", [0.0, 1e-20, 1e15])
def test_rows_of_extreme_length_have_finite_gradients(length):
    x = torch.full((MANY, 4), length).requires_grad_()
    F.relu(unit_rows(x)).square().sum().backward()
    assert torch.isfinite(x.grad).all()


def test_it_goes_through_functions_of_torch():
    x = torch.randn(MANY, 3, generator=torch.Generator().manual_seed(3))
    got = torch.func.grad(lambda v: unit_rows(v).square().sum())(x)
    torch.testing.assert_close(got, torch.zeros_like(x), atol=1e-5, rtol=0)
    each = torch.func.vmap(torch.func.grad(lambda v: unit_rows(v)[0, 0]))(x.reshape(1, MANY, 3))
    assert each.shape == (1, MANY, 3)
