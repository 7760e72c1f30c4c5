"""Major-to-minor translation: each function against a loop written from the paper."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from sklimb import RebalancedClassifier
from sklimb.datasets import make_long_tailed
from sklimb.transforms import (
    acceptance_probability,
    keep_largest_changes,
    seed_class_probabilities,
    start_noise,
    target_confidence,
    translate,
)
from sklimb.transforms.m2m import frozen

# --- Eq. 3 to 5 ---------------------------------------------------------------------------------


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.999, 1.0])
def test_acceptance_is_one_minus_equation_3(beta):
    counts = [1, 7, 7, 90, 5000]
    for n_seed in counts:
        for n_target in counts:
            surplus = max(n_seed - n_target, 0)
            expected = 1.0 - beta**surplus  # Python has 0.0**0 == 1, as Eq. 3 needs it
            found = acceptance_probability(n_seed, n_target, beta)
            assert float(found) == pytest.approx(expected, abs=1e-14)


def test_acceptance_of_many_at_once():
    counts = torch.tensor([1.5, 30.0, 400.0], dtype=torch.float64)
    table = acceptance_probability(counts[None], counts[:, None], 0.99)
    for k in range(3):
        for k0 in range(3):
            expected = 1 - 0.99 ** max(float(counts[k0] - counts[k]), 0.0)
            assert float(table[k, k0]) == pytest.approx(expected, abs=1e-14)


def test_acceptance_keeps_its_digits_where_beta_is_close_to_one():
    assert float(acceptance_probability(11, 10, 1 - 1e-12)) == pytest.approx(1e-12, rel=1e-3)


@pytest.mark.parametrize("beta", [0.0, 0.9, 0.999])
def test_seed_classes_follow_equation_5(beta):
    counts = torch.tensor([500, 120, 121, 40, 3])
    for target in range(1, 5):
        raw = [1 - beta ** max(int(n) - int(counts[target]), 0) for n in counts]
        found = seed_class_probabilities(counts, target, beta)
        np.testing.assert_allclose(found, np.array(raw) / sum(raw), rtol=1e-12)
        assert float(found.sum()) == pytest.approx(1.0)
        assert found[target] == 0
        # larger classes are never drawn less often
        by_size = found[torch.argsort(counts)]
        assert bool((by_size.diff() >= 0).all())
        assert beta == 0 or found[0] > found[2] or target == 1


def test_the_solution_of_equation_4_is_q():
    accept = acceptance_probability(torch.tensor([300, 80, 40]), 10, 0.99)
    q = seed_class_probabilities(torch.tensor([300, 80, 40, 10]), 3, 0.99)[:3]

    def objective(q):
        return float((q * accept.log()).sum() - (q * q.log()).sum())

    rng = np.random.default_rng(0)
    others = torch.from_numpy(rng.dirichlet(np.ones(3), size=500))
    assert objective(q) >= max(map(objective, others))


def test_without_a_class_to_draw_from_all_are_zero():
    counts = torch.tensor([50, 50, 7])
    assert seed_class_probabilities(counts, 0, 0.9).tolist() == [0, 0, 0]
    assert seed_class_probabilities(counts, 2, 1.0).tolist() == [0, 0, 0]


@pytest.mark.parametrize("beta", [-0.1, 1.1, float("nan")])
def test_beta_outside_its_range(beta):
    with pytest.raises(ValueError, match=r"beta must be in \[0, 1\]"):
        acceptance_probability(5, 1, beta)


# --- Eq. 2 --------------------------------------------------------------------------------------


def network(seed, n_features=5, n_classes=4):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Linear(n_features, 8), nn.Tanh(), nn.Dropout(0.5), nn.Linear(8, n_classes)
    ).double()


def naive_translate(x, seed_class, target, g, f, lam, step_size, n_steps, noise, low, high):
    """Algorithm 1, lines 7 to 11, a row at a time; gradients by the chain rule, by hand."""

    def scores(net, v):
        return net[3](torch.tanh(net[0](v)))

    def jacobian(net, v):  # (C, d)
        hidden = torch.tanh(net[0](v))
        return net[3].weight @ torch.diag(1 - hidden**2) @ net[0].weight

    rows = []
    with torch.no_grad():
        for i in range(len(x)):
            v = torch.minimum(torch.maximum(x[i] + noise[i], low), high)
            for _ in range(n_steps):
                error = torch.softmax(scores(g, v), 0)
                error[target[i]] -= 1  # of the cross entropy, with respect to the scores
                delta = error @ jacobian(g, v) + lam * jacobian(f, v)[seed_class[i]]
                v = v - step_size * delta / torch.sqrt((delta**2).sum())
                v = torch.minimum(torch.maximum(v, low), high)
            rows.append(v)
    return torch.stack(rows)


@pytest.fixture(scope="module")
def case():
    torch.manual_seed(5)
    x = torch.randn(12, 5, dtype=torch.float64)
    seed_class, target = torch.randint(0, 2, (12,)), torch.randint(2, 4, (12,))
    return x, seed_class, target, network(0).train(), network(1).train()


@pytest.mark.parametrize("lam", [0.0, 0.5, 3.0])
@pytest.mark.parametrize("noisy, reach", [(False, 1e9), (True, 0.8)])
def test_translation_is_algorithm_1(case, lam, noisy, reach):
    x, seed_class, target, g, f = case
    noise = start_noise(x, torch.Generator().manual_seed(0)) if noisy else torch.zeros_like(x)
    low, high = torch.full((5,), -reach).double(), torch.linspace(reach, 2 * reach, 5).double()
    found = translate(
        x, seed_class, target, g, f, lam, 0.3, 6, (low, high), noise=noise if noisy else None
    )
    expected = naive_translate(x, seed_class, target, g, f, lam, 0.3, 6, noise, low, high)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)
    assert found.grad_fn is None and not found.requires_grad
    assert noisy == bool((found == low).any() or (found == high).any())


def test_one_class_for_all_rows_and_no_bounds(case):
    x, *_, g, f = case
    ones = torch.ones(12, dtype=torch.long)
    many = translate(x, ones, 3 * ones, g, f, 0.1, 0.2, 3, (-1e9, 1e9))
    torch.testing.assert_close(translate(x, 1, 3, g, f, 0.1, 0.2, 3), many)


def test_each_row_goes_its_own_way(case):
    x, seed_class, target, g, f = case
    together = translate(x, seed_class, target, g, f, 0.1, 0.3, 5)
    for i in range(3):
        rows = slice(i, i + 1)
        alone = translate(x[rows], seed_class[rows], target[rows], g, f, 0.1, 0.3, 5)
        torch.testing.assert_close(alone, together[rows], rtol=1e-9, atol=1e-12)


def test_lam_zero_does_not_ask_f(case):
    x, seed_class, target, g, _ = case

    def f(x):
        raise AssertionError("f was asked")

    translate(x, seed_class, target, g, f, 0.0, 0.3, 2)


def test_a_gradient_too_small_to_square_still_has_a_direction():
    def g(x):
        return torch.stack([torch.zeros(len(x)), 1e-30 * x[:, 0]], 1)

    assert translate(torch.zeros(1, 2), 0, 1, g, g, 0.0, 0.25, 1).tolist() == [[0.25, 0.0]]
    flat = translate(torch.ones(1, 2), 0, 1, lambda x: 0 * x, g, 0.0, 0.25, 3)
    assert flat.tolist() == [[1.0, 1.0]]  # nowhere to go, and no NaN


def test_images(case):
    torch.manual_seed(0)
    g = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 9, 3))
    x = torch.rand(6, 2, 5, 5)
    moved = translate(x, 0, 2, g, g, 0.1, 0.1, 10, (0.0, 1.0))
    assert moved.shape == x.shape and bool(((moved >= 0) & (moved <= 1)).all())
    assert bool((target_confidence(moved, 2, g) > target_confidence(x, 2, g)).all())
    assert bool(((moved - x).flatten(1).norm(dim=1) < 1.0 + 1e-5).all())


def test_whole_numbers_cannot_be_translated(case):
    with pytest.raises(TypeError, match="floats"):
        translate(torch.ones(2, 5, dtype=torch.uint8), 0, 1, *case[3:], 0.1, 0.1, 1)


# --- the networks stay as they were -------------------------------------------------------------


def test_networks_are_frozen_in_eval_mode_and_restored():
    g = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 2))
    g.train()
    g[2].eval()  # a module of its own mode keeps it
    g[0].bias.requires_grad_(False)
    g[3].weight.grad = torch.ones(2, 4)
    before = copy.deepcopy(g.state_dict())
    seen = []
    g[1].register_forward_hook(lambda module, args, out: seen.append(module.training))
    first, again = (translate(torch.ones(4, 3), 0, 1, g, g, 0.1, 0.1, 3) for _ in range(2))
    assert torch.equal(first, again)  # no dropout, no batch statistics
    assert seen == [False] * 12
    assert [m.training for m in g] == [True, True, False, True]
    assert [p.requires_grad for p in g.parameters()] == [True, False, True, True, True, True]
    assert torch.equal(g[3].weight.grad, torch.ones(2, 4)) and g[0].weight.grad is None
    for name, value in g.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_networks_are_restored_after_an_error():
    g = network(0).train()
    with pytest.raises(RuntimeError, match="shapes"), frozen(g):
        assert not g.training and not any(p.requires_grad for p in g.parameters())
        g(torch.zeros(1, 3, dtype=torch.float64))
    assert g.training and all(p.requires_grad for p in g.parameters())


def test_translation_works_where_gradients_are_off(case):
    x, seed_class, target, g, f = case
    with torch.no_grad():
        moved = translate(x, seed_class, target, g, f, 0.1, 0.3, 2)
        assert not torch.is_grad_enabled()
    torch.testing.assert_close(moved, translate(x, seed_class, target, g, f, 0.1, 0.3, 2))


# --- noise, confidence, sparseness --------------------------------------------------------------


def test_noise_is_bounded_a_row():
    draw = torch.Generator().manual_seed(1)
    long = start_noise(torch.zeros(200, 6), draw)
    torch.testing.assert_close(long.norm(dim=1), torch.full((200,), 0.5), atol=0.3, rtol=0)
    assert float(long.norm(dim=1).max()) <= 0.5 + 1e-6
    # of one feature some are shorter than 0.5 and stay so, half of them on each side
    short = start_noise(torch.zeros(2000, 1), draw, max_norm=0.5)[:, 0]
    assert float(short.abs().max()) <= 0.5 + 1e-6
    assert 0.3 < float((short.abs() < 0.49).float().mean()) < 0.45
    assert abs(float((short > 0).float().mean()) - 0.5) < 0.05
    images = start_noise(torch.zeros(3, 2, 4, 4, dtype=torch.float64), draw, max_norm=2.0)
    assert images.shape == (3, 2, 4, 4) and images.dtype == torch.float64
    torch.testing.assert_close(images.flatten(1).norm(dim=1), torch.full((3,), 2.0).double())
    assert not start_noise(torch.zeros(3, 4), max_norm=0.0).any()


def test_confidence_is_the_softmax_of_the_target(case):
    x, _, target, g, _ = case
    with torch.no_grad():
        scores = g[3](torch.tanh(g[0](x))).numpy()
    shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    found = target_confidence(x, target, g)
    np.testing.assert_allclose(found, shares[np.arange(12), target], rtol=1e-12)
    assert g.training


@pytest.mark.parametrize("allowed", [0, 2, [0, 1, 3, 4, 9], 4])
def test_only_the_largest_changes_stay(allowed):
    torch.manual_seed(2)
    seeds = torch.randn(5, 4)
    x = seeds + torch.randn(5, 4)
    found = keep_largest_changes(x, seeds, torch.as_tensor(allowed))
    for i in range(5):
        n = allowed if isinstance(allowed, int) else allowed[i]
        expected = seeds[i].clone()
        ranked = sorted(range(4), key=lambda j: -abs(float(x[i, j] - seeds[i, j])))
        for j in ranked[:n]:
            expected[j] = x[i, j]
        assert torch.equal(found[i], expected)


def test_translation_keeps_rows_sparse(case):
    x, seed_class, target, g, f = case
    x = x * (x > 0.5)
    free = translate(x, seed_class, target, g, f, 0.1, 0.3, 4)
    assert bool((free != x).all())
    most = (x != 0).sum(1) + 1
    kept = translate(x, seed_class, target, g, f, 0.1, 0.3, 4, max_nnz=most)
    assert torch.equal((kept != x).sum(1), most)
    torch.testing.assert_close(kept, keep_largest_changes(free, x, most))


# --- what it does -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    X, y = make_long_tailed(X / 16.0, y, ratio=10, order="label", random_state=0)
    models = [
        RebalancedClassifier(module__hidden=(64,), max_epochs=20, random_state=seed).fit(X, y)
        for seed in (0, 1)
    ]
    return X, y, *(model.module_ for model in models)


def test_on_digits_confidence_rises_and_the_seeds_logit_falls(digits):
    X, y, g, f = digits
    seeds = torch.from_numpy(X[y <= 2][:200])
    origin = torch.from_numpy(y[y <= 2][:200])
    for target in (7, 9):
        moved = {
            lam: translate(seeds, origin, target, g, f, lam, 0.2, 10, (0.0, 1.0))
            for lam in (0.0, 0.5)
        }
        before, after = (target_confidence(x, target, g) for x in (seeds, moved[0.0]))
        assert float((after > before).float().mean()) >= 0.95
        assert float(after.mean()) > 0.5 > 0.1 > float(before.mean())
        with torch.no_grad(), frozen(f):
            logits = [
                f(x).gather(1, origin[:, None])[:, 0] for x in (seeds, moved[0.0], moved[0.5])
            ]
        assert float((logits[2] < logits[0]).float().mean()) >= 0.95
        assert float((logits[2] < logits[1]).float().mean()) >= 0.95
