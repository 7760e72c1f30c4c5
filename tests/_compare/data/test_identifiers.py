from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.identifiers import (
    are_grouped_codes,
    counts_rows,
    is_name_of_numbers,
    names_rows,
)

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    "name, values",
    [
        ("x", 100 - np.arange(40)),
        ("row", np.cumsum(RNG.integers(1, 50, 40))),
        ("x", np.r_[np.arange(39.0), np.nan]),
        ("x", RNG.permutation(40) + 1000),
        ("customer_id", RNG.choice(10**7, 40, replace=False)),
    ],
)
def test_numbers_of_rows(name, values):
    assert counts_rows(name, pd.Series(values))


@pytest.mark.parametrize(
    "values",
    [RNG.choice(10**7, 40, replace=False), np.arange(40) // 2, np.linspace(0, 1, 40), np.arange(5)],
)
def test_other_numbers(values):
    assert not counts_rows("x", pd.Series(values))


def test_names_of_numbers():
    assert all(map(is_name_of_numbers, ["id", "Customer ID", "row", "Unnamed: 0", "order-no"]))
    assert not any(map(is_name_of_numbers, ["paid", "width", "amount", 3]))


def test_text_that_hardly_repeats_names_rows():
    assert names_rows(0.97, 500) and not names_rows(0.8, 500) and not names_rows(1.0, 5)


def test_codes_in_groups_are_told_from_words():
    ibans = [f"DE{i % 90 + 10} 37{i:02d} 0044 0532 01{i % 77:02d} 00" for i in range(99)]
    assert are_grouped_codes(ibans)
    assert not are_grouped_codes([f"parcel number {i} has arrived" for i in range(99)])
    assert not are_grouped_codes(["I10 E11.9", "J45", "N18 C50 Z00", "I10 J45 N18 Z00"] * 3)
    assert not are_grouped_codes(["no digits here at all"])
    assert not are_grouped_codes([])
