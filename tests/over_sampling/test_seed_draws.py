"""What Algorithm 1 draws first: classes by Eq. 5, rows evenly, first rejections by Eq. 3."""

from __future__ import annotations

import numpy as np
import pytest

from sklimb.over_sampling._seed_draws import draw_seeds

SIZES = [300, 80, 20, 81]
N = 40_000
# a share of N draws is this far off once in 10,000 times at most
NEAR = 4 * 0.5 / np.sqrt(N)


def accepted(size, target_size, beta):
    """One minus Eq. 3: how likely a seed of a class is to be translated."""
    return 1 - beta ** max(size - target_size, 0)


@pytest.fixture(scope="module")
def codes():
    return np.random.default_rng(0).permutation(np.repeat(range(4), SIZES))


@pytest.fixture(scope="module", params=[0.0, 0.9, 0.99, 0.999])
def drawn(request, codes):
    return request.param, draw_seeds(codes, [0, N, N, 0], request.param, np.random.default_rng(1))


def test_classes_are_drawn_by_equation_5(drawn, codes):
    beta, draws = drawn
    for k in (1, 2):
        accept = [accepted(size, SIZES[k], beta) for size in SIZES]
        seeds = codes[draws.seed[draws.target == k]]
        assert len(seeds) == N
        for k0 in range(4):
            assert abs((seeds == k0).mean() - accept[k0] / sum(accept)) < NEAR
            assert accept[k0] or not (seeds == k0).any()


def test_seeds_are_tried_by_equation_3(drawn, codes):
    beta, draws = drawn
    for k in (1, 2):
        for k0 in range(4):
            here = (draws.target == k) & (codes[draws.seed] == k0)
            if here.sum() < 100:
                continue
            accept = accepted(SIZES[k0], SIZES[k], beta)
            assert abs(draws.tried[here].mean() - accept) < 4 * 0.5 / np.sqrt(here.sum())
            assert 0 < accept < 1 or (draws.tried[here] == accept).all()


def uniform(drawn_rows, rows):
    """Whether rows, and no others, are drawn evenly (chi-squared, within 5 deviations)."""
    seen = np.bincount(drawn_rows, minlength=sum(SIZES))
    assert seen.sum() == seen[rows].sum()
    expected = len(drawn_rows) / len(rows)
    chi_squared = ((seen[rows] - expected) ** 2 / expected).sum()
    free = len(rows) - 1
    return abs(chi_squared - free) < 5 * np.sqrt(2 * free)


def test_all_rows_of_a_class_are_drawn_evenly(drawn, codes):
    _, draws = drawn
    for k in (1, 2):
        own = draws.target == k
        assert uniform(draws.repeated[own], np.flatnonzero(codes == k))
        for k0 in range(4):
            here = own & (codes[draws.seed] == k0)
            if here.sum() > 20 * SIZES[k0]:
                assert uniform(draws.seed[here], np.flatnonzero(codes == k0))


def test_seeds_and_repeated_rows_are_independent(drawn):
    _, draws = drawn
    own = draws.target == 2
    assert abs(np.corrcoef(draws.repeated[own], draws.seed[own])[0, 1]) < 2 * NEAR


def test_entries_are_class_by_class_and_as_many_as_asked(codes):
    draws = draw_seeds(codes, [3, 0, 5, 2], 0.9, np.random.default_rng(0))
    assert draws.target.tolist() == [0] * 3 + [2] * 5 + [3] * 2
    np.testing.assert_array_equal(codes[draws.repeated], draws.target)
    assert len(draws.seed) == len(draws.tried) == 10
    sizes = np.array(SIZES)
    larger = sizes[codes[draws.seed[3:]]] > sizes[draws.target[3:]]
    assert larger.all()
    assert {part.dtype.kind for part in draws[:3]} == {"i"} and draws.tried.dtype == bool


def test_the_largest_class_has_no_seeds(codes):
    draws = draw_seeds(codes, [50, 0, 50, 0], 0.9, np.random.default_rng(0))
    largest = draws.target == 0
    assert (draws.seed[largest] == -1).all() and not draws.tried[largest].any()
    assert (draws.seed[~largest] >= 0).all()
    assert len(set(draws.repeated[largest])) > 30  # they are repeated all the same


def test_equal_classes_have_no_seeds():
    draws = draw_seeds(np.array([0, 1, 0, 1]), [2, 2], 0.0, np.random.default_rng(0))
    assert draws.seed.tolist() == [-1] * 4 and not draws.tried.any()


def test_beta_of_one_has_no_seeds(codes):
    draws = draw_seeds(codes, [0, 9, 9, 9], 1.0, np.random.default_rng(0))
    assert draws.seed.tolist() == [-1] * 27 and not draws.tried.any()


def test_a_class_of_one_row():
    draws = draw_seeds(np.array([0, 0, 1, 0]), [0, 40], 0.5, np.random.default_rng(0))
    assert (draws.repeated == 2).all() and set(draws.seed) == {0, 1, 3}


def test_nothing_to_draw(codes):
    draws = draw_seeds(codes, [0] * 4, 0.9, np.random.default_rng(0))
    assert [len(part) for part in draws] == [0] * 4


def test_the_generator_decides_on_all(codes):
    one, same, other = (
        draw_seeds(codes, [0, 30, 30, 0], 0.99, np.random.default_rng(seed)) for seed in (3, 3, 4)
    )
    for part, again, new in zip(one, same, other):
        np.testing.assert_array_equal(part, again)
        assert part is one.target or not np.array_equal(part, new)
