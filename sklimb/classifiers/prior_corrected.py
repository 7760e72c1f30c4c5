"""Post-hoc correction of any classifier's probabilities: for confidence, class shares and costs."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, _fit_context, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Bunch, Tags, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import column_or_1d

from sklimb._constraints import Number
from sklimb._data.from_tensors import without_tensors
from sklimb._data.weighted_fit import fit_weighted, metadata_of
from sklimb._data.weights import check_weights
from sklimb._training.calibration import out_of_fold_temperature
from sklimb._warnings import warn
from sklimb.classifiers.corrected_prediction import (
    CorrectedPredictionMixin,
    FeaturesOfFoldsMixin,
    check_gives_probabilities,
)
from sklimb.classifiers.fitting_aside import fits_aside, to_learn_on
from sklimb.classifiers.fold_clones import fit_clones
from sklimb.classifiers.folds import folds_of
from sklimb.classifiers.labelled_data import labelled_data, labels_of
from sklimb.classifiers.one_class import CONSTANT, one_class_warnings
from sklimb.classifiers.own_corrections import warn_of_second
from sklimb.classifiers.priors import counts_of


def _can_learn_on(self: PriorCorrectedClassifier) -> bool:
    if self.cv is not None:
        raise AttributeError(
            f"partial_fit cannot keep samples out of folds, with cv={self.cv!r}. Set cv=None."
        )
    return hasattr(self.estimator, "partial_fit")


class PriorCorrectedClassifier(
    CorrectedPredictionMixin,
    FeaturesOfFoldsMixin,
    MetaEstimatorMixin,
    ClassifierMixin,
    BaseEstimator,
):
    r"""Any classifier, with probabilities corrected from the training class shares to others.

    What to set first:

    - `estimator`: the classifier, anything with ``predict_proba``;
    - `cv`: folds to calibrate by; without them probabilities are taken as they are;
    - `cost_matrix`: what errors cost, such as ``{"fraud": 50, "ok": 1}``;
    - `target_prior`: the class shares of the data to predict; equal ones unless given;
    - `tau`: how much of the correction; less, where the classifier has corrected itself.

    .. math:: \tilde p_k \propto p_k^{1/T} \left( q_k / \pi_k \right)^{\tau}

    with :math:`p` the classifier's probabilities, :math:`\pi` the class shares of the training
    data, :math:`q` those to predict for, :math:`\tau` the strength and :math:`T` a temperature,
    which is 1 unless ``cv`` is given. With equal :math:`q` it is the post-hoc logit adjustment of
    Menon et al. [1]_ (Eq. 9): the free baseline for balanced accuracy. With a known :math:`q` it is
    the answer to test data of other class shares [2]_, if the classes look alike in both and the
    probabilities are calibrated. ``cv`` calibrates them first [3]_; ``cost_matrix`` decides by what
    errors cost [4]_.

    Parameters
    ----------
    estimator : classifier with ``predict_proba``
        It is cloned and fitted. Wrap a fitted one in `sklearn.frozen.FrozenEstimator`; then `fit`
        only counts the classes, so give it the labels that the classifier was trained on.
    tau : float, default=1.0
        Strength; 0 leaves the probabilities as they are, 1 is exact for calibrated ones. A
        classifier that has corrected for the class sizes itself needs no more.
    target_prior : array-like of shape (n_classes,), dict, Series or None, default=None
        Class shares to predict for, in the order of ``classes_`` or by label (a Series by its
        index, as ``y.value_counts(normalize=True)`` has the labels); they need not sum to 1. Those
        of labels that y lacks (as a fold may) are left aside if each label of y has one. None takes
        equal shares, and beside ``cost_matrix`` the shares of the training data.
    cv : int, splitter, iterable of (train, test) or None, default=None
        Folds for a temperature. None fits the classifier once, on all samples, and leaves the
        temperature at 1. Otherwise one clone is fitted for each fold, and the temperature to what
        the clones say of the samples that they left out. Predictions are the mean of the clones'
        probabilities, at that temperature, then corrected. A whole number is of stratified folds in
        the order of the samples. See Notes.
    cost_matrix : array-like, DataFrame, dict, Series or None, default=None
        What predictions cost: row i, column j of an array (n_classes, n_classes) is the cost of
        predicting class j where the truth is class i, in the order of ``classes_``. By label: a
        DataFrame with the true labels as index and the predicted ones as columns, a dict {(true,
        predicted): cost}, in which what is right costs 0 unless it is named, or {true: cost} where
        each error on a class costs the same. `predict` returns the class with the least expected
        cost. None returns the class with the highest probability.
    n_jobs : int or None, default=None
        Folds that are fitted at once; None is one, -1 as many as there are processors.

    Attributes
    ----------
    estimator_ : classifier
        The fitted classifier, where ``cv`` is None.
    estimators_ : list of classifiers
        Those of the folds, with ``cv``.
    temperature_ : float
        The temperature; 1 without ``cv``.
    oof_proba_ : ndarray of shape (n_samples, n_classes)
        Probabilities of the training samples from the clones that left them out, before temperature
        and correction, with ``cv``. NaN for a sample that none left out, or that has no weight.
    classes_ : ndarray of shape (n_classes,)
        Labels, as the classifier has them.
    class_counts_ : ndarray of shape (n_classes,)
        (Weighted) number of training samples of each class.
    source_prior_ : ndarray of shape (n_classes,)
        (Weighted) class shares of the training data.
    target_prior_ : ndarray of shape (n_classes,)
        Class shares predicted for. A class without weight in the training data, where nothing is
        known of it, has none.
    cost_matrix_ : ndarray of shape (n_classes, n_classes) or None
        Costs, truth by row, in the order of ``classes_``.
    n_features_in_ : int
        Number of columns, where the classifier says so.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where the classifier has them.

    Notes
    -----
    The temperature is the one with the least log loss between 0.5 and 5, its logarithm times
    :math:`m / (m + 20)` with m the (weighted) number of samples of the rarest class: of few of them
    it says little. It mends probabilities, log loss and costs, where the classifier is too certain,
    as networks and boosting often are. For decisions by balanced accuracy T is no more than another
    tau: the highest of :math:`p_k^{1/T} (q_k / \pi_k)^\tau` is the highest of
    :math:`p_k (q_k / \pi_k)^{\tau T}`.

    A class with fewer samples than folds is in the test part of as many folds as it has samples. A
    class of one sample is in every training part, and a warning says so. Where a splitter leaves a
    fold without a class, that class is predicted by the other clones, and rows sum to 1 again.

    Costs belong to the probabilities of the data that decisions are made on. So beside
    ``cost_matrix`` nothing is moved unless ``target_prior`` says what shares that data has, as it
    should where the training data was balanced by draws. With equal shares (an array of ones) rare
    classes would count twice, by the shares and by what their errors cost. `predict` goes by costs,
    ``predict_proba`` does not.

    References
    ----------
    .. [1] Menon, Jayasumana, Rawat, Jain, Veit, Kumar. Long-tail Learning via Logit Adjustment.
       ICLR 2021.
    .. [2] Saerens, Latinne, Decaestecker. Adjusting the Outputs of a Classifier to New a Priori
       Probabilities. Neural Computation 2002.
    .. [3] Guo, Pleiss, Sun, Weinberger. On Calibration of Modern Neural Networks. ICML 2017.
    .. [4] Elkan. The Foundations of Cost-Sensitive Learning. IJCAI 2001.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklimb import PriorCorrectedClassifier
    >>> X, y = make_classification(n_samples=500, weights=[0.9], random_state=0)
    >>> model = PriorCorrectedClassifier(LogisticRegression()).fit(X, y)
    >>> int(sum(model.predict(X))) > int(sum(model.estimator_.predict(X)))
    True

    Calibrated, and decided by costs: to miss a sample of class 1 costs 20, a false alarm 1.

    >>> costs = {(1, 0): 20, (0, 1): 1}
    >>> model = PriorCorrectedClassifier(LogisticRegression(), cv=5, cost_matrix=costs).fit(X, y)
    >>> alarms = model.predict_proba(X)[:, 1] > 1 / 21
    >>> bool((model.predict(X) == alarms).all())
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "estimator": "no_validation",  # see `_check_estimator`
        "tau": [Number(Real, None, None, closed="neither")],
        "target_prior": "no_validation",  # by label, as `cost_matrix`
        "cv": ["cv_object"],
        "cost_matrix": "no_validation",
        "n_jobs": [Number(Integral, None, None, closed="neither"), None],
    }

    def __init__(
        self,
        estimator: BaseEstimator,
        *,
        tau: float = 1.0,
        target_prior: Any = None,
        cv: Any = None,
        cost_matrix: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        self.estimator = estimator
        self.tau = tau
        self.target_prior = target_prior
        self.cv = cv
        self.cost_matrix = cost_matrix
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=False)
    @fits_aside("estimator_", "estimators_", "oof_proba_", "classes_", "class_counts_")
    def fit(
        self, X: Any, y: Any = None, sample_weight: Any = None, **fit_params: Any
    ) -> PriorCorrectedClassifier:
        """Fit the classifier, or one for each fold, and count the classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training data, in any form that the classifier takes.
        y : array-like of shape (n_samples,)
            Labels. May be None for a torch Dataset of (x, label).
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples: for the class shares, the temperature and the classifier. In a
            pipeline they go to its last step. A classifier that takes none gets each sample as
            often as whole numbers say, which is what a BaggingClassifier hands on.
        **fit_params : dict
            Metadata for the classifier, and for the splitter that ``cv`` is; needs scikit-learn's
            metadata routing.

        Returns
        -------
        PriorCorrectedClassifier
            The fitted estimator.
        """
        self._check_estimator()
        if self.target_prior is None and (self.tau or self.cost_matrix is not None):
            warn_of_second(self.estimator, by=type(self).__name__)
        X, y = without_tensors(X, "X"), labels_of(X, y)
        sample_weight = without_tensors(sample_weight, "sample_weight")
        routed = metadata_of(self, "fit", self._routes(), sample_weight, fit_params)
        if self.cv is None:
            self._fit_once(X, y, sample_weight, routed)
        else:
            self._cross_fit(X, y, sample_weight, routed)
        self._take_names(self._fitted_estimators())
        return self

    @available_if(_can_learn_on)
    @_fit_context(prefer_skip_nested_validation=False)
    @fits_aside("estimators_", "oof_proba_")  # of a fit with cv
    def partial_fit(
        self,
        X: Any,
        y: Any = None,
        classes: Any = None,
        sample_weight: Any = None,
        **partial_fit_params: Any,
    ) -> PriorCorrectedClassifier:
        """Let the classifier learn on from some data, and add its classes to the counts.

        There is such a method where the classifier has it and ``cv`` is None: out-of-fold samples
        would have to be kept from all calls. The shares that are corrected for are those of all
        data up to now, that of a call of `fit` before included; a class that has not been seen yet
        is never predicted. A frozen classifier learns nothing, its classes are counted.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training data, in any form that the classifier takes.
        y : array-like of shape (n_samples,)
            Labels. May be None for a torch Dataset of (x, label).
        classes : array-like of shape (n_classes,), default=None
            All labels there will be, for the first call.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, as in `fit`.
        **partial_fit_params : dict
            Metadata for the classifier; needs scikit-learn's metadata routing.

        Returns
        -------
        PriorCorrectedClassifier
            The fitted estimator.
        """
        self._check_estimator()
        X, y = without_tensors(X, "X"), labels_of(X, y)
        sample_weight = without_tensors(sample_weight, "sample_weight")
        routed = metadata_of(self, "partial_fit", self._routes(), sample_weight, partial_fit_params)
        first = "estimator_" not in vars(self)
        estimator = clone(self.estimator) if first else to_learn_on(self.estimator_)
        if not isinstance(estimator, FrozenEstimator):
            named = {} if classes is None else {"classes": classes}
            metadata = routed.estimator.partial_fit
            fit_weighted(estimator, X, y, sample_weight, metadata, method="partial_fit", **named)
        known = np.asarray(estimator.classes_) if first else self.classes_
        # equal weights are kept: those of one call need not equal those of another
        weight = None
        if sample_weight is not None:
            weight = np.broadcast_to(np.asarray(sample_weight, dtype=np.float64), len(y))
        counts = counts_of(y, known, weight)
        self.estimator_, self.classes_, self.temperature_ = estimator, known, 1.0
        self._correct_for(counts if first else self.class_counts_ + counts)
        self._take_names(self._fitted_estimators())
        return self

    def _routes(self) -> dict[str, BaseEstimator]:
        return {"estimator": self.estimator}

    def _check_estimator(self) -> None:
        check_gives_probabilities(self.estimator, "estimator")
        if self.cv is not None and isinstance(self.estimator, FrozenEstimator):
            raise ValueError(
                f"cv={self.cv!r} fits clones, but {self.estimator!r} is not to be fitted. Set "
                "cv=None; a temperature from data that it was not trained on is found by "
                "sklearn.calibration.CalibratedClassifierCV(frozen, method='temperature')."
            )

    def _fit_once(self, X: Any, y: Any, sample_weight: Any, routed: Bunch) -> None:
        """Fit the classifier to all samples."""
        estimator = clone(self.estimator)
        with one_class_warnings(CONSTANT):
            self.estimator_ = fit_weighted(estimator, X, y, sample_weight, routed.estimator.fit)
        self.temperature_ = 1.0
        self.classes_ = np.asarray(self.estimator_.classes_)
        y = column_or_1d(y)
        if not isinstance(self.estimator, FrozenEstimator):
            weightless = np.setdiff1d(y, self.classes_)
            if len(weightless):  # classes it was not shown in this call
                self.classes_ = np.union1d(self.classes_, weightless)
        counts = counts_of(y, self.classes_, check_weights(sample_weight, len(y)))
        absent = np.setdiff1d(self.classes_, y).tolist()
        if absent:
            warn(
                f"y has no samples of the classes {absent}, which the classifier knows, so their "
                "share in its training data is not known, and they are never predicted. Pass the "
                "labels that it was trained on.",
            )
        self._correct_for(counts)

    def _cross_fit(self, X: Any, y: Any, sample_weight: Any, routed: Bunch) -> None:
        """Fit a classifier for each fold, and the temperature."""
        data = labelled_data(self, X, y, sample_weight)
        self.classes_ = data.classes
        self._correct_for(data.counts)  # before many fits, which an error in it would waste
        fitted = fit_clones(
            self.estimator,
            data.X,
            data.y,
            data.weight,
            classes=data.classes,
            folds=folds_of(self.cv, data.X, data.y, data.weight, routed.cv.split),
            metadata=routed.estimator.fit,
            n_jobs=self.n_jobs,
        )
        self.temperature_ = out_of_fold_temperature(
            fitted.proba, data.y_encoded, data.counts, usable=fitted.usable, weight=data.weight
        )
        self.estimators_, self.oof_proba_ = fitted.estimators, fitted.proba

    def get_metadata_routing(self) -> MetadataRouter:
        """Return how metadata is routed: to the classifier's methods, and to a splitter as ``cv``.

        Returns
        -------
        MetadataRouter
            The router.
        """
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(
                estimator=self.estimator,
                method_mapping=MethodMapping()
                .add(caller="fit", callee="fit")
                .add(caller="partial_fit", callee="partial_fit"),
            )
            .add(
                cv=self.cv,
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
        )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags, tags.transformer_tags = inner.input_tags, inner.transformer_tags
        return tags
