"""Translation inside a batch: who is replaced, from what, and what is recorded."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from sklimb._training.objective import BatchOutput
from sklimb.transforms.m2m import frozen, translate
from sklimb.transforms.major_to_minor import MajorToMinor

COUNTS = torch.tensor([400.0, 100.0, 25.0, 10.0])


def network(seed=0):
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Dropout(0.5), nn.Linear(6, 4)).double()
    net.register_buffer("like", torch.zeros((), dtype=torch.float64))
    return net


def build(epoch=0, **settings):
    defaults = {"lam": 0.1, "beta": 0.0, "gamma": 0.0, "step_size": 0.2, "n_steps": 3}
    f = settings.pop("f", None) or network(1)
    transform = MajorToMinor(f, 4, **defaults | {"translate_from": 0} | settings)
    transform.set_source(network(0))
    transform.set_class_counts(COUNTS)
    transform.start_epoch(epoch, np.random.default_rng(0))
    return transform


def batch(n=4000, seed=0):
    torch.manual_seed(seed)
    return torch.randn(n, 3, dtype=torch.float64), torch.randint(0, 4, (n,))


def test_before_its_epoch_a_batch_is_the_same_object():
    transform = build(epoch=2, translate_from=3)
    x, y = batch(8)
    weight = torch.ones(8)
    assert all(a is b for a, b in zip(transform.at_input(x, y, weight), (x, y, weight)))
    assert not transform.balanced_draws
    assert transform.statistics()["n_to_translate"] == 0
    transform.start_epoch(3, np.random.default_rng(0))
    assert transform.balanced_draws


def test_rows_are_replaced_as_often_as_the_paper_says():
    x, y = batch(20_000)
    moved, labels, _ = build(lam=0.0).at_input(x, y, None)
    changed = (moved != x).any(1)
    assert torch.equal(labels, y)
    for k in range(4):
        share = float(changed[y == k].double().mean())
        assert share == pytest.approx(1 - float(COUNTS[k]) / 400, abs=0.015)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rows_stay_in_the_range_of_each_column_to_the_bit(dtype):
    x, y = batch(3000)
    low, high = torch.tensor([[-0.3, -0.7, 1e-3], [0.1, 0.9, 1.1e-3]], dtype=torch.float64)
    x = torch.minimum(torch.maximum(x, low), high).to(dtype)
    low, high = x.min(0).values, x.max(0).values
    for scale in (0.3, 0.7, 3.7, 11.0):  # a limit over these times these is off by a rounding
        transform = build(f=network(1).to(dtype), step_size=5.0)
        transform.set_source(network(0).to(dtype))
        transform.set_rows(
            torch.full((3,), scale, dtype=torch.float64), low.double(), high.double()
        )
        moved = transform.at_input(x, y, None)[0]
        assert (moved >= low).all()
        assert (moved <= high).all()
        assert ((moved == low) | (moved == high)).any(1).double().mean() > 0.2


def test_the_noise_at_the_start_is_as_long_as_said():
    start, classes = batch(30)
    for noise in (0.0, 0.1, 0.5):
        transform = build(n_steps=0, noise=noise)
        generator = torch.Generator().manual_seed(0)
        moved, _ = transform.translated(start, classes, classes, generator)
        length = (moved - start).norm(dim=1)
        assert length.max().item() == pytest.approx(noise, rel=1e-9)


def test_without_bounds_rows_leave_the_range():
    x, y = batch(300)
    low, high = x.min(0).values, x.max(0).values
    for bounded in (True, False):
        transform = build(step_size=5.0, bounded=bounded)
        transform.set_rows(torch.ones(3).double(), low, high)
        moved = transform.at_input(x, y, None)[0]
        assert bool(((moved < low) | (moved > high)).any()) != bounded


def test_seeds_and_coin_follow_equations_3_and_5():
    y = batch(12_000)[1]
    transform = build(beta=0.99)
    rows, seeds = transform._draw(y.numpy())
    targets, origins = y[rows], y[seeds]
    for k in range(1, 4):
        surplus = (COUNTS - COUNTS[k]).clamp_min(0).double()
        accept = 1 - 0.99**surplus
        own = targets == k
        # of the rows to replace, those whose coin fell well
        expected = float((accept**2).sum() / accept.sum() * (1 - COUNTS[k] / 400))
        assert float(own.sum() / (y == k).sum()) == pytest.approx(expected, abs=0.03)
        # drawn by Q, kept by the coin
        share = (accept**2 / (accept**2).sum()).tolist()
        found = [float((origins[own] == k0).double().mean()) for k0 in range(4)]
        assert found == pytest.approx(share, abs=0.03)
    # every row of a class is as likely a seed as another
    drawn = np.bincount(seeds[(origins == 0).numpy()], minlength=len(y))[y.numpy() == 0]
    assert drawn.sum() / len(drawn) == pytest.approx(drawn.var(), rel=0.15)  # as Poisson's


def test_only_classes_of_the_batch_give_seeds():
    x = torch.randn(60, 3, dtype=torch.float64)
    y = torch.tensor([1, 3] * 30)
    rows, seeds = build()._draw(y.numpy())
    assert set(y[rows].tolist()) == {3} and set(y[seeds].tolist()) == {1}
    alone = build()
    assert alone.at_input(x, torch.full((60,), 2), None)[0] is x
    assert alone.statistics()["n_to_translate"] == 0


@pytest.mark.parametrize("bounded", [True, False])
def test_a_replaced_row_is_the_translation_of_its_seed(bounded):
    from tests.transforms.test_m2m import naive_translate

    x, y = batch(40)
    scale = torch.tensor([1.0, 5.0, 0.2]).double()
    transform = build(lam=0.7, noise=0.0, bounded=bounded)
    low, high = x.min(0).values, x.max(0).values
    transform.set_rows(scale, low, high)
    infinite = torch.full((3,), torch.inf).double()
    low, high = (low, high) if bounded else (-infinite, infinite)
    rows, seeds = build(lam=0.7)._draw(y.numpy())  # the same draws

    def in_units(net):
        first = nn.Linear(3, 6).double()
        first.weight.data, first.bias.data = net[0].weight.data * scale, net[0].bias.data
        return nn.Sequential(first, *net[1:])

    expected = scale * naive_translate(
        x[seeds] / scale, y[seeds], y[rows], in_units(network(0)), in_units(network(1)),
        0.7, 0.2, 3, torch.zeros(len(rows), 3), low / scale, high / scale,
    )  # fmt: skip
    found = transform.at_input(x, y, None)[0]
    torch.testing.assert_close(found[rows], expected)
    others = np.setdiff1d(np.arange(40), rows)
    assert len(others) and torch.equal(found[others], x[others])


def test_a_member_that_leaves_out_a_seed_leaves_out_its_translation():
    x, y = batch(40)
    rows, seeds = build()._draw(y.numpy())  # the same draws
    weight = (torch.arange(40)[:, None] % 2 != torch.arange(2)).double() * 3.0
    _, _, got = build().at_input(x, y, weight)
    expected = weight.clone()
    for row, seed in zip(rows, seeds, strict=True):
        expected[row] *= weight[seed] > 0
    assert torch.equal(got, expected) and not torch.equal(got, weight)


def test_whether_anything_may_be_translated_goes_by_counts_and_beta():
    for counts, beta, may in (
        ([9, 9, 9], 0.5, False),
        ([9, 8, 9], 0.5, True),
        ([9, 8, 9], 1.0, False),
        ([9, 8, 9], 0.0, True),
    ):
        transform = MajorToMinor(
            network(1), 3, lam=0.1, beta=beta, gamma=0.9, step_size=0.1, n_steps=1, translate_from=0
        )
        transform.set_class_counts(torch.tensor(counts, dtype=torch.float64))
        assert transform.may_translate is may


def test_translation_starts_from_noise_in_the_units_of_the_steps():
    x, y = batch(600)
    transform = build(n_steps=0)
    scale = torch.tensor([1.0, 5.0, 0.2]).double()
    transform.set_rows(scale, torch.full((3,), -1e9).double(), torch.full((3,), 1e9).double())
    found = transform.at_input(x, y, None)[0]
    rows, seeds = build()._draw(y.numpy())
    noise = (found[rows] - x[seeds]) / scale
    length = noise.norm(dim=1)
    assert float(length.max()) <= 0.5 + 1e-9 and float(length.median()) > 0.4
    assert float((noise > 0).double().mean()) == pytest.approx(0.5, abs=0.1)
    # each row, batch and epoch has its own
    assert len(torch.unique(noise[:, 0])) == len(noise)
    again = transform.at_input(x, y, None)[0]
    assert not torch.equal(again, found)


def test_gamma_is_g_s_confidence():
    x, y = batch(500)
    free, _, _ = build(gamma=0.0).at_input(x, y, None)
    strict = build(gamma=0.4)
    some, _, _ = strict.at_input(x, y, None)
    changed = (free != x).any(1)
    with torch.no_grad():
        sure = network(0).eval()(free).softmax(1)[torch.arange(500), y] >= 0.4
    assert 0 < int((changed & sure).sum()) < int(changed.sum())
    assert torch.equal((some != x).any(1), changed & sure)
    figures = strict.statistics()
    assert figures["n_to_translate"] == int(changed.sum())


def test_what_is_recorded():
    x, y = batch(200)
    transform = build(gamma=0.3)
    moved, labels, _ = transform.at_input(x, y, None)
    scores = torch.randn(200, 4, dtype=torch.float64)
    transform.after_scores(BatchOutput(labels, None, scores, scores, None))
    changed = (moved != x).any(1)
    asked = build(gamma=0.0).at_input(x, y, None)[0]
    confidence = network(0).eval()(asked).softmax(1)[torch.arange(200), y].detach()
    tried = (asked != x).any(1)
    figures = transform.statistics()
    assert figures == {
        "n_to_translate": int(tried.sum()),
        "n_translated": int(changed.sum()),
        "acceptance_rate": pytest.approx(float(changed.sum() / tried.sum())),
        "source_confidence": pytest.approx(float(confidence[tried].mean())),
        "translated_loss": pytest.approx(float(F.cross_entropy(scores[changed], y[changed]))),
    }
    pickle.dumps(transform)


class Members(nn.Module):
    """Two networks in one, as `sklimb._training.network.Network` has them."""

    n_members = 2

    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleList([network(1), network(2)])
        self.register_buffer("like", torch.zeros((), dtype=torch.float64))

    def features(self, x):
        return x

    def head(self, x):
        return torch.stack([part(x) for part in self.parts], 1)

    def forward(self, x):
        return self.head(x).softmax(2).mean(1).log()


def test_of_members_f_is_the_mean_of_scores_and_the_loss_the_mean_of_losses(monkeypatch):
    import sklimb.transforms.major_to_minor as module

    monkeypatch.setattr(module, "start_noise", lambda like, generator, **_: 0 * like)
    x, y = batch(60)
    f = Members()
    transform = build(f=f, lam=5.0)
    found, labels, _ = transform.at_input(x, y, None)
    rows, seeds = build()._draw(y.numpy())

    def mean_score(x):
        return (f.parts[0](x) + f.parts[1](x)) / 2

    g = network(0)
    with frozen(f):
        expected = translate(x[seeds], y[seeds], y[rows], g, mean_score, 5.0, 0.2, 3)
    torch.testing.assert_close(found[rows], expected)
    scores = torch.randn(60, 2, 4, dtype=torch.float64)
    transform.after_scores(BatchOutput(labels, None, scores, scores, None))
    losses = [-float(scores[i, j].log_softmax(0)[y[i]]) for i in rows.tolist() for j in range(2)]
    assert transform.statistics()["translated_loss"] == pytest.approx(np.mean(losses))


def test_clean_seeds_take_the_seed_itself():
    x, y = batch(80)
    found, labels, _ = build(clean_seeds=True).at_input(x, y, None)
    rows, seeds = build()._draw(y.numpy())
    assert torch.equal(found[rows], x[seeds]) and torch.equal(labels, y)


def test_a_random_label_is_a_third_class():
    x, y = batch(3000)
    labels = build(random_label=True).at_input(x, y, None)[1]
    rows, seeds = build()._draw(y.numpy())
    assert bool((labels[rows] != y[rows]).all()) and bool((labels[rows] != y[seeds]).all())
    others = np.setdiff1d(np.arange(3000), rows)
    assert torch.equal(labels[others], y[others])
    # of the two that are left for a pair, each half of the times
    pair = (y[rows] == 2) & (y[seeds] == 0)
    assert float((labels[rows][pair] == 1).double().mean()) == pytest.approx(0.5, abs=0.1)
    assert set(labels[rows][pair].tolist()) == {1, 3}


def test_a_pool_is_where_all_seeds_come_from():
    x, y = batch(300)
    transform = build(clean_seeds=True)
    pool = 100 + torch.arange(8, dtype=torch.float64).view(8, 1).expand(8, 3)
    codes = np.array([0, 1, 0, 1, 2, 3, 2, 3])
    transform.set_pool(pool, codes)
    found = transform.at_input(x, y, None)[0]
    taken = found[(found != x).any(1)][:, 0].unique()
    assert taken.tolist() == [100, 101, 102, 103, 104, 106]  # 3 is the smallest class
    into = y[(found != x).any(1) & (found[:, 0] == 104)]
    assert set(into.tolist()) == {3}


def test_a_seed_of_the_pool_has_the_class_it_has_there(monkeypatch):
    import sklimb.transforms.major_to_minor as module

    x, y = batch(400)
    codes = np.array([0, 1, 0, 1, 2, 3, 2, 3])
    pool = 100 + torch.arange(8, dtype=torch.float64).view(8, 1).expand(8, 3)
    asked = []

    def translate(x, seed_class, target_class, *args, **kwargs):
        asked.append((x[:, 0].clone(), seed_class))
        return x

    monkeypatch.setattr(module, "translate", translate)
    transform = build(clean_seeds=True, random_label=True)
    transform.set_pool(pool, codes)
    found, labels, _ = transform.at_input(x, y, None)
    ((seeds, classes),) = asked
    np.testing.assert_array_equal(codes[seeds.long() - 100], classes)
    replaced = (found != x).any(1)
    origin = codes[found[replaced][:, 0].long() - 100]
    assert (labels[replaced].numpy() != origin).all()
    assert bool((labels[replaced] != y[replaced]).all())


def test_whole_numbers_and_sparse_batches():
    x, y = batch(50)
    f = network(1)
    small = (10 * x.abs()).to(torch.uint8)
    found = build(f=f).at_input(small, y, None)[0]
    rows, _ = build()._draw(y.numpy())
    others = np.setdiff1d(np.arange(50), rows)
    assert found.dtype == torch.float64 and torch.equal(found[others], small[others].double())
    sparse = x.to_sparse_csr()
    torch.testing.assert_close(
        build().at_input(sparse, y, None)[0], build().at_input(x, y, None)[0]
    )
    assert f.training and all(p.grad is None for p in f.parameters())


def test_f_is_no_part_of_it_and_g_must_be_set():
    transform = build()
    g = list(transform.source.parameters())
    assert [id(p) for p in transform.parameters()] == [id(p) for p in g]
    transform.source = None
    with pytest.raises(RuntimeError, match="set_source"):
        transform.at_input(*batch(20), None)
