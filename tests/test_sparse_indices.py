"""Sparse input has the same results, bit for bit, whatever its indices are and as a COO tensor."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
import torch
from sklearn.base import clone
from sklearn.naive_bayes import MultinomialNB

from sklimb import (
    AffinityClassifier,
    BlendedClassifier,
    DecoupledClassifier,
    M2mClassifier,
    M2mSampler,
    OffsetDebiasedClassifier,
    PriorCorrectedClassifier,
    RebalancedClassifier,
    RSGClassifier,
)
from sklimb.backbones import MLP
from sklimb.classifiers import LabelEncodedClassifier
from tests.shared import QUICK

RNG = np.random.default_rng(0)
Y = (np.arange(120) % 5 == 0).astype(int)
DENSE = RNG.poisson(np.where((np.arange(30) % 2)[None] == Y[:, None], 0.5, 0.1)).astype(np.float32)


def with_indices(indices, indptr):
    X = scipy.sparse.csr_array(DENSE)
    # scipy's constructor would choose their type by what they hold
    X.indices, X.indptr = X.indices.astype(indices), X.indptr.astype(indptr)
    assert (X.indices.dtype, X.indptr.dtype) == (indices, indptr)
    return X


def coo(index):
    X = scipy.sparse.coo_array(DENSE)
    X.coords = tuple(axis.astype(index) for axis in X.coords)
    assert X.coords[0].dtype == index
    return X


def torch_csr(index):
    X = scipy.sparse.csr_array(DENSE)
    parts = (torch.from_numpy(part.astype(index)) for part in (X.indptr, X.indices))
    return torch.sparse_csr_tensor(*parts, torch.from_numpy(X.data), X.shape, check_invariants=True)


FORMS = {
    "CSR, 64": lambda: with_indices(np.int64, np.int64),
    "CSR matrix, 64": lambda: scipy.sparse.csr_matrix(with_indices(np.int64, np.int64)),
    "COO, 32": lambda: coo(np.int32),
    "COO, 64": lambda: coo(np.int64),
    "torch COO": lambda: torch.from_numpy(DENSE).to_sparse_coo(),
    "torch COO, not coalesced": lambda: (
        torch.from_numpy(DENSE / 2).to_sparse_coo() + torch.from_numpy(DENSE / 2).to_sparse_coo()
    ),
    "torch CSR, 32": lambda: torch_csr(np.int32),
    "torch CSR, 64": lambda: torch_csr(np.int64),
}
# What a fit is tried with; all are predicted.
FITTED = ("CSR, 64", "torch COO")

SMALL = QUICK | {"max_epochs": 2}
G = RebalancedClassifier(sampling="balanced", lr=3e-2, **QUICK | {"max_epochs": 5})
MODELS = {
    "plain": RebalancedClassifier(**SMALL),
    "MLP": RebalancedClassifier(module=MLP, **SMALL),
    "members": RebalancedClassifier(cross_fit=True, n_members=2, **SMALL),
    "affinity": AffinityClassifier(**SMALL),
    "offset": OffsetDebiasedClassifier(**SMALL),
    "rsg": RSGClassifier(generate_from=1, n_centers=3, contrast_channels=8, **SMALL),
    "m2m": M2mClassifier(source_estimator=G, translate_from=1, gamma=0.3, n_steps=2, **SMALL),
    "decoupled": DecoupledClassifier(classifier_epochs=1, **SMALL),
    "prior": PriorCorrectedClassifier(MultinomialNB(), cv=3),
    "encoded": LabelEncodedClassifier(MultinomialNB()),
    "blended": BlendedClassifier(
        estimators=[("bayes", MultinomialNB()), ("net", RebalancedClassifier(**SMALL))]
    ),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", MODELS)
def test_fits_and_predictions_have_the_same_bits(name):
    reference = with_indices(np.int32, np.int32)
    model = clone(MODELS[name]).fit(reference, Y)
    expected = model.predict_proba(reference)
    assert len(np.unique(expected, axis=0)) > 10
    for form in FORMS:
        np.testing.assert_array_equal(model.predict_proba(FORMS[form]()), expected, err_msg=form)
    for form in FITTED:
        again = clone(MODELS[name]).fit(FORMS[form](), Y)
        np.testing.assert_array_equal(again.predict_proba(reference), expected, err_msg=form)


@pytest.mark.parametrize("form", FITTED)
def test_samples_to_add_have_the_same_bits(form):
    made = []
    settings = {"source_estimator": G, "gamma": 0.3, "n_steps": 2}
    for X in (with_indices(np.int32, np.int32), FORMS[form]()):
        X_new, y_new = M2mSampler(random_state=0, **settings).fit_resample(X, Y)
        made.append((X_new.toarray(), y_new))
    np.testing.assert_array_equal(*(X_new for X_new, _ in made))
    np.testing.assert_array_equal(*(y_new for _, y_new in made))
    assert len(made[0][0]) > len(Y)
