"""The offset losses against the papers' equations, written out as loops in float64."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import torch

from sklimb.losses import center_loss, estimated_offset, move_centers, uniform_offset_loss


def rand(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


# --- the offset -------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (7, 5)])
def test_estimated_offset(shape):
    weight, centers = rand(*shape, seed=1), rand(*shape, seed=2)
    expected = [0.5 * dot(w, c) for w, c in zip(weight.tolist(), centers.tolist(), strict=True)]
    torch.testing.assert_close(
        estimated_offset(weight, centers), torch.tensor(expected, dtype=torch.float64)
    )


def test_estimated_offset_has_gradients_to_both():
    weight, centers = rand(3, 4, seed=1).requires_grad_(), rand(3, 4, seed=2).requires_grad_()
    estimated_offset(weight, centers).sum().backward()
    torch.testing.assert_close(weight.grad, 0.5 * centers.detach())
    torch.testing.assert_close(centers.grad, 0.5 * weight.detach())


def distance_to_boundary(weight, centers, offset, j, k):
    """d_jk of Eq. 4, signed: from the centre of j to the boundary between j and k."""
    gap = weight[j] - weight[k]
    return (centers[j] @ gap - offset[j] + offset[k]) / gap.norm()


@pytest.mark.parametrize("d", [2, 6])
def test_boundaries_of_gaussian_weights_lie_in_the_middle(d):
    # Eq. 4: with w_k = inv(Sigma) mu_k, whatever the class shares (they are nowhere in it)
    root = rand(d, d, seed=3)
    covariance = root @ root.T + 0.5 * torch.eye(d, dtype=torch.float64)
    means = 3 * rand(5, d, seed=4) + 7
    weight = torch.linalg.solve(covariance, means.T).T
    offset = estimated_offset(weight, means)
    shares = torch.tensor([0.9, 0.09, 0.009, 0.0009, 0.0001], dtype=torch.float64)
    for j in range(5):
        for k in range(5):
            if j == k:
                continue
            here = distance_to_boundary(weight, means, offset, j, k)
            there = distance_to_boundary(weight, means, offset, k, j)
            assert here > 0
            assert abs(here - there) < 1e-10
            # the bias of Eq. 2, with the shares, is off the middle by their log ratio
            biased = offset - shares.log()
            here = distance_to_boundary(weight, means, biased, j, k)
            there = distance_to_boundary(weight, means, biased, k, j)
            expected = 2 * (shares[j] / shares[k]).log() / (weight[j] - weight[k]).norm()
            torch.testing.assert_close(here - there, expected, atol=1e-10, rtol=0)


def test_a_vector_added_to_all_weights_moves_the_boundary():
    # why the offset alone cannot keep a prior out: a softmax does not see the vector, offsets do
    means, v = rand(2, 3, seed=5), rand(3, seed=6)
    weight = means.clone()
    changed = estimated_offset(weight + v, means) - estimated_offset(weight, means)
    torch.testing.assert_close(changed, 0.5 * means @ v)
    assert abs(changed[0] - changed[1]) > 0.1


# --- the uniform constraint -------------------------------------------------------------------


@pytest.mark.parametrize("offset", [[0.0], [1.0, -2.0], [3.0, 0.5, -1.0, 0.0, 7.0]])
def test_uniform_offset_loss(offset):
    total = sum(math.exp(-o) for o in offset)
    shares = [math.exp(-o) / total for o in offset]
    entropy = -sum(p * math.log(p) for p in shares)
    got = uniform_offset_loss(torch.tensor(offset, dtype=torch.float64))
    assert got.item() == pytest.approx(-entropy, rel=1e-12, abs=1e-12)


def test_equal_offsets_are_the_minimum_without_gradient():
    for n_classes in (2, 5, 100):
        offset = torch.full((n_classes,), 2.5, dtype=torch.float64, requires_grad=True)
        loss = uniform_offset_loss(offset)
        loss.backward()
        assert loss.item() == pytest.approx(-math.log(n_classes))
        assert offset.grad.abs().max() < 1e-15


def test_unequal_offsets_are_pushed_together():
    offset = torch.tensor([2.0, -1.0, 0.5, 0.4], dtype=torch.float64)
    for _ in range(200):
        leaf = offset.clone().requires_grad_()
        uniform_offset_loss(leaf).backward()
        assert leaf.grad[leaf.argmax()] > 0  # downhill is down for the largest
        assert leaf.grad[leaf.argmin()] < 0
        assert abs(leaf.grad.sum()) < 1e-12  # only differences count
        offset = offset - 0.5 * leaf.grad
    assert offset.max() - offset.min() < 0.1


def test_a_far_offset_is_finite():
    offset = torch.tensor([-1e4, 1e4, 0.0], requires_grad=True)
    loss = uniform_offset_loss(offset)
    loss.backward()
    assert loss.item() == 0.0
    assert torch.isfinite(offset.grad).all()


# --- the centre loss --------------------------------------------------------------------------


def test_center_loss():
    features, centers = rand(9, 4, seed=1), rand(3, 4, seed=2)
    y = torch.tensor([0, 2, 2, 1, 0, 0, 2, 1, 1])
    rows = [
        sum((f - c) ** 2 for f, c in zip(row, centers[code].tolist(), strict=True))
        for row, code in zip(features.tolist(), y.tolist(), strict=True)
    ]
    expected = torch.tensor(rows, dtype=torch.float64)
    torch.testing.assert_close(center_loss(features, y, centers, reduction="none"), expected)
    torch.testing.assert_close(center_loss(features, y, centers), expected.mean())


def naive_move(centers, features, y, weight, rate):
    moved = []
    for j, c in enumerate(centers.tolist()):
        rows = [i for i in range(len(y)) if y[i] == j]
        count = sum(weight[i] for i in rows)
        moved.append(
            [
                c[a] - rate * sum(weight[i] * (c[a] - features[i][a]) for i in rows) / (1 + count)
                for a in range(len(c))
            ]
        )
    return torch.tensor(moved, dtype=torch.float64)


@pytest.mark.parametrize("rate", [0.0, Fraction(1, 2), 0.5, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_move_centers(rate, weighted):
    features, centers = rand(8, 3, seed=1), rand(4, 3, seed=2)
    y = torch.tensor([0, 0, 2, 0, 2, 3, 0, 0])
    weight = rand(8, seed=3).abs() if weighted else None
    before = centers.clone()
    got = move_centers(centers, features, y, weight, rate=rate)
    mass = [1.0] * 8 if weight is None else weight.tolist()
    torch.testing.assert_close(got, naive_move(centers, features.tolist(), y.tolist(), mass, rate))
    assert torch.equal(centers, before)
    assert torch.equal(got[1], before[1])  # no rows
    # the paper's rate is the default
    default = move_centers(centers, features, y, weight)
    assert torch.equal(default, got) == (rate == 0.5)


def test_a_weight_is_a_number_of_rows():
    features, centers, y = rand(4, 3, seed=1), rand(2, 3, seed=2), torch.tensor([0, 1, 1, 0])
    times = torch.tensor([1, 3, 0, 2])
    torch.testing.assert_close(
        move_centers(centers, features, y, times.double()),
        move_centers(centers, features.repeat_interleave(times, 0), y.repeat_interleave(times)),
    )


def test_centers_reach_the_means():
    features, y = 5 + rand(30, 3, seed=1), torch.arange(30) % 3
    centers = torch.zeros(3, 3, dtype=torch.float64)
    for _ in range(60):
        centers = move_centers(centers, features, y)
    means = torch.stack([features[y == code].mean(0) for code in range(3)])
    torch.testing.assert_close(centers, means)


# --- what does not fit ------------------------------------------------------------------------


def test_shapes_and_names_that_cannot_be():
    with pytest.raises(ValueError, match=r"with the same C as weight, which has \(2, 3\), got"):
        estimated_offset(torch.zeros(2, 3), torch.zeros(3, 2))
    with pytest.raises(ValueError, match=r"weight must have the shape \(C, d\), got \(3,\)"):
        estimated_offset(torch.zeros(3), torch.zeros(3))
    with pytest.raises(ValueError, match=r"offset must have the shape \(C,\), got \(1, 2\)"):
        uniform_offset_loss(torch.zeros(1, 2))
    for function in (center_loss, lambda f, y, c: move_centers(c, f, y)):
        with pytest.raises(ValueError, match="with the same d"):
            function(torch.zeros(4, 3), torch.zeros(4, dtype=torch.long), torch.zeros(2, 5))
        with pytest.raises(ValueError, match=r"(y|features) must have the shape"):
            function(torch.zeros(4, 3), torch.zeros(3, dtype=torch.long), torch.zeros(2, 3))
    with pytest.raises(ValueError, match="reduction must be 'mean' or 'none', got 'sum'"):
        center_loss(torch.zeros(1, 1), torch.tensor([0]), torch.zeros(1, 1), reduction="sum")
