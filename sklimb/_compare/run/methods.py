"""The table of methods that are compared.

A method joins by one entry in `METHODS`: a name, words for it, the steps behind the preparation of
the columns, and two grids, which must hold as many candidates as everyone else's
(`N_CANDIDATES`). Everything else (seeds, device, splits, scores, report, the printed Python) is
done for all methods alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from imblearn.ensemble import BalancedRandomForestClassifier
from imblearn.over_sampling import RandomOverSampler
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from sklimb._compare.errors import InputError
from sklimb._compare.phrases import nearest
from sklimb._compare.run.boosting import OPTIONAL, boosting_methods
from sklimb._compare.run.cross_fitted import cross_fitted_methods
from sklimb._compare.run.grids import (
    NET_GRIDS,
    NET_TEXT_GRIDS,
    TEXT_BASE,
    of_estimator,
    with_text_net,
)
from sklimb._compare.run.method import Grid, Method
from sklimb.backbones import MLP, TabularMLP
from sklimb.classifiers import (
    AffinityClassifier,
    DecoupledClassifier,
    M2mClassifier,
    OffsetDebiasedClassifier,
    PriorCorrectedClassifier,
    RebalancedClassifier,
    RSGClassifier,
)
from sklimb.over_sampling import M2mSampler, SmallClassSMOTE


def _net(
    name: str,
    label: str,
    classify: Callable,
    resample: Callable | None = None,
    *,
    turn: int = 2,
    cost: float = 1.0,
) -> Method:
    """Return a method that is tuned as every net under cross entropy is."""
    grids, texts = NET_GRIDS, NET_TEXT_GRIDS
    return Method(name, label, classify, grids, resample, texts, turn=turn, cost=cost)


def _own(
    name: str,
    label: str,
    classify: Callable,
    grids: Mapping[str, Grid],
    *,
    turn: int = 2,
    cost: float = 1.5,
) -> Method:
    """Return a method with a net and grids of its own."""
    texts = with_text_net(grids)
    return Method(name, label, classify, grids, text_grids=texts, turn=turn, cost=cost)


# One network a fit: eight that leave folds out take 4 to 15 times as long, and stand for themselves
# (`cross_fitted`, `blend`). Behind SMOTE they could not be: what it mixes lies in several folds.
_one_network = partial(RebalancedClassifier, cross_fit=False)


_ALL = [
    _net("plain", "plain net", _one_network, turn=3),
    _net("reweight", "re-weighting + net", lambda: _one_network(class_weight="balanced")),
    _net("smote", "SMOTE + net", _one_network, SmallClassSMOTE, turn=3, cost=3.0),
    _net(
        "oversample",
        "random over-sampling + net",
        _one_network,
        RandomOverSampler,
        turn=4,
        cost=3.0,
    ),
    _net(
        "logit_adjusted",
        "logit-adjusted net",
        lambda: _one_network(loss="logit_adjusted"),
        turn=1,
        cost=1.5,
    ),
    _net(
        "ldam_drw",
        "LDAM-DRW net",
        lambda: _one_network(loss="ldam", class_weight="effective", rebalance_from=0.8),
        turn=3,
    ),
    _net(
        "rsg",
        "LDAM-DRW-RSG net",
        lambda: RSGClassifier(
            cross_fit=False, loss="ldam", class_weight="effective", rebalance_from=0.8
        ),
        turn=4,
        cost=3.0,
    ),
    _net(
        "mixup_drw",
        "mixup-DRW net",
        lambda: _one_network(mixup=1.0, class_weight="effective", rebalance_from=0.8),
        turn=3,
    ),
    Method(
        "mixup_logit_adjusted",
        "mixup + logit-adjusted net",
        lambda: _one_network(loss="logit_adjusted", mixup=1.0),
        {
            # dropout, for with mixup it matters more than the rate
            "quick": {"module": [TabularMLP, MLP], "module__dropout": [0.3, 0.5]},
            "full": {
                "module": [TabularMLP, MLP],
                "module__dropout": [0.3, 0.5],
                "mixup": [0.5, 1.0, 2.0],
            },
        },
        text_grids={
            "quick": {**TEXT_BASE, "mixup": [1.0, 2.0], "max_epochs": [25, 60]},
            "full": {
                **TEXT_BASE,
                "mixup": [1.0, 2.0],
                "max_epochs": [25, 60],
                "tau": [0.5, 0.75, 1.0],
            },
        },
    ),
    _net("decoupled", "decoupled net (cRT)", DecoupledClassifier, turn=4, cost=1.5),
    Method(
        "prior_corrected",
        "prior-corrected net",
        lambda: PriorCorrectedClassifier(_one_network()),
        of_estimator(NET_GRIDS, "estimator__"),
        text_grids=of_estimator(NET_TEXT_GRIDS, "estimator__"),
    ),
    Method(
        "prior_corrected_ensemble",
        "5 prior-corrected nets",
        # Five seeds on all samples, probabilities averaged, then corrected.
        lambda: PriorCorrectedClassifier(
            BaggingClassifier(_one_network(), n_estimators=5, bootstrap=False)
        ),
        of_estimator(NET_GRIDS, "estimator__estimator__"),
        text_grids=of_estimator(NET_TEXT_GRIDS, "estimator__estimator__"),
        turn=4,
        cost=5.0,
    ),
    Method(
        "logistic",
        "logistic regression, balanced",
        lambda: LogisticRegression(class_weight="balanced", max_iter=1000),
        {
            "quick": {"C": [0.01, 0.1, 1.0, 10.0]},
            "full": {"C": [1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0, 1e3, 1e4]},
        },
        turn=1,
        cost=0.02,
    ),
    Method(
        "linear_svc",
        "linear SVM, balanced",
        lambda: LinearSVC(class_weight="balanced", max_iter=10_000),
        {
            "quick": {"C": [0.01, 0.1, 1.0, 10.0]},
            "full": {"C": [1e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0]},
        },
        cost=0.05,
        text_turn=1,
    ),
    Method(
        "forest",
        "balanced random forest",
        # The three that imbalanced-learn changed the defaults of, set as Chen et al. (2004) have
        # them: each tree on as many samples of every class as the rarest has, with replacement.
        lambda: BalancedRandomForestClassifier(
            sampling_strategy="all", replacement=True, bootstrap=False
        ),
        {
            "quick": {"max_features": ["sqrt", 0.5], "min_samples_leaf": [1, 3]},
            "full": {
                "max_features": ["sqrt", 0.5, 1.0],
                "min_samples_leaf": [1, 3],
                "n_estimators": [100, 300],
            },
        },
        turn=1,
        cost=0.1,
    ),
    _own(
        "affinity",
        "AffinityClassifier",
        partial(AffinityClassifier, cross_fit=False),
        {
            # Four corners instead of a product, so that all three are varied in four candidates.
            "quick": [
                {"sigma": [0.5], "lam": [0.5], "n_prototypes": [1]},
                {"sigma": [0.5], "lam": [0.75], "n_prototypes": [2]},
                {"sigma": [1.0], "lam": [0.5], "n_prototypes": [2]},
                {"sigma": [1.0], "lam": [0.75], "n_prototypes": [1]},
            ],
            "full": {"sigma": [0.25, 0.5, 1.0], "lam": [0.5, 0.75], "n_prototypes": [1, 2]},
        },
    ),
    _own(
        "offset",
        "OffsetDebiasedClassifier",
        partial(OffsetDebiasedClassifier, cross_fit=False),
        {
            "quick": {"lambda1": [0.03, 0.1], "lambda2": [0.0, 1.0]},
            "full": {"lambda1": [0.03, 0.1, 1.0], "lambda2": [0.0, 0.1, 1.0, 10.0]},
        },
        turn=1,
    ),
    _own(
        "m2m",
        "M2mClassifier",
        partial(M2mClassifier, cross_fit=False),
        {
            "quick": {"lam": [0.1, 0.5], "step_size": [0.3, 1.0]},
            "full": {"lam": [0.01, 0.1, 0.5], "beta": [0.9, 0.999], "step_size": [0.3, 1.0]},
        },
        turn=4,
        cost=4.0,
    ),
    _net("m2m_sampler", "M2m sampler + net", _one_network, M2mSampler, turn=4, cost=5.0),
    *cross_fitted_methods(),
    *boosting_methods(),
]
METHODS: dict[str, Method] = {method.name: method for method in _ALL}


def chosen_methods(
    methods: Sequence[str | Method] | None, known: Mapping[str, Method] | None = None
) -> list[Method]:
    """Return the entries for what a user asked for.

    Parameters
    ----------
    methods : sequence of str or Method, or None
        Names (hyphens count as underscores) or further entries; None means all.
    known : mapping or None, default=None
        The entries by name; None takes `METHODS`.

    Returns
    -------
    entries : list of Method
        In the given order, each once.

    Raises
    ------
    InputError
        If a name is unknown or nothing was asked for.
    """
    known = METHODS if known is None else known
    if methods is None:
        return list(known.values())
    if isinstance(methods, str):
        methods = [methods]
    if not isinstance(methods, Iterable):
        raise InputError(f"methods must be names of methods, not {methods!r}")
    entries = {}
    for asked in methods:
        if isinstance(asked, Method):
            entries[asked.name] = asked
            continue
        name = str(asked).strip().lower().replace("-", "_")
        if name in OPTIONAL and name not in known and known is METHODS:
            raise InputError(
                f"method {name} needs the package {OPTIONAL[name]}, which is not installed: "
                "pip install 'sklimb[boosting]'"
            )
        if name not in known:
            for_images = " for images" if name in METHODS else ""
            raise InputError(f"there is no method {asked!r}{for_images}: {nearest(asked, known)}")
        entries[name] = known[name]
    if not entries:
        raise InputError(f"no method was asked for: there are {', '.join(known)}")
    return list(entries.values())
