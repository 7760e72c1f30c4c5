"""RSG's losses against Eq. 5 and 6, written as loops over samples and positions in float64."""

from __future__ import annotations

import math

import pytest
import torch

from sklimb.losses import center_estimation_loss, maximized_vector_loss, position_cosine

N, D, K = 5, 3, 4
SHAPES = [(N, D, 3, 2), (N, D, 1, 1), (N, D)]
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=["maps", "one position", "vectors"])
# no longer than this has no direction
NO_LENGTH = 1e-6


def rand(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def positions(x):
    """For each sample a list of the vectors at its positions, as lists of numbers."""
    return x.reshape(*x.shape[:2], -1).transpose(1, 2).tolist()


def length(v):
    return math.sqrt(sum(u * u for u in v))


def cosine(a, b):
    if min(length(a), length(b)) <= NO_LENGTH:
        return 0.0
    return sum(u * v for u, v in zip(a, b, strict=True)) / (length(a) * length(b))


def naive_center_estimation(x, centers, assignment):  # Eq. 5, first term, a value a sample
    values = []
    for sample, own, gamma in zip(positions(x), centers.tolist(), assignment.tolist(), strict=True):
        total = 0.0
        for center, probability in zip(own, gamma, strict=True):
            for at in sample:
                for d in range(D):
                    total += probability * (at[d] - center[d]) ** 2
        values.append(total)
    return torch.tensor(values, dtype=torch.float64)


def naive_maximized_vector(transformed, f, r, log_different):  # Eq. 6, a value a sample
    values = []
    for moved, freq, rare, log in zip(
        positions(transformed), positions(f), positions(r), log_different.tolist(), strict=True
    ):
        total = -log
        for m, a, b in zip(moved, freq, rare, strict=True):
            total += abs(cosine(m, b) - 1)
            total += abs(length(m) - length(a))
        values.append(total)
    return torch.tensor(values, dtype=torch.float64)


def of_centers(shape):
    x = 2.0 * rand(*shape) + 1.0
    return x, rand(N, K, D, seed=1), rand(N, K, seed=2).softmax(1)


def of_vectors(shape):
    """Displacements; some have no length, or nearly none, at a position."""
    moved, f, r = (rand(*shape, seed=seed) for seed in (3, 4, 5))
    for x, row, size in ((moved, 0, 0.0), (r, 1, 0.0), (f, 2, 0.0), (moved, 3, 0.05), (r, 4, 0.05)):
        at = x[row] if x.ndim == 2 else x[row, :, 0, 0]
        at *= size / at.norm()
    moved[1] *= 3.0  # longer than f was, where others are shorter
    return moved, f, r, -rand(N, seed=6).square()


CASES = [
    (center_estimation_loss, naive_center_estimation, of_centers),
    (maximized_vector_loss, naive_maximized_vector, of_vectors),
]
each_loss = pytest.mark.parametrize(("loss", "naive", "make"), CASES, ids=["Eq. 5", "Eq. 6"])


@each_shape
@each_loss
def test_it_is_the_equation(loss, naive, make, shape):
    args = make(shape)
    expected = naive(*args)
    torch.testing.assert_close(loss(*args, reduction="none"), expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(loss(*args), expected.mean(), rtol=1e-12, atol=1e-12)
    assert loss(*args).ndim == 0


@each_loss
def test_other_reductions_are_refused(loss, naive, make):
    with pytest.raises(ValueError, match="reduction must be 'mean' or 'none', got 'sum'"):
        loss(*make(SHAPES[0]), reduction="sum")


@each_shape
@each_loss
def test_gradients_are_those_of_the_values(loss, naive, make, shape):
    args = [arg.requires_grad_() for arg in make(shape)]
    if loss is maximized_vector_loss:  # where nothing is at a kink
        args = [3.0 * rand(*shape, seed=i).requires_grad_() for i in range(3)] + args[3:]
    assert torch.autograd.gradcheck(lambda *a: loss(*a, reduction="none"), args)


@each_shape
def test_cosines_at_each_position(shape):
    moved, _, r, _ = of_vectors(shape)
    got = position_cosine(moved, r)
    assert got.shape == (shape[0], *shape[2:])
    naive = [
        [cosine(a, b) for a, b in zip(*sample)] for sample in zip(positions(moved), positions(r))
    ]
    torch.testing.assert_close(got.reshape(N, -1), torch.tensor(naive, dtype=torch.float64))
    # a short vector has its direction, one of no length has none
    first = got.reshape(N, -1)[:, 0]
    assert (first[:2] == 0).all() and (first[2:] != 0).all()


@pytest.mark.parametrize(
    ("size", "expected"), [(0.0, 0.0), (0.9e-6, 0.0), (1.1e-6, 0.6), (1e-3, 0.6), (1e3, 0.6)]
)
def test_how_long_a_vector_with_a_direction_is(size, expected):
    short = torch.tensor([[3.0, 4.0]], dtype=torch.float64) / 5 * size
    other = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    for a, b in ((short, other), (other, short)):
        assert position_cosine(a, b).item() == pytest.approx(expected, rel=1e-12)
        loss = maximized_vector_loss(a, a, b, torch.zeros(1, dtype=torch.float64))
        assert loss.item() == pytest.approx(1 - expected, rel=1e-12)


def test_vectors_without_length_have_no_direction_and_finite_gradients():
    zero = torch.zeros(2, 3, requires_grad=True)
    other = torch.randn(2, 3, generator=torch.Generator().manual_seed(0))
    assert position_cosine(zero, other).tolist() == [0.0, 0.0]
    maximized_vector_loss(zero, other, other, torch.zeros(2)).backward()
    assert torch.isfinite(zero.grad).all()
    a = torch.ones(2, 3, requires_grad=True)
    maximized_vector_loss(a, other, torch.zeros(2, 3), torch.zeros(2)).backward()
    assert torch.isfinite(a.grad).all() and (a.grad != 0).any()  # the length still counts
