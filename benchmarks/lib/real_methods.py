"""The methods of ``tables/real.py``: ours, and boosters, forests and networks that people use.

One joins by an entry in `OURS`, `LEARNERS` or `OTHERS`. A learner gives several methods, each of
which answers for classes of one size:

- ``weighted``: classes weigh the same in training;
- ``corrected``: in `PriorCorrectedClassifier`;
- ``calibrated``: five fits on four fifths of the rows each, the temperature of each fitted on the
  fifth (scikit-learn's `CalibratedClassifierCV`), averaged, then corrected for the prior;
- ``cross_fitted``: ``PriorCorrectedClassifier(cv=5)``, where this version of sklimb has it.

Nothing is tuned: every learner is as it comes, but for what its probabilities need to be corrected
at all. CatBoost has 300 trees; the forest 300, and leaves of two samples, for with leaves of one it
is too sure of itself; RealMLP stops by cross entropy and smooths no labels, as its authors advise
for log loss (smoothed, each class has a share that a correction takes for rare samples), and TabM
stops by cross entropy, too. The four candidates of a method, the first of which is its default, are
for ``--tuned``.
"""

from __future__ import annotations

from imblearn.ensemble import BalancedRandomForestClassifier, EasyEnsembleClassifier
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sklimb
from lib.methods import BalancedByWeight, Learner, Make, Method, Settings, imported, made, wrapped
from sklimb import (
    AffinityClassifier,
    M2mClassifier,
    OffsetDebiasedClassifier,
    RebalancedClassifier,
    RSGClassifier,
)
from sklimb.classifiers.blended import default_estimators
from sklimb.classifiers.losses import adjusts_for_prior


def _shares(model: BaseEstimator) -> str:
    """Return whether a network of ours corrects for class sizes, by loss, weights or draws."""
    corrects = adjusts_for_prior(model) or model.class_weight or model.sampling
    return "equal" if corrects else "own"


_NETS = ({}, {"lr": 1e-3}, {"module__dropout": 0.3}, {"lr": 1e-3, "module__dropout": 0.3})
_HAS_BLEND = hasattr(sklimb, "BlendedClassifier")


def _blend(**settings: object) -> BaseEstimator:
    """Return the blend as it comes, with settings of it or of its parts, as in ``net__lr``."""
    parts = default_estimators() if settings else None
    return sklimb.BlendedClassifier(estimators=parts, random_state=0).set_params(**settings)


def _own(
    name: str, label: str, make: Make, candidates: tuple[Settings, ...] = ({},), **more: str
) -> Method:
    return Method(name, label, make, candidates, "sklimb", **more)


OURS = [
    _own(
        "logit_adjusted",
        "logit-adjusted net",
        made(RebalancedClassifier, loss="logit_adjusted"),
        _NETS,
    ),
    _own(
        "logit_adjusted_8",
        "logit-adjusted net, 8 members",
        made(RebalancedClassifier, loss="logit_adjusted", n_members=8),
        _NETS,
    ),
    _own(
        "offset",
        "OffsetDebiasedClassifier",
        made(OffsetDebiasedClassifier),
        ({}, {"lambda1": 0.03}, {"lambda2": 0.0}, {"lr": 1e-3}),
    ),
    _own(
        "affinity",
        "AffinityClassifier",
        made(AffinityClassifier),
        ({}, {"sigma": 0.5}, {"lam": 0.75}, {"n_prototypes": 2}),
    ),
    _own(
        "rsg",
        "RSGClassifier",
        made(RSGClassifier),
        ({}, {"lr": 1e-3}, {"module__dropout": 0.3}, {"end_to_end": True}),
        shares=_shares(RSGClassifier()),
    ),
    _own(
        "m2m",
        "M2mClassifier",
        made(M2mClassifier),
        ({}, {"lam": 0.5}, {"step_size": 1.0}, {"lr": 1e-3}),
    ),
    _own(
        "blended",
        "BlendedClassifier",
        _blend,
        ({}, {"net__lr": 1e-3}, {"forest__min_samples_leaf": 5}, {"weights": (2, 1)}),
        lacks="" if _HAS_BLEND else "BlendedClassifier is not in this version",
    ),
]

_CATBOOST = {"iterations": 300, "random_seed": 0, "thread_count": 1, "verbose": False,
             "allow_writing_files": False}  # fmt: skip
_LIGHTGBM = {"random_state": 0, "n_jobs": 1, "verbose": -1}
_XGBOOST = {"random_state": 0, "n_jobs": 1}
_PYTABKIT = {"device": "cpu", "random_state": 0, "n_threads": 1, "verbosity": 0,
             "val_metric_name": "cross_entropy"}  # fmt: skip
