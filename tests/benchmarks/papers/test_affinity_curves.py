"""Figures 5 to 8 of the affinity paper, drawn of rows that are made here."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest
from papers.affinity_curves import draw, varied


def row(experiment, setting, method, accuracy, seed="0", epochs="6"):
    return {
        "experiment": experiment, "setting": setting, "method": method, "seed": seed,
        "epochs": epochs, "share": "0.25", "accuracy": str(accuracy),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("2.5 % of 0 to 4", "2.5"),
        ("30 % wrong labels", "30"),
        ("10 % of 0 to 4, sigma 0.1", "0.1"),
        ("10 % of 0 to 4, 20 prototypes", "20"),
    ],
)
def test_what_is_varied(setting, expected):
    assert varied(setting) == expected


def test_errors_are_means_of_the_least_cut_protocol_in_the_papers_order():
    rows = [
        row("fig6", "50 % of 0 to 4", "affinity", 98),
        row("fig6", "50 % of 0 to 4", "affinity", 97, seed="1"),
        row("fig6", "100 % of 0 to 4", "affinity", 99),
        row("fig6", "100 % of 0 to 4", "softmax", 96),
        row("fig6", "25 % of 0 to 4", "affinity", 10, epochs="1"),
        row("fig7", "10 % of 0 to 4, sigma 5", "affinity", 95),
        row("table1", "standard", "affinity", 1),
    ]
    figure = draw(lambda file: rows if "mnist" in file else [])
    left, right = figure.axes
    affinity, softmax = left.get_lines()
    assert [label.get_text() for label in left.get_xticklabels()] == ["100", "50"]
    assert affinity.get_ydata().tolist() == [1, 2.5]
    assert softmax.get_ydata()[0] == 4
    assert "6 epochs, 25% of the images" in left.get_title()
    assert right.get_lines()[0].get_ydata().tolist() == [5]
    plt.close(figure)


def test_small_digits_stand_in_where_mnist_is_not_whole():
    small = row("fig8", "10 % of 0 to 4, 1 prototypes", "affinity", 90)
    part = [row("fig8", "10 % of 0 to 4, 3 prototypes", "affinity", 99)]
    figure = draw(lambda file: part if "mnist" in file else [small])
    (ax,) = figure.axes
    assert ax.get_lines()[0].get_ydata().tolist() == [10]
    assert "8 x 8 digits" in ax.get_title()
    plt.close(figure)


def test_without_rows_it_says_what_to_do():
    with pytest.raises(SystemExit, match=r"No rows of Figures 5 to 8.*affinity_mnist.py"):
        draw(lambda file: [])
