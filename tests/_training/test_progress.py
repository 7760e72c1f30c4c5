from __future__ import annotations

import numpy as np
import pytest

from sklimb import M2mClassifier, RebalancedClassifier
from sklimb._training.progress import EpochLines, epoch_line

ROW = {
    "epoch": 12, "batches": [{}], "dur": 1.26, "train_batch_count": 7, "event_lr": 0.1,
    "train_loss": 0.5, "train_loss_best": True, "valid_score": 0.75, "train_center": 0.125,
    "n_generated": 3, "train_mv": np.nan,
}  # fmt: skip


def test_the_loss_comes_first_the_time_last_and_nothing_that_is_not_there():
    said = "epoch  12  loss 0.5000  score 0.7500  n generated 3  center 0.1250  1.3 s"
    assert epoch_line(ROW) == said


def test_a_row_without_figures():
    assert epoch_line({"epoch": 1}) == "epoch   1"


def test_lines_go_where_they_are_wanted(three_classes):
    lines = []
    settings = {"callbacks__print_log__sink": lines.append, "cross_fit": False, "max_epochs": 2}
    RebalancedClassifier(verbose=1, **settings).fit(*three_classes)
    assert [line[:9] for line in lines] == ["epoch   1", "epoch   2"]


def test_a_call_goes_on_counting(three_classes, capsys):
    model = RebalancedClassifier(verbose=1)
    model.partial_fit(*three_classes).partial_fit(*three_classes)
    assert [line[:9] for line in capsys.readouterr().out.splitlines()] == ["epoch   1", "epoch   2"]


def test_the_second_network_of_m2m_says_that_it_is(three_classes, capsys):
    M2mClassifier(verbose=1, max_epochs=1, gamma=0.0, translate_from=0).fit(*three_classes)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("g, the network to translate against: epoch   1")
    assert lines[-1].startswith("epoch   1")


@pytest.fixture
def three_classes():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [30, 20, 10])
    return rng.normal(size=(60, 3)) + y[:, None], y


def test_what_it_is_made_of():
    assert EpochLines().sink is print
