"""RSG against loops over samples and positions written from the paper's equations, in float64."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest
import torch
from torch import nn

from sklimb._training.network import Network
from sklimb.heads import LinearHead
from sklimb.losses import position_cosine
from sklimb.transforms import RareSampleGenerator, pair_rows

C, K, D, SIDE = 4, 3, 2, 3
COUNTS = torch.tensor([50.0, 4.0, 9.0, 30.0], dtype=torch.float64)


def make_generator(spatial, **settings):
    torch.manual_seed(0)
    generator = RareSampleGenerator(
        D, C, spatial=spatial, n_centers=K, contrast_channels=5, **{"alpha": 0.5, **settings}
    ).double()
    with torch.no_grad():
        generator.centers.normal_()
    generator.set_class_counts(COUNTS)
    return generator


def make_batch(spatial, y=(0, 0, 3, 1, 0, 2, 3, 0, 1), seed=1):
    gen = torch.Generator().manual_seed(seed)
    shape = (len(y), D, SIDE, SIDE) if spatial else (len(y), D)
    return torch.randn(shape, generator=gen, dtype=torch.float64), torch.tensor(y)


def as_maps(x):
    """Maps as (n, D, W, H): a vector is a map of one position."""
    x = x.detach().numpy()
    return x if x.ndim == 4 else x[:, :, None, None]


# --- the equations, one number after the other ------------------------------------------------


def softmax(z):
    e = [math.exp(v - max(z)) for v in z]
    return [v / sum(e) for v in e]


def ave(x):
    n_channels, width, height = x.shape
    return [
        sum(x[d, j, k] for j in range(width) for k in range(height)) / (width * height)
        for d in range(n_channels)
    ]


def gamma(generator, x, label):  # Eq. 1
    A, b = generator.estimate.weight[label].detach(), generator.estimate.bias[label].detach()
    mean = ave(x)
    return softmax(
        [sum(float(A[i, d]) * mean[d] for d in range(D)) + float(b[i]) for i in range(K)]
    )


def conv(layer, x):
    """A 3x3 convolution with stride 1 and padding 1; a linear layer at one position."""
    weight, (n_in, width, height) = layer.weight.detach().numpy(), x.shape
    if weight.ndim == 2:
        weight = np.zeros((*weight.shape, 3, 3))
        weight[:, :, 1, 1] = layer.weight.detach().numpy()
    out = np.zeros((len(weight), width, height))
    for o in range(len(weight)):
        for j in range(width):
            for k in range(height):
                total = 0.0 if layer.bias is None else layer.bias[o].item()
                for i in range(n_in):
                    for dj in (-1, 0, 1):
                        for dk in (-1, 0, 1):
                            if 0 <= j + dj < width and 0 <= k + dk < height:
                                total += weight[o, i, dj + 1, dk + 1] * x[i, j + dj, k + dk]
                out[o, j, k] = total
    return out


def same_class(generator, a, b):  # Eq. 2: (P(not the same), P(the same))
    module = generator.contrast
    hidden = np.maximum(conv(module.first, np.concatenate([a, b])), 0)
    mean = ave(conv(module.second, hidden))
    A, bias = module.out.weight.detach(), module.out.bias.detach()
    return softmax(
        [sum(float(A[o, i]) * mean[i] for i in range(5)) + bias[o].item() for o in (0, 1)]
    )


def displacement(generator, x, label):  # Eq. 3
    probabilities = gamma(generator, x, label)
    center = generator.centers[label, probabilities.index(max(probabilities))].detach().numpy()
    out = np.empty_like(x)
    for d in range(D):
        for j in range(x.shape[1]):
            for k in range(x.shape[2]):
                out[d, j, k] = x[d, j, k] - center[d]
    return out


def center_part(generator, x, label):  # Eq. 5, first term, of one sample
    total = 0.0
    for i, probability in enumerate(gamma(generator, x, label)):
        for d in range(D):
            for j in range(x.shape[1]):
                for k in range(x.shape[2]):
                    center = generator.centers[label, i, d].item()
                    total += probability * (x[d, j, k] - center) ** 2
    return total


def vector_loss(moved, f, r, different):  # Eq. 6 of one generated sample
    total = 0.0
    for j in range(f.shape[1]):
        for k in range(f.shape[2]):
            m, a, b = moved[:, j, k], f[:, j, k], r[:, j, k]
            norm = lambda v: math.sqrt(sum(u * u for u in v))  # noqa: E731
            total += abs(sum(m * b) / (norm(m) * norm(b)) - 1)
            total += abs(norm(m) - norm(a))
    return total - math.log(different)


both = pytest.mark.parametrize("spatial", [True, False], ids=["maps", "vectors"])


@both
def test_eq_1_assignment(spatial):
    generator = make_generator(spatial)
    x, y = make_batch(spatial)
    means = x.mean((2, 3)) if spatial else x
    got = generator.estimate(means, y).softmax(1).detach().numpy()
    naive = [gamma(generator, row, label) for row, label in zip(as_maps(x), y.tolist())]
    np.testing.assert_allclose(got, naive, rtol=1e-10)


@both
def test_eq_2_contrast(spatial):
    generator = make_generator(spatial)
    x, _ = make_batch(spatial)
    got = generator.contrast(x[:4], x[4:8]).softmax(1).detach().numpy()
    maps = as_maps(x)
    naive = [same_class(generator, a, b) for a, b in zip(maps[:4], maps[4:8])]
    np.testing.assert_allclose(got, naive, rtol=1e-10)


@both
def test_eq_3_displacement(spatial):
    generator = make_generator(spatial)
    x, y = make_batch(spatial)
    got = generator.displacement(x, y)
    assert got.shape == x.shape
    naive = [displacement(generator, row, label) for row, label in zip(as_maps(x), y.tolist())]
    np.testing.assert_allclose(as_maps(got), naive, rtol=1e-12)


@both
@pytest.mark.parametrize("beta", [1.0, 0.01])
def test_eq_4_and_6_new_rows_and_their_loss(spatial, beta):
    generator = make_generator(spatial, beta=beta)
    x, y = make_batch(spatial)
    generator.start_epoch(0, np.random.default_rng(3))
    weights = torch.where(torch.isin(y, torch.tensor([0, 3])), 3.0, 1.0) + 0.01 * torch.arange(9)
    out, labels, weight = generator.at_stage(x, y, weights)
    # classes 0 and 3 are frequent: 6 rows, 3 are rare
    freq, rare = pair_rows(np.isin(y.numpy(), [0, 3]), beta, np.random.default_rng(3))
    assert len(rare) == (6 if beta == 1 else 3)
    assert torch.equal(out[:9], x)
    assert torch.equal(labels, torch.cat([y, y[rare]]))
    assert torch.equal(weight, torch.cat([weights, weights[rare]]))
    maps, losses = as_maps(x), []
    for new, i, j in zip(as_maps(out)[9:], freq, rare):
        f = displacement(generator, maps[i], int(y[i]))
        r = displacement(generator, maps[j], int(y[j]))
        moved = conv(generator.vector, f)
        np.testing.assert_allclose(new, moved + maps[j], rtol=1e-10)
        losses.append(vector_loss(moved, f, r, same_class(generator, moved, r)[0]))
    assert generator.terms()["mv"].item() == pytest.approx(np.mean(losses), rel=1e-10)


@both
def test_eq_5_both_parts(spatial):
    generator = make_generator(spatial, generate_from=1)
    x, y = make_batch(spatial)
    generator.start_epoch(0, np.random.default_rng(5))
    out, labels, weight = generator.at_stage(x, y, None)
    assert out is x and labels is y and weight is None
    terms = generator.terms()
    assert set(terms) == {"cesc_center", "cesc_contrast"}
    maps = as_maps(x)
    naive = np.mean([center_part(generator, row, label) for row, label in zip(maps, y.tolist())])
    assert terms["cesc_center"].item() == pytest.approx(naive, rel=1e-10)
    # nine rows: four pairs, one row is left over
    order, losses, right = np.random.default_rng(5).permutation(9), [], {0: [], 1: []}
    for i, j in zip(order[:4], order[4:8]):
        same = int(y[i] == y[j])
        different, alike = same_class(generator, maps[i], maps[j])
        losses.append(-(same * math.log(alike) + (1 - same) * math.log(1 - alike)))
        right[same].append((alike > different) == bool(same))
    assert terms["cesc_contrast"].item() == pytest.approx(np.mean(losses), rel=1e-9)
    assert right[0] and right[1]  # the batch has pairs of both kinds
    expected = np.mean([np.mean(right[0]), np.mean(right[1])])
    assert generator.statistics()["contrast_accuracy"] == pytest.approx(expected)


@both
def test_statistics_of_generation(spatial):
    generator = make_generator(spatial)
    generator.start_epoch(0, np.random.default_rng(3))
    cosines, n = [], 0
    for seed in (1, 2):
        x, y = make_batch(spatial, seed=seed)
        out, *_ = generator.at_stage(x, y, None)
        n += len(out) - len(x)
        draws = np.random.default_rng(3)
        for _ in range(seed):
            freq, rare = pair_rows(np.isin(y.numpy(), [0, 3]), 1.0, draws)
        moved = generator.vector(generator.displacement(x[freq], y[freq]))
        cosines.append(position_cosine(moved, generator.displacement(x[rare], y[rare])).detach())
    got = generator.statistics()
    assert got["n_generated"] == n == 12
    assert got["mv_cosine"] == pytest.approx(torch.stack(cosines).mean().item(), rel=1e-10)
    assert math.isnan(got["contrast_accuracy"])
    generator.start_epoch(1, np.random.default_rng(3))  # a new epoch, a new count
    assert generator.statistics()["n_generated"] == 0


@pytest.mark.parametrize("spatial", [False, True])
def test_centers_find_the_clusters_of_their_class(spatial):
    torch.manual_seed(0)
    # two clusters a class; a second class lies where the first does not
    places = torch.tensor([[[4.0, 0.0], [-4.0, 0.0]], [[0.0, 3.0], [4.0, -4.0]]])
    y, cluster = torch.arange(200) % 2, (torch.arange(200) // 2) % 2
    x = places[y, cluster] + 0.1 * torch.randn(200, 2)
    if spatial:
        x = x[:, :, None, None] + 0.1 * torch.randn(200, 2, 2, 3)
    generator = RareSampleGenerator(
        2, 2, spatial=spatial, n_centers=4, generate_from=1000, contrast_channels=2
    )
    generator.set_class_counts(torch.tensor([2.0, 1.0]))
    optimizer = torch.optim.AdamW(generator.parameters(), lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        generator.at_stage(x, y, None)
        sum(generator.terms().values()).backward()
        optimizer.step()
    left = generator.displacement(x, y)
    mean = left.mean((2, 3)) if spatial else left
    # from 4 of the class's mean to the spread within a cluster
    assert mean.norm(dim=1).max() < 1.0
    assert mean.norm(dim=1).mean() < 0.3


@pytest.mark.parametrize("balanced_loss", [False, True])
@pytest.mark.parametrize("weight", [None, "equal", "balanced"])
def test_how_many_rows_are_made(weight, balanced_loss):
    # two classes, 40 to 4
    generator = RareSampleGenerator(2, 2, spatial=False, balanced_loss=balanced_loss)
    generator.set_class_counts(torch.tensor([4000.0, 400.0]))
    y = torch.tensor([0] * 40 + [1] * 4)
    weights = {None: None, "equal": torch.ones(44), "balanced": torch.where(y == 0, 0.55, 5.5)}
    generator.start_epoch(0, np.random.default_rng(0))
    out, _, _ = generator.at_stage(torch.randn(44, 2), y, weights[weight])
    even = balanced_loss or weight == "balanced"
    assert len(out) == 44 + (4 if even else 40)


# --- gradients: Algorithm 1 -------------------------------------------------------------------


class Tiny(nn.Module):
    """Two layers, the first of them the stage."""

    default_stage = "below"

    def __init__(self, spatial):
        super().__init__()
        make = (lambda: nn.Conv2d(D, D, 3, padding=1)) if spatial else (lambda: nn.Linear(D, D))
        self.below, self.above = make(), make()

    def forward(self, x):
        x = self.above(torch.relu(self.below(x)))
        return x.mean((2, 3)) if x.ndim == 4 else x


def losses_of(generator, spatial, y=(0, 0, 3, 1, 0, 2, 3, 0, 1)):
    """A network with the generator at its stage, and each loss of a batch."""
    torch.manual_seed(2)
    network = Network(Tiny(spatial), LinearHead(D, C)).double()
    x, labels = make_batch(spatial, y)

    def change(maps):
        nonlocal labels
        maps, labels, _ = generator.at_stage(maps, labels, None)
        return maps

    scores = network.head(network.features(x, "below", change))
    losses = {"classification": nn.functional.cross_entropy(scores, labels)}
    return network, losses | generator.terms()


def reached(generator, network, loss):
    """The parts that a loss has a gradient for that is not all 0."""
    network.zero_grad()
    generator.zero_grad()
    loss.backward(retain_graph=True)
    parts = {
        "C": generator.centers,
        "CE": generator.estimate.weight,
        "CE bias": generator.estimate.bias,
        **{f"CM {name}": p for name, p in generator.contrast.named_parameters()},
        "T": generator.vector.weight,
        "below": network.backbone.below.weight,
        "above": network.backbone.above.weight,
        "head": network.head.weight,
    }
    assert len(list(generator.parameters())) == 4 + 6  # nothing is left out above
    none = {name for name, p in parts.items() if p.grad is None}
    zero = {name for name, p in parts.items() if name not in none and not p.grad.any()}
    assert not zero
    return set(parts) - none


CM = {f"CM {layer}.{kind}" for layer in ("first", "second", "out") for kind in ("weight", "bias")}


@both
def test_gradients_before_generation(spatial):
    generator = make_generator(spatial, generate_from=5)
    for epoch in (0, 4):
        generator.start_epoch(epoch, np.random.default_rng(0))
    network, losses = losses_of(generator, spatial)
    assert set(losses) == {"classification", "cesc_center", "cesc_contrast"}
    assert reached(generator, network, losses["classification"]) == {"below", "above", "head"}
    assert reached(generator, network, losses["cesc_center"]) == {"C", "CE", "CE bias"}
    assert reached(generator, network, losses["cesc_contrast"]) == CM


@both
def test_gradients_while_generating(spatial):
    generator = make_generator(spatial, generate_from=5)
    for epoch in (0, 5):
        generator.start_epoch(epoch, np.random.default_rng(0))
    network, losses = losses_of(generator, spatial)
    assert set(losses) == {"classification", "cesc_center", "mv"}
    assert reached(generator, network, losses["classification"]) == {"T", "below", "above", "head"}
    assert reached(generator, network, losses["cesc_center"]) == {"C", "CE", "CE bias"}
    assert reached(generator, network, losses["mv"]) == {"T"}
    assert all(p.requires_grad for p in generator.parameters())


@both
@pytest.mark.parametrize("end_to_end", [False, True])
def test_new_rows_reach_below_the_stage_only_if_asked(spatial, end_to_end):
    generator = make_generator(spatial, end_to_end=end_to_end)
    generator.start_epoch(0, np.random.default_rng(0))
    x, y = make_batch(spatial)
    x.requires_grad_()
    out, *_ = generator.at_stage(x, y, None)
    out[len(x) :].square().sum().backward()
    if not end_to_end:
        assert x.grad is None or not x.grad.any()
    else:
        rare = ~generator.is_frequent[y]
        per_row = x.grad.flatten(1).abs().sum(1) > 0
        assert torch.equal(per_row, rare)


@both
@pytest.mark.parametrize("lambda1, lambda2", [(0.0, 0.01), (0.1, 0.0), (0.0, 0.0)])
def test_a_weight_of_0_leaves_its_losses_out(spatial, lambda1, lambda2):
    generator = make_generator(spatial, lambda1=lambda1, lambda2=lambda2, generate_from=1)
    seen = set()
    for epoch in (0, 1):
        generator.start_epoch(epoch, np.random.default_rng(0))
        generator.at_stage(*make_batch(spatial), None)
        seen |= set(generator.terms())
    expected = {"cesc_center", "cesc_contrast"} if lambda1 else set()
    assert seen == expected | ({"mv"} if lambda2 else set())


def test_one_that_is_new_in_the_middle_of_a_training_learns_first():
    generator = make_generator(False, generate_from=2)
    for epoch, generates in ((7, False), (8, False), (9, True)):
        generator.start_epoch(epoch, np.random.default_rng(0))
        assert (len(generator.at_stage(*make_batch(False), None)[0]) > 9) == generates


# --- batches of all kinds ---------------------------------------------------------------------


@both
@pytest.mark.parametrize("epoch", [0, 1])
@pytest.mark.parametrize(
    ("y", "n_new"),
    [
        ((0, 1, 2), 2),  # odd, fewer frequent rows than rare ones
        ((0, 0, 0, 3, 3), 0),  # no rare rows
        ((1, 2, 1), 0),  # no frequent rows
        ((0,), 0),
        ((2,), 0),
        ((0, 2), 1),
        ((0, 0, 0, 0, 0, 1), 5),  # a class of one sample, used five times
    ],
)
def test_odd_batches(spatial, y, n_new, epoch):
    generator = make_generator(spatial, generate_from=1)
    for i in range(epoch + 1):
        generator.start_epoch(i, np.random.default_rng(0))
    x, labels = make_batch(spatial, y)
    x.requires_grad_()
    out, got, _ = generator.at_stage(x, labels, None)
    n_new *= epoch
    assert len(out) == len(got) == len(y) + n_new
    assert not generator.is_frequent[got[len(y) :]].any()
    terms = generator.terms()
    assert ("mv" in terms) == (n_new > 0)
    assert ("cesc_contrast" in terms) == (epoch == 0 and len(y) > 1)
    assert all(torch.isfinite(value) for value in terms.values())
    (out.sum() + sum(terms.values())).backward()
    statistics = generator.statistics()
    assert statistics["n_generated"] == n_new
    assert math.isfinite(statistics["mv_cosine"]) == (n_new > 0)


def test_a_member_that_leaves_out_one_of_a_pair_leaves_out_what_is_made_of_it():
    (x, y), weight = make_batch(False), torch.rand(9, 3).double() + 0.5
    left_out = torch.zeros(9, 3, dtype=torch.bool)
    left_out[torch.arange(9), torch.arange(9) % 3] = True
    weight[left_out] = 0.0
    generators = [make_generator(False, count_by_weight=False) for _ in range(2)]
    for generator in generators:
        generator.start_epoch(0, np.random.default_rng(0))
    pairs = generators[0]._pair_rows(y, weight)
    out, _, got = generators[1].at_stage(x, y, weight)
    assert got.shape == (len(out), 3) and torch.equal(got[:9], weight)
    for freq, rare, of_new in zip(*pairs, got[9:], strict=True):
        for member in range(3):
            whole = not (left_out[freq, member] or left_out[rare, member])
            assert of_new[member] == (weight[rare, member] if whole else 0)
    assert (got[9:] == 0).any() and (got[9:] > 0).any()


def test_members_that_weigh_samples_differently_get_the_same_pairs():
    (_, y), weight = make_batch(False), torch.rand(9, 3).double()
    of_mean, of_members = (make_generator(False) for _ in range(2))
    for generator in (of_mean, of_members):
        generator.start_epoch(0, np.random.default_rng(0))
    for mine, theirs in zip(
        of_mean._pair_rows(y, weight.mean(1)), of_members._pair_rows(y, weight), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)


@both
def test_with_alpha_1_one_class_stays_rare(spatial):
    generator = make_generator(spatial, alpha=1.0)
    assert generator.is_frequent.tolist() == [True, False, True, True]
    generator.start_epoch(0, np.random.default_rng(0))
    _, y, _ = generator.at_stage(*make_batch(spatial), None)
    assert set(y[9:].tolist()) == {1}


def test_maps_of_one_position_are_vectors():
    generator = make_generator(False)
    x, y = make_batch(False)
    results = []
    for maps in (x, x[:, :, None, None]):
        generator.start_epoch(0, np.random.default_rng(0))
        out, *_ = generator.at_stage(maps, y, None)
        assert out.shape[1:] == maps.shape[1:]
        results.append((out.flatten(1), generator.terms()))
    assert torch.equal(results[0][0], results[1][0])
    assert torch.equal(results[0][1]["mv"], results[1][1]["mv"])


def test_rows_that_are_no_longer_rows():
    generator = make_generator(False)
    with pytest.raises(ValueError, match="gives 18 maps for 9 samples"):
        generator.at_stage(torch.zeros(18, D).double(), make_batch(False)[1], None)


@both
def test_it_can_be_copied_and_stored_at_any_time(spatial):
    generator = make_generator(spatial, generate_from=1)
    for epoch in (0, 1):
        generator.start_epoch(epoch, np.random.default_rng(0))
        generator.at_stage(*make_batch(spatial), None)
        generator.terms()
        for twin in (copy.deepcopy(generator), pickle.loads(pickle.dumps(generator))):
            a, b = (g.at_stage(*make_batch(spatial), None)[0] for g in (twin, generator))
            assert len(a) == len(b)
            generator.terms(), twin.terms()
        generator.statistics()
