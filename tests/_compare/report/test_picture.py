from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sklimb._compare.report.picture import draw, figure_size
from sklimb.inspection._drawing import shortened

LABELS = {
    "forest": "balanced random forest",
    "logistic": "logistic regression, balanced",
    "smote": "SMOTE + net",
}


def _drawn(names, counts, n_splits=5):
    rng = np.random.RandomState(0)
    columns = {name: rng.rand(len(names)) for name in LABELS}
    recalls = pd.DataFrame({"rows": counts, **columns}, index=pd.Index(names, name="class"))
    recalls.iloc[-1, 1] = np.nan
    figure = Figure(figsize=figure_size(recalls), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = draw(figure, recalls, LABELS, dict.fromkeys(LABELS, n_splits))
    canvas.draw()
    return figure, *axes, canvas.get_renderer()


def _names(axes, renderer):
    labels = [label for label in axes.get_xticklabels() if label.get_text()]
    return labels, [label.get_window_extent(renderer) for label in labels]


@pytest.mark.parametrize(
    "names",
    [
        ["negative", "positive"],
        ["<=50K", ">50K and a name that no axis has room for"],
        [f"class-{i}" for i in range(10)],
        [f"strategic-metal-{i}" for i in range(36)],
        [str(i) for i in range(100)],
    ],
    ids=len,
)
def test_names_can_be_read_with_few_and_with_many_classes(names):
    figure, _, recall, renderer = _drawn(names, np.linspace(5000, 2, len(names)).astype(int))
    labels, boxes = _names(recall, renderer)
    assert [label.get_text() for label in labels] == [shortened(name) for name in names]
    assert min(label.get_fontsize() for label in labels) >= 7
    for left, right in pairwise(boxes):
        assert left.x1 <= right.x0 + 1
    width, height = figure.bbox.x1, figure.bbox.y1
    for box in [*boxes, figure._suptitle.get_window_extent(renderer)]:
        assert box.x0 >= 0
        assert box.x1 <= width
        assert box.y0 >= 0
        assert box.y1 <= height


def test_it_shows_the_recalls_and_the_sizes():
    _, sizes, recall, _ = _drawn(["a", "b"], [90, 10])
    assert [bar.get_height() for bar in sizes.patches] == [90, 10]
    assert [text.get_text() for text in sizes.texts] == ["90", "10"]
    assert [label.get_text() for label in recall.get_yticklabels()] == list(LABELS.values())
    shown = np.asarray(recall.images[0].get_array())
    assert shown.shape == (3, 2)
    assert [text.get_text() for text in recall.texts][1] == "-"
    assert recall.texts[0].get_text() == f"{shown[0, 0]:.0f}"


def test_sizes_are_on_a_log_scale_where_they_differ_much():
    assert _drawn(["a", "b"], [90, 10])[1].get_yscale() == "linear"
    assert _drawn(["a", "b"], [9000, 10])[1].get_yscale() == "log"


def test_very_many_classes_are_ranked_instead_of_named():
    _, _, recall, _ = _drawn([f"c{i}" for i in range(150)], np.full(150, 10))
    assert "rank of the class by size (1 to 150)" in recall.get_xlabel()


@pytest.mark.parametrize(
    ("n_splits", "over"),
    [
        ({"forest": 1, "logistic": 1, "smote": 1}, ""),
        ({"forest": 2, "logistic": 2, "smote": 2}, ", mean over 2 splits"),
        ({"forest": 3, "logistic": 1, "smote": 3, "failed": 9}, ", mean over 1 to 3 splits"),
        (None, ""),
    ],
)
def test_the_title_says_over_how_many_splits_were_run(n_splits, over):
    recalls = pd.DataFrame({"rows": [9, 3], "forest": 0.5, "logistic": 0.4, "smote": 0.1})
    figure = Figure(figsize=figure_size(recalls))
    draw(figure, recalls, LABELS, n_splits)
    assert figure._suptitle.get_text() == f"Recall by class in percent{over}"
