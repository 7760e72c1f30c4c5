"""The affinity head against loops over its definition, in float64."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from sklimb.heads import AffinityHead


def naive_scores(head, features):
    """max over t of log d(f, w_jt), number by number."""
    embedded = features.tolist()
    if isinstance(head.projection, torch.nn.Linear):
        weight, bias = head.projection.weight.tolist(), head.projection.bias.tolist()
        embedded = [
            [
                sum(w * x for w, x in zip(row, f, strict=True)) + b
                for row, b in zip(weight, bias, strict=True)
            ]
            for f in embedded
        ]
    prototypes = head.raw_prototypes.tolist()
    if head.normalize:

        def unit(v):
            length = math.sqrt(sum(x * x for x in v))
            return [x / length for x in v]

        embedded = [unit(f) for f in embedded]
        prototypes = [[unit(w) for w in of_class] for of_class in prototypes]

    def distance(f, w):
        gaps = [abs(a - b) for a, b in zip(f, w, strict=True)]
        if head.distance == "manhattan":
            return sum(gaps)
        squared = sum(g * g for g in gaps)
        return squared if head.distance == "sqeuclidean" else math.sqrt(squared)

    def affinity(delta):
        if head.similarity == "gaussian":
            return math.exp(-delta / head.sigma)
        return 1 / (1 + delta / head.sigma)

    return torch.tensor(
        [
            [math.log(max(affinity(distance(f, w)) for w in of_class)) for of_class in prototypes]
            for f in embedded
        ],
        dtype=torch.float64,
    )


@pytest.mark.parametrize("similarity", ["gaussian", "inverse"])
@pytest.mark.parametrize("distance", ["sqeuclidean", "euclidean", "manhattan"])
@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("embedding_dim", [None, 5])
@pytest.mark.parametrize("n_prototypes", [1, 3])
def test_scores_against_loops(n_prototypes, embedding_dim, normalize, distance, similarity):
    torch.manual_seed(0)
    head = AffinityHead(
        4,
        3,
        n_prototypes=n_prototypes,
        sigma=0.7,
        embedding_dim=embedding_dim,
        normalize=normalize,
        distance=distance,
        similarity=similarity,
    ).double()
    features = 2 * torch.randn(6, 4, dtype=torch.float64)
    embedded = head.embed(features)
    width = 4 if embedding_dim is None else 5
    assert embedded.shape == (6, width)
    assert head.n_features_out == width
    assert head.prototypes.shape == (3, n_prototypes, width)
    torch.testing.assert_close(head(embedded), naive_scores(head, features), rtol=1e-9, atol=1e-12)
    if normalize:
        for vectors in (embedded, head.prototypes):
            torch.testing.assert_close(
                vectors.norm(dim=-1), torch.ones(vectors.shape[:-1]).double()
            )


def test_softmax_of_scores_is_the_normalised_affinity():
    torch.manual_seed(1)
    head = AffinityHead(3, 4, n_prototypes=2, sigma=0.5).double()
    scores = head(head.embed(torch.randn(7, 3, dtype=torch.float64)))
    affinity = scores.exp()
    torch.testing.assert_close(scores.softmax(1), affinity / affinity.sum(1, keepdim=True))


def test_normalised_scores_do_not_see_the_scale_of_the_features():
    torch.manual_seed(2)
    head = AffinityHead(3, 4).double()
    features = torch.randn(7, 3, dtype=torch.float64)
    expected = head(head.embed(features))
    for scale in (1e-6, 1e6):
        torch.testing.assert_close(head(head.embed(scale * features)), expected)
    assert (expected >= -4.0).all()  # squared distances on the unit sphere are at most 4
    zero = head(head.embed(torch.zeros(1, 3, dtype=torch.float64)))
    assert torch.isfinite(zero).all()


# --- start ------------------------------------------------------------------------------------


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_one_prototype_starts_at_the_weighted_mean():
    rng = np.random.default_rng(0)
    rows, y, weight = rng.normal(size=(40, 3)), rng.integers(0, 3, 40), rng.uniform(0.1, 9, 40)
    for weights in (None, weight):
        head = AffinityHead(3, 4, normalize=False).double()
        before = head.raw_prototypes[3].clone()
        head.init_from_data(
            torch.from_numpy(rows),
            torch.from_numpy(y),
            None if weights is None else torch.from_numpy(weights),
            generator(),
        )
        for code in range(3):
            expected = np.average(
                rows[y == code], axis=0, weights=None if weights is None else weights[y == code]
            )
            np.testing.assert_allclose(head.prototypes[code, 0].detach(), expected, rtol=1e-12)
        # a class without rows keeps its random start, and starts when it comes
        assert torch.equal(head.raw_prototypes[3], before)
        assert head.started.tolist() == [True, True, True, False]


def test_a_weight_is_a_number_of_rows():
    rows = torch.randn(6, 2, dtype=torch.float64)
    y, weight = torch.tensor([0, 0, 0, 1, 1, 1]), torch.tensor([1.0, 2.0, 3.0, 1.0, 1.0, 4.0])
    heads = [AffinityHead(2, 2, normalize=False).double() for _ in range(2)]
    heads[0].init_from_data(rows, y, weight, generator())
    times = weight.long()
    heads[1].init_from_data(
        rows.repeat_interleave(times, 0), y.repeat_interleave(times), None, generator()
    )
    torch.testing.assert_close(heads[0].prototypes, heads[1].prototypes)


def test_several_prototypes_are_different_rows_of_the_class():
    rows, y = torch.randn(30, 4), torch.arange(30) % 3
    head = AffinityHead(4, 3, n_prototypes=5, normalize=False)
    head.init_from_data(rows, y, None, generator())
    for code in range(3):
        of_class = rows[y == code]
        found = [
            [i for i, row in enumerate(of_class) if torch.equal(row, prototype)]
            for prototype in head.raw_prototypes[code]
        ]
        assert all(len(f) == 1 for f in found)
        assert len({f[0] for f in found}) == 5


def test_as_many_rows_as_prototypes_takes_each():
    rows, y = torch.randn(8, 2), torch.tensor([0] * 4 + [1] * 4)
    head = AffinityHead(2, 2, n_prototypes=4, normalize=False)
    head.init_from_data(rows, y, None, generator())
    for code in range(2):
        got = sorted(head.raw_prototypes[code].tolist())
        assert got == sorted(rows[y == code].tolist())


def test_several_prototypes_are_drawn_by_weight():
    rows, y = torch.arange(10.0)[:, None], torch.zeros(10, dtype=torch.long)
    weight = torch.where(torch.arange(10) == 7, 97.0, 1.0)
    n = 0
    for seed in range(200):
        head = AffinityHead(1, 1, n_prototypes=2, normalize=False)
        head.init_from_data(rows, y, weight, generator(seed))
        n += 7.0 in head.raw_prototypes[0, :, 0].tolist()
    # of two rows drawn without return, row 7 (97 of 106) is the first or the second with
    # probability 0.992: below 190 of 200 with probability 1e-6; drawn evenly, 40 are expected
    assert n > 190


def test_fewer_rows_than_prototypes_uses_rows_again_a_little_apart():
    rows, y = 3 + torch.randn(5, 6), torch.tensor([0, 0, 0, 0, 1])
    head = AffinityHead(6, 2, n_prototypes=4, normalize=False)
    head.init_from_data(rows, y, None, generator())
    prototypes = head.raw_prototypes[1].detach()
    assert len(torch.unique(prototypes, dim=0)) == 4
    gaps = (prototypes - rows[4]).norm(dim=1) / rows[4].norm()
    assert gaps.max() < 0.5
    assert torch.sum(gaps == 0) == 1  # the row itself, and the rest a little off
    # the other class has rows enough
    assert all((rows == prototype).all(1).any() for prototype in head.raw_prototypes[0])


def test_a_class_starts_once():
    head = AffinityHead(2, 3, normalize=False)
    rows, y = torch.randn(6, 2), torch.tensor([0, 0, 0, 2, 2, 2])
    head.init_from_data(rows, y, None, generator())
    first = head.raw_prototypes.clone()
    head.init_from_data(10 + torch.randn(9, 2), torch.arange(9) % 3, None, generator())
    assert torch.equal(head.raw_prototypes[[0, 2]], first[[0, 2]])
    assert not torch.equal(head.raw_prototypes[1], first[1])
    assert head.started.all()
    # what has started is part of what is saved
    other = AffinityHead(2, 3, normalize=False)
    other.load_state_dict(head.state_dict())
    other.init_from_data(torch.randn(3, 2), torch.arange(3), None, generator())
    assert torch.equal(other.raw_prototypes, head.raw_prototypes)


def test_a_start_follows_from_its_generator_alone():
    rows, y = torch.randn(40, 3), torch.arange(40) % 4
    few = torch.tensor([0, 1, 2, 3])

    def start(seed, chosen):
        head = AffinityHead(3, 4, n_prototypes=3)
        torch.manual_seed(seed + 100)
        before = torch.get_rng_state()
        head.init_from_data(rows[chosen], y[chosen], None, generator(seed))
        assert torch.equal(torch.get_rng_state(), before)
        return head.raw_prototypes

    for chosen in (torch.arange(40), few):
        assert torch.equal(start(0, chosen), start(0, chosen))
        assert not torch.equal(start(0, chosen), start(1, chosen))


def test_a_start_leaves_prototypes_learnable():
    head = AffinityHead(3, 2, n_prototypes=2)
    head.init_from_data(torch.randn(8, 3), torch.arange(8) % 2, None, generator())
    head(head.embed(torch.randn(4, 3))).sum().backward()
    assert head.raw_prototypes.grad.abs().sum() > 0
    assert isinstance(head.raw_prototypes, torch.nn.Parameter)


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("wrong", [{"similarity": "cosine"}, {"sigma": -1.0}, {"sigma": 0.0}])
def test_what_is_no_similarity_and_no_spread_is_refused_on_the_sphere_too(normalize, wrong):
    head = AffinityHead(4, 3, normalize=normalize, **wrong)
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be"):
        head(head.embed(torch.ones(2, 4)))
