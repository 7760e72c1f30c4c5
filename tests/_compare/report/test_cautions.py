from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.report.cautions import any_better_than_chance, chance_line, few_rare_line


def _frames(recalls, precision=0.1, spread=0.02, n_splits=5, n_methods=1):
    """Return results and recalls as those of a comparison, all methods alike."""
    names = [f"m{i}" for i in range(n_methods)]
    results = pd.DataFrame(
        {
            "method": names,
            "label": [f"method {name}" for name in names],
            "error": "",
            "balanced_accuracy": np.mean(recalls),
            "average_precision": precision,
            "average_precision_std": spread,
            "n_splits": n_splits,
        }
    )
    return results, pd.DataFrame({name: [*recalls] for name in names}, index=["few", "many"])


SCORED = {"few": 20, "many": 180}


@pytest.mark.parametrize(
    "recalls, precision, n_methods, better",
    [
        ([0.0, 1.0], 0.1, 1, False),
        ([0.5, 0.5], 0.11, 1, False),
        ([0.6, 0.5], 0.11, 1, False),
        ([0.8, 0.8], 0.5, 1, True),
        ([0.68, 0.55], 0.1, 1, True),
        ([0.68, 0.55], 0.1, 19, False),
        # Nearly nothing is called rare, but what is comes first.
        ([0.0, 1.0], 0.4, 1, True),
    ],
)
def test_better_than_chance(recalls, precision, n_methods, better):
    results, frame = _frames(recalls, precision, n_methods=n_methods)
    assert any_better_than_chance(results, frame, SCORED) == better


def test_more_samples_tell_more():
    results, frame = _frames([0.6, 0.5])
    assert not any_better_than_chance(results, frame, SCORED)
    assert any_better_than_chance(results, frame, {"few": 2000, "many": 18000})


def test_an_order_needs_splits_that_agree():
    for spread, n_splits, better in [(0.02, 5, True), (0.4, 5, False), (0.02, 2, False)]:
        results, frame = _frames([0.0, 1.0], 0.4, spread, n_splits)
        assert any_better_than_chance(results, frame, SCORED) == better


def test_that_nothing_finished_is_said_elsewhere():
    results, frame = _frames([0.5, 0.5])
    assert any_better_than_chance(results.assign(error="failed"), frame, SCORED)


def test_the_line_of_chance():
    results, _ = _frames([0.6, 0.5])
    line = chance_line(results, "balanced_accuracy", 2)
    assert (
        "no method is better than chance: method m0, on top, has balanced accuracy 55.0 %" in line
    )
    assert "guessing has 50.0 %; no method is recommended" in line
    assert "average precision 10.0 % and balanced" in chance_line(results, "average_precision", 2)


def test_one_class_alone_is_not_called_chance():
    """98.5 % were no better than guessing, which has 100.0."""
    line = chance_line(_frames([0.6, 0.5])[0], "balanced_accuracy", 1)
    assert line.startswith("one class only is among what is scored") and "guessing" not in line


def test_few_rare_samples():
    (line,) = few_rare_line(0.75, "fraud", 12)
    assert "class fraud has 12 scored rows" in line and "recall of 75.0 %" in line
    assert "from 47 to 91 % (95 % interval)" in line
    assert "1 scored row," in few_rare_line(1.0, "fraud", 1)[0]
    assert few_rare_line(0.75, "fraud", 400) == [] and few_rare_line(np.nan, "fraud", 3) == []
