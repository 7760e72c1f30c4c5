"""Sizes that fit the data."""

from __future__ import annotations

import pytest

from sklimb.backbones._tabular_sizes import choose_sizes

ROWS = [1, 50, 200, 1_000, 5_000, 20_000, 100_000, 1_000_000, 10_000_000]


@pytest.mark.parametrize("in_features", [1, 10, 100, 5_000])
def test_each_is_a_network_that_can_be_built(in_features):
    for n in ROWS:
        sizes = choose_sizes(n, in_features)
        assert sizes.n_members >= 1
        assert all(width % 4 == 0 for width in sizes.hidden)  # see docs/architecture.md
        assert 0 <= sizes.dropout < 1
        assert sizes.max_epochs >= 1
        assert sizes.batch_size >= 1


def test_what_grows_with_the_rows():
    sizes = [choose_sizes(n, 10) for n in ROWS]
    assert sizes[0].hidden < sizes[-1].hidden
    steps = [s.max_epochs * -(-n // s.batch_size) for n, s in zip(ROWS, sizes)]
    assert steps == sorted(steps)
    # a small set ends in seconds, and a large one is not gone through for ever
    assert steps[ROWS.index(200)] <= 1_000
    assert sizes[-1].max_epochs <= 5


def test_unknown_rows_are_a_few_thousand():
    assert choose_sizes(None, 10) == choose_sizes(5_000, 10)