_FOREST = {"n_estimators": 300, "min_samples_leaf": 2}
LEARNERS = [
    Learner(
        "net",
        "plain net",
        made(RebalancedClassifier),
        made(RebalancedClassifier, class_weight="balanced"),
        _NETS,
        "sklimb",
    ),
    Learner(
        "catboost",
        "CatBoost",
        imported("catboost", "CatBoostClassifier", **_CATBOOST),
        imported("catboost", "CatBoostClassifier", **_CATBOOST, auto_class_weights="Balanced"),
        ({}, {"depth": 4}, {"l2_leaf_reg": 10.0}, {"learning_rate": 0.03}),
        "catboost",
    ),
    Learner(
        "lightgbm",
        "LightGBM",
        imported("lightgbm", "LGBMClassifier", **_LIGHTGBM),
        imported("lightgbm", "LGBMClassifier", **_LIGHTGBM, class_weight="balanced"),
        ({}, {"num_leaves": 7}, {"min_child_samples": 5}, {"learning_rate": 0.03}),
        "lightgbm",
    ),
    Learner(
        "xgboost",
        "XGBoost",
        imported("xgboost", "XGBClassifier", **_XGBOOST),
        wrapped(BalancedByWeight, imported("xgboost", "XGBClassifier", **_XGBOOST)),
        ({}, {"max_depth": 3}, {"reg_lambda": 10.0}, {"learning_rate": 0.1}),
        "xgboost",
    ),
    Learner(
        "hist",
        "histogram boosting",
        made(HistGradientBoostingClassifier),
        made(HistGradientBoostingClassifier, class_weight="balanced"),
        ({}, {"max_leaf_nodes": 7}, {"l2_regularization": 10.0}, {"learning_rate": 0.03}),
    ),
    Learner(
        "forest",
        "random forest",
        made(RandomForestClassifier, **_FOREST),
        made(RandomForestClassifier, **_FOREST, class_weight="balanced"),
        ({}, {"min_samples_leaf": 5}, {"max_features": 0.5}, {"max_features": 1.0}),
    ),
    Learner(
        "realmlp",
        "RealMLP",
        imported("pytabkit", "RealMLP_TD_Classifier", **_PYTABKIT, use_ls=False),
        None,
        ({}, {"p_drop": 0.3}, {"lr": 0.02}, {"wd": 0.0}),
        "pytabkit",
        slow=1,
    ),
    Learner(
        "tabm",
        "TabM",
        imported("pytabkit", "TabM_D_Classifier", **_PYTABKIT),
        None,
        ({}, {"dropout": 0.3}, {"lr": 5e-4}, {"n_blocks": 2}),
        "pytabkit",
        slow=1,
    ),
]

OTHERS = [
    Method(
        "balanced_forest",
        "balanced random forest",
        # as Chen et al. (2004) have it, and `sklimb compare`
        made(
            BalancedRandomForestClassifier,
            sampling_strategy="all",
            replacement=True,
            bootstrap=False,
        ),
        ({}, {"min_samples_leaf": 3}, {"max_features": 0.5}, {"n_estimators": 300}),
        "imbalanced-learn",
    ),
    Method(
        "easy_ensemble",
        "easy ensemble",
        made(EasyEnsembleClassifier),
        (
            {},
            {"n_estimators": 30},
            {"replacement": True},
            {"n_estimators": 30, "replacement": True},
        ),
        "imbalanced-learn",
    ),
    Method(
        "self_paced_ensemble",
        "self-paced ensemble",
        imported("imbens.ensemble", "SelfPacedEnsembleClassifier", random_state=0),
        ({}, {"k_bins": 10}, {"n_estimators": 100}, {"soft_resample_flag": True}),
        "imbalanced-ensemble",
    ),
    Method(
        "logistic_weighted",
        "logistic regression, class weights",
        lambda **settings: make_pipeline(
            StandardScaler(),
            LogisticRegression(**{"class_weight": "balanced", "max_iter": 1000} | settings),
        ),
        ({}, {"C": 0.01}, {"C": 0.1}, {"C": 10.0}),
    ),
]

METHODS: dict[str, Method] = {
    method.name: method
    for method in (*OURS, *(m for learner in LEARNERS for m in learner.methods()), *OTHERS)
}


def available(names: list[str]) -> list[Method]:
    """Return the methods that can be run here, and print why the others cannot."""
    found = []
    for name in names:
        reason = METHODS[name].missing()
        if reason:
            print(f"{name} is skipped: {reason}.", flush=True)
        else:
            found.append(METHODS[name])
    return found
