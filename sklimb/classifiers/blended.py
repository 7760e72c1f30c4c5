"""A network and a forest, or any classifiers, averaged, calibrated out of fold, and corrected."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, _fit_context, clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Bunch, Tags, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping

from sklimb._constraints import RANDOM_STATE, Number
from sklimb._data.weighted_fit import metadata_of
from sklimb._random import Streams
from sklimb._training.calibration import out_of_fold_temperature
from sklimb._warnings import warn
from sklimb.classifiers.corrected_prediction import (
    CorrectedPredictionMixin,
    check_gives_probabilities,
)
from sklimb.classifiers.fitting_aside import fits_aside
from sklimb.classifiers.fold_clones import mean_probabilities
from sklimb.classifiers.labelled_data import LabelledData, labelled_data, labels_of
from sklimb.classifiers.losses import adjusts_for_prior
from sklimb.classifiers.named_estimators import (
    DROP,
    NamedEstimatorsMixin,
    check_named_estimators,
    estimator_weights,
    is_dropped,
    named_estimators,
    unset_seeds,
)
from sklimb.classifiers.out_of_fold_fits import OutOfFoldFit, fit_out_of_fold, mean_out_of_fold
from sklimb.classifiers.rebalanced import RebalancedClassifier

# Folds where ``cv`` is None.
_FOLDS = 5


def default_estimators() -> list[tuple[str, BaseEstimator]]:
    """Return the classifiers that are blended where none are given.

    Each gives out-of-fold probabilities from one fit, and they err on different samples.
    """
    network = RebalancedClassifier(n_members=8, cross_fit=True)
    forest = RandomForestClassifier(n_estimators=300, min_samples_leaf=2, oob_score=True)
    if get_config()["enable_metadata_routing"]:  # nobody else can request their weights
        network.set_fit_request(sample_weight=True)
        forest.set_fit_request(sample_weight=True)
    return [("net", network), ("forest", forest)]


class BlendedClassifier(
    NamedEstimatorsMixin,
    CorrectedPredictionMixin,
    MetaEstimatorMixin,
    ClassifierMixin,
    BaseEstimator,
):
    r"""Several classifiers, averaged, then calibrated, then corrected for class shares or costs.

    What to set first:

    - `estimators`: what is averaged; a network and a random forest unless given;
    - `cost_matrix`: what errors cost, such as ``{"fraud": 50, "ok": 1}``;
    - `target_prior`: the class shares of the data to predict;
    - `n_jobs`: how many are fitted at once;
    - `random_state`: an int, for the same result each time.

    .. math::
        \bar p_k = \frac{\sum_b w_b\, p_{bk}}{\sum_b w_b}, \qquad
        \tilde p_k \propto \bar p_k^{1/T} \left( q_k / \pi_k \right)^{\tau}

    with :math:`p_b` the probabilities of classifier b, :math:`w_b` its weight, :math:`T` a
    temperature [1]_, :math:`\pi` the class shares of the training data, :math:`q` those to predict
    for and :math:`\tau` the strength of the correction [2]_. By default a network and a random
    forest, which err on different samples. The temperature is fitted after averaging, for an
    average is less certain than its parts, and to out-of-fold probabilities, for a classifier is
    too certain of the samples that it was trained on.

    Parameters
    ----------
    estimators : list of classifiers or of (name, classifier), default=None
        What is averaged: any classifiers with ``predict_proba``, as for scikit-learn's
        ``VotingClassifier``; "drop" leaves one out. One without a name is called by its type in
        lower case. They are cloned. None takes ``("net", RebalancedClassifier(n_members=8,
        cross_fit=True))`` and ``("forest", RandomForestClassifier(n_estimators=300,
        min_samples_leaf=2, oob_score=True))``. Take plain classifiers: one that corrects for class
        sizes itself would be corrected twice. Pipelines may each prepare columns in their own way.
    weights : array-like of shape (n_estimators,), dict or Series, default=None
        Weights of the classifiers in their order, those that are dropped included, or a mapping or
        a Series by their names; none is negative, not all are 0. None weighs them equally.
    cv : int, splitter, iterable of (train, test) or None, default=None
        Folds for classifiers that give no out-of-fold probabilities themselves. A whole number is
        of stratified folds in the order of the samples; None is 5 of them, or as many as the
        largest class has samples. See Notes.
    tau : float, default=1.0
        Strength of the correction; 0 leaves the class shares as they are.
    target_prior : array-like of shape (n_classes,), dict, Series or None, default=None
        Class shares to predict for, in the order of ``classes_`` or by label; see
        `PriorCorrectedClassifier`. None takes equal shares, and beside ``cost_matrix`` the shares
        of the training data.
    cost_matrix : array-like, DataFrame, dict, Series or None, default=None
        What predictions cost, truth by row, or by label; see `PriorCorrectedClassifier`. `predict`
        returns the class with the least expected cost. None returns the class with the highest
        probability.
    n_jobs : int or None, default=None
        Fits at once, over classifiers and folds; None is one, -1 as many as there are processors.
        What is fitted does not depend on it.
    random_state : int, RandomState, Generator or None, default=None
        Seeds each ``random_state`` of the classifiers that is None. None leaves those given as they
        are, and seeds the default ones from the operating system.

    Attributes
    ----------
    estimators_ : list of classifiers
        Fitted, in the order given, without those dropped. In place of one that was fitted for each
        fold stands the mean of these, with ``predict_proba`` and its own ``estimators_``.
    named_estimators_ : Bunch
        The same by name; "drop" for one that was dropped.
    temperature_ : float
        The temperature.
    oof_proba_ : ndarray of shape (n_samples, n_classes)
        Mean probabilities of the training samples from what left them out, before temperature and
        correction. NaN for a sample that nothing left out, or that has no weight.
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    class_counts_ : ndarray of shape (n_classes,)
        (Weighted) number of training samples of each class.
    source_prior_ : ndarray of shape (n_classes,)
        (Weighted) class shares of the training data.
    target_prior_ : ndarray of shape (n_classes,)
        Class shares predicted for; a class without weight in the training data has none.
    cost_matrix_ : ndarray of shape (n_classes, n_classes) or None
        Costs, truth by row, in the order of ``classes_``.
    n_features_in_ : int
        Number of columns, where a classifier says so.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where a classifier has them.

    See Also
    --------
    PriorCorrectedClassifier : One classifier, calibrated and corrected in the same way.

    Notes
    -----
    A classifier is fitted once, to all samples, where that gives out-of-fold probabilities: a
    network with ``cross_fit=True``, whose members leave out different folds, and what bags with
    ``oob_score=True`` and ``bootstrap=True`` (forests, ``BaggingClassifier``). Any other, pipelines
    too, is fitted for each fold of ``cv``, and predictions are the mean of these clones. So a
    forest with ``oob_score=True`` costs one fit, and without it five.

    If a classifier never left a sample out but others did, the class shares of the training data
    take the place of its probabilities in ``oof_proba_``, and that sample does not count for the
    temperature.
    The temperature is bounded, and shrunk to 1 where the rarest class has few samples; for
    decisions by balanced accuracy it is another tau (see `PriorCorrectedClassifier`).

    References
    ----------
    .. [1] Guo, Pleiss, Sun, Weinberger. On Calibration of Modern Neural Networks. ICML 2017.
    .. [2] Menon, Jayasumana, Rawat, Jain, Veit, Kumar. Long-tail Learning via Logit Adjustment.
       ICLR 2021.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklimb import BlendedClassifier
    >>> X, y = make_classification(n_samples=500, weights=[0.9], random_state=0)
    >>> forest = RandomForestClassifier(50, min_samples_leaf=2, oob_score=True)
    >>> model = BlendedClassifier(
    ...     estimators=[("linear", LogisticRegression()), ("forest", forest)], random_state=0
    ... )
    >>> model.fit(X, y).predict_proba(X[:3]).shape
    (3, 2)

    Parameters of the classifiers are reached by their names, and predictions can go by costs.

    >>> model = model.set_params(linear__C=0.1, cost_matrix={(1, 0): 20, (0, 1): 1})
    >>> model.fit(X, y).named_estimators_.linear.estimators_[0].C
    0.1
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "estimators": "no_validation",  # see `_pairs`
        "weights": "no_validation",  # see `estimator_weights`
        "cv": ["cv_object"],
        "tau": [Number(Real, None, None, closed="neither")],
        "target_prior": "no_validation",  # by label, as `cost_matrix`
        "cost_matrix": "no_validation",
        "n_jobs": [Number(Integral, None, None, closed="neither"), None],
        "random_state": RANDOM_STATE,
    }

    def __init__(
        self,
        *,
        estimators: Any = None,
        weights: Any = None,
        cv: Any = None,
        tau: float = 1.0,
        target_prior: Any = None,
        cost_matrix: Any = None,
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.estimators = estimators
        self.weights = weights
        self.cv = cv
        self.tau = tau
        self.target_prior = target_prior
        self.cost_matrix = cost_matrix
        self.n_jobs = n_jobs
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    @fits_aside("estimators_", "named_estimators_", "oof_proba_")
    def fit(
        self, X: Any, y: Any = None, sample_weight: Any = None, **fit_params: Any
    ) -> BlendedClassifier:
        """Fit the classifiers, and the temperature to what they say of samples left out.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training data, in any form that all classifiers take: sparse, frames of numbers.
        y : array-like of shape (n_samples,)
            Labels. May be None for a torch Dataset of (x, label).
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples: for the class shares, the temperature and the classifiers. In a
            pipeline they go to its last step. A classifier that takes none gets each sample as
            often as whole numbers say.
        **fit_params : dict
            Metadata for the classifiers, and for the splitter that ``cv`` is; needs scikit-learn's
            metadata routing.

        Returns
        -------
        BlendedClassifier
            The fitted estimator.
        """
        pairs = self._pairs()
        weights = estimator_weights(self.weights, pairs)
        estimators = self._unfitted(pairs)
        routed = metadata_of(self, "fit", estimators, sample_weight, fit_params)
        data = labelled_data(self, X, labels_of(X, y), sample_weight)
        self.classes_ = data.classes
        self._warn_of_corrected(estimators)
        self._correct_for(data.counts)  # before many fits, which an error in it would waste
        found = fit_out_of_fold(
            estimators, data, cv=self._folds(data), routed=routed, n_jobs=self.n_jobs
        )
        self.temperature_, self.oof_proba_ = self._calibrated(found, weights, data)
        fitted = dict(zip(estimators, (one.estimator for one in found), strict=True))
        self._weights, self.estimators_ = weights, list(fitted.values())
        self.named_estimators_ = Bunch(**{name: fitted.get(name, DROP) for name, _ in pairs})
        self._take_names(self.estimators_)
        return self

    def _warn_of_corrected(self, estimators: dict[str, Any]) -> None:
        """Warn of networks that correct for the class sizes: the blend would do so again."""
        twice = [
            name
            for name, one in estimators.items()
            if isinstance(getattr(one, "loss", None), str)
            and hasattr(one, "tau")
            and adjusts_for_prior(one)
        ]
        if twice and self.tau != 0:
            warn(
                f"{twice} correct for the class sizes by their loss, and the blend corrects their "
                'mean once more. Set loss="cross_entropy" there.'
            )

    def _pairs(self) -> list[tuple[str, Any]]:
        """Return (name, classifier) of all, checked; "drop" stands for those left out."""
        if self.estimators is None:
            return default_estimators()
        pairs = check_named_estimators(self.estimators, self.get_params(deep=False))
        for name, estimator in pairs:
            if is_dropped(estimator):
                continue
            check_gives_probabilities(estimator, f"estimators: {name}")
            if isinstance(estimator, FrozenEstimator):
                raise ValueError(
                    f"estimators has {estimator!r} as {name!r}, which is not to be fitted, so what "
                    "it says of samples it was not trained on is not known. Give the classifier "
                    "itself."
                )
        return pairs

    def _unfitted(self, pairs: list[tuple[str, Any]]) -> dict[str, BaseEstimator]:
        """Return clones of the classifiers that are not dropped, seeded."""
        streams = Streams(self.random_state)
        clones = {}
        for position, (name, given) in enumerate(pairs):
            if is_dropped(given):
                continue
            clones[name] = clone(given)
            if self.random_state is not None or self.estimators is None:
                unset = unset_seeds(clones[name])
                seeds = [streams.seed("blend", position, i) % 2**32 for i in range(len(unset))]
                clones[name].set_params(**dict(zip(unset, seeds, strict=True)))
        return clones

    def _folds(self, data: LabelledData) -> Any:
        """Return the folds to make, and see that there is something to tell apart."""
        present = data.classes[data.counts > 0].tolist()
        if len(present) < 2:
            raise ValueError(
                f"BlendedClassifier needs samples of two classes or more, but y has one class, "
                f"{present}."
            )
        if self.cv is not None:
            return self.cv
        there = data.y_encoded if data.weight is None else data.y_encoded[data.weight > 0]
        largest = int(np.bincount(there).max())
        if largest < 2:
            raise ValueError(
                f"y has one sample only of each of its {len(present)} classes, so none can be left "
                "out to be predicted. Collect more samples, or join classes."
            )
        return min(_FOLDS, largest)

    def _calibrated(
        self, found: list[OutOfFoldFit], weights: np.ndarray, data: LabelledData
    ) -> tuple[float, np.ndarray]:
        """Return the temperature, and the mean out-of-fold probabilities that it is fitted to."""
        counted = np.flatnonzero(weights)
        proba, usable = mean_out_of_fold(
            [found[i] for i in counted], weights[counted], self.source_prior_
        )
        temperature = out_of_fold_temperature(
            proba, data.y_encoded, data.counts, usable=usable, weight=data.weight
        )
        return temperature, proba

    def _mean_probabilities(self, X: Any) -> tuple[np.ndarray, np.dtype]:
        """Return the weighted mean of the classifiers' probabilities, and their float type."""
        fitted, counted = self._fitted_estimators(), np.flatnonzero(self._weights)
        return mean_probabilities(
            [fitted[i] for i in counted], X, self.classes_, self._weights[counted].tolist()
        )

    def _inside(self) -> dict[str, Any]:
        """Return the classifiers by name as they are given, unchecked."""
        given = default_estimators() if self.estimators is None else self.estimators
        return {name: one for name, one in named_estimators(given) if not is_dropped(one)}

    def get_metadata_routing(self) -> MetadataRouter:
        """Return how metadata is routed: to the classifiers' `fit`, and to a splitter as ``cv``.

        Returns
        -------
        MetadataRouter
            The router.
        """
        router = MetadataRouter(owner=self).add_self_request(self)
        router.add(cv=self.cv, method_mapping=MethodMapping().add(caller="fit", callee="split"))
        to_fit = MethodMapping().add(caller="fit", callee="fit")
        for name, estimator in self._inside().items():
            router.add(**{name: estimator}, method_mapping=to_fit)
        return router

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inside = [get_tags(one).input_tags for one in self._inside().values()]
        tags.input_tags.sparse = all(one.sparse for one in inside)
        tags.input_tags.allow_nan = all(one.allow_nan for one in inside)
        return tags
