from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from scipy import sparse

from sklimb._compare import InputError, compare
from sklimb._compare.run.boosting import OPTIONAL, boosting_methods
from sklimb._compare.run.methods import METHODS, chosen_methods
from tests._compare.stand_ins import blobs

X, Y = blobs([300, 100], labels=["many", "few"])
LACKING = sorted({name for name, package in OPTIONAL.items() if not find_spec(package)})


def test_each_stands_twice_with_the_same_grid():
    methods = {method.name: method for method in boosting_methods()}
    assert {"boosting", "boosting_corrected"} <= set(methods)
    for name, method in methods.items():
        if name.endswith("_corrected"):
            plain = methods[name.removesuffix("_corrected")]
            for grid in ("quick", "full"):
                ours = [
                    {k.replace("classify__estimator__", "classify__"): v for k, v in c.items()}
                    for c in method.candidates(grid)
                ]
                theirs = plain.candidates(grid)
                assert len(ours) == len(theirs)
                if not name.startswith("xgboost"):
                    assert ours == theirs


def test_what_is_installed_is_compared():
    for name, package in OPTIONAL.items():
        assert (name in METHODS) == (find_spec(package) is not None)


@pytest.mark.skipif(not LACKING, reason="all packages of the extra are installed")
def test_what_is_not_installed_is_told_with_the_remedy():
    with pytest.raises(InputError, match=r"needs the package .*pip install 'sklimb\[boosting\]'"):
        chosen_methods(LACKING[:1])


@pytest.mark.parametrize("name", [m.name for m in boosting_methods()])
def test_it_learns_with_missing_numbers_and_the_same_seed_is_the_same(name):
    holes = np.where(np.random.RandomState(0).rand(*X.shape) < 0.1, np.nan, X)
    runs = [
        compare(holes, Y, methods=[name], folds=2, budget=1e-6, n_jobs=1, random_state=0)
        for _ in range(2)
    ]
    assert runs[0].results["error"].iloc[0] == ""
    assert runs[0].results["average_precision"].iloc[0] > 0.5
    np.testing.assert_array_equal(runs[0].predictions[name].proba, runs[1].predictions[name].proba)
    space = {"X": holes, "y": Y}
    exec(runs[0].code, space)
    np.testing.assert_array_equal(
        space["model"].predict(holes), runs[0].best_estimator_.predict(holes)
    )


def test_sparse_columns_leave_out_what_takes_none():
    found = compare(
        sparse.csr_matrix(np.maximum(X, 0)),
        Y,
        methods=None,
        budget=1e-6,
        n_jobs=1,
        random_state=0,
        refit=False,
    )
    assert "boosting" not in set(found.results["method"])
    assert any("take no sparse columns: boosting, boosting_corrected" in n for n in found.notes)
