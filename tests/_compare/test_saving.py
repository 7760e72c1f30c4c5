from __future__ import annotations

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklimb._compare.saving import save_model
from sklimb.persistence import load
from tests._compare.stand_ins import TREE, blobs

X, Y = blobs([40, 10])


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'model "1"'


def _saved_by(code, model):
    """Run the code of a saved model, which writes it again."""
    exec(code, {"model": model})


def test_a_tree_and_its_preparation_are_a_file_without_pickle(path):
    model = make_pipeline(StandardScaler(), TREE.classify()).fit(X, Y)
    saved = save_model(model, path)
    assert saved.line == f"Model: {path} (no pickle; read it with sklimb.persistence.load)"
    path.unlink()
    _saved_by(saved.code, model)
    np.testing.assert_array_equal(load(path).predict_proba(X), model.predict_proba(X))


def test_what_such_a_file_cannot_hold_is_a_pickle_and_the_line_says_why(path):
    model = HistGradientBoostingClassifier(max_iter=2, categorical_features=["b"])
    model.fit(pd.DataFrame(X.round(), columns=list("abc")), Y)
    saved = save_model(model, path)
    assert "joblib.load" in saved.line and "OrdinalEncoder" in saved.line and "\n" not in saved.line
    path.unlink()
    _saved_by(saved.code, model)
    np.testing.assert_array_equal(joblib.load(path).classes_, model.classes_)


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(OSError):
        save_model(TREE.classify().fit(X, Y), tmp_path / "no" / "model")
