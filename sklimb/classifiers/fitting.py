"""A fit of a network classifier: check the data, plan, train a copy, take over its results."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets

from sklimb._data.labels import check_classes, plain_labels
from sklimb._data.table_scan import TableScan
from sklimb._data.training_data import TrainingData
from sklimb._data.validation import check_training_data, encode_labels
from sklimb._data.weights import check_weights
from sklimb._random import Streams, isolated_rng, torch_defaults
from sklimb._training.checkpoint import open_checkpoint
from sklimb._training.data_parallel import processes
from sklimb._training.early_stopping import make_monitor
from sklimb._training.net import Net
from sklimb._training.plan import Mode, choose_backbone, make_plan, resolve_device
from sklimb._training.training import is_usable_after, make_net, train
from sklimb._training.training_state import copy_to_train
from sklimb._warnings import warn
from sklimb.classifiers.fitting_aside import aside, take
from sklimb.classifiers.one_class import NONE, one_class_warnings, warn_of_one_class
from sklimb.classifiers.parameters import READ_ANEW, name_extreme_parameters, warn_of_ignored

if TYPE_CHECKING:
    from sklimb.classifiers.base import BaseNetClassifier

# Attributes of an earlier fit that a new one must not see.
_FITTED = ("net_", "classes_", "n_features_in_", "feature_names_in_", "oof_proba_")
# What torch imports when the first optimiser is built: hundreds of modules, which take a second. A
# Ctrl-C in the middle of them leaves halves behind that no second import mends: nothing could be
# trained in that process any more.
_IMPORTED_LATE = ("torch._dynamo",)


@name_extreme_parameters
def train_aside(
    estimator: BaseNetClassifier,
    X: Any,
    y: Any,
    sample_weight: Any,
    mode: Mode,
    classes: Any = None,
    scan: TableScan | None = None,
) -> None:
    """Train a new net, or go on with that of earlier calls, and give it to the estimator.

    The estimator keeps its earlier fit until the training has succeeded. An estimator without one
    also takes over a training that Ctrl-C ended after its first epoch.

    Parameters
    ----------
    estimator : BaseNetClassifier
    X, y, sample_weight, classes, scan
        As in its `fit` and `partial_fit`.
    mode : Mode
        Whether the training starts anew, or how it goes on.
    """
    import_lazy_parts()
    new = aside(estimator, *(_FITTED if mode is Mode.FIT else ()))
    if "net_" in vars(new):
        new.net_ = copy_to_train(new.net_)
    try:
        _train(new, X, y, sample_weight, mode, classes, scan)
    except BaseException as error:
        has_none = "net_" not in vars(estimator)
        if has_none and "net_" in vars(new) and is_usable_after(new.net_, error):
            take(estimator, new)
        raise
    take(estimator, new)


def _train(
    estimator: BaseNetClassifier,
    X: Any,
    y: Any,
    sample_weight: Any,
    mode: Mode,
    classes: Any,
    scan: TableScan | None,
) -> None:
    """Check, plan and train."""
    estimator._check_parameters()
    net: Net | None = vars(estimator).get("net_")
    device = resolve_device(estimator.device) if net is None else str(net.device)
    data, weight = _check_data(estimator, X, y, sample_weight, classes, device)
    parameters = estimator.get_params(deep=False)
    if estimator.cross_fit == "auto" and not estimator._cross_fits_if_open:
        parameters = parameters | {"cross_fit": False}
    plan = make_plan(
        parameters,
        data,
        mode,
        backbone=choose_backbone(estimator.module, data) if net is None else net.module.backbone,
        class_labels=estimator.classes_,
        device=device,
        batch_size=None if net is None else net.batch_size,
        scan=scan,
    )
    if net is not None and plan.schedule and scan and net.finished_epochs == plan.max_epochs:
        warn(
            f"All {plan.passes} passes over the table (max_epochs) are done, and the learning "
            "rate is at the end of its schedule. Raise max_epochs to go on, or stop here."
        )
    vars(estimator).pop("oof_proba_", None)  # it belongs to the previous network
    recipe = estimator._recipe(plan, data)
    monitor = None if plan.validation_fraction is None else make_monitor(estimator)
    if mode is Mode.WARM_START:
        warn_of_ignored(estimator._built_with, parameters, READ_ANEW | recipe.reads_anew)
    streams = Streams(estimator.random_state) if net is None else net.streams
    threads, together = plan.threads, processes()
    if together is not None:
        together.share_seed(streams)
        saves = estimator.checkpoint is not None
        together.check(type(estimator).__name__, plan, data, saves=saves)
        threads = together.threads(threads)
    checkpoint = open_checkpoint(parameters, data, plan, streams, net)
    with isolated_rng(threads=threads, device=plan.device):
        if net is None:
            estimator._built_with = parameters
            net = estimator.net_ = make_net(parameters, data, plan, recipe, streams)
        net.keep_training_state = estimator.keep_training_state
        name = type(estimator).__name__
        with one_class_warnings(NONE):  # for helper networks, such as g of M2m
            left_out = train(net, data, plan, recipe, monitor, name=name, checkpoint=checkpoint)
        if left_out is not None:
            estimator.oof_proba_ = _of_all_samples(left_out.probabilities(net), weight)
        warn_of_one_class(estimator, data, plan)
    if checkpoint is not None:
        checkpoint.remove()


def _check_data(
    estimator: BaseNetClassifier, X: Any, y: Any, sample_weight: Any, classes: Any, device: str
) -> tuple[TrainingData, np.ndarray | None]:
    """Return the samples of positive weight, and all weights; a first call sets ``classes_``."""
    is_first = "net_" not in vars(estimator)
    with torch_defaults():
        data, y = check_training_data(estimator, X, y, reset=is_first, device=device)
        check_classification_targets(y)
        if is_first:
            if classes is not None:
                check_classes(classes)
            given = y if classes is None else plain_labels(classes, "classes")
            estimator.classes_ = np.unique(given)
        y_encoded = encode_labels(y, estimator.classes_)
        weight = check_weights(sample_weight, len(y))
        return data.labelled(y_encoded, weight).drop_zero_weight(), weight


def _of_all_samples(proba: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    """Return probabilities for all samples, NaN for those of weight 0, which were left out."""
    if weight is None or len(proba) == len(weight):
        return proba
    among_all = np.full((len(weight), proba.shape[1]), np.nan)
    among_all[weight > 0] = proba
    return among_all


def import_lazy_parts() -> None:
    """Import now what torch would import during a training; a Ctrl-C takes effect afterwards."""
    missing = [name for name in _IMPORTED_LATE if name not in sys.modules]
    if not missing:
        return
    with interrupted_later():
        for name in missing:
            with suppress(ImportError):  # torch raises its own error where it needs the module
                importlib.import_module(name)


@contextmanager
def interrupted_later() -> Iterator[None]:
    """Delay a Ctrl-C until a block has ended.

    Only the main thread receives one; in any other thread the block just runs.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or handler is None:
        yield
        return
    came: list[tuple[Any, ...]] = []
    signal.signal(signal.SIGINT, lambda *args: came.append(args))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if came:
            handler(*came[0]) if callable(handler) else os.kill(os.getpid(), signal.SIGINT)
