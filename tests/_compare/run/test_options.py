from __future__ import annotations

import numpy as np
import pytest

from sklimb._compare.errors import InputError
from sklimb._compare.run.options import Options, make_options

GOOD = {
    "metric": "macro_f1",
    "folds": 2,
    "repeats": None,
    "grid": "quick",
    "device": "cpu",
    "n_jobs": 3,
    "random_state": 5,
}


def test_good_options_stay_as_they_are():
    assert make_options(**GOOD) == Options("macro_f1", 2, None, "quick", "cpu", 3, 5)
    assert make_options(**GOOD | {"repeats": np.int64(3)}).repeats == 3


@pytest.mark.parametrize(
    "option, said",
    [
        ({"metric": "balanced_acuracy"}, "did you mean 'balanced_accuracy'"),
        ({"folds": 1}, "folds must be a whole number, at least 2, not 1"),
        ({"folds": 2.5}, "folds must be a whole number"),
        ({"repeats": 0}, "repeats must be a whole number, at least 1"),
        ({"grid": "big"}, "grid must be 'quick' or 'full', not 'big'"),
        ({"device": "gpu"}, "device='gpu'"),
        ({"n_jobs": 0}, "n_jobs"),
        ({"random_state": -1}, "random_state"),
        ({"random_state": 1.5}, "random_state"),
        ({"random_state": 2**32}, "from 0 to 4294967295, not 4294967296"),
        ({"random_state": "a"}, "random_state"),
    ],
)
def test_bad_options_are_told(option, said):
    with pytest.raises(InputError, match=said):
        make_options(**GOOD | option)


def test_a_job_for_each_core_but_one_on_another_device(monkeypatch):
    assert make_options(**GOOD | {"n_jobs": None}).n_jobs == -1
    monkeypatch.setattr("sklimb._training.plan.resolve_device", lambda device: "cuda")
    assert make_options(**GOOD | {"n_jobs": None, "device": "cuda"}).n_jobs == 1
    assert make_options(**GOOD | {"device": "cuda"}).n_jobs == 3


def test_seeds_leave_the_global_generator_alone():
    def seed(random_state):
        return make_options(**GOOD | {"random_state": random_state}).seed

    before = np.random.get_state()[1].copy()
    assert seed(np.random.RandomState(0)) == seed(np.random.RandomState(0))
    assert seed(None) != seed(None)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_the_full_grid_has_more_folds_and_candidates():
    quick, full = make_options(**GOOD), make_options(**GOOD | {"grid": "full"})
    assert (quick.inner_folds, quick.n_candidates) == (3, 4)
    assert (full.inner_folds, full.n_candidates) == (5, 12)
