"""Matrices whose inner arrays contradict each other: no reader of them ends the process."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

import sklimb
from sklimb import M2mSampler, PriorCorrectedClassifier, RebalancedClassifier
from sklimb._data.sparse_form import check_sparse
from sklimb.datasets import make_long_tailed
from sklimb.over_sampling import SmallClassSMOTE

rng = np.random.default_rng(0)
Y = np.repeat([0, 1], [20, 10])
X = rng.normal(size=(30, 4))


def malformed(form, what, value):
    made = sparse.csr_array(X).asformat(form)
    if what == "short":
        made.data = made.data[:value]
    else:
        getattr(made, what)[2] = value
    return made


WRONG = [
    ("csr", "indices", 4, "indices go from 0 to 4, but there are 4 columns"),
    ("csr", "indices", -1, "from -1 to 3"),
    ("csc", "indices", 30, "from 0 to 30, but there are 30 rows"),
    ("bsr", "indices", 10**6, "malformed BSR matrix"),
    ("csr", "indptr", 10**6, "indptr does not rise from 0"),
    ("csr", "indptr", -4, "indptr does not rise from 0"),
    ("csr", "short", 5, "5 values and 120 indices"),
    ("coo", "row", 30, "coordinates of rows go from 0 to 30"),
    ("coo", "col", -2, "coordinates of columns go from -2 to 3"),
]


@pytest.mark.parametrize(("form", "what", "value", "words"), WRONG)
def test_the_message_says_what_does_not_fit(form, what, value, words):
    made = malformed(form, what, value)
    with pytest.raises(ValueError, match=words):
        check_sparse(made)
    with pytest.raises(ValueError, match=r"^X_test is a malformed"):
        check_sparse(made, "X_test")


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "bsr", "lil", "dok", "dia"])
@pytest.mark.parametrize("shape", [(30, 4), (0, 4), (30, 0)])
def test_well_formed_matrices_pass_and_stay_as_they_are(form, shape):
    made = sparse.csr_array(X[: shape[0], : shape[1]]).asformat(form)
    before = made.toarray()
    check_sparse(made)
    assert (made.toarray() == before).all()


def test_room_to_spare_behind_the_last_row_is_well_formed_and_is_left():
    made = sparse.csr_array(X)
    made.indptr[-1] -= 1
    made.indices[-1] = 10**6
    check_sparse(made)
    assert len(made.data) == 120


@cache
def fitted():
    return RebalancedClassifier(max_epochs=1, random_state=0).fit(sparse.csr_array(X), Y)


@cache
def corrected():
    return PriorCorrectedClassifier(LogisticRegression()).fit(X, Y)


DOORS = {
    "fit": lambda bad: RebalancedClassifier(max_epochs=1).fit(bad, Y),
    "partial_fit": lambda bad: RebalancedClassifier().partial_fit(bad, Y),
    "predict": lambda bad: fitted().predict(bad),
    "transform": lambda bad: fitted().transform(bad),
    "fit of a corrected one": lambda bad: clone(corrected()).fit(bad, Y),
    "fit of corrected folds": lambda bad: clone(corrected()).set_params(cv=2).fit(bad, Y),
    "predict of a corrected one": lambda bad: corrected().predict_proba(bad),
    "M2mSampler": lambda bad: M2mSampler(random_state=0).fit_resample(bad, Y),
    "SmallClassSMOTE": lambda bad: SmallClassSMOTE().fit_resample(bad, Y),
    "a recipe": lambda bad: make_long_tailed(bad, Y, ratio=5),
    "compare": lambda bad: sklimb.compare(bad, Y, methods=["logistic"], folds=2, n_jobs=1),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("what", ["indices", "indptr"])
def test_each_door_refuses_them(door, what):
    with pytest.raises(ValueError, match="X is a malformed CSR matrix"):
        DOORS[door](malformed("csr", what, 10**6))


def test_a_malformed_sparse_tensor_is_refused():
    bad = torch.sparse_csr_tensor(
        [0, 1, 2], [0, 70], [1.0, 2.0], size=(2, 4), check_invariants=False
    )
    with pytest.raises(ValueError, match="malformed CSR matrix"):
        fitted().predict(bad)
