"""Sizes that fit the data."""

from __future__ import annotations

import itertools
import math

import pytest

from sklimb.backbones._tabular_sizes import choose_sizes, effective_rows

ROWS = [1, 50, 200, 1_000, 5_000, 20_000, 100_000, 1_000_000, 10_000_000]


def steps_of(n, *args):
    sizes = choose_sizes(n, *args)
    return sizes.max_epochs * math.ceil(n / sizes.batch_size)


@pytest.mark.parametrize("in_features", [1, 10, 100, 5_000])
def test_each_is_a_network_that_can_be_built(in_features):
    for n in ROWS:
        sizes = choose_sizes(n, in_features)
        assert all(width % 4 == 0 for width in sizes.hidden)  # see docs/architecture.md
        assert 0 <= sizes.dropout < 1
        assert sizes.max_epochs >= 1
        assert sizes.batch_size >= 1


def test_what_grows_with_the_rows():
    assert choose_sizes(ROWS[0], 10).hidden < choose_sizes(ROWS[-1], 10).hidden
    steps = [steps_of(n, 10) for n in ROWS]
    for fewer, more in itertools.pairwise(steps):
        assert more > 0.8 * fewer  # whole epochs round
    # a small set ends in seconds, and a large one is not gone through for ever
    assert steps_of(200, 10) <= 600
    assert choose_sizes(1_000_000, 10).max_epochs <= 10
    assert choose_sizes(10_000_000, 10).max_epochs == 1


def test_rare_classes_are_trained_for_fewer_steps():
    n = 10_000
    steps = [steps_of(n, 10, [n - rare, rare]) for rare in (5_000, 1_000, 100, 10)]
    assert steps == sorted(steps, reverse=True)
    assert steps[-1] < steps[0] / 5
    assert choose_sizes(n, 10, [5_000, 5_000]) == choose_sizes(n, 10)


def test_no_set_is_trained_for_hardly_any_steps():
    for n, counts in ((20, [10, 10]), (500, [480, 20]), (20_000, [19_990, 10])):
        assert steps_of(n, 10, counts) >= 150  # whole epochs round


def test_many_columns_are_trained_for_fewer_steps():
    n = 500
    usual = steps_of(n, 10)
    assert usual == pytest.approx(3 * n**0.85, rel=0.02)
    for d, times in ((20, 0.5**0.5), (40, 0.5), (50, 0.5), (7, (10 / 7) ** 0.5), (1, 1.25)):
        assert steps_of(n, d) == pytest.approx(times * usual, rel=0.02)
    # columns that are not embedded are pixels or categories
    assert steps_of(n, 51) == usual
    # the most steps, which go by the columns above 16
    assert choose_sizes(10**6, 16) == choose_sizes(10**6, 2)
    assert steps_of(100_000, 64) == pytest.approx(steps_of(100_000, 16) / 4, rel=0.1)


def test_up_to_fifty_columns_are_ranked_and_embedded():
    few, many = choose_sizes(1_000, 50), choose_sizes(1_000, 51)
    assert (few.embedding, few.scaling) == ("periodic", "robust")
    assert (many.embedding, many.scaling) == (None, "standard")


def test_many_rows_get_wider_layers():
    assert choose_sizes(49_999, 10).hidden == (128, 128)
    assert choose_sizes(50_000, 10).hidden == (256, 256)


def test_members_side_by_side_have_half_the_width():
    assert choose_sizes(49_999, 10).hidden_of_member == (64, 64)
    assert choose_sizes(50_000, 10).hidden_of_member == (128, 128)


def test_batches_grow_with_the_rows_between_two_bounds():
    for n, size in ((10, 64), (20_000, 64), (30_000, 128), (100_000, 512), (1_000_000, 1024)):
        assert choose_sizes(n, 10).batch_size == size
    assert choose_sizes(10**8, 10).batch_size == 1024


def test_the_dropout_that_the_tables_were_made_with():
    # 0 and 0.3 are behind it in benchmarks/results/tuning/tabular_ablation.csv
    assert {choose_sizes(n, d).dropout for n in ROWS for d in (1, 100)} == {0.1}


def test_steps_grow_with_the_bits_that_tell_classes_apart():
    n = 800
    two, eight = (steps_of(n, 10, [n / c] * c) for c in (2, 8))
    assert eight == pytest.approx(3**0.5 * two, rel=0.05)
    # one that is not there is nothing to tell apart
    assert choose_sizes(n, 10, [n / 2, 0, n / 2, 0]) == choose_sizes(n, 10, [n / 2, n / 2])


def test_epochs_count_the_last_batch_of_an_epoch():
    sizes = choose_sizes(100, 10)
    assert sizes.batch_size == 64
    assert sizes.max_epochs == 80  # of 2 steps, for the least of 160


def test_effective_rows_against_the_definition():
    assert effective_rows([30, 30, 30]) == pytest.approx(90)
    counts = [100, 20, 5]
    variance = sum(1 / n for n in counts) / 3  # of a class mean, on average, per unit variance
    per_class = 1 / variance  # rows a class of a balanced set with the same
    assert effective_rows(counts) == pytest.approx(3 * per_class)
    assert effective_rows([100, 0, 20, 5]) == effective_rows(counts)


def test_unknown_rows_are_a_few_thousand():
    assert choose_sizes(None, 10) == choose_sizes(5_000, 10)
