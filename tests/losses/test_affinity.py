"""The affinity loss against the paper's equations, written out as loops in float64."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch.nn import functional as F

from sklimb.losses import affinity as module
from sklimb.losses import affinity_margin_loss, diversity, gaussian_affinity, log_affinity
from sklimb.losses.affinity import log_affinity_on_sphere

DISTANCES = ["sqeuclidean", "euclidean", "manhattan"]
SIMILARITIES = ["gaussian", "inverse"]


def rand(*shape, seed=0, dtype=torch.float64, scale=1.0):
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(*shape, generator=generator, dtype=dtype)


def naive_distance(f, w, distance):
    """The distance of two lists of numbers."""
    gaps = [a - b for a, b in zip(f, w, strict=True)]
    if distance == "manhattan":
        return sum(abs(gap) for gap in gaps)
    squared = sum(gap * gap for gap in gaps)
    return squared if distance == "sqeuclidean" else math.sqrt(squared)


def naive_affinity(features, prototypes, sigma, distance="sqeuclidean", similarity="gaussian"):
    """Eq. 3 and 9, and Table 4's variants."""
    result = []
    for f in features.tolist():
        row = []
        for of_class in prototypes.tolist():
            deltas = [naive_distance(f, w, distance) for w in of_class]
            if similarity == "gaussian":
                row.append(max(math.exp(-delta / sigma) for delta in deltas))
            else:
                row.append(max(1 / (1 + delta / sigma) for delta in deltas))
        result.append(row)
    return torch.tensor(result, dtype=torch.float64)


def naive_margin_loss(affinity, y, lam):
    """Eq. 6, a value a row."""
    rows = []
    for a, label in zip(affinity.tolist(), y.tolist(), strict=True):
        rows.append(sum(max(0.0, lam + a[j] - a[label]) for j in range(len(a)) if j != label))
    return torch.tensor(rows, dtype=torch.float64)


def naive_diversity(prototypes):
    """Eq. 7 and 8 over all prototypes."""
    w = prototypes.flatten(0, 1).tolist()
    squared = [naive_distance(a, b, "sqeuclidean") for a, b in itertools.combinations(w, 2)]
    mu = sum(squared) / len(squared)
    return sum((value - mu) ** 2 for value in squared) / len(squared)


def pair_diversity(w):
    """Eq. 7 and 8 over the rows of w, from differences, in float64."""
    return torch.pdist(w.double()).square().var(correction=0)


def finite(*tensors):
    return all(bool(torch.isfinite(tensor).all()) for tensor in tensors)


# (6, 3, 2, 4): differences; (9, 10, 3, 80): 2,400 numbers, so the quadratic expansion.
@pytest.mark.parametrize("shape", [(1, 2, 1, 1), (6, 3, 2, 4), (5, 1, 3, 7), (9, 10, 3, 80)])
@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_log_affinity_is_the_papers(shape, distance, similarity):
    n, n_classes, m, d = shape
    features, prototypes = rand(n, d, seed=1), rand(n_classes, m, d, seed=2) + 0.5
    sigma = 3.0 * d
    got = log_affinity(features, prototypes, sigma, distance=distance, similarity=similarity)
    expected = naive_affinity(features, prototypes, sigma, distance, similarity)
    torch.testing.assert_close(got.exp(), expected, rtol=1e-12, atol=1e-14)
    assert got.shape == (n, n_classes)
    assert (got <= 0).all()


@pytest.mark.parametrize("shape", [(6, 3, 1, 4), (6, 3, 2, 4), (9, 10, 3, 80)])
def test_gaussian_affinity_is_the_papers(shape):
    n, n_classes, m, d = shape
    features, prototypes = rand(n, d, seed=1), rand(n_classes, m, d, seed=2)
    got = gaussian_affinity(features, prototypes, 2.0 * d)
    expected = naive_affinity(features, prototypes, 2.0 * d)
    torch.testing.assert_close(got, expected, rtol=1e-12, atol=1e-14)


