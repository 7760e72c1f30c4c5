"""A part of the long run, with the same tries each time; and that the judge sees what is wrong.

``python -m tests.fuzzing`` tries 20,000.
"""

from __future__ import annotations

import multiprocessing

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzzing import long_run
from tests.fuzzing.areas import AREAS
from tests.fuzzing.tries import Try, judge


# what is tried is odd in ways that scipy and our own fits warn of, while it is made too
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", AREAS)
def test_odd_arguments_give_a_finite_result_or_an_error_that_names_them(
    name, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)

    @settings(
        max_examples=AREAS[name].in_suite,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(AREAS[name].tries)
    def tries(attempt):
        assert judge(attempt) is None, attempt

    tries()


def fails(error):
    def call():
        raise error

    return call


WRONG = {
    "not finite": lambda: float("nan"),
    "not finite: ndarray": lambda: [np.zeros(3), {"a": np.array([1, np.inf])}],
    "not finite: Tensor": lambda: torch.tensor([float("inf")]),
    "KeyError": fails(KeyError("lam")),
    "does not name it": fails(ValueError("something is 7")),
    "does not show the value": fails(ValueError("lam is wrong")),
    "changes NumPy's generator": lambda: np.random.random() and 1,
    "changes torch's generator": lambda: torch.rand(()),
    "changes files of the folder": lambda: open("left", "w").close(),
}


@pytest.mark.parametrize("words", WRONG)
def test_the_judge_sees_what_is_wrong(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    state, of_torch = np.random.get_state(), torch.get_rng_state()
    try:
        assert words in judge(Try("f", {"lam": 7}, WRONG[words]))
    finally:
        np.random.set_state(state)
        torch.set_rng_state(of_torch)


def test_the_judge_sees_that_what_was_given_has_changed():
    X = np.zeros(3)
    attempt = Try("f", {"X": X}, lambda: X.__setitem__(0, 1.0), given=[X])
    assert judge(attempt) == "changes what was given"


def test_right_answers_are_told_apart():
    answered, refused = Try("f", {"lam": 7}, lambda: 1.0), Try("f", {"lam": 7}, None)
    refused.call = fails(ValueError("lam must be below 5, got 7"))
    assert judge(answered) is None and not answered.refused
    assert judge(refused) is None and refused.refused


def test_a_try_that_hangs_or_dies_is_counted_and_the_next_is_made(monkeypatch):
    monkeypatch.setattr(long_run, "_PATIENCE", 0.3)
    tally = long_run.Tally()
    here, there = multiprocessing.Pipe()
    for message in ("first", (None, False, 0.1), "second", ("not finite", False, 0.1), "third"):
        there.send(message)
    long_run._listen(here, tally)  # nothing more comes of the third
    assert (tally.tried, tally.answered, [what for what, _ in tally.wrong]) == (
        3,
        1,
        ["second", "third"],
    )
    there.send("fourth")
    there.close()
    long_run._listen(here, tally)
    assert tally.wrong[-1] == ("fourth", "ended the process")


def test_areas_make_up_a_whole():
    assert sum(area.share for area in AREAS.values()) == pytest.approx(1)
