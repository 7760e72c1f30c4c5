"""Trees and what is made of them, and files with trees that were tampered with."""

from __future__ import annotations

import copy
import sys

import numpy as np
import pandas as pd
import pytest
from imblearn.ensemble import BalancedRandomForestClassifier
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from sklimb import BlendedClassifier, PriorCorrectedClassifier, RebalancedClassifier
from sklimb.persistence._estimators import encode_estimator
from sklimb.persistence._modules import encode_module
from sklimb.persistence._names import Names
from sklimb.persistence._networks import encode_network
from sklimb.persistence._objects import Reader, Writer
from sklimb.persistence._saving import _DECODERS

X, NUMBERS = make_classification(90, 5, n_informative=4, n_redundant=0, n_classes=3, random_state=0)
Y = np.array(["bulk", "rare", "some"])[NUMBERS]
FOREST = RandomForestClassifier(30, oob_score=True, random_state=0)
BALANCED = BalancedRandomForestClassifier(
    3, sampling_strategy="all", replacement=True, bootstrap=False, random_state=0
)
NET = RebalancedClassifier(max_epochs=2, n_members=2, cross_fit=True, random_state=0)
SMALL = HistGradientBoostingClassifier(max_iter=3, random_state=0)


def written(model):
    writer = Writer(encode_network, encode_module, encode_estimator)
    return writer.encode(model, ""), writer


def read(record, writer):
    reader = Reader(writer.tensors, writer.parts, Names(), _DECODERS)
    back = reader.decode(record)
    reader.check_all_used()
    return back


