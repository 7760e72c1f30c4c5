from __future__ import annotations

import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from sklimb.inspection import ConfusionDisplay
from sklimb.inspection._drawing import (
    COLOURS,
    MARKERS,
    axes_for,
    draw_sizes,
    figure_for,
    n_labelled_lines,
    set_class_ticks,
    shortened,
    style,
)


def relative_luminance(colour):
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in mpl.colors.to_rgb(colour)
    ]
    return np.dot([0.2126, 0.7152, 0.0722], linear)


def test_settings_of_matplotlib_are_left_alone():
    before = dict(mpl.rcParams)
    ConfusionDisplay.from_predictions([0, 1, 1], [0, 1, 0])
    assert dict(mpl.rcParams) == before


def test_series_differ_by_more_than_colour():
    looks = [tuple(style(i).values()) for i in range(len(COLOURS) * len(MARKERS))]
    assert len(set(looks)) == len(looks)
    assert len({marker for _, marker in looks[: len(MARKERS)]}) == len(MARKERS)


@pytest.mark.parametrize("colour", COLOURS)
def test_a_line_is_seen_on_white(colour):
    assert 1.05 / (relative_luminance(colour) + 0.05) >= 2  # Okabe & Ito's palest that we take


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"ConfusionDisplay.plot requires matplotlib"):
        ConfusionDisplay.from_predictions([0, 1], [0, 1])


def test_given_axes_are_drawn_into():
    ax = Figure().subplots()
    assert axes_for(None, ax) == (ax.figure, ax)
    assert ConfusionDisplay.from_predictions([0, 1], [0, 1], ax=ax).ax_ is ax


def test_the_place_of_axes_is_divided():
    figure = Figure()
    by_grid, by_hand = figure.subplots(1, 2)[1], figure.add_axes((0.1, 0.1, 0.2, 0.2))
    for ax in (by_grid, by_hand):
        made, place, new = figure_for(None, ax, (1, 1))
        assert made is figure and not new
        box = place.get_position(figure)
        assert np.allclose(box.bounds, ax.get_position().bounds)


def test_few_classes_are_named_and_many_ranked():
    few, many = Figure().subplots(1, 2)
    set_class_ticks(few, ["a", "b"])
    set_class_ticks(many, range(100))
    assert [t.get_text() for t in few.get_xticklabels()] == ["a", "b"]
    assert [t.get_text() for t in many.get_xticklabels()][:2] == ["1", "10"]
    assert "rank of 100" in many.get_xlabel()


def test_long_names_are_turned_and_cut():
    ax = Figure().subplots()
    set_class_ticks(ax, ["a long name of a class"] * 10)
    assert ax.get_xticklabels()[0].get_rotation() == 90
    assert len(shortened("x" * 50)) == 24


def test_long_names_stay_apart_when_they_are_cut():
    assert shortened("x" * 24) == "x" * 24
    names = [f"a rather long name of a class, number {i}" for i in range(100)]
    cut = [shortened(name) for name in names]
    assert len(set(cut)) == 100
    assert max(map(len, cut)) <= 24


def test_sizes_far_apart_go_by_logarithms():
    for counts, scale in (([100, 50], "linear"), ([1000, 3, 0], "log")):
        behind = draw_sizes(Figure().subplots(), np.array(counts), "samples")
        assert behind.get_yscale() == scale


def test_only_series_are_counted():
    ax = Figure().subplots()
    ax.plot([0, 1], label="a classifier")
    ax.axhline(0.5)
    assert n_labelled_lines(ax) == 1
