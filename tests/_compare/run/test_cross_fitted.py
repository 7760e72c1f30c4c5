from __future__ import annotations

from sklearn.preprocessing import StandardScaler

from sklimb._compare.run.cross_fitted import cross_fitted_methods
from sklimb.classifiers import BlendedClassifier
from tests._compare.stand_ins import blobs

NET, BLEND = cross_fitted_methods()


def test_the_blend_is_the_default_one_with_names_for_its_parts():
    given = [(name, str(part)) for name, part in BLEND.classify().estimators]
    assert given == [(name, str(part)) for name, part in BlendedClassifier()._inside().items()]


def test_its_net_gets_the_device_and_its_own_seed_goes_to_all_parts():
    pipeline = BLEND.pipeline(StandardScaler(), device="auto", seed=5)
    parameters = pipeline.get_params()
    assert parameters["classify__net__device"] == "auto"
    assert parameters["classify__random_state"] == 5
    assert parameters["classify__net__random_state"] is None  # the blend seeds it


def test_weights_and_parts_are_searched():
    searched = {key for candidate in BLEND.candidates("quick") for key in candidate}
    assert searched == {"classify__weights", "classify__forest__min_samples_leaf"}


def test_the_net_keeps_what_it_says_of_samples_left_out():
    X, y = blobs([60, 20])
    net = NET.classify().set_params(max_epochs=2, random_state=0).fit(X, y)
    assert net.oof_proba_.shape == (80, 2)