@pytest.mark.parametrize(
    "model",
    [
        DecisionTreeClassifier(max_leaf_nodes=6),
        FOREST,
        BALANCED,
        SMALL,
        HistGradientBoostingClassifier(max_iter=3, categorical_features=[1, 3]),
        BaggingClassifier(n_estimators=2),
        AdaBoostClassifier(n_estimators=2),
        PriorCorrectedClassifier(SMALL, cv=2),
        make_pipeline(StandardScaler(), BALANCED),
        BlendedClassifier(estimators=[("net", NET), ("forest", FOREST)], random_state=0),
        BlendedClassifier(estimators=[("boost", SMALL), ("forest", FOREST)], cv=2),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.filterwarnings("ignore:.*has left out:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:.*has left out:UserWarning")
def test_the_same_predictions(model):
    Z = np.round(X) if isinstance(model, HistGradientBoostingClassifier) else X
    model.fit(Z, Y)
    record, writer = written(model)
    back = read(record, writer)
    assert type(back) is type(model)
    np.testing.assert_array_equal(back.predict_proba(Z), model.predict_proba(Z))
    np.testing.assert_array_equal(back.predict(Z[:, ::-1]), model.predict(Z[:, ::-1]))
    back.fit(Z, Y)  # all parameters are there
    assert set(back.predict(Z)) <= set(Y)


def test_numbers_to_predict_and_missing_ones():
    holes = X.copy()
    holes[::7, 1] = np.nan
    for model in (ExtraTreesRegressor(3, random_state=0), SMALL):
        model.fit(holes, NUMBERS)
        back = read(*written(model))
        np.testing.assert_array_equal(back.predict(holes), model.predict(holes))


def test_a_forest_needs_no_skops(monkeypatch):
    monkeypatch.setitem(sys.modules, "skops", None)
    monkeypatch.setitem(sys.modules, "skops.io", None)
    model = copy.deepcopy(FOREST).fit(X, Y)
    np.testing.assert_array_equal(read(*written(model)).predict(X), model.predict(X))


@pytest.mark.parametrize(
    "model, said",
    [
        (IsolationForest(n_estimators=2), "no file can hold"),
    ],
)
def test_what_no_file_holds_is_refused(model, said):
    codes = np.column_stack([NUMBERS, X])
    with pytest.raises((TypeError, ValueError), match=said):
        read(*written(model.fit(codes, Y)))


def test_categories_of_a_frame_are_refused():
    frame = pd.DataFrame(np.round(X), columns=list("abcde"))
    model = HistGradientBoostingClassifier(max_iter=2, categorical_features=["b"]).fit(frame, Y)
    with pytest.raises(TypeError, match="as with OrdinalEncoder"):
        written(model)


@pytest.mark.parametrize(
    "name, value",
    [
        ("n_features_in_", 99),
        ("is_categorical_", np.array([True, False, False, False, False])),
        ("is_categorical_", np.ones(5, dtype=bool)),
        ("_categories_of_columns", [np.array([0.0])] * 3),
        ("_categories_of_columns", [np.array(["a"])] * 2),
        ("_preprocessor", None),
    ],
)
def test_boosting_whose_categories_were_changed_is_an_error(name, value):
    model = HistGradientBoostingClassifier(max_iter=3, categorical_features=[1, 3])
    record, writer = written(model.fit(np.round(X), Y))
    pairs = [pair for pair in record["attributes"] if pair[0] != name]
    record["attributes"] = [*pairs, [name, writer.encode(value, name)]]
    with pytest.raises(ValueError, match="it has a HistGradientBoosting"):
        read(record, writer)


def test_a_set_of_categories_that_is_not_there_is_an_error():
    kinds = np.arange(200)[:, None] % 8.0
    model = HistGradientBoostingClassifier(max_iter=1, categorical_features=[0])
    record, writer = written(model.fit(kinds, np.isin(kinds[:, 0], [1, 4, 6])))
    _tree_of(record)["raw"] = writer.encode(np.zeros((0, 8), dtype=np.uint32), "raw")
    with pytest.raises(ValueError, match="sets of categories that are not there"):
        read(record, writer)


def _tree_of(record):
    """Return the record of the first tree anywhere in a description."""
    if isinstance(record, dict) and record.get("is") in ("tree", "predictor"):
        return record
    parts = record.values() if isinstance(record, dict) else record
    inside = (_tree_of(part) for part in parts if isinstance(part, (dict, list)))
    return next((found for found in inside if found), None)


def _changed(writer, tree, dtype, field, value):
    """Change a field of the first node."""
    nodes = writer.tensors[tree["nodes"]["name"]].numpy().reshape(-1).view(dtype)
    nodes[field][0] = value


@pytest.mark.parametrize("field", ["left_child", "right_child", "feature"])
@pytest.mark.parametrize("value", [0, 10**9, -5])
def test_a_node_that_leads_elsewhere_is_an_error(field, value):
    from sklearn.tree._tree import NODE_DTYPE

    if (field, value) == ("feature", 0):
        return
    record, writer = written(DecisionTreeClassifier().fit(X, Y))
    _changed(writer, _tree_of(record), NODE_DTYPE, field, value)
    with pytest.raises(ValueError, match=r"lead out of it|columns that are not there"):
        read(record, writer)


@pytest.mark.parametrize("field", ["left", "right", "feature_idx", "is_categorical"])
def test_a_node_of_boosting_that_leads_elsewhere_is_an_error(field):
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

    record, writer = written(copy.deepcopy(SMALL).fit(X, Y))
    _changed(writer, _tree_of(record), PREDICTOR_RECORD_DTYPE, field, 99)
    with pytest.raises(ValueError, match="it has a "):
        read(record, writer)


def test_values_layouts_and_numbers_of_columns_are_those_of_the_tree():
    for change in (
        {"n_classes": [2]},
        {"n_classes": []},
        {"n_classes": [10**6]},
        {"n_features": 4},
        {"n_features": 0},
        {"layout": [["left", "<i4", 0]]},
    ):
        record, writer = written(copy.deepcopy(FOREST).fit(X, Y))
        _tree_of(record).update(change)
        with pytest.raises(ValueError, match="it has "):
            read(record, writer)


def test_a_forest_looks_at_all_its_trees_before_it_hands_columns_on():
    wide = RandomForestClassifier(2, random_state=0).fit(np.hstack([X, X]), Y)
    forest = RandomForestClassifier(2, random_state=0).fit(X, Y)
    forest.estimators_[1] = wide.estimators_[1]
    record, writer = written(forest)
    with pytest.raises(ValueError, match="trees are of other columns"):
        read(record, writer)


def test_trees_stand_in_trees_alone():
    tree = DecisionTreeClassifier().fit(X, Y)
    record, writer = written(tree)
    record["class"] = "sklearn.ensemble.VotingClassifier"
    with pytest.raises(ValueError, match="it has trees in a VotingClassifier"):
        read(record, writer)
