from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.kinds import columns_of
from sklimb._compare.data.sides import group_notes, time_notes

RNG = np.random.default_rng(0)
N = 200
Y = RNG.integers(0, 2, N)
BASE = pd.DataFrame({"a": RNG.normal(size=N), "b": RNG.choice(list("uvw"), N)})


def _groups(**more):
    X = BASE.assign(**more)
    return group_notes(X, columns_of(X), Y)


@pytest.mark.parametrize(
    "name, values",
    [
        ("customer_id", RNG.integers(1000, 1040, N)),
        ("patient", [f"P{i:03}" for i in RNG.integers(0, 30, N)]),
        ("machine", np.arange(N) % 6),
        ("sample_id", np.arange(N) // 4),
        ("code", [f"AX-{i:03}" for i in np.arange(N) // 5]),
    ],
)
def test_columns_that_look_like_groups(name, values):
    (note,) = _groups(**{name: values})
    assert f"column {name} looks like a group" in note and f"(--groups {name})" in note


@pytest.mark.parametrize(
    "name, values",
    [
        ("age", RNG.integers(20, 60, N)),
        ("colour", RNG.choice(["red", "blue"], N)),
        ("session", RNG.normal(size=N)),
        ("customer_type", RNG.choice(["a", "b", "c"], N)),
        ("town", [f"town {chr(97 + i)}" for i in RNG.integers(0, 25, N)]),
    ],
)
def test_other_columns(name, values):
    assert _groups(**{name: values}) == []


def _times(**more):
    X = BASE.assign(**more)
    return time_notes(X, columns_of(X))


def test_columns_that_look_like_times():
    days = pd.date_range("2024", periods=N, freq="7h")
    (note,) = _times(paid=days, timestamp=np.arange(N) * 3600 + 1.7e9)
    assert "columns paid, timestamp look like times" in note and "--time paid" in note
    (note,) = _times(paid=days.strftime("%d.%m.%Y"))
    assert "column paid looks like times" in note
    assert _times(charged_back=pd.Series(days).where(Y == 1)) == []
    assert _times(amount=np.arange(N) * 3.5) == []


@pytest.mark.parametrize(
    "name",
    ["KundenNr", "Kundennummer", "patient-nr", "PatientID", "customerId", "Teilnehmer", "compte"],
)
def test_names_in_other_languages_and_in_humps_are_groups(name):
    X = pd.DataFrame({name: np.arange(400) % 100 * 3})
    [note] = group_notes(X, columns_of(X), np.arange(400) % 2)
    assert note.startswith(f"column {name} looks like a group: 100 values")


@pytest.mark.parametrize(
    "values, found",
    [
        ([f"user{i % 100}@example.org" for i in range(400)], True),
        (np.arange(400) % 100 * 7_919_993 + 123_456_789_012, True),
        (np.arange(400) % 100 * 1000 + 10_000_000, False),  # round
        (np.arange(400) % 100 * 17 + 1000, False),  # short
        (np.arange(400) % 100 * 60_001 + 1_600_000_000, False),  # moments
        (np.arange(400) % 100 * 60_001.5 + 1_600_000_000, False),
    ],
)
def test_mails_and_long_numbers_that_come_again_are_groups(values, found):
    X = pd.DataFrame({"c": values})
    assert bool(group_notes(X, columns_of(X), np.arange(400) % 2)) is found
