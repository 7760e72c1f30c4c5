from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

from sklimb import persistence
from sklimb._compare import snippet
from sklimb._compare.data.first_step import make_native_preparation, make_preparation
from sklimb._compare.data.kinds import columns_of
from sklimb._compare.data.roles import make_roles
from sklimb._compare.run.cross_fitted import cross_fitted_methods
from sklimb.classifiers import BlendedClassifier
from tests._compare.stand_ins import blobs

NET, BLEND, THREE = cross_fitted_methods()


def test_the_blend_is_the_default_one_with_names_for_its_parts():
    given = [(name, str(part)) for name, part in BLEND.classify().estimators]
    assert given == [(name, str(part)) for name, part in BlendedClassifier()._inside().items()]


def test_its_net_gets_the_device_and_its_own_seed_goes_to_all_parts():
    pipeline = BLEND.pipeline(StandardScaler(), device="auto", seed=5)
    parameters = pipeline.get_params()
    assert parameters["classify__net__device"] == "auto"
    assert parameters["classify__random_state"] == 5
    assert parameters["classify__net__random_state"] is None  # the blend seeds it


def test_the_blend_is_the_favourite_of_tables_and_of_nothing_else():
    assert [m.name for m in (NET, BLEND, THREE) if m.favourite] == ["blend"]
    assert not any(m.for_text().favourite for m in (NET, BLEND, THREE))


def test_weights_and_parts_are_searched():
    searched = {key for candidate in BLEND.candidates("quick") for key in candidate}
    assert searched == {"classify__weights", "classify__forest__min_samples_leaf"}


def test_the_net_keeps_what_it_says_of_samples_left_out():
    X, y = blobs([60, 20])
    net = NET.classify().set_params(max_epochs=2, random_state=0).fit(X, y)
    assert net.oof_proba_.shape == (80, 2)


def test_each_part_of_the_blend_of_three_prepares_its_columns():
    rng = np.random.default_rng(0)
    n = 120
    X = pd.DataFrame({"size": rng.normal(size=n), "kind": rng.choice(["red", "blue", "green"], n)})
    X.loc[::7, "size"] = np.nan
    y = np.where((X["kind"] == "red") & (rng.random(n) < 0.5), "rare", "bulk")
    columns = columns_of(X)
    usual = make_preparation(X, columns)
    method = THREE.with_own_columns(*make_native_preparation(X, columns), usual)
    pipeline = method.pipeline(usual, device="cpu", seed=1)
    pipeline.set_params(
        classify__net__classify__max_epochs=2,
        classify__forest__classify__n_estimators=20,
        classify__boosting__classify__max_iter=5,
        classify__weights=[2, 1, 1],
    )
    space = {"X": X, "y": y}
    exec(snippet.construction(pipeline) + "\nmodel.fit(X, y)", space)
    parts = pipeline.fit(X, y)["classify"].named_estimators_
    first = X.iloc[:3]
    # one column for each of three colours, beside the number
    assert parts.net["prepare"].transform(first).shape == (3, 4)
    boosting = parts.boosting.estimators_[0]  # its folds are fitted, the others say it themselves
    assert boosting["prepare"].transform(first).shape == (3, 2)
    assert boosting["classify"].is_categorical_.tolist() == [True, False]
    np.testing.assert_array_equal(space["model"].predict_proba(X), pipeline.predict_proba(X))


def test_the_model_of_the_blend_of_three_is_saved(tmp_path):
    X = pd.DataFrame({"size": np.arange(60.0), "kind": np.tile(["red", "blue", "green"], 20)})
    y = np.where((X["kind"] == "red") & (X["size"] > 30), 1, 0)
    columns = columns_of(X)
    usual = make_preparation(X, columns)
    method = THREE.with_own_columns(*make_native_preparation(X, columns), usual)
    pipeline = method.pipeline(usual, device="cpu", seed=1).set_params(
        classify__net__classify__max_epochs=1,
        classify__forest__classify__n_estimators=5,
        classify__boosting__classify__max_iter=2,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*has left out")  # so few trees
        pipeline.fit(X, y)
    persistence.save(pipeline, tmp_path / "model")
    loaded = persistence.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict_proba(X), pipeline.predict_proba(X))


def test_beside_a_text_net_and_forest_get_all_words_and_boosting_some(tmp_path):
    rng = np.random.default_rng(0)
    n = 80
    said = [" ".join(f"w{k}" for k in rng.integers(0, 900, 20)) for _ in range(n)]
    days = pd.date_range("2024-01-01", periods=n).strftime("%d.%m.%Y")
    X = pd.DataFrame({"said": said, "size": rng.normal(size=n), "day": days})
    y = np.where(X["size"] > 1, "rare", "bulk")
    X.loc[::7, ["said", "size"]] = None
    columns = columns_of(X, roles=make_roles(X.columns, text="said"))
    usual = make_preparation(X, columns)
    method = THREE.with_own_columns(*make_native_preparation(X, columns), usual)
    pipeline = method.pipeline(usual, device="cpu", seed=1).set_params(
        classify__net__classify__max_epochs=1,
        classify__forest__classify__n_estimators=20,
        classify__boosting__classify__max_iter=2,
    )
    parts = pipeline.fit(X, y)["classify"].named_estimators_
    widths = [
        part["prepare"].transform(X).shape[1]
        for part in (parts.net, parts.forest, parts.boosting.estimators_[0])
    ]
    assert widths[0] == widths[1] > 350 and widths[2] < 320
    persistence.save(pipeline, tmp_path / "model")
    loaded = persistence.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict_proba(X), pipeline.predict_proba(X))


def test_without_categories_it_is_one_of_plain_parts():
    assert [name for name, _ in THREE.classify().estimators] == ["net", "forest", "boosting"]
    assert not THREE.takes_sparse
