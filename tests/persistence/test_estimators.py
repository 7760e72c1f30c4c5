"""What is around a network: pipelines, corrections, calibration, samplers."""

from __future__ import annotations

import json
import sys

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline as make_imblearn_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from skorch import NeuralNetClassifier
from skorch.callbacks import EarlyStopping
from torch import nn

from sklimb import M2mClassifier, M2mSampler, PriorCorrectedClassifier, RebalancedClassifier
from sklimb.classifiers import LabelEncodedClassifier
from sklimb.feature_extraction import (
    CategoryChecker,
    DateEncoder,
    ShrinkImages,
    WordWindowVectorizer,
    filled_texts,
)
from sklimb.over_sampling import SmallClassSMOTE
from sklimb.persistence._estimators import encode_estimator
from sklimb.persistence._modules import encode_module
from sklimb.persistence._names import Names
from sklimb.persistence._networks import encode_network
from sklimb.persistence._objects import Reader, Writer
from sklimb.persistence._saving import _DECODERS
from tests.shared import QUICK, samples_in
from tests.shared import data as data

pytest.importorskip("skops")
CLASSES = ("bulk", "rare", "some")
PLAIN = RebalancedClassifier(**QUICK)


@pytest.fixture(scope="module")
def frame(data):
    X = pd.DataFrame(data[0], columns=[f"column {i}" for i in range(6)])
    return X, data[1]


def written(model):
    writer = Writer(encode_network, encode_module, encode_estimator)
    return json.loads(json.dumps(writer.encode(model, ""))), writer


def there_and_back(model):
    record, writer = written(model)
    reader = Reader(writer.tensors, writer.parts, Names(writer.own.values()), _DECODERS)
    back = reader.decode(record)
    reader.check_all_used()
    return back


