"""The scikit-learn contract, once: validate, encode, plan, build the net, train it.

A method says what it adds in `_recipe`, and checks its own parameters in `_check_parameters`;
everything else is here.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import check_scoring
from sklearn.utils import Tags, check_scalar
from sklearn.utils.multiclass import check_classification_targets

from sklimb._data.training_data import TrainingData
from sklimb._data.validation import check_training_data, check_weights
from sklimb._random import Streams, isolated_rng, torch_defaults
from sklimb._training.column_statistics import set_column_statistics
from sklimb._training.early_stopping import BestEpoch
from sklimb._training.head_start import start_head
from sklimb._training.net import Net
from sklimb._training.network import NetworkFactory
from sklimb._training.objective import LossTerms
from sklimb._training.optimisation import SCHEDULES, warn_of_dropout
from sklimb._training.plan import Mode, TrainPlan, choose_backbone, make_plan, resolve_device
from sklimb._training.rebalancing import class_weight_vector, resolve_epoch
from sklimb._training.recipe import Recipe
from sklimb._warnings import warn
from sklimb.classifiers.parameters import (
    READ_ANEW,
    NestedParameters,
    check_callbacks,
    check_module,
    check_number,
    check_optimizer,
    check_option,
    check_sequence,
    warn_of_ignored,
)
from sklimb.classifiers.prediction import PredictionMixin
from sklimb.metrics import balanced_accuracy_scorer


class BaseNetClassifier(PredictionMixin, ClassifierMixin, NestedParameters):
    """Base of the classifiers; see them for the shared parameters."""

    # --- what a method says -------------------------------------------------------------------

    def _recipe(self, plan: TrainPlan, data: TrainingData) -> Recipe:
        """Return what the method adds to a training; asked once for each, after ``classes_``."""
        raise NotImplementedError(f"{type(self).__name__} must define _recipe.")

    # --- parameters ---------------------------------------------------------------------------

    def _check_parameters(self) -> None:
        """Raise an error for each parameter that no fit could use."""
        if "nested" in vars(self):
            raise ValueError(self._unknown_parameter("nested"))
        check_module(self.module)
        check_optimizer(self.optimizer, self._nested_params())
        check_callbacks(self.callbacks)
        if self.max_epochs != "auto":
            check_scalar(self.max_epochs, "max_epochs", Integral, min_val=1)
        if self.batch_size != "auto":
            check_scalar(self.batch_size, "batch_size", Integral, min_val=1)
        if self.n_members is not None:
            check_scalar(self.n_members, "n_members", Integral, min_val=1)
        check_number(self.lr, "lr", 0, inclusive=False)
        check_option("lr_schedule", self.lr_schedule, SCHEDULES)
        check_scalar(self.warmup_epochs, "warmup_epochs", Integral, min_val=0)
        check_number(self.lr_decay, "lr_decay", 0, inclusive=False)
        check_sequence(self.lr_milestones, "lr_milestones", "(0.8, 0.9)")
        for milestone in self.lr_milestones:
            resolve_epoch(milestone, 1, "each of lr_milestones")
        check_option("sampling", self.sampling, (None, "balanced"))
        check_option("dtype", self.dtype, ("float32", "float64"))
        check_scalar(
            self.effective_beta,
            "effective_beta",
            Real,
            min_val=0,
            max_val=1,
            include_boundaries="left",
        )
        check_scalar(
            self.validation_fraction,
            "validation_fraction",
            Real,
            min_val=0,
            max_val=1,
            include_boundaries="neither",
        )
        check_scalar(self.n_iter_no_change, "n_iter_no_change", Integral, min_val=1)
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
        X : array-like or sparse matrix of shape (n, n_features), images (n, C, H, W) or Dataset
            Training data: numbers, finite. A map-style ``torch.utils.data.Dataset`` is streamed.
        y : array-like of shape (n,)
            Labels of any type that scikit-learn takes. May be None for a Dataset of (x, label).
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows. Equal weights change nothing; a weight of 0 leaves the row out.

        Returns
        -------
        BaseNetClassifier
            The fitted estimator.
        """
        if self.warm_start and "net_" in vars(self):
            return self._train(X, y, sample_weight, Mode.WARM_START)
        for name in ("net_", "classes_", "n_features_in_", "feature_names_in_"):
            vars(self).pop(name, None)
        return self._train(X, y, sample_weight, Mode.FIT)

    def partial_fit(
        self, X: Any, y: Any = None, classes: Any = None, sample_weight: Any = None
    ) -> BaseNetClassifier:
        """Train for one epoch over some data, on top of all that came before.

        Column moments come from the first call, prototypes and the like from the first rows of
        each class. Class counts add up over the calls, and ``class_weight`` follows them. A share
        of ``max_epochs`` in ``rebalance_from`` counts calls ("auto" is 60 here). How many calls
        will come is not known, so the learning rate is ``lr`` throughout, without schedule and
        warm-up; and no rows are held back, ``early_stopping`` has no effect here.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, n_features), images (n, C, H, W) or Dataset
            Training data.
        y : array-like of shape (n,)
            Labels.
        classes : array-like of shape (n_classes,), default=None
            All labels there will be. Needed in the first call unless ``y`` has them all.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows.

        Returns
        -------
        BaseNetClassifier
            The fitted estimator.
        """
        fitted = "net_" in vars(self)
        if fitted and classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(
                f"classes={np.unique(classes).tolist()} differ from those of the first call, "
                f"{self.classes_.tolist()}."
            )
        return self._train(X, y, sample_weight, Mode.PARTIAL_FIT, classes)

    def _train(
        self, X: Any, y: Any, sample_weight: Any, mode: Mode, classes: Any = None
    ) -> BaseNetClassifier:
        """Check, plan and train: a new net, or that of earlier calls."""
        self._check_parameters()
        net: Net | None = vars(self).get("net_")
        device = resolve_device(self.device) if net is None else str(net.device)
        X, y = check_training_data(self, X, y, reset=net is None)
        check_classification_targets(y)
        if net is None:
            self.classes_ = np.unique(y if classes is None else classes)
        y_encoded = self._encode(y)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y has one class only, {self.classes_.tolist()}; a classifier needs two or more."
            )
        weight = check_weights(sample_weight, len(y))
        collate = self._nested_params().get("iterator_train__collate_fn")
        with torch_defaults():
            data = TrainingData.of(X, y_encoded, weight, device=device, collate=collate)
            data = data.drop_zero_weight()
        parameters = self.get_params(deep=False)
        # an unknown name or label fails here, before anything is built
        class_weight_vector(
            self.class_weight, np.ones(len(self.classes_)), self.classes_, effective_beta=0.0
        )
        plan = make_plan(
            parameters,
            data,
            mode,
            backbone=choose_backbone(self.module, data) if net is None else net.module.backbone,
            class_labels=self.classes_,
            device=device,
            batch_size=None if net is None else net.batch_size,
        )
        recipe = self._recipe(plan, data)
        if mode is Mode.WARM_START:
            warn_of_ignored(self._built_with, parameters, READ_ANEW | recipe.reads_anew)
        if net is None:
            streams = Streams(self.random_state)
            with isolated_rng(threads=plan.threads, device=plan.device):
                self._train_new(data, plan, recipe, streams)
        else:
            with isolated_rng(threads=plan.threads, device=plan.device):
                self._train_on(net, data, plan, recipe)
        return self

    def _train_new(
        self, data: TrainingData, plan: TrainPlan, recipe: Recipe, streams: Streams
    ) -> None:
        learnt, held = _held_back(data, plan, streams)
        net = self.net_ = self._make_net(data, plan, recipe, streams)
        self._built_with = self.get_params(deep=False)
        try:
            net.initialize()
            warn_of_dropout(self.optimizer, net.module_)
            set_column_statistics(net, learnt)
            self._run_epochs(net, learnt, held, plan, recipe)
        except BaseException as error:
            # Nothing may go on from half a fit; after a Ctrl-C what is learnt may be of use.
            if isinstance(error, Exception) or not net.finished_epochs:
                del self.net_
            raise

    def _train_on(self, net: Net, data: TrainingData, plan: TrainPlan, recipe: Recipe) -> None:
        learnt, held = _held_back(data, plan, net.streams)
        if plan.mode is Mode.WARM_START:
            # The schedule begins anew, deferral goes by all epochs so far.
            net.restart(lr=self.lr, max_epochs=plan.max_epochs, rebalancer=plan.rebalancer)
        try:
            self._run_epochs(net, learnt, held, plan, recipe)
        except Exception:
            if not net.is_finite():
                del self.net_  # it would predict NaN
            raise

    def _run_epochs(
        self,
        net: Net,
        data: TrainingData,
        held: TrainingData | None,
        plan: TrainPlan,
        recipe: Recipe,
    ) -> None:
        """Run the epochs of a plan, within what the method does around them."""
        if net.transform is not None and not net.has_transform:
            warn(
                f"{type(self).__name__} goes on training without what its transform had learnt, "
                "which is built anew. Set keep_training_state=True before fit to keep it.",
                RuntimeWarning,
            )
            net.restore_transform()
        net.count(data)
        self.class_counts_ = net.counts_.copy()
        with recipe.around(net, data):
            start_head(net, data)
            net.notify("on_train_begin", X=data, y=data.y)
            monitor = None if held is None else self._best_epoch()
            try:
                net.fit_loop(
                    data, held, epochs=plan.epochs, schedule=plan.schedule, monitor=monitor
                )
            finally:
                self.n_iter_ = net.finished_epochs
            net.notify("on_train_end", X=data, y=data.y)
            if not plan.more_may_come and not getattr(self, "keep_training_state", True):
                net.drop_transform()

    def _make_net(
        self, data: TrainingData, plan: TrainPlan, recipe: Recipe, streams: Streams
    ) -> Net:
        factory = NetworkFactory(
            plan.backbone,
            recipe.head,
            data.example(),
            plan.dtype,
            self.n_members,
            len(data),
        )
        return Net(
            factory,
            criterion=LossTerms(recipe.terms),
            streams=streams,
            class_labels=self.classes_,
            rebalancer=plan.rebalancer,
            mixup=recipe.mixup,
            transform=recipe.transform,
            optimizer=self.optimizer,
            lr=self.lr,
            max_epochs=plan.max_epochs,
            batch_size=plan.batch_size,
            callbacks=list(self.callbacks or []),
            verbose=self.verbose,
            device=plan.device,
            **self._nested_params(),
        )

    def _best_epoch(self) -> BestEpoch:
        # ours, because scikit-learn's warns when no held-back sample has a class that is predicted
        scoring = balanced_accuracy_scorer if self.scoring is None else self.scoring
        return BestEpoch(check_scoring(self, scoring=scoring), self.n_iter_no_change)

    # --- data ---------------------------------------------------------------------------------

    def _encode(self, y: np.ndarray) -> np.ndarray:
        """Return labels as positions in ``classes_``."""
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"y has labels that are not among the classes: {unknown.tolist()[:10]}. The "
                f"classes are {self.classes_.tolist()}."
            )
        return np.searchsorted(self.classes_, y)

    def __sklearn_is_fitted__(self) -> bool:
        return "net_" in vars(self)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = [self.dtype]
        return tags


def _held_back(
    data: TrainingData, plan: TrainPlan, streams: Streams
) -> tuple[TrainingData, TrainingData | None]:
    """Return the samples to learn from, and those held back, None unless stopping early."""
    if plan.validation_fraction is None:
        return data, None
    return data.hold_back(plan.validation_fraction, streams)


def warn_if_stopped_before(
    net: Net, plan: TrainPlan, parameter: str, value: float, what: str, counted: str
) -> None:
    """Warn where early stopping came before something that a parameter starts.

    Parameters
    ----------
    net : Net
        Trained.
    plan : TrainPlan
    parameter : str
    value : int or float
        Of the parameter.
    what : str
        What it starts.
    counted : str
        The figure of the history that says whether it did.
    """
    begins = plan.epoch_of(value, parameter)
    stopped = plan.validation_fraction is not None
    if not (stopped and net.finished_epochs <= begins < plan.max_epochs):
        return
    if not any(net.history_[:, counted]):
        warn(
            f"Early stopping ended the training after {net.finished_epochs} epochs, before {what} "
            f"starts ({parameter}={value!r}): this is the plain network. "
            f"Start {what} earlier, or raise n_iter_no_change."
        )
