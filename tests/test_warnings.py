"""Where a warning points: at the line of the user who called, through whatever stands between."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from imblearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklimb import RebalancedClassifier
from sklimb._warnings import warn
from tests.shared import data as data


def test_a_warning_at_the_users_line():
    with pytest.warns(RuntimeWarning, match="beware") as caught:
        warn("beware", RuntimeWarning)
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="beware"):
        warn("beware")


def test_packages_between_are_passed_over(data):
    X, y = data
    both = RebalancedClassifier(class_weight="balanced", sampling="balanced", max_epochs=1)
    for model in (both, make_pipeline(StandardScaler(), both)):
        with pytest.warns(UserWarning, match="corrected for twice") as caught:
            model.fit(X, y)
        assert [w.filename for w in caught] == [__file__]


def test_without_a_user_it_is_still_said():
    space = {"__name__": "sklimb.inner", "warn": warn}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec("def f(): warn('beware')", space)
        np.apply_along_axis(lambda row: space["f"](), 0, np.zeros(1))
    assert [str(w.message) for w in caught] == ["beware"]
