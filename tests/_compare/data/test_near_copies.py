from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_digits, load_iris

from sklimb._compare.data.near_copies import near_notes

RNG = np.random.default_rng(0)
N = 300
Y = RNG.integers(0, 2, N)
TWICE = np.r_[Y, Y]
ORDER = RNG.permutation(2 * N)
PAIR = (ORDER[120:], ORDER[:120])
FRAME = pd.DataFrame(RNG.normal(size=(N, 4)), columns=list("abcd")).assign(
    k=RNG.choice(list("uv"), N)
)


def _twice(**changed):
    return pd.concat([FRAME, FRAME.assign(**changed)], ignore_index=True)


@pytest.mark.parametrize(
    "name, values",
    [
        ("a", RNG.normal(size=N)),
        ("k", np.where(FRAME["k"] == "u", "v", "u")),
        ("when", pd.date_range("2024-01-01", periods=N, freq="h")),
    ],
)
def test_rows_that_are_the_same_but_for_one_column(name, values):
    """A row recorded again a second later was scored by itself, without a word."""
    X = _twice(**{name: values})
    (note,) = near_notes(X, TWICE, PAIR)
    again = np.isin((PAIR[1] + N) % (2 * N), PAIR[0]).mean()
    assert note.startswith(f"{again:.0%} of the scored rows are the same as one that was learnt")
    assert f"in every column but {name}, all of them with its class" in note
    assert "one group (--groups)" in note
    other = np.r_[Y, 1 - Y]
    assert f"but {name}, 0% of them with its class" in near_notes(X, other, PAIR)[0]


def test_arrays_columns_left_out_and_few_copies():
    X = _twice(a=RNG.normal(size=N)).drop(columns="k")
    assert "in every column but 0, all of" in near_notes(X.to_numpy(), TWICE, PAIR)[0]
    assert near_notes(X.assign(row=ORDER, b=ORDER[::-1]), TWICE, PAIR) == []
    assert len(near_notes(X.assign(row=ORDER), TWICE, PAIR, ["row"])) == 1
    X.iloc[N + 10 :] = RNG.normal(size=(N - 10, 4))
    assert near_notes(X, TWICE, PAIR) == []


@pytest.mark.parametrize("size, told", [(0.001, True), (0.01, True), (1.0, False)])
def test_rows_copied_with_noise(size, told):
    moved = FRAME[list("abcd")] + size * RNG.normal(size=(N, 4))
    notes = near_notes(_twice(**moved), TWICE, PAIR)
    assert bool(notes) == told
    for note in notes:
        assert note.startswith("about ") and "lie ten times nearer to one that was learnt" in note
        assert "all of them with its class" in note


def test_columns_of_few_values_are_equal_by_nature():
    few = pd.DataFrame({c: RNG.integers(0, 3, 2 * N) for c in "abcde"})
    assert near_notes(few, TWICE, PAIR) == []
    assert near_notes(few.assign(amount=RNG.lognormal(size=2 * N)), TWICE, PAIR) == []
    ages = few.assign(age=RNG.integers(18, 90, 2 * N), amount=RNG.lognormal(size=2 * N))
    assert near_notes(ages, TWICE, PAIR) == []


def test_ordinary_tables_and_what_is_none():
    X, y = load_iris(return_X_y=True)
    order = np.random.default_rng(0).permutation(150)
    assert near_notes(X, y, (order[30:], order[:30])) == []
    assert near_notes(pd.concat([FRAME, FRAME], ignore_index=True), TWICE, PAIR) == []  # equal
    assert near_notes(sparse.csr_matrix(X), y, (order[30:], order[:30])) == []
    assert near_notes(np.array(["text"] * 2 * N, dtype=object), TWICE, PAIR) == []
    assert near_notes(FRAME[["a", "b"]], Y, (np.arange(200), np.arange(200, 300))) == []


DIGITS = load_digits().images[:N, None] * 15.0
BLURRED = np.repeat(np.repeat(DIGITS, 3, axis=2), 3, axis=3)


@pytest.mark.parametrize(
    "change",
    [
        lambda images: images[:, :, :, ::-1],
        lambda images: 0.7 * images + 30,
        lambda images: images + np.random.default_rng(1).normal(scale=6, size=images.shape),
        lambda images: (9 * images + np.roll(images, 1, 3)) / 10,  # as after another size
    ],
)
def test_images_that_look_the_same(change):
    """Resized and mirrored copies of pictures were on both sides of a split, without a word."""
    images = np.concatenate([BLURRED, change(BLURRED)])
    (note,) = near_notes(images, TWICE, PAIR, noun="image")
    assert (
        note.startswith("about ") and "of the scored images look the same as one that was" in note
    )
    assert "all of them with its class" in note and "--groups" in note
    share = int(note.removeprefix("about ").split("%")[0])
    assert share > 40


def test_ordinary_images():
    assert near_notes(BLURRED, Y, (np.arange(60, N), np.arange(60)), noun="image") == []
    flat = np.zeros((N, 3, 5, 7), dtype=np.uint8)
    assert near_notes(flat, Y, (np.arange(60, N), np.arange(60)), noun="image") == []
