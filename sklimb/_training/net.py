"""The one net under every classifier, skorch's hooks one by one.

Callbacks, histories, ``module__*``, ``optimizer__*`` and checkpoints are skorch's. What is ours is
narrow: batches cut from tensors, a loss that is a sum of terms, re-balancing from an epoch on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse
import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback, EarlyStopping, EpochTimer
from skorch.utils import TeeGenerator, to_device
from torch import Tensor, nn
from torch.utils.data import Dataset

from sklimb._data.batches import Batches, StreamedBatches, make_batches
from sklimb._data.training_data import ArrayData, DatasetData, TrainingData
from sklimb._random import Streams, seed_everything
from sklimb._training.checkpoint import Checkpoint
from sklimb._training.data_parallel import (
    complete_gradients,
    network_of_step,
    part_of_stream,
)
from sklimb._training.early_stopping import BestEpoch
from sklimb._training.epoch import run_epoch, watchers
from sklimb._training.inference import NotFiniteError
from sklimb._training.mixup import Mixup, mixed_loss
from sklimb._training.network import NetworkFactory
from sklimb._training.objective import LossTerms, batch_loss, transformed_loss
from sklimb._training.optimisation import (
    build_optimizer,
    learning_rate_factor,
    param_groups_weight_decay,
)
from sklimb._training.out_of_fold import OutOfFold
from sklimb._training.progress import EpochLines
from sklimb._training.rebalancing import Rebalancer, count_classes
from sklimb._training.training_state import PickledNet, TransformingNet
from sklimb.transforms.base import Transform


def softmax_scores(scores: Tensor) -> Tensor:
    """Return probabilities; named, because skorch pickles it."""
    return scores.softmax(-1)


class Net(PickledNet, TransformingNet, NeuralNetClassifier):
    """skorch's classifier with the training step of sklimb; built by the estimators.

    It works on class indices and resolved settings throughout: labels, ``device="auto"``, shares of
    ``max_epochs`` and the like end in the estimator.

    Parameters
    ----------
    module : NetworkFactory
    criterion : LossTerms
    streams : Streams
        Source of all randomness.
    rebalancer : Rebalancer
        Order and weights of each epoch's samples.
    class_labels : ndarray, shape (C,)
        The original labels, for scorers.
    mixup : Mixup or None
        Samples mixed in pairs while training.
    transform : callable or None
        (network, example, n_classes) -> Transform, the training-only change of batches.
    **kwargs : dict
        skorch's own.
    """

    def __init__(
        self,
        module: NetworkFactory,
        *,
        criterion: LossTerms,
        streams: Streams,
        class_labels: np.ndarray,
        rebalancer: Rebalancer,
        mixup: Mixup | None = None,
        transform: Callable[[nn.Module, Tensor, int], Transform] | None = None,
        **kwargs: Any,
    ) -> None:
        self.streams = streams
        self.class_labels = class_labels
        self.rebalancer = rebalancer
        self.mixup = mixup
        self.transform = transform
        super().__init__(
            module,
            criterion=criterion,
            classes=np.arange(len(class_labels)),
            iterator_train=Batches,
            iterator_valid=Batches,
            train_split=None,
            predict_nonlinearity=softmax_scores,
            **kwargs,
        )
        self.stop_training = False
        self._grad_watchers: list[Callback] = []
        # (Weighted) class counts of all data seen, for weights that follow them in partial_fit.
        self.counts_ = np.zeros(len(class_labels))
        # Whether the rates of the optimiser are where a schedule left them.
        self.scheduled_ = False

    # --- what skorch builds -------------------------------------------------------------------

    @property
    def _default_callbacks(self) -> list[tuple[str, Callback]]:
        lines = [("print_log", EpochLines())] if self.verbose else []
        return [("epoch_timer", EpochTimer()), *lines]

    def initialize(self) -> Net:
        """Build everything under the stream for initialisation."""
        seed_everything(self.streams.seed("initialisation"), self.device)
        return super().initialize()

    def initialize_module(self) -> Net:
        """Build the network on the device."""
        self.module_ = to_device(self.module(**self.get_params_for("module")), self.device)
        if self.transform is not None:
            self._build_transform()
        return self

    def initialize_criterion(self) -> Net:
        """Put the loss terms on the device."""
        self.criterion_ = to_device(self.criterion, self.device)
        return self

    def initialize_optimizer(self, triggered_directly: bool | None = None) -> Net:
        """Build the optimiser, in its fused form where torch has one."""
        named_parameters = self.get_all_learnable_params()
        args, kwargs = self.get_params_for_optimizer("optimizer", named_parameters)
        groups = param_groups_weight_decay(list(args[0]), self.module_, self.optimizer)
        self.optimizer_ = build_optimizer(
            self.optimizer,
            groups,
            kwargs,
            device=self.device,
            plain={id(parameter) for parameter in self._of_transform()},
        )
        return self

    # --- data ---------------------------------------------------------------------------------

    def get_dataset(self, X: Any, y: Any = None) -> ArrayData | DatasetData:
        """Return X as it is where it is one of our datasets, else samples on the device."""
        if isinstance(X, TrainingData):
            return X
        if isinstance(X, Dataset):
            return DatasetData(X, y)
        if not (isinstance(X, Tensor) or scipy.sparse.issparse(X)):
            X = np.asarray(X)
        return ArrayData(X, y, device=self.device)

    def get_iterator(self, dataset: Any, training: bool = False) -> Batches | StreamedBatches:
        """Return batches, by the parameters ``iterator_train__*`` or ``iterator_valid__*``."""
        kwargs = {"batch_size": self.batch_size}
        kwargs |= self.get_params_for("iterator_train" if training else "iterator_valid")
        if not training and kwargs.get("drop_last"):
            raise ValueError("iterator_valid__drop_last=True would leave samples unpredicted.")
        dtype = self.module_.like.dtype
        return make_batches(dataset, device=self.device, dtype=dtype, **kwargs)

    def check_data(self, X: Any, y: Any = None) -> None:
        """Do nothing: the estimator has checked the data and knows the classes."""

    # --- training -----------------------------------------------------------------------------

    @property
    def finished_epochs(self) -> int:
        """Epochs trained so far, over all calls."""
        return len(self.history_) if self.history_ else 0

    def fit_loop(
        self,
        X: Any,
        y: Any = None,
        epochs: int | None = None,
        *,
        schedule: dict[str, Any] | None = None,
        scheduled_from: int | None = None,
        monitor: BestEpoch | OutOfFold | None = None,
        checkpoint: Checkpoint | None = None,
        **fit_params: Any,
    ) -> Net:
        """Train for some epochs, or until ``stop_training`` is set.

        Parameters
        ----------
        X : ArrayData or DatasetData
            The training data, with labels.
        y : ArrayData, DatasetData or None
            Samples to validate on after each epoch.
        epochs : int or None
            None takes ``max_epochs``.
        schedule : dict or None
            Keyword arguments of `learning_rate_factor`.
        scheduled_from : int or None
            Finished epochs where the schedule began; None begins it with this call.
        monitor : BestEpoch, OutOfFold or None
            Decides when to stop, and which weights stay.
        checkpoint : Checkpoint or None
            Written while training, and where there is one already gone on from.
        **fit_params : dict
            None are known.
        """
        if fit_params:
            raise TypeError(f"unknown fit parameters: {sorted(fit_params)}.")
        self.stop_training = False
        start = self.finished_epochs if scheduled_from is None else scheduled_from
        datasets = {"dataset_train": X, "dataset_valid": y}
        batches = self.get_iterator(X, training=True)
        batches_valid = None if y is None else self.get_iterator(y)
        train_step = self.train_step if monitor is None else monitor.steps(self)
        if y is not None and y.weight is not None:
            batches_valid.weight = self.row_weight(y.weight)
        epochs = self.max_epochs if epochs is None else epochs
        done = 0
        if checkpoint is not None:
            prepare = partial(self._prepare_epoch, batches, monitor)
            done = checkpoint.resume(self, monitor, prepare)
        try:
            while done < epochs and not self.stop_training:
                self.notify("on_epoch_begin", **datasets)
                self._prepare_epoch(batches, monitor)
                self._set_learning_rate(self.finished_epochs - 1 - start, schedule)
                self.run_single_epoch(batches, True, "train", train_step)
                self.run_single_epoch(batches_valid, False, "valid", self.validation_step)
                if monitor is not None:
                    monitor.after_epoch(self, y)
                self._end_epoch(datasets)
                done += 1
                if checkpoint is not None:
                    last = done == epochs or self.stop_training
                    checkpoint.after_epoch(self, monitor, done=done, last=last)
        finally:
            if monitor is not None:
                monitor.restore(self)  # after a Ctrl-C too
        # The last step of all comes after the last loss that was looked at.
        if not self.is_finite():
            raise self.diverged("weights are no longer finite")
        return self

    def is_finite(self) -> bool:
        """Return whether all weights of the network are finite."""
        finite = [torch.isfinite(weight).all() for weight in self.module_.parameters()]
        return not finite or bool(torch.stack(finite).all())

    def restart(self, *, lr: float, max_epochs: int, rebalancer: Rebalancer) -> None:
        """Take new settings for a training that goes on; the counts of the classes begin anew."""
        if lr != self.lr:
            for group in self.optimizer_.param_groups:
                group["lr"] = group["initial_lr"] = lr
        self.lr, self.max_epochs, self.rebalancer = lr, max_epochs, rebalancer
        self.counts_ = np.zeros(len(self.class_labels))

    def _end_epoch(self, datasets: dict[str, Any]) -> None:
        try:
            self.notify("on_epoch_end", **datasets)
        except KeyboardInterrupt:
            # skorch's EarlyStopping says "stop" this way. A real Ctrl-C goes on to the user.
            if not any(
                isinstance(callback, EarlyStopping) and callback.misses_ >= callback.patience
                for _, callback in self.callbacks_
            ):
                raise
            self.stop_training = True

    def _prepare_epoch(
        self, batches: Batches | StreamedBatches, monitor: BestEpoch | OutOfFold | None
    ) -> None:
        """Set the order, the sample weights and the dropout stream of an epoch."""
        epoch = self.finished_epochs - 1  # on_epoch_begin has opened this epoch's record
        seed_everything(self.streams.seed("dropout", *part_of_stream(epoch)), self.device)
        if self.mixup is not None:
            self._mixup_rng = self.streams.generator("mixup", epoch)
            self._mixup_counts = self.as_weight(self.counts_)
        balanced_draws = False
        if self.has_transform:
            self.transform_.start_epoch(epoch, self.streams.generator("transform", epoch, 1))
            balanced_draws = self.transform_.balanced_draws
            self.criterion_.set_balanced_draws(balanced_draws)
        batches.indices, weight, seen = self.rebalancer.epoch(
            epoch,
            batches.dataset,
            self.counts_,
            self.streams,
            shuffle=batches.shuffle,
            balanced_draws=balanced_draws,
        )
        self.criterion_.set_seen_counts(self.as_weight(seen))
        if monitor is not None:
            batches.weight = monitor.row_weight(self, weight)
        else:
            batches.weight = None if weight is None else self.row_weight(weight)

    def row_weight(self, weight: np.ndarray) -> Tensor:
        """Return weights of mean 1, for 1e-50 would vanish in float32; all 0 stay 0; on the CPU."""
        return torch.as_tensor(weight / (weight.mean() or 1.0), dtype=self.module_.like.dtype)

    def as_weight(self, weight: np.ndarray) -> Tensor:
        return torch.as_tensor(weight, dtype=self.module_.like.dtype, device=self.device)

    def _set_learning_rate(self, epoch: int, schedule: dict[str, Any] | None) -> None:
        if schedule is None and not self.scheduled_:
            return
        factor = 1.0 if schedule is None else learning_rate_factor(epoch=epoch, **schedule)
        for group in self.optimizer_.param_groups:
            group["lr"] = factor * group.setdefault("initial_lr", group["lr"])
        self.scheduled_ = schedule is not None

    def run_single_epoch(
        self, iterator: Any, training: bool, prefix: str, step_fn: Callable[..., dict[str, Any]]
    ) -> None:
        """Run over all batches once and record the losses."""
        if iterator is None:
            return
        self._set_training(training)
        self._grad_watchers = watchers(self, "on_grad_computed")
        run_epoch(self, iterator, step_fn, prefix, training=training)

    def diverged(self, what: str) -> NotFiniteError:
        """Return the error to raise where a training has left the finite numbers."""
        return NotFiniteError(
            f"The {what} in epoch {self.finished_epochs}. Lower lr "
            f"(now {self.optimizer_.param_groups[0]['lr']:g}), or clip gradients with "
            "callbacks=[skorch.callbacks.GradientNormClipping(1.0)]."
        )

    def count(self, data: ArrayData | DatasetData, of_table: np.ndarray | None = None) -> None:
        """Add the classes of the data to come to the counts, and tell the loss.

        The counts of a table that the data are a chunk of stand for those of all its chunks.
        """
        if of_table is None:
            new = count_classes(data.y_encoded, len(self.class_labels), data.weight)
            self.counts_ = self.counts_ + new
        else:
            self.counts_ = of_table.astype(np.float64)
        counts = self.as_weight(self.counts_)
        self.criterion_.set_class_counts(counts)
        if self.has_transform:
            self.transform_.set_class_counts(counts)

    def infer(self, x: Any, **fit_params: Any) -> Tensor:
        """Return the scores of a batch."""
        return self.module_(to_device(x, self.device))

    # --- a step -------------------------------------------------------------------------------

    def train_step(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        """Take one optimiser step, and let a head that moves a part of itself do so after it."""
        if isinstance(self.optimizer_, torch.optim.LBFGS):
            step = super().train_step(batch)  # it evaluates the loss several times
        else:
            self.optimizer_.zero_grad()
            step = self.train_step_single(batch)
            for callback in self._grad_watchers:
                learnt = TeeGenerator(self._learnt_for_good())
                callback.on_grad_computed(self, named_parameters=learnt, batch=batch, training=True)
            self.optimizer_.step()
        after_step = getattr(self.module_.head, "after_step", None)
        if after_step is not None:
            seen = step["step"]
            after_step(seen.features.detach(), seen.y, seen.weight)
        return step

    def _learnt_for_good(self) -> Iterator[tuple[str, Tensor]]:
        """Yield what is learnt, but for the transform: its gradients are no part of the norm."""
        gone = {id(parameter) for parameter in self._of_transform()}
        return ((n, p) for n, p in self.get_all_learnable_params() if id(p) not in gone)

    def train_step_single(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        """Compute the loss of a batch and its gradients."""
        module = network_of_step(self)
        if self.mixup is not None:
            drawn = {"counts": self._mixup_counts, "rng": self._mixup_rng}
            step = mixed_loss(module, self.criterion_, batch, self.mixup, **drawn)
        elif self.has_transform:
            step = transformed_loss(module, self.criterion_, batch, self.transform_)
        else:
            step = batch_loss(module, self.criterion_, batch)
        step["loss"].backward()
        complete_gradients(self)
        return step

    def validation_step(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        """Compute the loss of a batch."""
        with torch.no_grad():
            return batch_loss(self.module_, self.criterion_, batch)
