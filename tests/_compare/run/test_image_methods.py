from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits

import sklimb
from sklimb._compare import snippet
from sklimb._compare.data.first_step import make_preparation
from sklimb._compare.errors import InputError
from sklimb._compare.run.image_methods import image_methods
from sklimb._compare.run.method import N_CANDIDATES
from sklimb._compare.run.methods import METHODS
from sklimb.datasets import make_long_tailed

IMAGES = image_methods()
ALL, DIGITS = load_digits(return_X_y=True)
X, Y = make_long_tailed(ALL, DIGITS, ratio=4, n_max=16, order="label", random_state=0)
X = X.reshape(-1, 8, 8)


def test_the_papers_methods_and_both_baselines_are_there():
    assert {"logit_adjusted", "offset", "affinity", "m2m", "rsg", "logistic", "forest"} <= set(
        IMAGES
    )
    assert set(IMAGES) <= set(METHODS)  # one name, one thing
    assert len({method.label for method in IMAGES.values()}) == len(IMAGES)


@pytest.mark.parametrize("grid", N_CANDIDATES)
@pytest.mark.parametrize("name", IMAGES)
def test_every_method_has_as_many_candidates_as_the_others(name, grid):
    method = IMAGES[name]
    candidates = method.candidates(grid)
    assert len(candidates) == N_CANDIDATES[grid]
    assert len({repr(sorted(candidate.items())) for candidate in candidates}) == len(candidates)
    pipeline = method.pipeline(make_preparation(X[:, None]), device="cpu", seed=0)
    for candidate in [*candidates, *method.only_candidate()]:
        clone(pipeline).set_params(**{key: value for key, (value,) in candidate.items()})


@pytest.mark.parametrize("name", IMAGES)
def test_every_method_learns_images_and_its_code_makes_the_same_model(name):
    pipeline = IMAGES[name].pipeline(make_preparation(X[:, None]), device="cpu", seed=3)
    given = {key: value for key, (value,) in IMAGES[name].only_candidate()[0].items()}
    short = {key: 2 for key in given if key.endswith("max_epochs")}
    narrow = {key: (4, 4) for key in given if key.endswith("channels")}
    pipeline.set_params(**given | short | narrow)
    space = {"X": X[:, None], "y": Y}
    exec(snippet.construction(pipeline) + "\nmodel.fit(X, y)", space)
    pipeline.fit(X[:, None], Y)
    made = pipeline.predict_proba(X[:, None])
    np.testing.assert_array_equal(space["model"].predict_proba(X[:, None]), made)
    assert made.shape == (len(X), 10)


def test_images_go_through_compare_with_their_methods():
    given = {"folds": 2, "n_jobs": 1, "random_state": 0, "budget": 1e-3}
    found = sklimb.compare(X, Y, methods=["logistic", "forest"], **given)
    assert "images of 8 x 8 pixels, 1 channel" in found.problem
    assert found.results["balanced_accuracy"].max() > 0.6
    space = {"X": X, "y": Y}
    exec(found.code, space)
    np.testing.assert_array_equal(
        space["model"].predict(X[:, None]), found.best_estimator_.predict(X[:, None])
    )
    np.testing.assert_array_equal(found.best_estimator_.predict(X), space["model"].predict(X))


def test_a_test_part_of_images_and_what_does_not_fit():
    given = {"methods": ["logistic"], "n_jobs": 1, "random_state": 0, "budget": 1e-3}
    test = ALL.reshape(-1, 8, 8)[-100:]
    found = sklimb.compare(X, Y, X_test=test, y_test=DIGITS[-100:], **given)
    assert "test part of 100 images" in found.how
    with pytest.raises(InputError, match=r"\(1, 8, 8\) and X_test of the shape \(1, 8, 4\)"):
        sklimb.compare(X, Y, X_test=test[:, :, :4], y_test=DIGITS[-100:], **given)
    with pytest.raises(InputError, match="'smote' for images"):
        sklimb.compare(X, Y, methods=["smote"])
    with pytest.raises(InputError, match="X holds images, which have none"):
        sklimb.compare(X, Y, drop="a")