def test_the_papers_inverse_similarity_is_sigma_1():
    features, prototypes = rand(4, 3, seed=1), rand(2, 2, 3, seed=2)
    got = log_affinity(features, prototypes, 1.0, similarity="inverse").exp()
    squared = (features[:, None, None] - prototypes).square().sum(-1)
    torch.testing.assert_close(got, (1 / (1 + squared)).amax(-1))


@pytest.mark.parametrize("m", [1, 3])
@pytest.mark.parametrize("lam", [0.0, 0.4, 2.0])
def test_margin_loss_is_the_papers(m, lam):
    affinity = naive_affinity(rand(8, 4, seed=3), rand(5, m, 4, seed=4), 6.0)
    y = torch.tensor([0, 4, 4, 1, 0, 2, 2, 1])  # no row of class 3
    expected = naive_margin_loss(affinity, y, lam)
    per_row = affinity_margin_loss(affinity, y, lam, reduction="none")
    torch.testing.assert_close(per_row, expected, rtol=1e-12, atol=1e-15)
    torch.testing.assert_close(affinity_margin_loss(affinity, y, lam), expected.mean())


def test_margin_loss_is_exactly_0_where_the_margin_is_met():
    affinity = torch.tensor([[0.9, 0.1, 0.2]], requires_grad=True)
    loss = affinity_margin_loss(affinity, torch.tensor([0]), 0.3)
    (gradient,) = torch.autograd.grad(loss, affinity)
    assert loss == 0
    assert (gradient == 0).all()


@pytest.mark.parametrize(
    "shape", [(2, 1, 3), (3, 1, 1), (1, 4, 2), (4, 3, 5), (3, 2, 9), (50, 3, 2)]
)
def test_diversity_is_the_papers(shape):
    prototypes = rand(*shape, seed=5) + 10.0
    expected = naive_diversity(prototypes)
    assert diversity(prototypes).item() == pytest.approx(expected, rel=1e-10, abs=1e-12)
    gram = module._diversity_from_gram(prototypes.flatten(0, 1))
    assert gram.item() == pytest.approx(expected, rel=1e-10, abs=1e-12)


# 2,500 x 16 as in large problems; 150 x 400 has more features than prototypes; 129 x 128 sits on
# the border between the two closed forms, 128 and 129 on the border between pairs and closed form.
@pytest.mark.parametrize("shape", [(2500, 16), (150, 400), (129, 128), (129, 129), (128, 5)])
def test_closed_form_of_diversity_is_the_pair_form(shape):
    w = rand(*shape, seed=6) * torch.linspace(0.1, 3.0, shape[0], dtype=torch.float64)[:, None]
    expected = pair_diversity(w).item()
    assert module._diversity_from_gram(w).item() == pytest.approx(expected, rel=1e-9)
    assert diversity(w.unsqueeze(1)).item() == pytest.approx(expected, rel=1e-9)
    single = diversity(w.float().unsqueeze(1))
    assert single.dtype == torch.float32
    assert single.item() == pytest.approx(expected, rel=1e-5)


def test_gradient_of_the_closed_form_is_the_pair_forms():
    w = rand(300, 8, seed=7).requires_grad_()
    (expected,) = torch.autograd.grad(pair_diversity(w), w)
    (got,) = torch.autograd.grad(diversity(w.unsqueeze(1)), w)
    torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("n", [3, 20, 200])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_diversity_of_nearly_equal_distances_is_small_and_never_negative(n, dtype, offset):
    """A simplex, its corners shaken by less and less: E[D²] - E[D]² would cancel here."""
    for noise in (0.0, 1e-7, 1e-5, 1e-3):
        w = torch.eye(n, dtype=dtype) + offset + noise * rand(n, n, seed=8, dtype=dtype)
        w.requires_grad_()
        for r in (diversity(w.unsqueeze(1)), module._diversity_from_gram(w)):
            (gradient,) = torch.autograd.grad(r, w)
            assert r >= 0
            assert finite(r, gradient)
            # Squared distances of 2, each off by rounding or by the noise.
            off = torch.finfo(dtype).eps * (1 + offset) * 8 + 30 * noise
            assert r.item() <= off**2


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 1, 3), (1, 2, 3)])
def test_diversity_of_fewer_than_two_pairs_is_0_with_gradient_0(shape, dtype):
    prototypes = rand(*shape, seed=9, dtype=dtype).requires_grad_()
    r = diversity(prototypes)
    (gradient,) = torch.autograd.grad(r, prototypes)
    assert r == 0
    assert r.dtype == dtype
    assert (gradient == 0).all()


