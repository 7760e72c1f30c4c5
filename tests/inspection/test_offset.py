from __future__ import annotations

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from sklimb import OffsetDebiasedClassifier, RebalancedClassifier
from sklimb.inspection import OffsetDisplay
from sklimb.inspection.offset import class_means
from tests.inspection.conftest import QUICK


def test_means_by_class():
    means = class_means(np.array([[1.0, 0.0], [3.0, 2.0]]), np.array([2, 2]), 3)
    assert means[2].tolist() == [2, 1]
    assert np.isnan(means[:2]).all()


def test_the_method_knows_its_offsets(offset):
    display = OffsetDisplay.from_estimator(offset)
    order = np.argsort(-offset.class_counts_, kind="stable")
    assert np.array_equal(display.offsets["estimated"], offset.estimated_offset_[order])
    assert np.array_equal(display.offsets["empirical"], offset.empirical_offset_[order])
    assert display.classes.tolist() == offset.classes_[order].tolist()
    assert len(display.lines_) == 2


def test_a_plain_network_has_its_bias_and_with_data_the_other(three, plain):
    assert set(OffsetDisplay.from_estimator(plain).offsets) == {"trained"}
    display = OffsetDisplay.from_estimator(plain, *three)
    weight = plain.module_.head.weight.detach().numpy()
    features = plain.transform(three[0])
    naive = [0.5 * features[three[1] == c].mean(0) @ w for c, w in zip(plain.classes_, weight)]
    order = np.argsort(-plain.class_counts_, kind="stable")
    assert np.allclose(display.offsets["empirical"], np.array(naive)[order], atol=1e-5)


@pytest.mark.parametrize("settings", [{}, {"loss": "ldam"}, {"n_members": 2}])
def test_from_data_it_is_what_the_method_keeps(three, settings):
    model = OffsetDebiasedClassifier(centered=False, **settings, **QUICK).fit(*three)
    kept = OffsetDisplay.from_estimator(model).offsets["empirical"]
    assert np.allclose(
        OffsetDisplay.from_estimator(model, *three).offsets["empirical"], kept, atol=1e-3
    )


def test_what_has_no_offsets(three, affinity):
    with pytest.raises(TypeError, match="AffinityClassifier scores by AffinityHead"):
        OffsetDisplay.from_estimator(affinity)
    with pytest.raises(TypeError, match="got DummyClassifier"):
        OffsetDisplay.from_estimator(DummyClassifier().fit(*three))
    cosine = RebalancedClassifier(loss="ldam", cross_fit=False, **QUICK).fit(*three)
    with pytest.raises(ValueError, match="Give the training data"):
        OffsetDisplay.from_estimator(cosine)
    assert set(OffsetDisplay.from_estimator(cosine, *three).offsets) == {"empirical"}
    with pytest.raises(ValueError, match="X and y"):
        OffsetDisplay.from_estimator(cosine, three[0])
