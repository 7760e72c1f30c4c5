"""The scikit-learn API that all network classifiers share: parameters, `fit`, predictions.

A method defines what it adds in `_recipe`, and the values that its own parameters may have in
`_parameter_constraints`; combinations are checked in `_check_parameters`. The rest is here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted
from torch import nn

from sklimb._constraints import check_takes
from sklimb._data.labels import check_classes, plain_labels
from sklimb._data.table_scan import TableScan, check_scan
from sklimb._data.training_data import TrainingData
from sklimb._data.validation import check_new_data
from sklimb._random import torch_defaults
from sklimb._training.inference import answers_of, features_of, run, scores_of
from sklimb._training.plan import Mode, TrainPlan
from sklimb._training.recipe import Recipe
from sklimb._warnings import warn
from sklimb.classifiers import pickling, scoring
from sklimb.classifiers.fitting import train_aside
from sklimb.classifiers.fitting_aside import by_one_fit
from sklimb.classifiers.history_html import with_histories
from sklimb.classifiers.parameters import (
    SHARED_CONSTRAINTS,
    check_callbacks,
    check_checkpoint,
    check_cross_fit,
    check_milestones,
    check_module,
    check_optimizer,
    is_nested,
    name_extreme_parameters,
    unknown_parameter,
)
from sklimb.classifiers.probabilities import log_probabilities, probabilities

# From more classes on, `predict` keeps no scores of all samples. Of fewer, it would take longer.
_MANY_CLASSES = 64


class BaseNetClassifier(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClassifierMixin, BaseEstimator
):
    """Base of the classifiers; see them for the shared parameters."""

    # A method adds its own.
    _parameter_constraints: ClassVar[dict[str, Any]] = SHARED_CONSTRAINTS
    # Whether ``cross_fit="auto"`` cross-fits where the parameters that it decides are at defaults.
    _cross_fits_if_open: ClassVar[bool] = False
    # Whether the method corrects for class sizes, whatever class_weight, sampling and loss are.
    _corrects_by_itself: ClassVar[bool] = False
    # The parameter that counts epochs until a part of the method starts.
    _starts_at: ClassVar[str | None] = None

    score = scoring.score

    # --- what a method says -------------------------------------------------------------------

    def _recipe(self, plan: TrainPlan, data: TrainingData) -> Recipe:
        """Return what the method adds to a training; called once each, ``classes_`` being set."""
        raise NotImplementedError(f"{type(self).__name__} must define _recipe.")

    # --- parameters ---------------------------------------------------------------------------

    def _store(self, parameters: dict[str, Any]) -> None:
        """Store what a constructor was given: its ``locals()``, nested parameters flattened."""
        nested = parameters.pop("nested")
        for name, value in parameters.items():
            if name not in ("self", "__class__"):
                setattr(self, name, value)
        for name in nested:
            if not is_nested(name):
                raise TypeError(unknown_parameter(self, name))
        vars(self).update(nested)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, those with a double underscore among them.

        Parameters
        ----------
        deep : bool, default=True
            Also those of estimators among the parameters.

        Returns
        -------
        dict
            Parameter name -> value.
        """
        return super().get_params(deep) | self._nested_params()

    def set_params(self, **params: Any) -> BaseNetClassifier:
        """Set parameters; ``module__*``, ``optimizer__*`` and the like need not exist yet.

        Parameters
        ----------
        **params : dict
            Parameter name -> value.

        Returns
        -------
        BaseNetClassifier
            The estimator itself.
        """
        nested = {name: params.pop(name) for name in list(params) if is_nested(name)}
        known = self.get_params()
        for name in params:
            if name.partition("__")[0] not in known:
                raise ValueError(unknown_parameter(self, name))
        super().set_params(**params)
        vars(self).update(nested)
        return self

    def _nested_params(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if is_nested(name)}

    def _check_parameters(self) -> None:
        """Raise an error for each parameter that no fit could use."""
        if "nested" in vars(self):
            raise ValueError(unknown_parameter(self, "nested"))
        self._validate_params()
        check_module(self.module)
        check_optimizer(self.optimizer, self._nested_params())
        check_callbacks(self.callbacks)
        check_milestones(self.lr_milestones)
        check_checkpoint(self.checkpoint, self.checkpoint_every)
        if callable(self.scoring):
            check_takes(self.scoring, "scoring", "estimator", "X", "y")
        if self.cross_fit is True:
            check_cross_fit(self, self._starts_at)
        if self.class_weight is not None and self.sampling is not None:
            warn(
                f"class_weight={self.class_weight!r} and sampling={self.sampling!r} both correct "
                "for the class sizes, so rare classes are corrected for twice. Set one to None.",
            )

    # --- fitting ------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> BaseNetClassifier:
        """Fit the network to training data.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), images or Dataset
            Training data: finite numbers; images have the shape (n_samples, channels, height,
            width). A map-style ``torch.utils.data.Dataset`` is streamed.
        y : array-like of shape (n_samples,)
            Labels of any type that scikit-learn takes. May be None for a Dataset of (x, label).
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples. Equal weights change nothing; a sample of weight 0 is left out.

        Returns
        -------
        BaseNetClassifier
            The fitted estimator.

        Warns
        -----
        sklearn.exceptions.ConvergenceWarning
            If the fitted network answers with one class for nearly all of some 500 training samples
            (as many of each class as there are), or its loss ended well above that of the first
            epoch; with the likeliest remedy. Not after fewer than 100 steps, unless ``lr`` is high.
        """
        goes_on = "net_" in vars(self) and self.warm_start
        train_aside(self, X, y, sample_weight, Mode.WARM_START if goes_on else Mode.FIT)
        return self

    def partial_fit(
        self,
        X: Any,
        y: Any = None,
        classes: Any = None,
        sample_weight: Any = None,
        scan: TableScan | None = None,
    ) -> BaseNetClassifier:
        """Train for one epoch over some data, on top of all that came before.

        Without a `scan`, columns are scaled by the data of the first call. Class counts add up over
        the calls, and ``class_weight`` follows them. Where ``rebalance_from`` is a share of
        ``max_epochs``, it counts calls ("auto" is 60 here). How many calls will come is not known,
        so the learning rate stays at ``lr``, without schedule and warm-up.

        With the `scan` of a table that comes in chunks, calls are the pieces of a `fit` to all of
        it: class counts, column statistics, sizes left at "auto", ``rebalance_from`` and the like,
        and the schedule are those of the whole table, over ``max_epochs`` passes through its
        chunks. How many passes "auto" stands for is ``net_.max_epochs / scan.n_chunks``; after
        them the learning rate stays where it is.

        With and without, prototypes and the like start from the first samples of each class, no
        samples are held back for ``early_stopping``, and members leave no folds out.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), images or Dataset
            Training data.
        y : array-like of shape (n_samples,)
            Labels.
        classes : array-like of shape (n_classes,), default=None
            All labels that later calls may have. Needed in the first call unless ``y`` has them.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.
        scan : TableScan, default=None
            What `sklimb.datasets.scan_chunks` found in all chunks, from the first call on.

        Returns
        -------
        BaseNetClassifier
            The fitted estimator.
        """
        fitted = "net_" in vars(self)
        if scan is not None:
            check_scan(scan, X, classes, sample_weight)
            classes = scan.classes
            if fitted and not np.array_equal(self.net_.counts_, scan.class_counts):
                raise ValueError(
                    "The calls before this one had no scan, or another: columns were scaled and "
                    "classes counted without this one. Pass scan from the first call on."
                )
        if fitted and classes is not None:
            check_classes(classes)
            given = np.unique(plain_labels(classes, "classes"))
            if not np.array_equal(given, self.classes_):
                raise ValueError(
                    f"classes={given.tolist()} differ from those of the first call, "
                    f"{self.classes_.tolist()}."
                )
        train_aside(self, X, y, sample_weight, Mode.PARTIAL_FIT, classes, scan)
        return self

    # --- what a fitted classifier says --------------------------------------------------------

    @by_one_fit
    @name_extreme_parameters
    def _run(self, X: Any, what: Callable[..., torch.Tensor]) -> np.ndarray:
        """Return what a function of (network, batch) gives for X, in the network's float type."""
        if "net_" not in vars(self):  # the check itself takes a tenth of a sample's prediction
            check_is_fitted(self, "net_")
        with torch_defaults():
            return run(self.net_, check_new_data(self, X), what).numpy()

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the scores of the classes; of several members the log of their mean probability.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), images or Dataset
            Data.

        Returns
        -------
        ndarray of shape (n_samples, n_classes) or (n_samples,)
            Scores; for two classes the second minus the first. Of the type that they are computed
            in, as all that follows: float32, or float64 with ``dtype="float64"``.
        """
        scores = self._run(X, scores_of)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    @by_one_fit
    def predict(self, X: Any) -> np.ndarray:
        """Return the class with the highest score for each sample.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), images or Dataset
            Data.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels, as they were in ``y``.
        """
        if len(getattr(self, "classes_", ())) > _MANY_CLASSES:
            answers = self._run(X, answers_of).astype(np.intp)
        else:
            answers = self._run(X, scores_of).argmax(axis=1)
        return self.classes_[answers]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return class probabilities: the softmax of the scores, averaged over members.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), images or Dataset
            Data.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities in the order of ``classes_``; each row sums to 1.
        """
        scores = self._run(X, scores_of)
        return probabilities(scores, scores.dtype)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return logarithms of class probabilities, finite where the probability underflows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), images or Dataset
            Data.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Log probabilities in the order of ``classes_``.
        """
        scores = self._run(X, scores_of)
        return log_probabilities(scores, scores.dtype)

    def transform(self, X: Any) -> np.ndarray:
        """Return the features that the head compares, those of several members side by side.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), images or Dataset
            Data.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out)
            Features.
        """
        return self._run(X, features_of)

    @property
    def _n_features_out(self) -> int:
        check_is_fitted(self, "net_")
        return self.net_.module_.head.n_features_out

    @property
    def module_(self) -> nn.Module:
        """The fitted network: ``backbone`` and ``head``."""
        return self._net_for("module_").module_

    @property
    def history_(self) -> Any:
        """skorch's history: a row an epoch, with ``train_loss`` and each loss term."""
        return self._net_for("history_").history_

    @property
    def n_iter_(self) -> int:
        """Epochs trained."""
        return self._net_for("n_iter_").finished_epochs

    @property
    def class_counts_(self) -> np.ndarray:
        """Samples of each class that were trained on, by weight."""
        return self._net_for("class_counts_").counts_.copy()

    @property
    def device_(self) -> str:
        """The device that the network is on."""
        return str(self._net_for("device_").device)

    def _net_for(self, name: str) -> Any:
        # AttributeError, not NotFittedError alone: hasattr must work before fit.
        if "net_" not in vars(self):
            raise AttributeError(f"{type(self).__name__} has no {name!r} before fit.")
        return self.net_

    def __sklearn_is_fitted__(self) -> bool:
        return "net_" in vars(self)

    # --- what scikit-learn, notebooks and pickle ask ------------------------------------------

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = [self.dtype]
        return tags

    def _get_fitted_attr_html(self, doc_link: str = "") -> Any:
        return with_histories(self, super()._get_fitted_attr_html(doc_link))

    # Copies share the network, deep copies hold all, pickles what predicting needs.
    __getstate__ = pickling.lean_state
    __reduce_ex__ = pickling.reduce_to_state
    __reduce__ = pickling.refuse_skops
    __copy__ = pickling.shallow_copy
    __deepcopy__ = pickling.deep_copy
