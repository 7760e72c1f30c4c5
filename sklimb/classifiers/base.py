"""The scikit-learn contract, once: parameters, `fit` up to the plan.

A method says what it adds in `_recipe`, and which values its own parameters may have in
`_parameter_constraints`; combinations are checked in `_check_parameters`. Everything else is here.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets

from sklimb._constraints import check_takes
from sklimb._data.labels import plain_labels
from sklimb._data.table_scan import TableScan, check_scan
from sklimb._data.training_data import TrainingData
from sklimb._data.validation import (
    check_training_data,
    encode_labels,
)
from sklimb._data.weights import check_weights
from sklimb._random import Streams, isolated_rng, torch_defaults
from sklimb._training.checkpoint import open_checkpoint
from sklimb._training.early_stopping import make_monitor
from sklimb._training.lazy_imports import import_lazy_parts
from sklimb._training.net import Net
from sklimb._training.plan import Mode, TrainPlan, choose_backbone, make_plan, resolve_device
from sklimb._training.recipe import Recipe
from sklimb._training.training import is_of_use, make_net, train
from sklimb._training.training_state import to_train_on
from sklimb._warnings import warn
from sklimb.classifiers.fitting_aside import aside, take
from sklimb.classifiers.history_html import HistoryInHtml
from sklimb.classifiers.one_class import NONE, telling, warn_of_one_class
from sklimb.classifiers.parameters import (
    READ_ANEW,
    SHARED_CONSTRAINTS,
    check_callbacks,
    check_checkpoint,
    check_cross_fit,
    check_milestones,
    check_module,
    check_optimizer,
    is_nested,
    names_extremes,
    unknown_parameter,
    warn_of_ignored,
)
from sklimb.classifiers.pickling import LeanPickles
from sklimb.classifiers.prediction import PredictingMixin

# What a fit that starts anew must not see of an earlier one.
_FITTED = ("net_", "classes_", "n_features_in_", "feature_names_in_", "oof_proba_")


class BaseNetClassifier(PredictingMixin, ClassifierMixin, HistoryInHtml, LeanPickles):
    """Base of the classifiers; see them for the shared parameters."""

    # A method adds its own.
    _parameter_constraints: ClassVar[dict[str, Any]] = SHARED_CONSTRAINTS
    # Whether ``cross_fit="auto"`` cross-fits where all is left open that it decides.
    _cross_fits_if_open: ClassVar[bool] = False
    # Whether the method makes up for class sizes, whatever class_weight, sampling and loss are.
    _corrects_by_itself: ClassVar[bool] = False
    # The parameter that counts epochs until a part of the method starts.
    _starts_at: ClassVar[str | None] = None

    # --- what a method says -------------------------------------------------------------------

    def _recipe(self, plan: TrainPlan, data: TrainingData) -> Recipe:
        """Return what the method adds to a training; asked once for each, after ``classes_``."""
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
        return self._train(X, y, sample_weight, Mode.WARM_START if goes_on else Mode.FIT)

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
            given = np.unique(plain_labels(classes, "classes"))
            if not np.array_equal(given, self.classes_):
                raise ValueError(
                    f"classes={given.tolist()} differ from those of the first call, "
                    f"{self.classes_.tolist()}."
                )
        return self._train(X, y, sample_weight, Mode.PARTIAL_FIT, classes, scan)

    @names_extremes
    def _train(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        mode: Mode,
        classes: Any = None,
        scan: TableScan | None = None,
    ) -> BaseNetClassifier:
        """Train aside, a new net or one that goes on from that of earlier calls, and take it."""
        import_lazy_parts()
        new = aside(self, *(_FITTED if mode is Mode.FIT else ()))
        if "net_" in vars(new):
            new.net_ = to_train_on(new.net_)
        try:
            new._train_net(X, y, sample_weight, mode, classes, scan)
        except BaseException as error:
            if "net_" not in vars(self) and "net_" in vars(new) and is_of_use(new.net_, error):
                take(self, new)
            raise
        take(self, new)
        return self

    def _train_net(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        mode: Mode,
        classes: Any,
        scan: TableScan | None,
    ) -> None:
        """Check, plan and train."""
        self._check_parameters()
        net: Net | None = vars(self).get("net_")
        device = resolve_device(self.device) if net is None else str(net.device)
        with torch_defaults():
            data, y = check_training_data(self, X, y, reset=net is None, device=device)
            check_classification_targets(y)
            if net is None:
                self.classes_ = np.unique(
                    y if classes is None else plain_labels(classes, "classes")
                )
            codes, weight = encode_labels(y, self.classes_), check_weights(sample_weight, len(y))
            data = data.labelled(codes, weight).drop_zero_weight()
        parameters = self.get_params(deep=False)
        if self.cross_fit == "auto" and not self._cross_fits_if_open:
            parameters = parameters | {"cross_fit": False}
        plan = make_plan(
            parameters,
            data,
            mode,
            backbone=choose_backbone(self.module, data) if net is None else net.module.backbone,
            class_labels=self.classes_,
            device=device,
            batch_size=None if net is None else net.batch_size,
            scan=scan,
        )
        if net is not None and plan.schedule and scan and net.finished_epochs == plan.max_epochs:
            warn(
                f"All {plan.passes} passes over the table (max_epochs) are done, and the learning "
                "rate is at the end of its schedule. Raise max_epochs to go on, or stop here."
            )
        vars(self).pop("oof_proba_", None)  # what it says is of the network of before
        recipe = self._recipe(plan, data)
        monitor = None if plan.validation_fraction is None else make_monitor(self)
        if mode is Mode.WARM_START:
            warn_of_ignored(self._built_with, parameters, READ_ANEW | recipe.reads_anew)
        streams = Streams(self.random_state) if net is None else net.streams
        checkpoint = open_checkpoint(parameters, data, plan, streams, net)
        with isolated_rng(threads=plan.threads, device=plan.device):
            if net is None:
                self._built_with = parameters
                self.net_ = make_net(parameters, data, plan, recipe, streams)
            self.net_.keep_training_state = self.keep_training_state
            name = type(self).__name__
            with telling(NONE):  # other networks that it takes
                left_out = train(
                    self.net_, data, plan, recipe, monitor, name=name, checkpoint=checkpoint
                )
            if left_out is not None:
                proba = left_out.probabilities(self.net_)
                if len(data) < len(y):  # samples of no weight are left out
                    of_weight, proba = proba, np.full((len(y), len(self.classes_)), np.nan)
                    proba[weight > 0] = of_weight
                self.oof_proba_ = proba
            warn_of_one_class(self, data, plan)
        if checkpoint is not None:
            checkpoint.remove()

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = [self.dtype]
        return tags
