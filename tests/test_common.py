"""scikit-learn's own checks over every public estimator."""

from __future__ import annotations

import inspect

import pytest
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

import sklimb
from sklimb import (
    AffinityClassifier,
    BlendedClassifier,
    DecoupledClassifier,
    M2mClassifier,
    PriorCorrectedClassifier,
    RebalancedClassifier,
    RSGClassifier,
)
from sklimb.backbones import TabularMLP

# The one check that may fail on defaults: it compares at 1e-7, which no mini-batch float32 training
# can meet. `exact` below is the documented setting in which it passes, as scikit-learn itself runs
# it for its own networks.
EQUIVALENCE = (
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
)


def public_estimators() -> list[type[BaseEstimator]]:
    classes = [getattr(sklimb, name) for name in sklimb.__all__]
    return [c for c in classes if inspect.isclass(c) and issubclass(c, BaseEstimator)]


def is_network(cls):
    return "max_epochs" in inspect.signature(cls).parameters


def blend(*estimators, **settings):
    """The default blend with fewer epochs and trees, or one of quick classifiers."""
    if not estimators:
        network = RebalancedClassifier(n_members=2, cross_fit=True, max_epochs=10)
        estimators = (network, RandomForestClassifier(25, min_samples_leaf=2, oob_score=True))
    pairs = [(type(one).__name__.lower(), one) for one in estimators]
    return BlendedClassifier(estimators=pairs, **settings)


def default(cls):
    if cls is BlendedClassifier:
        return blend()
    if "estimator" in inspect.signature(cls).parameters:
        return cls(LogisticRegression())
    # fewer epochs only: the checks fit hundreds of times
    return cls(max_epochs=10) if is_network(cls) else cls()


def exact(cls):
    # One batch of all rows, no dropout, no generated rows: no draw then goes by the number of rows.
    takes = set(inspect.signature(cls).parameters)
    made = dict.fromkeys({"generate_from", "translate_from"} & takes, 10)
    if "loss" in takes:
        made["loss"] = "cross_entropy"  # which class weights may stand beside
    return cls(
        **made,
        dtype="float64",
        batch_size=10_000,
        max_epochs=10,
        class_weight=None,
        random_state=0,
        module__dropout=0.0,
    )


def own_settings():
    """Beside the defaults, what takes other ways through the code."""
    yield AffinityClassifier(max_epochs=5, n_prototypes=2, normalize=False)
    # not with sampling="balanced" or a logit-adjusted loss: a check sets class_weight beside them,
    # which warns on purpose
    # a constant rate, for a check wants class_weight to have its effect in the three epochs left
    yield RebalancedClassifier(max_epochs=5, loss="ldam", rebalance_from=0.4, lr_schedule=None)
    yield RebalancedClassifier(max_epochs=5, mixup=1.0, remix=True)
    # several members; lr, for a check wants five epochs to learn blobs
    yield RebalancedClassifier(module=TabularMLP, n_members=2, max_epochs=5, lr=1e-2)
    for method in ("lws", "tau_norm", "ncm"):
        yield DecoupledClassifier(max_epochs=5, method=method)
    yield PriorCorrectedClassifier(RebalancedClassifier(max_epochs=5, random_state=0), tau=0.5)
    yield PriorCorrectedClassifier(LogisticRegression(), cv=3)
    yield blend(LogisticRegression(), GaussianNB(), cv=3)
    yield blend(LogisticRegression(), RandomForestClassifier(25, oob_score=True), weights=[2, 1])


def networks():
    return [cls for cls in public_estimators() if is_network(cls)]


def test_there_are_estimators():
    assert len(networks()) >= 3
    assert len(public_estimators()) > len(networks())


def why_weights_are_not_repeats(estimator):
    """Say why weights do not count as repeated samples at 1e-7, or None where they must."""
    inside = [one for _, one in getattr(estimator, "estimators", [])]
    inside += [one for one in [getattr(estimator, "estimator", None)] if one is not None]
    if any(isinstance(one, RandomForestClassifier) for one in inside):
        return "a forest draws its bags by the number of samples"
    if is_network(type(estimator)) or any(is_network(type(one)) for one in inside):
        return "compares mini-batch float32 training at 1e-7; passes in the exact setting below"
    return None


@parametrize_with_checks(
    [*map(default, public_estimators()), *own_settings()],
    expected_failed_checks=lambda estimator: {
        name: why
        for name in EQUIVALENCE
        # the sparse one has nothing to compare where an estimator refuses sparse input
        if get_tags(estimator).input_tags.sparse or "sparse" not in name
        if (why := why_weights_are_not_repeats(estimator))
    },
)
def test_sklearn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    "cls", [RebalancedClassifier, AffinityClassifier, RSGClassifier, M2mClassifier]
)
@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_sample_weight_equivalence_in_the_exact_setting(cls, class_weight):
    passes_in_the_exact_setting(exact(cls).set_params(class_weight=class_weight))


@pytest.mark.parametrize("embedding", [None, "piecewise_linear", "periodic"])
def test_sample_weight_equivalence_of_members_in_the_exact_setting(embedding):
    passes_in_the_exact_setting(
        exact(RebalancedClassifier).set_params(
            module=TabularMLP, n_members=2, module__embedding=embedding
        )
    )


def passes_in_the_exact_setting(estimator):
    checks = [
        check
        for est, check in estimator_checks_generator(estimator)
        if getattr(check, "func", check).__name__ in EQUIVALENCE
    ]
    assert checks
    for check in checks:
        check(estimator)
