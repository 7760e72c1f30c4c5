"""Odd values of constructor parameters: a finite result, or an error that says which one it was."""

from __future__ import annotations

import inspect
import warnings
from fractions import Fraction
from functools import partial
from numbers import Integral, Real

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.utils._param_validation import RealNotInt
from sklearn.utils.estimator_checks import check_param_validation

from sklimb import (
    AffinityClassifier,
    DecoupledClassifier,
    M2mClassifier,
    M2mSampler,
    OffsetDebiasedClassifier,
    PriorCorrectedClassifier,
    RebalancedClassifier,
    RSGClassifier,
)
from sklimb._constraints import EPOCH, Number, check_takes
from sklimb.feature_extraction import WordWindowVectorizer
from sklimb.over_sampling import SmallClassSMOTE

ODD = (
    float("nan"), float("inf"), -1, 0, 1e300, 1e-300, -1e300, 10**400, Fraction(1, 2), "bogus",
    "False", b"x", None, [], {}, object(), True, lambda: None,
)  # fmt: skip

rng = np.random.default_rng(0)
Y = np.repeat(["many", "some", "few"], [28, 8, 4])
X = rng.normal(size=(40, 3)) + np.repeat([0.0, 1.0, -1.0], [28, 8, 4])[:, None]
WORDS = [["a", "b"], ["b", "c"], ["a", "c"], ["c", "b"]] * 10
quick = partial(dict, max_epochs=1, random_state=0)


@pytest.fixture(scope="module")
def network():
    return FrozenEstimator(RebalancedClassifier(max_epochs=5, random_state=0).fit(X, Y))


# A name for each run, the estimator, what it is given beside the odd value, and which parameters
# are tried: all, or those that matter to this setting only.
RUNS = [
    ("defaults", RebalancedClassifier, quick(), ()),
    ("defaults", AffinityClassifier, quick(), ()),
    ("defaults", OffsetDebiasedClassifier, quick(), ()),
    ("generating", RSGClassifier, quick(generate_from=0), ()),
    ("translating", M2mClassifier, quick(translate_from=0, source_estimator="network"), ()),
    ("defaults", DecoupledClassifier, quick(), ()),
    ("defaults", PriorCorrectedClassifier, {"estimator": LogisticRegression()}, ()),
    (
        "defaults",
        M2mSampler,
        {"random_state": 0, "source_estimator": "network", "target_estimator": "network"},
        (),
    ),
    ("defaults", SmallClassSMOTE, {}, ()),
    ("defaults", WordWindowVectorizer, {}, ()),
    *(
        (loss, OffsetDebiasedClassifier, quick(loss=loss), ("focal_gamma", "tau", "max_margin",
                                                            "scale"))
        for loss in ("focal", "ldam", "am_softmax", "logit_adjusted")
    ),
    ("mixup", RebalancedClassifier, quick(mixup=1.0), ("mixup", "remix")),
    ("effective", RebalancedClassifier, quick(class_weight="effective"), ("effective_beta",)),
    (
        "early stopping",
        RebalancedClassifier,
        quick(early_stopping=True),
        ("scoring", "validation_fraction", "n_iter_no_change"),
    ),
    (
        "steps of the rate",
        RebalancedClassifier,
        quick(lr_schedule="step", max_epochs=2, lr_milestones=(0.5,)),
        ("lr_milestones", "lr_decay", "warmup_epochs"),
    ),
    ("tau_norm", DecoupledClassifier, quick(method="tau_norm"), ("tau",)),
    ("lws", DecoupledClassifier, quick(method="lws"), ("classifier_lr", "classifier_epochs")),
    (
        "as in the paper",
        AffinityClassifier,
        quick(normalize=False, similarity="inverse", distance="euclidean"),
        ("sigma", "lam", "diversity"),
    ),
    ("raw", M2mSampler, {"unit": "raw", "gamma": 0.5, "source_estimator": "network",
                         "target_estimator": "network"}, ("lam", "step_size")),
]  # fmt: skip


