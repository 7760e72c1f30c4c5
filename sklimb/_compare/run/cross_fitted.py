"""Nets whose members leave folds out, alone and averaged with a forest.

They are the most exact of our nets on tables and take 4 to 15 times as long as one network
(`benchmarks/tuning/blend.py`), so they stand beside the others instead of in their place.
"""

from __future__ import annotations

from sklearn.ensemble import RandomForestClassifier

from sklimb._compare.run.grids import TEXT_BASE
from sklimb._compare.run.method import SLOW, Method
from sklimb.classifiers import BlendedClassifier, RebalancedClassifier

_LEAVES = "forest__min_samples_leaf"
_BLEND = {
    "quick": {_LEAVES: [2, 5], "weights": [None, [1, 2]]},
    "full": {_LEAVES: [1, 2, 5], "weights": [None, [1, 2], [1, 4], [2, 1]]},
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
        ),
    ]


def _blend() -> BlendedClassifier:
    """Return the default blend, written out so that its parameters have names."""
    network = RebalancedClassifier(n_members=8, cross_fit=True)
    forest = RandomForestClassifier(n_estimators=300, min_samples_leaf=2, oob_score=True)
    return BlendedClassifier(estimators=[("net", network), ("forest", forest)])