@pytest.mark.parametrize("n", [10, 300])
def test_diversity_of_prototypes_on_one_spot_is_0_with_gradient_0(n):
    prototypes = torch.full((n, 1, 4), 0.5).requires_grad_()
    r = diversity(prototypes)
    (gradient,) = torch.autograd.grad(r, prototypes)
    assert r == 0
    assert (gradient == 0).all()


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("expand", [False, True])
def test_gradient_of_log_affinity(distance, similarity, expand, monkeypatch):
    if expand:
        monkeypatch.setattr(module, "_DIRECT_UP_TO", 0)
    features = rand(4, 3, seed=10).requires_grad_()
    prototypes = rand(3, 2, 3, seed=11).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda f, w: log_affinity(f, w, 1.7, distance=distance, similarity=similarity),
        (features, prototypes),
    )


def test_gradients_of_the_papers_terms():
    features = rand(4, 3, seed=10).requires_grad_()
    prototypes = rand(3, 2, 3, seed=11).requires_grad_()
    y = torch.tensor([0, 2, 2, 0])
    check = torch.autograd.gradcheck
    assert check(lambda f, w: gaussian_affinity(f, w, 2.5), (features, prototypes))
    affinity = gaussian_affinity(features, prototypes, 2.5).detach().requires_grad_()
    assert check(lambda a: affinity_margin_loss(a, y, 0.3), (affinity,))
    assert check(lambda a: affinity_margin_loss(a, y, 0.3, reduction="none"), (affinity,))
    assert check(diversity, (prototypes,))
    for shape in [(6, 3), (3, 6)]:
        w = rand(*shape, seed=12).requires_grad_()
        assert check(module._diversity_from_gram, (w,))


@pytest.mark.parametrize("expand", [False, True])
@pytest.mark.parametrize("distance", DISTANCES)
def test_only_the_nearest_prototype_learns(distance, expand, monkeypatch):
    if expand:
        monkeypatch.setattr(module, "_DIRECT_UP_TO", 0)
    # Class 0: the first is nearest. Class 1: two equals, of which the first is taken.
    prototypes = torch.tensor([[[1.0, 0.0], [5.0, 5.0]], [[2.0, 2.0], [2.0, 2.0]]])
    prototypes.requires_grad_()
    log_affinity(torch.zeros(1, 2), prototypes, 1.0, distance=distance).sum().backward()
    assert prototypes.grad.abs().sum(-1).gt(0).tolist() == [[True, False], [True, False]]


@pytest.mark.parametrize("expand", [False, True])
@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_a_feature_on_its_prototype_has_affinity_1_and_gradient_0(
    distance, similarity, expand, monkeypatch
):
    if expand:
        monkeypatch.setattr(module, "_DIRECT_UP_TO", 0)
    features = torch.tensor([[3.0, -1.0]], requires_grad=True)
    prototypes = torch.tensor([[[3.0, -1.0]]], requires_grad=True)
    scores = log_affinity(features, prototypes, 1e-3, distance=distance, similarity=similarity)
    scores.sum().backward()
    assert scores.item() == 0
    assert (features.grad == 0).all()
    assert (prototypes.grad == 0).all()


