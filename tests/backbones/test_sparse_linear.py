"""The first layer on sparse batches against the dense product."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from sklimb.backbones import MLP, SparseInputLinear, Standardize


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(6, 5, dtype=torch.float64, generator=generator)
    return x * (torch.rand(6, 5, generator=generator) < 0.4)


def test_it_starts_as_torchs_linear_layer(batch):
    torch.manual_seed(3)
    own = SparseInputLinear(5, 4).double()
    torch.manual_seed(3)
    linear = nn.Linear(5, 4).double()
    assert torch.equal(own.weight, linear.weight.t()) and torch.equal(own.bias, linear.bias)
    torch.testing.assert_close(own(batch), linear(batch))
    assert repr(own) == "SparseInputLinear(in_features=5, out_features=4)"


def test_sparse_and_dense_give_the_same_values_and_gradients(batch):
    layer = SparseInputLinear(5, 4).double()
    upstream = torch.randn(6, 4, dtype=torch.float64)
    found = []
    for x in (batch, batch.to_sparse_csr()):
        layer.zero_grad()
        out = layer(x)
        (out * upstream).sum().backward()
        found.append((out.detach(), layer.weight.grad.clone(), layer.bias.grad.clone()))
    for dense, sparse in zip(*found):
        torch.testing.assert_close(sparse, dense, rtol=1e-12, atol=1e-12)
    # row by row, from the definition
    naive = torch.stack([sum(v * layer.weight[j] for j, v in enumerate(r)) for r in batch])
    torch.testing.assert_close(found[1][0], (naive + layer.bias).detach())


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("hidden", [(8,), (8, 4)])
def test_the_mlp_takes_both(standardize, hidden, batch):
    mlp = MLP(5, hidden=hidden, standardize=standardize, dropout=0.0).double()
    mean, scale = torch.tensor([0.0, 1, 0, -2, 0]), torch.tensor([1.0, 2, 0.5, 3, 1])
    mlp.set_input_scaling(mean.numpy(), scale.numpy())
    grads = []
    for x in (batch, batch.to_sparse_csr()):
        mlp.zero_grad()
        out = mlp(x)
        out.square().sum().backward()
        grads.append([out.detach(), *(p.grad.clone() for p in mlp.parameters())])
    for dense, sparse in zip(*grads):
        torch.testing.assert_close(sparse, dense, rtol=1e-10, atol=1e-10)
    assert mlp.accepts_sparse


def test_scaling_of_sparse_rows(batch):
    layer = Standardize(5)
    mean, scale = torch.tensor([0.0, 1, 0, -2, 0]), torch.tensor([1.0, 2, 0.5, 3, 1])
    layer.set_input_scaling(mean.numpy(), scale.numpy())
    scaled = layer(batch.to_sparse_csr())
    one_hot = SparseInputLinear(5, 5)
    with torch.no_grad():
        one_hot.weight.copy_(torch.eye(5))
        one_hot.bias.zero_()
    torch.testing.assert_close(one_hot(scaled).detach(), layer(batch))
    assert scaled.dtype == torch.float32


def test_without_layers_a_sparse_batch_is_densified():
    assert not MLP(5, hidden=()).accepts_sparse
