"""Scaling, clipping and embedding of numbers, against the papers' equations."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import norm

from sklimb.backbones.numeric import (
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    QuantileNormal,
    piecewise_linear_encoding,
    robust_scaling,
    smooth_clip,
)


def test_robust_scaling_case_by_case():
    quartiles = np.array(
        [
            [-9.0, 1.0, 2.0, 4.0, 99.0],  # the range between the quartiles
            [0.0, 0.0, 0.0, 0.0, 8.0],  # half the whole range where that is nothing
            [5.0, 5.0, 5.0, 5.0, 5.0],  # nothing at all
        ]
    )
    shift, scale = robust_scaling(quartiles)
    assert shift.tolist() == [2.0, 0.0, 0.0]
    assert scale.tolist() == [3.0, 4.0, math.inf]


@pytest.mark.parametrize("bound", [3.0, 1.5])
def test_smooth_clip_is_its_formula(bound):
    x = torch.linspace(-20, 20, 41, dtype=torch.float64)
    expected = [v / math.sqrt(1 + (v / bound) ** 2) for v in x.tolist()]
    torch.testing.assert_close(smooth_clip(x, bound), torch.tensor(expected, dtype=torch.float64))


def test_smooth_clip_of_what_squares_overflow_for():
    far = smooth_clip(torch.tensor([-3e38, -1e25, 1e25, 3e38]))
    torch.testing.assert_close(far, torch.tensor([-3.0, -3.0, 3.0, 3.0]))


def naive_encoding(x, edges):
    out = torch.zeros(len(x), len(edges), len(edges[0]) - 1, dtype=torch.float64)
    for i, row in enumerate(x.tolist()):
        for j, value in enumerate(row):
            for t, (low, high) in enumerate(zip(edges[j], edges[j][1:])):
                if low == high:
                    out[i, j, t] = 0.5 if value == low else float(value > low)
                else:
                    out[i, j, t] = min(1, max(0, (value - low) / (high - low)))
    return out


EDGES = [[-1.0, 0.0, 0.5, 4.0], [0.0, 0.0, 0.0, 2.0], [3.0, 3.0, 3.0, 3.0]]


def test_piecewise_linear_encoding_against_a_loop():
    rng = np.random.default_rng(0)
    x = torch.from_numpy(np.vstack([rng.normal(size=(20, 3)) * 3, [[0, 0, 3], [4, 2, 9.0]]]))
    edges = torch.tensor(EDGES, dtype=torch.float64)
    torch.testing.assert_close(piecewise_linear_encoding(x, edges), naive_encoding(x, EDGES))


def test_normal_scores_are_those_of_the_encodings_sum():
    rng = np.random.default_rng(1)
    x = torch.from_numpy(np.vstack([rng.normal(size=(20, 3)) * 3, [[0, 0, 3], [4, 2, 9.0]]]))
    layer = QuantileNormal(3, n_bins=3).double()
    layer.set_edges(torch.tensor(EDGES, dtype=torch.float64))
    place = naive_encoding(x, EDGES).sum(2)
    np.testing.assert_allclose(layer(x), norm.ppf((place + 0.5) / 4), rtol=1e-9, atol=1e-12)


def test_normal_scores_have_a_gradient_between_edges():
    layer = QuantileNormal(1, n_bins=3).double()
    layer.set_edges(torch.tensor(EDGES[:1], dtype=torch.float64))
    x = torch.tensor([[0.2], [2.0], [9.0]], dtype=torch.float64, requires_grad=True)
    layer(x).sum().backward()
    assert (x.grad[:2] > 0).all()
    assert x.grad[2] == 0


def test_piecewise_linear_embedding_against_a_loop():
    torch.manual_seed(0)
    layer = PiecewiseLinearEmbedding(3, embedding_dim=2, n_bins=3).double()
    assert not layer.of_bins.any()  # it begins as a linear map
    torch.nn.init.normal_(layer.of_bins)
    layer.set_edges(torch.tensor(EDGES, dtype=torch.float64))
    x = torch.randn(5, 3, dtype=torch.float64)
    codes = naive_encoding(x, EDGES)
    for i in range(5):
        for j in range(3):
            expected = x[i, j] * layer.weight[j] + layer.bias[j]
            expected = expected + sum(codes[i, j, t] * layer.of_bins[j, t] for t in range(3))
            torch.testing.assert_close(layer(x)[i, j], expected)


def test_periodic_embedding_against_a_loop():
    torch.manual_seed(0)
    layer = PeriodicEmbedding(2, embedding_dim=3, n_frequencies=4, sigma=2.0).double()
    layer.requires_grad_(False)
    x = torch.randn(5, 2, dtype=torch.float64)
    for i in range(5):
        for j in range(2):
            waves = [
                math.cos(2 * math.pi * layer.frequency[j, f] * x[i, j] + layer.phase[j, f])
                for f in range(4)
            ]
            mapped = torch.tensor(waves, dtype=torch.float64) @ layer.weight[j] + layer.bias[j]
            expected = torch.cat([x[i, j : j + 1], mapped])
            torch.testing.assert_close(layer(x)[i, j], expected)


def test_where_weights_of_embeddings_start():
    torch.manual_seed(0)
    layer = PeriodicEmbedding(200, embedding_dim=5, n_frequencies=9, sigma=0.3).requires_grad_(
        False
    )
    assert layer.frequency.std() == pytest.approx(0.3, rel=0.1)
    assert layer.phase.abs().max() == pytest.approx(math.pi, rel=0.01)
    assert layer.phase.mean() == pytest.approx(0, abs=0.2)
    for start in (layer.weight, layer.bias):
        assert start.abs().max() == pytest.approx(1 / 3, rel=0.01)
    default = PeriodicEmbedding(200).requires_grad_(False)
    assert default.frequency.std() == pytest.approx(0.1, rel=0.1)
    linear = PiecewiseLinearEmbedding(200, embedding_dim=4).requires_grad_(False)
    for start in (linear.weight, linear.bias):
        assert start.abs().max() == pytest.approx(1 / 2, rel=0.01)
