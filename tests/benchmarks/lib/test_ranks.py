"""Ranks, paired comparisons and stretches of what is not told apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lib.ranks import compare, differing, draw, groups, mean_ranks, signed_rank_p


@pytest.fixture
def values():
    noise = np.random.default_rng(0).normal(scale=0.01, size=(30, 4))
    return pd.DataFrame(noise + np.array([0.5, 0.502, 0.7, 0.9]), columns=["a", "b", "c", "d"])


def test_the_best_has_the_lowest_rank_whatever_is_better():
    values = pd.DataFrame({"a": [0.9, 0.8], "b": [0.7, 0.8], "c": [0.1, 0.2]})
    assert mean_ranks(values, more_is_better=True).to_dict() == {"a": 1.25, "b": 1.75, "c": 3.0}
    assert mean_ranks(values, more_is_better=False).to_dict() == {"c": 1.0, "b": 2.25, "a": 2.75}


def test_wins_ties_losses_and_the_interval():
    ours, theirs = pd.Series([0.5, 0.6, 0.7, 0.8001]), pd.Series([0.4, 0.7, 0.5, 0.8])
    found = compare(ours, theirs, more_is_better=True)
    assert (found.wins, found.ties, found.losses) == (2, 1, 1)
    assert found.low < found.difference < found.high
    assert found.difference == pytest.approx(0.050025)
    turned = compare(ours, theirs, more_is_better=False)
    assert (turned.wins, turned.ties, turned.losses) == (1, 1, 2)


def test_the_interval_is_that_of_students_t():
    difference = pd.Series([1.0, 2.0, 3.0])
    found = compare(difference, 0 * difference, more_is_better=True)
    assert found.high - found.low == pytest.approx(2 * 4.302653 / np.sqrt(3), rel=1e-6)


def test_equal_methods_are_not_told_apart():
    assert signed_rank_p(np.zeros(5)) == 1.0
    same = pd.Series([0.3, 0.4])
    found = compare(same, same, more_is_better=True)
    assert (found.ties, found.p, found.difference) == (2, 1.0, 0.0)


def test_one_table_has_no_interval():
    found = compare(pd.Series([0.5]), pd.Series([0.4]), more_is_better=True)
    assert np.isnan(found.low) and found.wins == 1


def test_only_what_differs_by_more_than_noise_is_told_apart(values):
    told = differing(values)
    assert frozenset("ad") in told and frozenset("cd") in told
    assert frozenset("ab") not in told


def test_holm_asks_more_of_many_pairs():
    # eight differences of one sign: p is 2 / 256, below 0.05 and above 0.05 / 10
    pair = pd.DataFrame({"a": np.zeros(8), "b": np.arange(1.0, 9.0)})
    assert signed_rank_p((pair["a"] - pair["b"]).to_numpy()) == pytest.approx(2 / 256)
    assert differing(pair) == {frozenset("ab")}
    assert differing(pair.assign(c=0.0, d=0.0, e=0.0)) == set()


def test_groups_are_the_longest_stretches():
    told = {frozenset("ad"), frozenset("ae"), frozenset("be")}
    assert groups(list("abcde"), told) == [(0, 2), (1, 3), (2, 4)]
    assert groups(list("abc"), set()) == [(0, 2)]
    assert groups(list("ab"), {frozenset("ab")}) == []


def test_the_picture_is_written(values, tmp_path):
    draw({"accuracy": (values, True)}, tmp_path / "new" / "ranks.png", "noted")
    assert (tmp_path / "new" / "ranks.png").read_bytes().startswith(b"\x89PNG")