MODELS = [
    make_pipeline(StandardScaler(), "passthrough", PLAIN),
    make_pipeline(
        make_column_transformer(
            (SimpleImputer(), make_column_selector("column [01]$")),
            (OneHotEncoder(handle_unknown="ignore"), ["column 2"]),
            remainder="passthrough",
            sparse_threshold=0.0,
        ),
        PCA(3),
        PLAIN,
    ),
    make_imblearn_pipeline(SMOTE(random_state=0), PLAIN),
    make_imblearn_pipeline(StandardScaler(), RandomUnderSampler(random_state=0), PLAIN),
    make_imblearn_pipeline(SmallClassSMOTE(random_state=0), PLAIN),
    make_imblearn_pipeline(M2mSampler(gamma=0.2, random_state=0), PLAIN),
    PriorCorrectedClassifier(
        LogisticRegression(), target_prior=pd.Series({"bulk": 0.5, "rare": 0.2, "some": 0.3})
    ),
    PriorCorrectedClassifier(make_pipeline(StandardScaler(), PLAIN)),
    LabelEncodedClassifier(make_pipeline(StandardScaler(), PLAIN), class_weight="balanced"),
    PriorCorrectedClassifier(
        PLAIN,
        cv=StratifiedKFold(2, shuffle=True, random_state=0),
        cost_matrix={(a, b): 1 + (b == "bulk") for a in CLASSES for b in CLASSES if a != b},
    ),
    CalibratedClassifierCV(PLAIN, cv=2),
    CalibratedClassifierCV(PLAIN, cv=2, method="isotonic"),
    VotingClassifier([("net", PLAIN), ("linear", LogisticRegression())], voting="soft"),
    BaggingClassifier(PLAIN, n_estimators=2, random_state=0),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
def test_the_same_predictions(model, frame):
    model.fit(*frame)
    back = there_and_back(model)
    assert type(back) is type(model)
    np.testing.assert_array_equal(back.predict_proba(frame[0]), model.predict_proba(frame[0]))
    np.testing.assert_array_equal(back.predict(frame[0]), model.predict(frame[0]))
    assert list(back.feature_names_in_) == list(frame[0].columns)
    back.fit(*frame)  # all parameters are there
    np.testing.assert_array_equal(back.predict(frame[0]), model.predict(frame[0]))


def test_a_threshold_and_words(data):
    X, y = data
    two = y == "rare"
    model = TunedThresholdClassifierCV(PLAIN, cv=2).fit(X, two)
    np.testing.assert_array_equal(there_and_back(model).predict(X), model.predict(X))
    words = np.array([["the", "cat"], ["a", "dog"], ["no", "cat"], ["a", "cow"]] * 10)
    model = make_pipeline(WordWindowVectorizer(), RebalancedClassifier(max_epochs=2))
    model.fit(words, np.arange(40) % 2)
    back = there_and_back(model)
    np.testing.assert_array_equal(back.predict_proba(words), model.predict_proba(words))


def test_dates_texts_and_categories_of_a_table(data):
    n = 40
    frame = pd.DataFrame(
        {
            "when": pd.date_range("2024-01-01", periods=n, freq="37h").astype(str),
            "what": ["the cat", "a dog", "no cat", "a cow"] * (n // 4),
            "kind": ["a", "b", None, 3] * (n // 4),
        }
    )
    texts = make_pipeline(FunctionTransformer(filled_texts), TfidfVectorizer())
    kinds = make_pipeline(CategoryChecker(), FunctionTransformer(pd.DataFrame.isna))
    columns = make_column_transformer((DateEncoder(), ["when"]), (texts, "what"), (kinds, ["kind"]))
    model = make_pipeline(columns, RebalancedClassifier(max_epochs=2, random_state=0))
    model.fit(frame, np.arange(n) % 2)
    back = there_and_back(model)
    np.testing.assert_array_equal(back.predict_proba(frame), model.predict_proba(frame))


def test_samplers_leave_their_samples_behind(data):
    X, y = data
    model = make_imblearn_pipeline(SMOTE(random_state=0), PLAIN).fit(X, y)
    assert hasattr(model[0], "nn_k_")
    back = there_and_back(model)
    assert not hasattr(back[0], "nn_k_") and back[0].get_params() == model[0].get_params()
    record, writer = written(model)
    stored = b"".join(writer.parts.values()) + json.dumps(record).encode()
    assert samples_in(stored, X) == []


class Shift(TransformerMixin, BaseEstimator):
    """A step of a user's own."""

    def fit(self, X, y=None):
        self.mean_ = X.mean(axis=0)
        return self

    def transform(self, X):
        return X - self.mean_


def test_a_step_of_ones_own_is_handed_over(data):
    model = make_pipeline(Shift(), PLAIN).fit(*data)
    back = there_and_back(model)
    np.testing.assert_array_equal(back.predict_proba(data[0]), model.predict_proba(data[0]))
    record, writer = written(model)
    with pytest.raises(ValueError, match=r"load\(path, modules=\[Shift\]\)"):
        Reader(writer.tensors, writer.parts, Names(), _DECODERS).decode(record)


def test_one_object_in_two_places_stays_one(data):
    g = RebalancedClassifier(max_epochs=40, random_state=0).fit(*data)
    frozen = FrozenEstimator(g)
    model = PriorCorrectedClassifier(frozen).fit(*data)
    assert model.estimator_ is frozen
    back = there_and_back(model)
    assert back.estimator_ is back.estimator
    np.testing.assert_array_equal(back.predict_proba(data[0]), model.predict_proba(data[0]))
    source = M2mClassifier(source_estimator=frozen, **QUICK).fit(*data)
    back = there_and_back(source)
    np.testing.assert_array_equal(back.predict_proba(data[0]), source.predict_proba(data[0]))


def test_callbacks_and_metadata_requests(data):
    with config_context(enable_metadata_routing=True):
        model = RebalancedClassifier(
            callbacks=[("stop", EarlyStopping(patience=1, monitor="train_loss"))], **QUICK
        ).set_fit_request(sample_weight=True)
        back = there_and_back(model.fit(*data))
        (name, callback) = back.callbacks[0]
        assert name == "stop" and callback.patience == 1
        assert back.get_metadata_routing().fit.requests == {"sample_weight": True}


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (GridSearchCV(PLAIN, {"lr": [0.1, 0.2]}, cv=2), "save best_estimator_"),
        (
            make_pipeline(FunctionTransformer(lambda x: x), PLAIN),
            r"steps\[0\]\[1\].*no import path",
        ),
        (RebalancedClassifier(scoring=lambda e, X, y: 0.0, **QUICK), "scoring=<function"),
    ],
)
def test_what_cannot_be_loaded_is_not_saved(model, message, data):
    with pytest.raises(TypeError, match=message) as caught:
        written(model.fit(*data))
    assert "\n" not in str(caught.value)


def test_nets_of_skorch_are_refused():
    net = NeuralNetClassifier(nn.Linear(2, 2))
    with pytest.raises(TypeError, match="source_estimator is a net of skorch"):
        written(M2mClassifier(source_estimator=net))


def test_without_skops_it_is_said_what_to_install(data, monkeypatch):
    model = make_pipeline(StandardScaler(), PLAIN).fit(*data)
    record, writer = written(model)
    monkeypatch.setitem(sys.modules, "skops", None)
    monkeypatch.setitem(sys.modules, "skops.io", None)
    with pytest.raises(ImportError, match=r"pip install skops"):
        written(model)
    with pytest.raises(ImportError, match=r"pip install skops"):
        Reader(writer.tensors, writer.parts, Names(), _DECODERS).decode(record)
    written(PLAIN.fit(*data))  # a classifier alone needs none


def test_images_made_smaller_and_dates_need_no_skops(monkeypatch):
    monkeypatch.setitem(sys.modules, "skops", None)
    monkeypatch.setitem(sys.modules, "skops.io", None)
    images = np.random.default_rng(0).integers(0, 256, (24, 1, 12, 12), dtype=np.uint8)
    model = make_pipeline(ShrinkImages(6), RebalancedClassifier(max_epochs=1, random_state=0))
    model.fit(images, np.arange(24) % 2)
    back = there_and_back(model)
    np.testing.assert_array_equal(back.predict_proba(images), model.predict_proba(images))
    dates = pd.DataFrame({"when": pd.date_range("2024-01-01", periods=24, freq="37h")})
    encoder = DateEncoder().fit(dates)
    back = there_and_back(make_pipeline(encoder))
    np.testing.assert_array_equal(back.transform(dates), encoder.transform(dates))


@pytest.mark.parametrize(
    "record",
    [
        {"is": "container", "class": "sklimb.backbones.MLP", "attributes": [], "id": 0},
        {"is": "container", "class": "imblearn.over_sampling.SMOTE", "attributes": [], "id": 0},
        {"is": "sampler", "class": "sklearn.pipeline.Pipeline", "parameters": [], "id": 0},
        {"is": "callback", "class": "torch.nn.Linear", "parameters": [], "id": 0},
    ],
)
def test_a_class_of_another_kind_is_refused(record):
    with pytest.raises(ValueError, match="it takes '"):
        Reader({}, {}, Names(), _DECODERS).decode(record)
