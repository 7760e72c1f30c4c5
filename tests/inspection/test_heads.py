from __future__ import annotations

import numpy as np
from sklearn.dummy import DummyClassifier

from sklimb import RebalancedClassifier
from sklimb.inspection._heads import decisions, only_head, prototypes_of


def test_the_head_of_one_member(three, affinity):
    assert only_head(affinity) is affinity.module_.head
    assert only_head(DummyClassifier()) is None
    members = RebalancedClassifier(n_members=2, max_epochs=1, module__hidden=(8,))
    assert only_head(members.fit(*three)) is None


def test_it_decides_as_the_classifier_does(three, affinity):
    X = three[0]
    decide = decisions(only_head(affinity), affinity.classes_)
    assert (decide(affinity.transform(X)) == affinity.predict(X)).mean() > 0.99
    assert not affinity.module_.head.training


def test_prototypes_or_means(affinity, offset, plain):
    assert np.array_equal(prototypes_of(affinity), affinity.prototypes_)
    assert np.array_equal(prototypes_of(offset), offset.class_means_)
    assert prototypes_of(plain) is None
