"""Tries of estimators and samplers: parameters, training data, predictions, partial_fit."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from sklimb import (
    AffinityClassifier,
    BlendedClassifier,
    DecoupledClassifier,
    M2mClassifier,
    M2mSampler,
    OffsetDebiasedClassifier,
    PriorCorrectedClassifier,
    RebalancedClassifier,
    RSGClassifier,
)
from sklimb.backbones import MLP
from sklimb.feature_extraction import DateEncoder, WordWindowVectorizer
from sklimb.over_sampling import SmallClassSMOTE
from tests.fuzzing.data import WORDS, X, labels, matrices, weights, y
from tests.fuzzing.tries import Try
from tests.fuzzing.values import allowed, odd_for

_quick = partial(dict, max_epochs=1, random_state=0)


@cache
def _network() -> FrozenEstimator:
    return FrozenEstimator(RebalancedClassifier(max_epochs=3, random_state=0).fit(X, y))


def _estimators() -> dict[str, Callable[[], Any]]:
    """Return what makes each estimator, small enough for many tries."""
    made = {
        "RebalancedClassifier": lambda: RebalancedClassifier(**_quick()),
        "RebalancedClassifier of MLP": lambda: RebalancedClassifier(module=MLP, **_quick()),
        "AffinityClassifier": lambda: AffinityClassifier(**_quick()),
        "OffsetDebiasedClassifier": lambda: OffsetDebiasedClassifier(**_quick()),
        "RSGClassifier": lambda: RSGClassifier(generate_from=0, **_quick()),
        "M2mClassifier": lambda: M2mClassifier(
            translate_from=0, source_estimator=_network(), **_quick()
        ),
        "DecoupledClassifier": lambda: DecoupledClassifier(classifier_epochs=1, **_quick()),
        "PriorCorrectedClassifier": lambda: PriorCorrectedClassifier(LogisticRegression()),
        "PriorCorrectedClassifier, cv=2": lambda: PriorCorrectedClassifier(
            LogisticRegression(), cv=2
        ),
        "BlendedClassifier": lambda: BlendedClassifier(
            estimators=[("a", LogisticRegression()), ("b", LogisticRegression(C=0.1))], cv=2
        ),
    }
    return made


def _samplers() -> dict[str, Callable[[], Any]]:
    return {
        "M2mSampler": lambda: M2mSampler(
            random_state=0, source_estimator=_network(), target_estimator=_network()
        ),
        "SmallClassSMOTE": lambda: SmallClassSMOTE(random_state=0),
    }


def _vectorizers() -> dict[str, Callable[[], Any]]:
    return {"WordWindowVectorizer": WordWindowVectorizer, "DateEncoder": DateEncoder}


def _numbers(estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> list:
    """Fit, and return all that a user would look at."""
    if hasattr(estimator, "fit_resample"):
        return list(estimator.fit_resample(X, y))
    if isinstance(estimator, DateEncoder):
        made = estimator.fit_transform([["2020-01-02"], ["2021-03-04"]])
        return [made[made[:, -1] == 0]]  # what is no date is missing, and NaN
    if not hasattr(estimator, "predict"):
        return [estimator.fit_transform(WORDS)]
    estimator.fit(X, y) if sample_weight is None else estimator.fit(X, y, sample_weight)
    return [estimator.predict_proba(X), estimator.predict(X)]


@st.composite
def parameters(draw: st.DrawFn) -> Try:
    """Odd values of one parameter, or of a few of which most are allowed."""
    makers = _estimators() | _samplers() | _vectorizers()
    subject = draw(st.sampled_from(sorted(makers)))
    made = makers[subject]()
    names = [n for n in inspect.signature(type(made)).parameters if n != "nested"]
    constraints = getattr(made, "_parameter_constraints", {})
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
    odd = {}
    for k, name in enumerate(chosen):
        inside = allowed(name, constraints.get(name, "no_validation"))
        takes_odd = inside is None or (k == 0 and draw(st.booleans()))
        odd[name] = draw(odd_for(name) if takes_odd else inside)

    def call() -> list:
        return _numbers(made.set_params(**odd), X, y)

    return Try(subject, odd, call)


@st.composite
def training_data(draw: st.DrawFn) -> Try:
    """Odd X, y or weights in `fit` and `fit_resample`."""
    makers = _estimators() | _samplers()
    subject = draw(st.sampled_from(sorted(makers)))
    odd: dict[str, Any] = {}
    which = draw(st.sampled_from(["X", "y", "sample_weight", "X", "y", "X and y"]))
    if "X" in which:
        odd["X"] = draw(matrices)
    if "y" in which:
        odd["y"] = draw(labels)
    if which == "sample_weight" and subject not in _samplers():
        odd["sample_weight"] = draw(weights)
    given = {"X": X, "y": y} | odd

    def call() -> list:
        return _numbers(makers[subject](), **given)

    return Try(f"fit of {subject}", odd, call, given=list(given.values()))


@cache
def _fitted(subject: str) -> Any:
    return _estimators()[subject]().fit(X, y)


@st.composite
def new_data(draw: st.DrawFn) -> Try:
    """Odd X in the methods that predict."""
    subject = draw(st.sampled_from(sorted(_estimators())))
    methods = ["predict", "predict_proba", "predict_log_proba", "decision_function", "transform"]
    fitted = _fitted(subject)
    method = draw(st.sampled_from([name for name in methods if hasattr(fitted, name)]))
    odd = {"X": draw(matrices)}

    def call() -> list:
        result = getattr(fitted, method)(odd["X"])
        # the logarithm of a probability that underflows is what scikit-learn has, too
        return [np.exp(result) if method == "predict_log_proba" else result]

    return Try(f"{method} of {subject}", odd, call, given=[odd["X"]])


@st.composite
def partial_fits(draw: st.DrawFn) -> Try:
    """A first call of `partial_fit` and a second, one of them with something odd."""
    makers = {k: v for k, v in _estimators().items() if hasattr(v(), "partial_fit")}
    subject = draw(st.sampled_from(sorted(makers)))
    name = draw(st.sampled_from(["X", "y", "sample_weight", "classes"]))
    strategies = {"X": matrices, "y": labels, "sample_weight": weights, "classes": labels}
    odd = {name: draw(strategies[name])}
    first = draw(st.booleans())

    def call() -> list:
        model = clone(makers[subject]())
        given = {"X": X, "y": y, "classes": ["many", "some", "few"]}
        if not first:
            model.partial_fit(**given)
        model.partial_fit(**given | odd)
        return [model.predict_proba(X)]

    return Try(f"{'first' if first else 'second'} partial_fit of {subject}", odd, call,
               given=list(odd.values()))  # fmt: skip
