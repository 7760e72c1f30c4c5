"""The softmax heads against loops over their definitions, in float64."""

from __future__ import annotations

import math

import torch

from sklimb.heads import CosineHead, LinearHead


def test_linear_head_is_a_linear_layer():
    head = LinearHead(4, 3).double()
    features = torch.randn(5, 4, dtype=torch.float64)
    assert head.embed(features) is features
    assert head.n_features_out == 4
    expected = features @ head.weight.T + head.bias
    torch.testing.assert_close(head(features), expected)


def test_cosine_head():
    torch.manual_seed(0)
    head = CosineHead(4, 3, scale=7.0).double()
    features = torch.randn(5, 4, dtype=torch.float64)
    assert head.embed(features) is features
    assert head.n_features_out == 4
    expected = [
        [
            7.0 * sum(map(math.prod, zip(f, w, strict=True))) / (math.hypot(*f) * math.hypot(*w))
            for w in head.weight.tolist()
        ]
        for f in features.tolist()
    ]
    torch.testing.assert_close(head(features), torch.tensor(expected, dtype=torch.float64))
    assert torch.equal(head(torch.zeros(1, 4, dtype=torch.float64)), torch.zeros(1, 3).double())


def test_linear_head_without_bias():
    head = LinearHead(4, 3, bias=False).double()
    features = torch.randn(5, 4, dtype=torch.float64)
    assert head.bias is None
    torch.testing.assert_close(head(features), features @ head.weight.T)
