"""What the RSG paper's ablations change of the generator, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from lib.rsg_ablation import (
    VARIANTS,
    Direct,
    ToCenters,
    WithoutContrast,
    WithoutDirection,
    WithoutLength,
    classifier,
)

from sklimb.losses import position_cosine
from sklimb.transforms import RareSampleGenerator

Y = torch.tensor([0] * 6 + [1] * 2)
MAPS = torch.randn(8, 3, 4, 4, generator=torch.Generator().manual_seed(1))


def made(kind):
    """Return a generator with the same weights for every kind, what it made, and its MV loss."""
    torch.manual_seed(0)
    generator = kind(3, 2, n_centers=2, contrast_channels=4)
    generator.set_class_counts(torch.tensor([60.0, 20.0]))
    generator.start_epoch(0, np.random.default_rng(0))
    maps, y, _ = generator.at_stage(MAPS, Y, None)
    assert y[8:].eq(1).all() and len(maps) > 8
    return generator, maps[8:], generator.terms().get("mv")


def test_what_is_left_out_of_the_mv_loss_and_the_rest_make_the_whole():
    _, new, whole = made(RareSampleGenerator)
    left = [made(kind) for kind in (WithoutDirection, WithoutLength, WithoutContrast)]
    for _, same, loss in left:
        assert torch.equal(same, new)
        assert loss < whole
    assert sum(loss.item() for *_, loss in left) == pytest.approx(2 * whole.item(), rel=1e-4)


def test_without_a_term_t_is_not_moved_by_it():
    generator, _, loss = made(WithoutContrast)
    loss.backward()
    assert generator.vector.weight.grad.abs().sum() > 0
    assert all(p.grad is None for p in generator.contrast.parameters())


def test_rare_centers_stand_in_the_place_of_rare_samples():
    generator, new, _ = made(RareSampleGenerator)
    _, at_centers, _ = made(ToCenters)
    rare = np.tile([6, 7], len(new) // 2)
    away = new - at_centers
    assert torch.allclose(away, generator.displacement(MAPS[rare], Y[rare]), atol=1e-5)


def test_direct_addition_has_no_t_and_no_mv_loss():
    generator, new, loss = made(Direct)
    assert loss is None
    rare = np.tile([6, 7], len(new) // 2)
    shifts = new - MAPS[rare]
    displaced = generator.displacement(MAPS[:6], Y[:6])
    for shift in shifts:
        assert min((shift - own).abs().max() for own in displaced) < 1e-5
    towards = generator.displacement(MAPS[rare], Y[rare])
    expected = position_cosine(shifts, towards).mean().item()
    assert generator.statistics()["mv_cosine"] == pytest.approx(expected, abs=1e-5)


@pytest.mark.filterwarnings("ignore")  # one epoch knows no class
@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_trains(name):
    rng = np.random.default_rng(0)
    X = rng.integers(256, size=(60, 1, 28, 28)).astype(np.float32)
    y = np.repeat(np.arange(3), (40, 15, 5))
    model = classifier(name, epochs=2, generate_from=0.5, seed=0)
    model.set_params(module__channels=(2, 2, 2), warmup_epochs=0, lr=1e-3).fit(X, y)
    if name != "LDAM-DRW":
        assert model.history_[-1, "n_generated"] > 0
        assert model.get_params()["stage"] == VARIANTS[name].stage
