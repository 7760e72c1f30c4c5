"""Nets whose members leave folds out, alone and averaged with a forest and with boosting.

They are the most exact of our nets on tables and take 4 to 15 times as long as one network
(`benchmarks/tuning/blend.py`), so they stand beside the others instead of in their place.
"""

from __future__ import annotations

from imblearn.pipeline import Pipeline
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from sklimb._compare.run.grids import TEXT_BASE
from sklimb._compare.run.method import SLOW, Method
from sklimb.classifiers import BlendedClassifier, RebalancedClassifier

_LEAVES = "forest__min_samples_leaf"
_BLEND = {
    "quick": {_LEAVES: [2, 5], "weights": [None, [1, 2]]},
    "full": {_LEAVES: [1, 2, 5], "weights": [None, [1, 2], [1, 4], [2, 1]]},
}
# Weights alone, for the names of other parameters go by how the parts prepare their columns.
_WEIGHTS = [None, [2, 1, 1], [1, 2, 1], [1, 1, 2]]
_MORE_WEIGHTS = [
    [2, 2, 1], [2, 1, 2], [1, 2, 2], [4, 1, 1], [1, 4, 1], [1, 1, 4], [4, 2, 1], [1, 2, 4],
]  # fmt: skip
_BLEND_OF_THREE = {
    "quick": {"weights": _WEIGHTS},
    "full": {"weights": [*_WEIGHTS, *_MORE_WEIGHTS]},
}
_NET = {
    "quick": {"lr": [1e-3, 3e-3], "module__dropout": [0.1, 0.3]},
    "full": {"lr": [1e-3, 3e-3, 1e-2], "module__dropout": [0.1, 0.3], "tau": [0.75, 1.0]},
}
_NET_TEXT = {
    "quick": {**TEXT_BASE, "module__dropout": [0.5, 0.7], "module__standardize": [True, False]},
    "full": {
        **TEXT_BASE,
        "module__dropout": [0.5, 0.7],
        "module__standardize": [True, False],
        "lr": [1e-3, 3e-3, 1e-2],
    },
}


def cross_fitted_methods() -> list[Method]:
    """Return the entries.

    Returns
    -------
    methods : list of Method
    """
    on_texts = {f"net__{name}": values for name, values in TEXT_BASE.items()}
    return [
        Method(
            "cross_fitted",
            "cross-fitted logit-adjusted net",
            lambda: RebalancedClassifier(loss="logit_adjusted", cross_fit=True),
            _NET,
            text_grids=_NET_TEXT,
            turn=3,
            text_turn=SLOW,
            cost=4.0,
        ),
        Method(
            "blend",
            "blend of net and forest",
            _blend,
            _BLEND,
            text_grids={name: {**on_texts, **grid} for name, grid in _BLEND.items()},
            turn=2,
            text_turn=SLOW,
            cost=6.0,
            favourite=True,
        ),
        Method(
            "blend_of_three",
            "blend of net, forest and boosting",
            lambda: BlendedClassifier(estimators=_three()),
            _BLEND_OF_THREE,
            turn=3,
            text_turn=SLOW,
            cost=7.0,
            by_class=True,
            takes_sparse=False,
            by_column=_by_column,
        ),
    ]


def _blend() -> BlendedClassifier:
    """Return the default blend, written out so that its parameters have names."""
    return BlendedClassifier(estimators=_two())


def _two() -> list[tuple[str, BaseEstimator]]:
    network = RebalancedClassifier(n_members=8, cross_fit=True)
    forest = RandomForestClassifier(n_estimators=300, min_samples_leaf=2, oob_score=True)
    return [("net", network), ("forest", forest)]


def _three() -> list[tuple[str, BaseEstimator]]:
    return [*_two(), ("boosting", HistGradientBoostingClassifier())]


def _by_column(usual: BaseEstimator, codes: BaseEstimator, n_categories: int) -> BlendedClassifier:
    """Return the blend of three on columns as they come: boosting gets codes, and few words."""
    steps = {"net": usual, "forest": usual, "boosting": codes}
    places = list(range(n_categories))
    parts = []
    for name, part in _three():
        if name == "boosting":
            part.set_params(categorical_features=places)
        parts.append((name, Pipeline([("prepare", clone(steps[name])), ("classify", part)])))
    return BlendedClassifier(estimators=parts)
