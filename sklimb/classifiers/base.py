"""The scikit-learn contract, once: validate, encode, seed, resolve, build the net, predict.

A method overrides `_make_head` and `_make_terms` (and checks its own parameters in
`_check_parameters`); everything else is here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
)
from sklearn.metrics import check_scoring
from sklearn.utils import Tags, check_scalar
from sklearn.utils.multiclass import check_classification_targets
from skorch.callbacks import LRScheduler
from torch import nn

from sklimb._data.batches import Rows, StreamedRows
from sklimb._data.column_statistics import set_input_statistics
from sklimb._data.datasets import first_of, is_dataset
from sklimb._data.selection import some_of_each, stratified_split, take_rows, without_weightless
from sklimb._data.validation import (
    check_training_data,
    check_weights,
    n_rows,
    values_a_row,
)
from sklimb._random import Streams, choose_threads, contained
from sklimb._training.early_stopping import BestEpoch
from sklimb._training.mixup import Mixup
from sklimb._training.net import Net
from sklimb._training.network import NetworkFactory
from sklimb._training.objective import LossTerms, Step
from sklimb._training.rebalancing import class_weight_vector, resolve_epoch
from sklimb._training.schedule import SCHEDULES
from sklimb._training.sizes import resolve_sizes
from sklimb._warnings import warn
from sklimb.backbones import MLP, ConvNet, TabularMLP
from sklimb.classifiers.parameters import (
    READ_ANEW,
    NestedParameters,
    check_callbacks,
    check_module,
    check_number,
    check_optimizer,
    check_option,
    check_sequence,
    resolve_device,
    warn_of_dropout,
    warn_of_ignored,
)
from sklimb.classifiers.prediction import PredictionMixin
from sklimb.metrics import balanced_accuracy_scorer
from sklimb.transforms.base import Transform

# At most this many rows set the start values of a head.
_ROWS_TO_START_FROM = 20_000
# Rows of more columns are words, as a rule: `TabularMLP` would take them densely and rank them.
_MOST_COLUMNS = 512

Terms = Mapping[str, tuple[float, Callable[[Step], torch.Tensor]]]


class BaseNetClassifier(PredictionMixin, ClassifierMixin, NestedParameters):
    """Base of the classifiers; see them for the shared parameters."""

    # What max_epochs="auto" is until a fit knows its rows, and in partial_fit.
    _auto_epochs = 60

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
            resolve_epoch(milestone, self._n_epochs, "each of lr_milestones")
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

    # --- what a method says -------------------------------------------------------------------

    def _make_head(self, n_features: int, n_classes: int) -> nn.Module:
        """Return a new head for features of a width."""
        raise NotImplementedError(f"{type(self).__name__} must define _make_head.")

    def _make_terms(self) -> Terms:
        """Return the loss: name -> (coefficient, term of a `Step`)."""
        raise NotImplementedError(f"{type(self).__name__} must define _make_terms.")

    def _make_transform(self) -> Callable[..., Transform] | None:
        """Return (network, example, n_classes) -> Transform, a picklable callable; None is none."""
        return None

    def _prepare_transform(self, data: Any, epochs: int | None) -> None:
        """Give the transform what it needs of the data, before each training.

        `epochs` is as in `_train`: None in `fit`, 1 in `partial_fit`.
        """

    def _look_back(self, data: Any, start: int, epochs: int | None) -> None:
        """Warn of a training that came to nothing in a way that the method knows.

        `data` are the rows that it saw; `start` is the number of epochs before it; `epochs` is as
        in `_train`, which calls this: the user's line is five frames up.
        """

    def _warn_if_stopped(self, epochs: int | None, parameter: str, what: str, counted: str) -> None:
        """Warn where early stopping came before something that `parameter` starts.

        Called by `_look_back`; `counted` is the figure of the history that says whether it was.
        """
        begins = resolve_epoch(getattr(self, parameter), self._n_epochs, parameter)
        stopped = self.early_stopping and epochs is None
        if not (stopped and self.n_iter_ <= begins < self._n_epochs):
            return
        if not any(self.net_.history_[:, counted]):
            warn(
                f"Early stopping ended the training after {self.n_iter_} epochs, before {what} "
                f"starts ({parameter}={getattr(self, parameter)!r}): this is the plain network. "
                f"Start {what} earlier, or raise n_iter_no_change.",
            )

    def _read_anew(self) -> frozenset[str]:
        """Return the parameters that take effect in a warm start if they have changed."""
        return READ_ANEW

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
            return self._continue_fit(X, y, sample_weight)
        for name in ("net_", "classes_", "n_features_in_", "feature_names_in_"):
            vars(self).pop(name, None)
        return self._fit_new(X, y, sample_weight, epochs=None, classes=None)

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
        if "net_" not in vars(self):
            return self._fit_new(X, y, sample_weight, epochs=1, classes=classes)
        if classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(
                f"classes={np.unique(classes).tolist()} differ from those of the first call, "
                f"{self.classes_.tolist()}."
            )
        return self._continue_fit(X, y, sample_weight, epochs=1)

    def _fit_new(
        self, X: Any, y: Any, sample_weight: Any, *, epochs: int | None, classes: Any
    ) -> BaseNetClassifier:
        self._check_parameters()
        X, y = self._check_data(X, y, reset=True)
        self.classes_ = np.unique(y if classes is None else classes)
        codes = self._encode(y)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y has one class only, {self.classes_.tolist()}; a classifier needs two or more."
            )
        weight = check_weights(sample_weight, n_rows(X))
        # an unknown name or label fails here, before anything is built
        class_weight_vector(
            self.class_weight, np.ones(len(self.classes_)), self.classes_, effective_beta=0.0
        )
        self._device_asked = resolve_device(self.device)
        streams = Streams(self.random_state)
        X, codes, weight = without_weightless(X, codes, weight)
        self._auto_epochs, self._batch_size = self._resolve_sizes(
            self._choose_backbone(X), X, codes, batch_size=self.batch_size
        )
        if epochs is not None:  # a first chunk says nothing of how many are to come
            self._auto_epochs = type(self)._auto_epochs
        with self._contained(X):
            data, validation = self._split(X, codes, weight, streams, epochs is None)
            self.net_ = self._make_net(X, streams)
            self._built_with = self.get_params(deep=False)
            try:
                self.net_.initialize()
                warn_of_dropout(self.optimizer, self.net_.module_)
                set_input_statistics(self.net_, data)
                self._train(data, validation, epochs)
            except BaseException as error:
                # Nothing may go on from half a fit; after a Ctrl-C what is learnt may be of use.
                if isinstance(error, Exception) or not self.net_.finished_epochs:
                    del self.net_
                raise
        return self

    def _continue_fit(
        self, X: Any, y: Any, sample_weight: Any, epochs: int | None = None
    ) -> BaseNetClassifier:
        self._check_parameters()
        X, y = self._check_data(X, y, reset=False)
        codes = self._encode(y)
        weight = check_weights(sample_weight, n_rows(X))
        X, codes, weight = without_weightless(X, codes, weight)
        net = self.net_
        if epochs is None:
            # by these rows, and not by a number of epochs that an earlier fit was given; in batches
            # as the net has them, for their size stays what it was built with
            self._auto_epochs, _ = self._resolve_sizes(
                net.module.backbone, X, codes, batch_size=net.batch_size
            )
            now = self.get_params(deep=False)
            warn_of_ignored(self._built_with, now, self._read_anew())
        with self._contained(X):
            data, validation = self._split(X, codes, weight, net.streams, epochs is None)
            if epochs is None:
                # A warm start: the schedule begins anew, deferral goes by all epochs so far.
                net.restart(lr=self.lr, max_epochs=self._n_epochs, **self._rebalancing())
            try:
                self._train(data, validation, epochs)
            except Exception:
                if not net.is_finite():
                    del self.net_  # it would predict NaN
                raise
        return self

    def _train(self, data: Any, validation: Any, epochs: int | None) -> None:
        net, start = self.net_, self.net_.finished_epochs
        if net.transform is not None and not net.has_transform:
            warn(
                f"{type(self).__name__} goes on training without what its transform had learnt, "
                "which is built anew. Set keep_training_state=True before fit to keep it.",
                RuntimeWarning,
            )
            net.restore_transform()
        net.count(data)
        self.class_counts_ = net.counts_.copy()
        self._prepare_transform(data, epochs)
        rng = net.streams.generator("head_start", net.finished_epochs, 1)
        net.start_head(data, some_of_each(data.codes, _ROWS_TO_START_FROM, rng))
        net.notify("on_train_begin", X=data, y=data.y)
        monitor = None if validation is None else self._best_epoch()
        schedule = self._schedule() if epochs is None else None
        try:
            net.fit_loop(data, validation, epochs=epochs, schedule=schedule, monitor=monitor)
        finally:
            self.n_iter_ = net.finished_epochs
        net.notify("on_train_end", X=data, y=data.y)
        if epochs is None and not getattr(self, "keep_training_state", True):
            net.drop_transform()
        self._look_back(data, start, epochs)

    def _make_net(self, X: Any, streams: Streams) -> Net:
        factory = NetworkFactory(
            self._choose_backbone(X),
            # Not a bound method of self: the net would hold the estimator that holds the net.
            partial(type(self)._make_head, _Parameters(self), n_classes=len(self.classes_)),
            first_of(X, getattr(self, "iterator_train__collate_fn", None))
            if is_dataset(X)
            else Rows(X[:2]).X,
            getattr(torch, self.dtype),
            self.n_members,
            n_rows(X),
        )
        return Net(
            factory,
            criterion=LossTerms(self._make_terms()),
            streams=streams,
            class_labels=self.classes_,
            **self._rebalancing(),
            mixup=self._mixup(),
            transform=self._make_transform(),
            optimizer=self.optimizer,
            lr=self.lr,
            max_epochs=self._n_epochs,
            batch_size=self._batch_size,
            callbacks=list(self.callbacks or []),
            verbose=self.verbose,
            device=self._current_device,
            **self._nested_params(),
        )

    def _rebalancing(self) -> dict[str, Any]:
        return {
            "class_weight": self.class_weight,
            "effective_beta": self.effective_beta,
            "sampling": self.sampling,
            "rebalance_epoch": resolve_epoch(self.rebalance_from, self._n_epochs),
        }

    def _schedule(self) -> dict[str, Any] | None:
        # A user's own scheduler takes the place of ours.
        if any(_is_scheduler(callback) for callback in self.callbacks or []):
            return None
        if self.lr_schedule is None and not self.warmup_epochs:
            return None
        return {
            "schedule": self.lr_schedule,
            "max_epochs": self._n_epochs,
            "warmup_epochs": self.warmup_epochs,
            "milestones": tuple(self.lr_milestones),
            "decay": self.lr_decay,
        }

    def _mixup(self) -> Mixup | None:
        """Return settings of mixup, for methods that offer it."""
        return None

    def _choose_backbone(self, X: Any) -> Any:
        if self.module is not None:
            return self.module
        if is_dataset(X) or X.ndim not in (2, 4):
            shape = "a torch Dataset" if is_dataset(X) else f"X of shape {X.shape}"
            raise ValueError(
                f"{shape} needs module=, an nn.Module class or instance that turns it into "
                "features (n, d); only rows (n, n_features) and images (n, C, H, W) have a default "
                "backbone, TabularMLP or MLP and ConvNet."
            )
        if X.ndim == 4:
            return ConvNet
        # Not by whether X is sparse: the same rows are to get the same network.
        return TabularMLP if X.shape[1] <= _MOST_COLUMNS else MLP

    def _resolve_sizes(
        self, backbone: Any, X: Any, codes: np.ndarray, *, batch_size: int | str
    ) -> tuple[int, int]:
        """Return epochs and batch size for these rows."""
        return resolve_sizes(
            backbone,
            X,
            np.bincount(codes, minlength=len(self.classes_)),
            max_epochs=self.max_epochs,
            batch_size=batch_size,
            collate=getattr(self, "iterator_train__collate_fn", None),
        )

    @property
    def _n_epochs(self) -> int:
        """``max_epochs`` as a number; "auto" is resolved in a fit, where the rows are known."""
        return self._auto_epochs if self.max_epochs == "auto" else self.max_epochs

    def _split(
        self, X: Any, codes: np.ndarray, weight: np.ndarray | None, streams: Streams, allowed: bool
    ) -> tuple[Any, Any]:
        """Return the training rows and the held-back rows (None unless stopping early)."""
        if not (self.early_stopping and allowed):
            return self._rows(X, codes, weight), None
        return tuple(
            self._rows(take_rows(X, rows), codes[rows], None if weight is None else weight[rows])
            for rows in stratified_split(codes, self.validation_fraction, streams)
        )

    def _rows(
        self, X: Any, codes: np.ndarray | None = None, weight: np.ndarray | None = None
    ) -> Rows | StreamedRows:
        if is_dataset(X):
            return StreamedRows(X, codes, weight)
        return Rows(X, codes, weight, device=self._current_device)

    @property
    def _current_device(self) -> str:
        # A net that was unpickled where its device is missing has moved.
        return str(self.net_.device) if "net_" in vars(self) else self._device_asked

    def _best_epoch(self) -> BestEpoch:
        # ours, because scikit-learn's warns when no held-back row has a class that is predicted
        scoring = balanced_accuracy_scorer if self.scoring is None else self.scoring
        scorer = check_scoring(self, scoring=scoring)
        return BestEpoch(scorer, self.n_iter_no_change)

    def _contained(self, X: Any) -> AbstractContextManager[None]:
        values = 1 if is_dataset(X) else values_a_row(X)
        threads = choose_threads(self._batch_size, values)
        return contained(threads=threads, device=self._current_device)

    # --- data ---------------------------------------------------------------------------------

    def _check_data(self, X: Any, y: Any, *, reset: bool) -> tuple[Any, np.ndarray]:
        X, y = check_training_data(self, X, y, reset=reset)
        check_classification_targets(y)
        return X, y

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


def _is_scheduler(callback: Any) -> bool:
    """Return whether an entry of ``callbacks``, named or not, is skorch's `LRScheduler`."""
    if isinstance(callback, (tuple, list)):
        callback = callback[1]
    return isinstance(callback, LRScheduler) or callback is LRScheduler


class _Parameters:
    """The parameters of an estimator as attributes, and nothing else of it."""

    def __init__(self, estimator: BaseEstimator) -> None:
        vars(self).update(estimator.get_params(deep=False))
