"""The one net and the one training step under every classifier.

`Net` is skorch's `NeuralNetClassifier`, so callbacks, histories, ``module__*``, ``optimizer__*``
and checkpoints are skorch's. What is ours is narrow: batches cut from tensors, a loss that is a sum
of terms over a `BatchOutput`, re-balancing from an epoch on, and one synchronisation an epoch.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse
import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback, EarlyStopping, EpochTimer, PrintLog
from skorch.utils import to_device
from torch import Tensor, nn
from torch.utils.data import Dataset

from sklimb._data.batches import Batches, StreamedBatches
from sklimb._data.training_data import ArrayData, DatasetData, TrainingData
from sklimb._random import Streams, seed_everything
from sklimb._training.early_stopping import BestEpoch
from sklimb._training.epoch_means import batch_means
from sklimb._training.finiteness import check_input, finite_samples, not_finite
from sklimb._training.mixup import Mixup
from sklimb._training.network import NetworkFactory
from sklimb._training.objective import LossTerms
from sklimb._training.optimisation import (
    build_optimizer,
    learning_rate_factor,
    param_groups_weight_decay,
)
from sklimb._training.padding import padded
from sklimb._training.rebalancing import Rebalancer, count_classes
from sklimb._training.step import TrainingStep
from sklimb.heads.members import log_mean_probability
from sklimb.transforms.base import Transform


def softmax_scores(scores: Tensor) -> Tensor:
    """Return probabilities; named, because skorch pickles it."""
    return scores.softmax(-1)


class Net(TrainingStep, NeuralNetClassifier):
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
        Rows mixed in pairs while training.
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
        callbacks: list[tuple[str, Callback]] = [("epoch_timer", EpochTimer())]
        if self.verbose:
            callbacks.append(("print_log", PrintLog()))
        return callbacks

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
            plain=self._of_transform() if self.has_transform else (),
        )
        return self

    # --- data ---------------------------------------------------------------------------------

    def get_dataset(self, X: Any, y: Any = None) -> ArrayData | DatasetData:
        """Return X as it is where it is one of our datasets, else rows on the device."""
        if isinstance(X, TrainingData):
            return X
        if not (isinstance(X, (Tensor, Dataset)) or scipy.sparse.issparse(X)):
            X = np.asarray(X)
        return TrainingData.of(X, y, device=self.device)

    def get_iterator(self, dataset: Any, training: bool = False) -> Batches | StreamedBatches:
        """Return batches; streamed where the dataset is."""
        kwargs = {"batch_size": self.batch_size}
        kwargs |= self.get_params_for("iterator_train" if training else "iterator_valid")
        if not training and kwargs.get("drop_last"):
            raise ValueError("iterator_valid__drop_last=True would leave rows without prediction.")
        if isinstance(dataset, DatasetData):
            return StreamedBatches(dataset, device=self.device, **kwargs)
        unknown = set(kwargs) - set(inspect.signature(Batches).parameters)
        if unknown:
            raise ValueError(
                f"iterator parameters {sorted(unknown)} belong to a DataLoader, which is used only "
                "for a torch Dataset; arrays take batch_size, drop_last and shuffle."
            )
        return Batches(dataset, **kwargs)

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
        monitor: BestEpoch | None = None,
        **fit_params: Any,
    ) -> Net:
        """Train for some epochs, or until ``stop_training`` is set.

        Parameters
        ----------
        X : ArrayData or DatasetData
            The training data, with labels.
        y : ArrayData, DatasetData or None
            Rows to validate on after each epoch.
        epochs : int or None
            None takes ``max_epochs``.
        schedule : dict or None
            Keyword arguments of `learning_rate_factor`, over the epochs of this call.
        monitor : BestEpoch or None
            Decides when to stop, and which weights stay.
        **fit_params : dict
            None are known.
        """
        if fit_params:
            raise TypeError(f"unknown fit parameters: {sorted(fit_params)}.")
        self.stop_training = False
        start = self.finished_epochs
        datasets = {"dataset_train": X, "dataset_valid": y}
        batches = self.get_iterator(X, training=True)
        batches_valid = None if y is None else self.get_iterator(y)
        if y is not None and y.weight is not None:
            batches_valid.weight = self._row_weight(y.weight)
        try:
            for _ in range(self.max_epochs if epochs is None else epochs):
                self.notify("on_epoch_begin", **datasets)
                self._prepare_epoch(batches)
                self._set_learning_rate(self.finished_epochs - 1 - start, schedule)
                self.run_single_epoch(batches, True, "train", self.train_step)
                self.run_single_epoch(batches_valid, False, "valid", self.validation_step)
                if monitor is not None:
                    monitor.after_epoch(self, y)
                self._end_epoch(datasets)
                if self.stop_training:
                    break
        finally:
            if monitor is not None:
                monitor.restore(self)  # after a Ctrl-C too
        # The last step of all comes after the last loss that was looked at.
        if not self.is_finite():
            self._diverged("weights are no longer finite")
        return self

    def is_finite(self) -> bool:
        """Return whether all weights of the network are finite."""
        return all(bool(torch.isfinite(weight).all()) for weight in self.module_.parameters())

    def restart(self, *, lr: float, **settings: Any) -> None:
        """Take new settings for a training that goes on.

        Parameters
        ----------
        lr : float
            For all groups of the optimiser, where it has changed.
        **settings : dict
            Attributes of the net.
        """
        if lr != self.lr:
            for group in self.optimizer_.param_groups:
                group["lr"] = group["initial_lr"] = lr
        self.lr = lr
        for name, value in settings.items():
            setattr(self, name, value)
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

    def _prepare_epoch(self, batches: Batches | StreamedBatches) -> None:
        """Set the order, the row weights and the dropout stream of an epoch."""
        epoch = self.finished_epochs - 1  # on_epoch_begin has opened this epoch's record
        seed_everything(self.streams.seed("dropout", epoch), self.device)
        if self.mixup is not None:
            self._mixup_rng = self.streams.generator("mixup", epoch)
        balanced_draws = False
        if self.has_transform:
            self.transform_.start_epoch(epoch, self.streams.generator("transform", epoch, 1))
            balanced_draws = self.transform_.balanced_draws
        batches.indices, weight, seen = self.rebalancer.epoch(
            epoch,
            batches.dataset,
            self.counts_,
            self.streams,
            shuffle=batches.shuffle,
            balanced_draws=balanced_draws,
        )
        self.criterion_.set_seen_counts(self._as_weight(seen))
        batches.weight = None if weight is None else self._row_weight(weight)

    def _row_weight(self, weight: np.ndarray) -> Tensor:
        """Return weights of mean 1, for 1e-50 would vanish in float32; all 0 stay 0."""
        return self._as_weight(weight / (weight.mean() or 1.0))

    def _as_weight(self, weight: np.ndarray) -> Tensor:
        dtype = next(self.module_.parameters()).dtype
        return torch.as_tensor(weight, dtype=dtype, device=self.device)

    def _set_learning_rate(self, epoch: int, schedule: dict[str, Any] | None) -> None:
        if schedule is None and not self.scheduled_:
            return
        factor = 1.0 if schedule is None else learning_rate_factor(epoch=epoch, **schedule)
        for group in self.optimizer_.param_groups:
            group["lr"] = factor * group.setdefault("initial_lr", group["lr"])
        self.scheduled_ = schedule is not None

    def run_single_epoch(
        self,
        iterator: Batches | StreamedBatches | None,
        training: bool,
        prefix: str,
        step_fn: Callable[..., dict[str, Any]],
        **fit_params: Any,
    ) -> None:
        """Run over all batches once and record the losses, with one synchronisation."""
        if iterator is None:
            return
        self._set_training(training)
        begin = self._watchers("on_batch_begin")
        end = self._watchers("on_batch_end")
        self._grad_watchers = self._watchers("on_grad_computed")
        losses: list[Tensor] = []
        sizes: list[int] = []
        for batch in iterator:
            if begin or end:
                self.history.new_batch()
            for callback in begin:
                callback.on_batch_begin(self, batch=batch, training=training)
            step = step_fn(batch, **fit_params)
            losses.append(step["losses"])
            sizes.append(len(batch[0]))
            if end:
                self.history.record_batch(prefix + "_loss", step["loss"].item())
                self.history.record_batch(prefix + "_batch_size", sizes[-1])
                if step["y_pred"].ndim == 3:  # of members
                    step["y_pred"] = log_mean_probability(step["y_pred"].detach())
            for callback in end:
                callback.on_batch_end(self, batch=batch, training=training, **step)
        self._record(prefix, losses, sizes, iterator.dataset)

    def _record(
        self, prefix: str, losses: list[Tensor], sizes: list[int], data: ArrayData | DatasetData
    ) -> None:
        if not self.history[-1]["batches"]:
            self.history.new_batch()  # skorch's Checkpoint looks at the last one, whatever it holds
        means = batch_means(torch.stack(losses).cpu().double().numpy(), np.asarray(sizes))
        names = [prefix + "_loss"]
        terms = list(self.criterion_.terms)
        if prefix == "train" and self.has_transform:
            terms += self._transform_terms()
            for name, value in self.transform_.statistics().items():
                self.history.record(name, value)
        if len(means) > 1:
            names += [f"{prefix}_{name}" for name in terms]
        for name, mean in zip(names, means, strict=False):
            self.history.record(name, float(mean))
        self.history.record(prefix + "_batch_count", len(sizes))
        best = min((row.get(names[0], np.inf) for row in self.history[:-1]), default=np.inf)
        self.history.record(names[0] + "_best", bool(means[0] < best))
        if not np.isfinite(means[0]):
            check_input(self, data)
            self._diverged(f"{prefix} loss is {means[0]}")

    def _diverged(self, what: str) -> None:
        raise ValueError(
            f"The {what} in epoch {self.finished_epochs}. Lower lr "
            f"(now {self.optimizer_.param_groups[0]['lr']:g}), or clip gradients with "
            "callbacks=[skorch.callbacks.GradientNormClipping(1.0)]."
        )

    def _watchers(self, hook: str) -> list[Callback]:
        """Return the callbacks that override a hook: the others cost nothing."""
        plain = getattr(Callback, hook)
        return [cb for _, cb in self.callbacks_ if getattr(type(cb), hook, None) is not plain]

    def count(self, data: ArrayData | DatasetData) -> None:
        """Add the classes of the data to come to the counts, and tell the loss."""
        new = count_classes(data.y_encoded, len(self.class_labels), data.weight)
        self.counts_ = self.counts_ + new
        counts = self._as_weight(self.counts_)
        self.criterion_.set_class_counts(counts)
        if self.has_transform:
            self.transform_.set_class_counts(counts)

    # --- prediction ---------------------------------------------------------------------------

    def infer(self, x: Any, **fit_params: Any) -> Tensor:
        """Return the scores of a batch."""
        return self.module_(to_device(x, self.device))

    @torch.no_grad()
    def run(
        self,
        X: Any,
        what: Callable[[nn.Module, Tensor], Tensor],
        rows: np.ndarray | None = None,
    ) -> Tensor:
        """Return ``what(module_, x)`` over all batches in eval mode, on the CPU.

        Parameters
        ----------
        X : ArrayData or DatasetData
        what : callable
            (module_, batch) -> Tensor, for example scores or features.
        rows : ndarray of int or None
            Which rows, in which order; None takes all.

        Raises
        ------
        ValueError
            If a value of the result is not finite.
        """
        self._set_training(False)
        results = []
        batches = self.get_iterator(X)
        batches.indices = rows
        for batch in batches:
            x = batch[0]
            results.append(what(self.module_, padded(x))[: len(x)].cpu())
        result = torch.cat(results)
        finite = finite_samples(result)
        if not finite.all():
            if not self.is_finite():
                self._diverged("weights are no longer finite")
            raise ValueError(not_finite(finite, self.module_.like.dtype))
        return result
