"""Fitted classifiers and data that the tests of several Displays look at."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_classification

from sklimb import AffinityClassifier, M2mClassifier, OffsetDebiasedClassifier, RebalancedClassifier

QUICK = {"max_epochs": 4, "module__hidden": (16,), "random_state": 0}


@pytest.fixture(scope="session")
def three():
    X, codes = make_classification(
        240, 6, n_informative=5, n_redundant=0, n_classes=3, weights=[0.7, 0.2], random_state=0
    )
    return X, np.array(["bulk", "some", "rare"])[codes]


@pytest.fixture(scope="session")
def plain(three):
    return RebalancedClassifier(cross_fit=False, **QUICK).fit(*three)


@pytest.fixture(scope="session")
def affinity(three):
    settings = QUICK | {"embedding_dim": 2, "normalize": False, "n_prototypes": 2}
    return AffinityClassifier(**settings).fit(*three)


@pytest.fixture(scope="session")
def offset(three):
    return OffsetDebiasedClassifier(**QUICK).fit(*three)


@pytest.fixture(scope="session")
def m2m(three):
    g = RebalancedClassifier(cross_fit=False, class_weight="balanced", random_state=0, max_epochs=9)
    settings = {"gamma": 0.0, "translate_from": 2, "early_stopping": True, "source_estimator": g}
    return M2mClassifier(keep_training_state=True, **settings, **QUICK).fit(*three)