@pytest.mark.parametrize("sigma", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("expand", [False, True])
# One prototype in all; two classes; several of each; one row.
@pytest.mark.parametrize("shape", [(5, 1, 1), (1, 2, 1), (6, 4, 3)])
def test_extremes_are_finite(sigma, distance, similarity, expand, shape, monkeypatch):
    if expand:
        monkeypatch.setattr(module, "_DIRECT_UP_TO", 0)
    n, n_classes, m = shape
    features = 1e4 * rand(n, 16, seed=13, dtype=torch.float32).sign()
    prototypes = rand(n_classes, m, 16, seed=14, dtype=torch.float32)
    prototypes[-1, -1] = features[0]
    features[-1] += 1e-3  # next to a prototype, or nearly, when n is 1
    features.requires_grad_()
    prototypes.requires_grad_()
    y = torch.zeros(n, dtype=torch.int64)  # no row of the other classes

    scores = log_affinity(features, prototypes, sigma, distance=distance, similarity=similarity)
    loss = affinity_margin_loss(scores.exp(), y, 0.5) + diversity(prototypes)
    cross_entropy = torch.nn.functional.cross_entropy(scores, y)
    for value in (loss, cross_entropy, scores.sum()):
        gradients = torch.autograd.grad(value, (features, prototypes), retain_graph=True)
        assert finite(value, *gradients)
    assert finite(scores)


@pytest.mark.parametrize("distance", ["sqeuclidean", "euclidean"])
def test_differences_are_accurate_where_the_expansion_would_cancel(distance):
    """Prototypes 1e4 apart in float32, a feature 0.01 from one of them."""
    prototypes = 1e4 * rand(10, 1, 64, seed=15).sign()
    prototypes = prototypes.float()
    features = prototypes[:, 0] + 0.0078125  # exact in float32 at this magnitude
    got = log_affinity(features, prototypes, 1.0, distance=distance)
    expected = log_affinity(features.double(), prototypes.double(), 1.0, distance=distance)
    torch.testing.assert_close(got.double(), expected, rtol=1e-5, atol=0)


@pytest.mark.parametrize("distance", ["sqeuclidean", "euclidean"])
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_accuracy_of_the_expansion_in_float32(distance, offset):
    """The error is that of the numbers measured from the mean prototype, wherever that lies."""
    features = (rand(200, 64, seed=16) + offset).float()
    prototypes = (rand(40, 5, 64, seed=17) + offset).float()
    assert prototypes.numel() > module._DIRECT_UP_TO
    got = -log_affinity(features, prototypes, 1.0, distance=distance)
    expected = -log_affinity(features.double(), prototypes.double(), 1.0, distance=distance)
    torch.testing.assert_close(got.double(), expected, rtol=1e-5, atol=0)


@pytest.mark.parametrize("distance", DISTANCES)
def test_a_rows_scores_do_not_depend_on_the_other_rows(distance):
    features, prototypes = rand(300, 6, seed=18).float(), rand(4, 2, 6, seed=19).float()
    together = log_affinity(features, prototypes, 2.0, distance=distance)
    alone = torch.cat(
        [log_affinity(row, prototypes, 2.0, distance=distance) for row in features.split(1)]
    )
    assert torch.equal(together, alone)


@pytest.mark.parametrize("distance", DISTANCES)
def test_without_cdist_the_values_and_gradients_are_the_same(distance, monkeypatch):
    """As on Apple's GPUs."""
    features, prototypes = rand(5, 6, seed=20), rand(4, 2, 6, seed=21)
    features.requires_grad_()
    prototypes.requires_grad_()
    results = []
    for has_cdist in (True, False):
        monkeypatch.setattr(module, "_has_cdist", lambda device, answer=has_cdist: answer)
        value = log_affinity(features, prototypes, 2.0, distance=distance)
        total = value.sum() + diversity(prototypes)
        results.append((value, *torch.autograd.grad(total, (features, prototypes))))
    for direct, other in zip(*results, strict=True):
        torch.testing.assert_close(direct, other, rtol=1e-10, atol=1e-12)


def test_prototypes_need_not_be_contiguous():
    features, prototypes = rand(5, 6, seed=22), rand(6, 2, 4, seed=23).permute(2, 1, 0)
    assert not prototypes.is_contiguous()
    torch.testing.assert_close(
        log_affinity(features, prototypes, 1.0),
        log_affinity(features, prototypes.contiguous(), 1.0),
    )
    torch.testing.assert_close(diversity(prototypes), diversity(prototypes.contiguous()))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: log_affinity(torch.zeros(3), torch.zeros(2, 1, 3), 1.0),
            r"features must have the shape \(n, d\), got \(3,\)",
        ),
        (lambda: log_affinity(torch.zeros(3, 2), torch.zeros(2, 1, 3), 1.0), "with the same d"),
        (lambda: log_affinity(torch.zeros(3, 2), torch.zeros(2, 2), 1.0), r"\(C, m, d\)"),
        (lambda: gaussian_affinity(torch.zeros(3, 2), torch.zeros(2, 1, 2), 0.0), "sigma .* 0.0"),
        (lambda: gaussian_affinity(torch.zeros(3, 2), torch.zeros(2, 1, 2), math.nan), "sigma"),
        (
            lambda: log_affinity(torch.zeros(3, 2), torch.zeros(2, 1, 2), 1.0, distance="cosine"),
            "distance must be .* got 'cosine'",
        ),
        (
            lambda: log_affinity(torch.zeros(3, 2), torch.zeros(2, 1, 2), 1.0, similarity="dot"),
            "similarity must be .* got 'dot'",
        ),
        (
            lambda: affinity_margin_loss(torch.zeros(3, 2), torch.zeros(2, dtype=torch.int64), 0.5),
            r"y must have .* affinity, which has \(3, 2\), got \(2,\)",
        ),
        (
            lambda: affinity_margin_loss(
                torch.zeros(3, 2), torch.zeros(3, dtype=torch.int64), 0.5, reduction="sum"
            ),
            "reduction must be .* got 'sum'",
        ),
        (lambda: diversity(torch.zeros(3, 2)), r"\(C, m, d\), got \(3, 2\)"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("n_prototypes", [1, 3])
def test_log_affinity_on_the_sphere_is_that_of_distances(similarity, n_prototypes):
    torch.manual_seed(0)
    raw = torch.randn(40, 6, dtype=torch.float64)
    raw[0] = 0.0  # a sample without any feature
    prototypes = F.normalize(torch.randn(5, n_prototypes, 6, dtype=torch.float64), dim=-1)
    raw[1] = prototypes[2, 0]  # at a prototype
    raw.requires_grad_()
    prototypes.requires_grad_()

    def graded(function):
        f = F.normalize(raw, dim=-1)
        w = F.normalize(prototypes, dim=-1)
        value = function(f, w, 0.7, similarity=similarity)
        return value, *torch.autograd.grad(value.square().sum(), (raw, prototypes))

    got, expected = graded(log_affinity_on_sphere), graded(log_affinity)
    torch.testing.assert_close(got[0], expected[0])
    torch.testing.assert_close(got[1][1:], expected[1][1:])  # of no features there is no direction
    torch.testing.assert_close(got[2], expected[2])
    assert (got[0] <= 0).all()


def test_log_affinity_on_the_sphere_is_exact_to_an_epsilon_in_float32():
    torch.manual_seed(1)
    f, w = F.normalize(torch.randn(50, 64), dim=-1), F.normalize(torch.randn(4, 1, 64), dim=-1)
    f[:4] = w[:, 0]
    got = log_affinity_on_sphere(f, w, 1.0).double()
    torch.testing.assert_close(
        got, log_affinity(f.double(), w.double(), 1.0), atol=16 * 2**-23, rtol=0
    )