def numbers_of(estimator):
    """Fit an estimator, and return all that it gives."""
    if hasattr(estimator, "fit_resample"):
        return [estimator.fit_resample(X, Y)[0]]
    if hasattr(estimator, "predict"):
        estimator.fit(X, Y)
        return [estimator.predict_proba(X), estimator.decision_function(X)]
    made = estimator.fit_transform(WORDS)
    return [made.toarray() if hasattr(made, "toarray") else made]


def what_is_wrong(cls, settings, name, value):
    """Return what a user could not make use of, or None."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results = numbers_of(cls(**settings | {name: value}))
    except (TypeError, ValueError) as error:
        return None if name in str(error) else f"{error!r} does not name it"
    except FileNotFoundError as error:  # a path that is none
        return None if name == "vectors" and name in str(error) else repr(error)
    except Exception as error:
        return repr(error)
    return None if all(np.isfinite(result).all() for result in results) else "not finite"


@pytest.mark.parametrize(
    ("cls", "settings", "names"),
    [pytest.param(*run, id=f"{run[0].__name__} {label}") for label, *run in RUNS],
)
def test_odd_values_give_finite_numbers_or_an_error_that_names_the_parameter(
    cls, settings, names, network
):
    settings = {name: network if v == "network" else v for name, v in settings.items()}
    names = names or [name for name in inspect.signature(cls).parameters if name != "nested"]
    wrong = {
        (name, repr(value)): found
        for name in names
        for value in ODD
        if (found := what_is_wrong(cls, settings, name, value)) is not None
    }
    assert wrong == {}


ESTIMATORS = [cls for _, cls, _, names in RUNS if not names]


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_scikit_learns_own_check_of_constraints(cls):
    parameters = {"estimator": LogisticRegression()} if cls is PriorCorrectedClassifier else {}
    check_param_validation(cls.__name__, cls(**parameters))


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_numbers_and_booleans_of_numpy_are_taken(cls):
    defaults = inspect.signature(cls).parameters
    settings = {"max_epochs": np.int64(1)} if "max_epochs" in defaults else {}
    if cls is PriorCorrectedClassifier:
        settings["estimator"] = LogisticRegression()
    for name, parameter in defaults.items():
        kind = {bool: np.bool_, int: np.int32, float: np.float32}.get(type(parameter.default))
        if kind is not None:
            settings[name] = kind(parameter.default)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert all(np.isfinite(result).all() for result in numbers_of(cls(**settings)))


def test_number():
    share = Number(Real, 0, 1, closed="both")
    assert all(map(share.is_satisfied_by, (0, 1, 0.5, np.float16(0.5), np.int8(1))))
    assert not any(map(share.is_satisfied_by, (True, np.True_, "1", None, np.nan, 1.5, [1])))
    positive = Number(Real, 0, None, closed="neither")
    assert not any(map(positive.is_satisfied_by, (0, np.inf, 10**400, Fraction(1, 2))))
    count = Number(Integral, 1, None, closed="left")
    assert count.is_satisfied_by(np.uint8(1)) and not count.is_satisfied_by(1.0)
    real_not_int = Number(RealNotInt, 0, 1, closed="both")
    assert real_not_int.is_satisfied_by(np.float32(1)) and not real_not_int.is_satisfied_by(1)
    taken = [any(c.is_satisfied_by(v) for c in EPOCH) for v in (0, 160, 0.8, 1.0, 1.5, -1, True)]
    assert taken == [True, True, True, True, False, False, False]


def test_check_takes():
    check_takes(print, "scoring", "estimator", "X", "y")
    check_takes(lambda params, lr: 0, "optimizer", "params", lr="lr")
    with pytest.raises(TypeError, match=r"scoring must be a function of \(X, y\).*takes \(X\)"):
        check_takes(lambda X: 0, "scoring", "X", "y")
    with pytest.raises(TypeError, match="got the class"):
        check_takes(dict, "scoring", "X")
