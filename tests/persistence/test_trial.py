"""A model that was read is tried with made-up samples: one that cannot predict is refused."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklimb import BlendedClassifier, RebalancedClassifier
from sklimb._files.archive import pack, unpack
from sklimb.classifiers import LabelEncodedClassifier
from sklimb.feature_extraction import ShrinkImages
from sklimb.persistence import load, save
from sklimb.persistence._trial import check_predicts, samples_taken
from tests.shared import QUICK

rng = np.random.default_rng(0)
X, y = rng.normal(size=(60, 3)), np.repeat(["a", "b", "b"], 20)
net = RebalancedClassifier(**QUICK)
by_name = make_pipeline(FunctionTransformer(lambda frame: frame[["u", "v"]]), LogisticRegression())
KINDS = {
    "of the network": (net, sparse.csr_array(X)),
    "zeros": (make_pipeline(StandardScaler(), LogisticRegression()), X),
    "zeros by name": (by_name, pd.DataFrame(X, columns=["u", "v", "w"])),
    "texts": (make_pipeline(TfidfVectorizer(), net), np.array(["one", "two", "three"] * 20)),
    "images of the first step": (
        make_pipeline(ShrinkImages(4), RebalancedClassifier(max_epochs=1, random_state=0)),
        rng.integers(0, 256, (60, 1, 8, 8), dtype=np.uint8),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_made_up_samples_that_a_model_takes_are_found(kind):
    model, given = KINDS[kind]
    model.fit(given, y)
    networks = [part for part in (model, *getattr(model, "named_steps", {}).values())
                if isinstance(part, RebalancedClassifier)]  # fmt: skip
    assert samples_taken(model, networks) == kind
    check_predicts(model, networks, kind)


def test_a_model_that_takes_none_is_not_tried():
    assert samples_taken(RebalancedClassifier(), []) is None
    check_predicts(RebalancedClassifier(), [], None)


def changed(path, change):
    entries = unpack(path.read_bytes())
    document = json.loads(entries["model.json"])
    change(document)
    path.write_bytes(pack(entries | {"model.json": json.dumps(document).encode()}))


def attribute(record, name):
    return next(pair for pair in record["attributes"] if pair[0] == name)


def take_verbose_from_the_forest(document):
    mean = attribute(document["model"], "estimators_")[1][0]
    forest = attribute(mean, "estimators_")[1][0]
    forest["attributes"] = [pair for pair in forest["attributes"] if pair[0] != "verbose"]


def put_a_list_in_place_of_the_classifier(document):
    pair = attribute(document["model"], "estimator_")
    pair[1] = [pair[1]]


def ask_for_samples_that_there_are_not(document):
    document["trial"] = "dates"


@pytest.mark.parametrize(
    ("model", "change", "message"),
    [
        (
            BlendedClassifier(
                estimators=[("forest", RandomForestClassifier(3, random_state=0)), ("net", net)],
                weights=[1, 1],
            ),
            take_verbose_from_the_forest,
            r"its RandomForestClassifier cannot predict \(AttributeError: .*verbose",
        ),
        (
            LabelEncodedClassifier(LogisticRegression()),
            put_a_list_in_place_of_the_classifier,
            r"its LabelEncodedClassifier cannot predict \(AttributeError: .*list",
        ),
        (net, ask_for_samples_that_there_are_not, "samples of a kind that is not known, 'dates'"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_changed_file_is_refused_with_the_part_that_fails(model, change, message, tmp_path):
    path = tmp_path / "model"
    save(model.fit(X, y), path)
    load(path)
    changed(path, change)
    with pytest.raises(ValueError, match=message) as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_a_file_without_a_trial_is_loaded(tmp_path):
    path = tmp_path / "model"
    save(net.fit(X, y), path)
    changed(path, lambda document: document.pop("trial"))
    np.testing.assert_array_equal(load(path).predict_proba(X), net.predict_proba(X))


def test_a_trial_leaves_warnings_and_generators_as_they_were():
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(
        pd.DataFrame(X, columns=list("uvw")), y
    )
    filters, state = list(warnings.filters), np.random.get_state()[1].tobytes()
    assert samples_taken(model, []) == "zeros"  # scikit-learn's warning of names is not heard
    assert warnings.filters == filters and np.random.get_state()[1].tobytes() == state


class Answers:
    classes_ = np.array(["a", "b"])
    n_features_in_ = 2

    def __init__(self, proba, label="a"):
        self.proba, self.label = proba, label

    def predict(self, X):
        return np.array([self.label] * len(X))

    def predict_proba(self, X):
        return np.array([self.proba] * len(X))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Answers([0.7, 0.7]), r"\[0.7, 0.7\] for probabilities"),
        (Answers([1.5, -0.5]), "for probabilities"),
        (Answers([np.nan, 1.0]), "for probabilities"),
        (Answers([0.2, 0.3, 0.5]), "probabilities of the shape"),
        (Answers([0.5, 0.5], "c"), "which are not among its classes"),
    ],
)
def test_answers_that_are_none_are_refused(model, message):
    check_predicts(Answers([0.5, 0.5]), [], "zeros")
    with pytest.raises(ValueError, match=message):
        check_predicts(model, [], "zeros")
