"""Any classifier that wants labels from 0 on and knows no class weights, such as XGBoost's."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import Tags, get_tags
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_y, check_is_fitted, column_or_1d

from sklimb._data.by_class import by_label, for_classes
from sklimb._data.from_tensors import without_tensors
from sklimb._data.labels import plain_labels
from sklimb._data.weighted_fit import name_of_weights
from sklimb.classifiers import scoring


class LabelEncodedClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """A classifier that is given labels as 0, 1, ... and class weights as sample weights.

    XGBoost's ``XGBClassifier`` takes neither labels that are text nor class weights. With this
    around it, it takes both.

    Parameters
    ----------
    estimator : classifier
        It is cloned and fitted on class indices.
    class_weight : "balanced", dict, Series or None, default=None
        As scikit-learn's: ``"balanced"`` gives each class the same weight in total; else a weight
        by label, as a dict or a pandas Series indexed by label. It multiplies
        ``sample_weight``; the classifier's `fit` must take that.

    Attributes
    ----------
    estimator_ : classifier
        The fitted classifier.
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    n_features_in_ : int
        Number of columns, where the classifier says so.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where the classifier has them.

    Examples
    --------
    >>> from sklearn.ensemble import HistGradientBoostingClassifier
    >>> from sklimb.classifiers import LabelEncodedClassifier
    >>> model = LabelEncodedClassifier(HistGradientBoostingClassifier(), class_weight="balanced")
    >>> model.fit([[0.0], [1.0], [2.0]] * 20, ["few", "many", "many"] * 20).predict([[0.0]])
    array(['few'], dtype='<U4')
    """

    score = scoring.score

    def __init__(self, estimator: BaseEstimator, *, class_weight: Any = None) -> None:
        self.estimator = estimator
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LabelEncodedClassifier:
        """Fit the classifier.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Training data, in any form that the classifier takes.
        y : array-like of shape (n,)
            Labels.
        sample_weight : array-like of shape (n,), default=None
            Weights of the samples.

        Returns
        -------
        LabelEncodedClassifier
            The fitted estimator.
        """
        if y is None:
            raise ValueError("This estimator requires y to be passed, but the target y is None.")
        y = column_or_1d(_check_y(plain_labels(y), estimator=self), warn=True)
        check_classification_targets(y)
        X = without_tensors(X, "X")
        sample_weight = without_tensors(sample_weight, "sample_weight")
        encoder = LabelEncoder().fit(y)
        if self.class_weight is not None:
            named = by_label(self.class_weight, "class_weight")
            if named is not None:  # scikit-learn's rule, and Series too
                classes = encoder.classes_.tolist()
                weights = for_classes(named, classes, "class_weight", default=1.0)
                named = dict(zip(classes, weights, strict=True))
            by_class = compute_sample_weight(named or self.class_weight, y)
            sample_weight = by_class if sample_weight is None else by_class * sample_weight
        # of a pipeline, to its last step
        name = name_of_weights(self.estimator) or "sample_weight"
        weights = {} if sample_weight is None else {name: sample_weight}
        self.estimator_ = clone(self.estimator).fit(X, encoder.transform(y), **weights)
        self.classes_ = encoder.classes_
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the classifier's prediction for each sample.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n,)
            Labels.
        """
        check_is_fitted(self)
        codes = np.asarray(self.estimator_.predict(without_tensors(X, "X"))).astype(int)
        return self.classes_[codes.ravel()]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the classifier's probabilities.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n, n_classes)
            Probabilities, in the order of ``classes_``.
        """
        check_is_fitted(self)
        return self.estimator_.predict_proba(without_tensors(X, "X"))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        return tags
