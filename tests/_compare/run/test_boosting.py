from __future__ import annotations

from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklimb._compare import InputError, compare
from sklimb._compare.answering import suitable
from sklimb._compare.data.kinds import columns_of
from sklimb._compare.data.roles import make_roles
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
    (note,) = (n for n in found.notes if "take no sparse columns: " in n)
    left = note.partition("take no sparse columns: ")[2].split(", ")
    assert {"boosting", "boosting_corrected", "blend_of_three"} <= set(left)


@pytest.fixture(scope="module")
def letters():
    """Letters with an amount; who asks for money of more than 50 is one of the few."""
    rng = np.random.RandomState(0)
    about = rng.choice(["money", "parcel"], 200)
    texts = [f"{' '.join(rng.choice(list('abcdef'), 3))} my {word} please now" for word in about]
    frame = pd.DataFrame({"said": texts, "amount": rng.rand(200) * 100})
    return frame, np.where((about == "money") & (frame["amount"] > 50), "few", "many")


def test_words_are_learnt_from_beside_numbers(letters):
    X, y = letters
    options = {"folds": 2, "budget": 1e-6, "n_jobs": 1, "random_state": 0, "text": "said"}
    found = compare(X, y, methods=["boosting"], **options)
    assert found.results["error"].iloc[0] == ""
    assert found.results["balanced_accuracy"].iloc[0] > 0.9
    space = {"X": X, "y": y}
    exec(found.code, space)
    np.testing.assert_array_equal(space["model"].predict(X), found.best_estimator_.predict(X))


def test_texts_alone_leave_it_out_unless_it_is_asked_for(letters):
    X = letters[0][["said"]]
    columns = columns_of(X, roles=make_roles(X.columns, text="said"))
    problem = SimpleNamespace(X=X, columns=columns, prepare=None, notes=[])
    methods = chosen_methods(["boosting", "logistic"])
    assert [m.name for m in suitable(methods, problem, None, asked_for=False)] == ["logistic"]
    assert problem.notes == ["left out, for they take no sparse columns: boosting"]
    asked = suitable(methods, problem, None, asked_for=True)
    # later than the first round, and with a first step of its own
    assert [(m.name, m.turn, m.prepare is None) for m in asked] == [
        ("boosting", 2, False),
        ("logistic", 1, True),
    ]


@pytest.fixture(scope="module")
def shops():
    """A table whose classes go by the shop, of which there are more than one-hot columns."""
    rng = np.random.RandomState(0)
    shop = rng.randint(0, 120, 1500)
    paid = rng.permutation(np.r_[rng.rand(1400), [np.nan] * 100])
    day = pd.Series(pd.date_range("2024-01-01", periods=1500, freq="7h")).dt.strftime("%d.%m.%Y")
    frame = pd.DataFrame({"paid": paid, "shop": [f"s{k}" for k in shop], "day": day})
    frame.loc[::50, "shop"] = None
    return frame, np.where(shop % 4 == 0, "few", "many")


NATIVE = [m.name for m in boosting_methods() if m.category_parameter]


@pytest.mark.parametrize("name", NATIVE)
def test_categories_are_learnt_from_as_codes_where_there_are_many(name, shops):
    X, y = shops
    options = {"folds": 3, "budget": 1e-6, "n_jobs": 1, "random_state": 0}
    found = compare(X, y, methods=[name], **options)
    assert found.results["error"].iloc[0] == ""
    # 49 of 120 shops have a one-hot column, so that the others would be guesses
    assert found.results["balanced_accuracy"].iloc[0] > 0.9
    assert "OrdinalEncoder" in found.code and "OneHotEncoder" not in found.code
    space = {"X": X, "y": y}
    exec(found.code, space)
    new = X.assign(shop=np.where(np.arange(len(X)) % 3, X["shop"], "unknown"))
    np.testing.assert_array_equal(space["model"].predict(new), found.best_estimator_.predict(new))


def test_it_takes_columns_whose_names_are_no_text_and_truth_values():
    rng = np.random.RandomState(0)
    X = pd.DataFrame({0: rng.rand(200), 1: rng.rand(200) > 0.5})
    X.columns = ["a", "b"]
    y = X["b"].to_numpy() ^ (rng.rand(200) < 0.1)
    found = compare(X, y, methods=["boosting"], folds=2, budget=1e-6, n_jobs=1, random_state=0)
    assert found.results["balanced_accuracy"].iloc[0] > 0.8
