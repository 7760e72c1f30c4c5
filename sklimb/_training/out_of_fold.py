"""Members that each leave a fold of the samples out: which epoch is best, and how sure it may be.

Of k members each is trained on all samples but those of its own fold, so every sample has one
member that has never seen it. The log loss of these out-of-fold predictions, at the temperature
that suits them best, says, without any sample held back for good,

- when to stop, and which epoch's weights to keep ("refine, then calibrate"): the latest whose loss
  is within a hundredth of the least;
- how sure the network may be. The mean of k members is less sure than one of them, so half of the
  logarithm of the temperature is taken.

What is deferred (re-balancing, generated or translated samples) starts when nothing better comes
without it, from the best weights, and the training goes on until that happens again.

Weights are an average over the steps, which stands for a falling learning rate at every epoch.
The figures were chosen on 34 tables (``benchmarks/tuning/blend.py``).

Shape
-----
Folds (n,), weights of members (n, k), scores (n, k, C).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy.special import softmax
from torch import Tensor, nn

from sklimb._training import deferral
from sklimb._training.calibration import (
    HIGHEST,
    LOWEST,
    fit_temperature,
    fit_temperature_and_shift,
    with_temperature,
)
from sklimb._training.inference import run

if TYPE_CHECKING:
    from sklimb._data.training_data import TrainingData
    from sklimb._training.net import Net

# Members where their number is left open, and folds.
N_FOLDS = 8
# A later epoch whose loss is within this factor of the least is preferred: it has learnt more.
_TOLERANCE = 1.01
# Training stops when an evaluation finds nothing better after this many times the steps of the best
# epoch, and not before so many; steps count anew from where the deferred part has started.
_PATIENCE, _LEAST_STEPS = 1.7, 100
# The next evaluation comes after this many times the steps.
_EVALUATION_GROWTH = 1.25
# Weight of the newest step in the moving average of the weights; larger in the first steps, by
# 1 / (_AVERAGING_START * step + 1), so that the start values are soon forgotten.
_AVERAGING_RATE, _AVERAGING_START = 0.01, 0.3
# Epochs are evaluated on at most so many samples, equally many of each class where it has them.
_SAMPLES_TO_JUDGE_BY = 4_000
# Out-of-fold probabilities are computed for so many samples at a time: until the member is chosen
# that left it out, a sample has the scores of all k.
_SAMPLES_AT_ONCE = 2**16
# The mean of the members is less sure than one of them: it gets this share of the logarithm of a
# member's temperature.
_SHARE_FOR_MEAN = 0.5
# Bounds of the temperature of scores of any scale. Those for probabilities are narrower: where
# classes are told apart without an error, the best temperature is near 0.
_COLDEST, _HOTTEST = 1e-3, 1e3

# Attributes that change from epoch to epoch and go into a checkpoint, beside the averaged weights.
_KEPT = (
    "least", "best_epoch", "best_step", "temperature", "weights", "step", "next_look", "starts",
    "best_scores", "as_weighed", "is_proper",
)  # fmt: skip


def member_folds(
    y_encoded: np.ndarray,
    n_folds: int,
    rng: np.random.Generator,
    copied_from: np.ndarray | None = None,
) -> np.ndarray:
    """Return for each sample the member that leaves it out, each class spread over all.

    Parameters
    ----------
    y_encoded : ndarray of int, shape (n,)
        Class indices.
    n_folds : int
        Members k.
    rng : numpy.random.Generator
    copied_from : ndarray of int, shape (n,), or None
        Of which sample each is a copy, which is left out with it; None if none is.

    Returns
    -------
    ndarray of int16, shape (n,)
        From 0 to k - 1; folds are of one size, and the classes in them, to one sample that is no
        copy.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb._training.out_of_fold import member_folds
    >>> folds = member_folds(np.repeat([0, 1], [6, 2]), 4, np.random.default_rng(0))
    >>> np.bincount(folds).tolist(), np.unique(folds[6:]).size
    ([2, 2, 2, 2], 2)
    """
    # classes one after the other, each in an order of its own, dealt out like cards
    order = np.lexsort((rng.random(len(y_encoded)), y_encoded))
    if copied_from is not None:
        order = order[copied_from[order] == order]
    folds = np.empty(len(y_encoded), dtype=np.int16)  # kept for all samples of a training
    dealt = np.arange(len(order))
    dealt += rng.integers(n_folds)
    dealt %= n_folds
    folds[order] = dealt
    return folds if copied_from is None else folds[copied_from]


class FoldWeights:
    """Weights (n, k) of samples for members, 0 for the one that leaves a sample out.

    A matrix of them would take more memory than X does, where that has few columns.

    Parameters
    ----------
    folds : Tensor of int, shape (n,)
        The member that leaves a sample out.
    n_members : int
        k.
    weight : Tensor, shape (n,) or ()
        What a sample weighs for the others; one number where all weigh alike.
    """

    def __init__(self, folds: Tensor, n_members: int, weight: Tensor) -> None:
        self.folds = folds
        self.members = torch.arange(n_members)
        self.weight = weight

    def __getitem__(self, samples: Tensor | np.ndarray | slice) -> Tensor:
        """Return the weights of some samples, (m, k)."""
        left_out = self.folds[samples].unsqueeze(1) == self.members
        own = self.weight if self.weight.ndim == 0 else self.weight[samples].unsqueeze(1)
        return torch.where(left_out, torch.zeros_like(own), own)


class OutOfFold:
    """Keep the epoch that is best on what each member has left out, and calibrate it.

    Parameters
    ----------
    data : TrainingData
        All that is trained on.
    epochs : int
        At most.
    n_members : int
        Members k.
    net : Net
        Initialised.

    Attributes
    ----------
    folds : ndarray of int16, shape (n,)
        Which member leaves a sample out.
    best_epoch : int
        Finished epochs of the weights that are kept.
    """

    def __init__(self, data: TrainingData, epochs: int, n_members: int, net: Net) -> None:
        self.data = data
        self.epochs = epochs
        rng = net.streams.generator("cross_fit", 0)
        self.folds = member_folds(data.y_encoded, n_members, rng, data.copied_from)
        self.n_members = n_members
        rng = net.streams.generator("cross_fit", 1)
        judged = data.stratified_subsample(_SAMPLES_TO_JUDGE_BY, rng)
        # the member that leaves out the only sample of a class has never seen the class
        of_known = data.distinct_counts(0)[data.y_encoded[judged]] > 1
        self.judged = judged[of_known] if of_known.any() else judged
        self.averaged = copy.deepcopy(net.module_)
        self._learnt = list(net.module_.parameters()), list(self.averaged.parameters())
        self.least = np.inf
        self.best_epoch = 0
        self.best_step = 0
        self.temperature = 1.0
        self.weights: dict[str, Tensor] = {}
        self.step = 0
        self.next_look = 1.0
        # the epoch after which a deferred part starts
        self.starts = deferral.next_start(net, epochs)

    def member_weight(self, samples: np.ndarray) -> np.ndarray:
        """Return for some samples 0 for the member that leaves one out, else 1, (m, k)."""
        return 1.0 - np.eye(self.n_members)[self.folds[samples]]

    def row_weight(self, net: Net, weight: np.ndarray | None) -> FoldWeights:
        """Return the weights of an epoch's samples for each member, (n, k) in all, of mean 1."""
        share = (self.n_members - 1) / self.n_members  # of the members see a sample
        each = 1.0 / share if weight is None else weight / (share * weight.mean() or 1.0)
        each = torch.as_tensor(each, dtype=net.module_.like.dtype)
        return FoldWeights(torch.as_tensor(self.folds), self.n_members, each)

    def steps(self, net: Net) -> Callable[..., dict[str, Any]]:
        """Return a function that takes a step and adds it to the average."""

        def train_step(batch: Any, **fit_params: Any) -> dict[str, Any]:
            step = net.train_step(batch, **fit_params)
            share = max(_AVERAGING_RATE, 1.0 / (_AVERAGING_START * self.step + 1.0))
            with torch.no_grad():
                # torch.optim.swa_utils has it too, and walks through all modules at each step
                torch._foreach_lerp_(self._learnt[1], self._learnt[0], share)
            self.step += 1
            return step

        return train_step

    def after_epoch(self, net: Net, held: None) -> None:
        """Judge the epoch by what each member has left out, and decide."""
        last = net.finished_epochs >= (self.epochs if self.starts is None else self.starts)
        if self.step < self.next_look and not last:
            return
        self.next_look = _EVALUATION_GROWTH * self.step
        for own, current in zip(self.averaged.buffers(), net.module_.buffers(), strict=True):
            own.copy_(current)
        scores = self._out_of_fold(net, self.averaged, self.judged)
        y, weight = self._labels_and_weights(net)
        proba = softmax(scores, axis=1)
        bounds = (LOWEST, HIGHEST) if net.criterion_.is_proper else (_COLDEST, _HOTTEST)
        temperature = fit_temperature(proba, y, weight, lowest=bounds[0], highest=bounds[1])
        truth = with_temperature(proba, temperature)[np.arange(len(y)), y]
        smallest = np.finfo(np.float64).tiny
        loss = float(np.average(-np.log(np.maximum(truth, smallest)), weights=weight))
        net.history.record("out_of_fold_loss", loss)
        self.least = min(self.least, loss)
        better = loss <= _TOLERANCE * self.least
        net.history.record("out_of_fold_loss_best", better)
        if better:
            self.best_epoch, self.best_step = net.finished_epochs, self.step
            self.temperature = temperature
            self.weights = copy.deepcopy(self.averaged.state_dict())
            self.best_scores, self.as_weighed = scores, weight
            # scores of other losses, and of samples that are made, are no log probabilities
            self.is_proper = net.criterion_.is_proper and not self._draws_balanced(net)
        elif self.step >= max(_LEAST_STEPS, _PATIENCE * self.best_step):
            last = True
        if not last:
            return
        if self.starts is None:
            net.stop_training = True
        else:
            self._start_deferred(net)

    def _start_deferred(self, net: Net) -> None:
        """Go back to the best weights, and let what is deferred start from them."""
        net.module_.load_state_dict(self.weights)
        self.averaged.load_state_dict(self.weights)
        deferral.start_now(net, self.epochs)
        self.starts = None
        self.least, self.best_step, self.step, self.next_look = np.inf, 0, 0, 1.0

    def state(self) -> dict[str, Any]:
        """Return what a training that goes on needs of it, but for what data and streams give."""
        kept = {name: vars(self)[name] for name in _KEPT if name in vars(self)}
        averaged = [t.detach() for t in (*self._learnt[1], *self.averaged.buffers())]
        return kept | {"averaged": averaged}

    @torch.no_grad()
    def set_state(self, state: dict[str, Any]) -> None:
        """Take what `state` returned."""
        for own, value in zip(
            (*self._learnt[1], *self.averaged.buffers()), state["averaged"], strict=True
        ):
            own.copy_(value)
        vars(self).update({name: state[name] for name in _KEPT if name in state})

    def restore(self, net: Net) -> None:
        """Put the best weights back, and set the temperature."""
        if not self.weights:
            return
        net.module_.load_state_dict(self.weights)
        calibration = net.module_.calibration
        offset = net.criterion_.score_offset()
        if offset is not None:
            calibration.offset.copy_(offset)
        if self.is_proper:
            calibration.temperature.fill_(math.exp(_SHARE_FOR_MEAN * math.log(self.temperature)))
            return
        # predictions leave out what the loss adds, so samples are weighted by the shares left
        y, added = self.data.y_encoded[self.judged], calibration.offset.double().cpu().numpy()
        temperature, shift = fit_temperature_and_shift(
            self.best_scores - added,
            y,
            (1.0 if self.as_weighed is None else self.as_weighed) * np.exp(-added)[y],
            lowest=_COLDEST,
            highest=_HOTTEST,
        )
        calibration.offset.zero_()
        calibration.temperature.fill_(temperature)
        calibration.shift.copy_(torch.from_numpy(shift))

    def probabilities(self, net: Net) -> np.ndarray:
        """Return probabilities of all samples, each by the member that left it out, (n, C).

        They are on the scale of the network's predictions, at its temperature.
        """
        n = len(self.data)
        proba = np.empty((n, len(net.module_.calibration.offset)))
        for start in range(0, n, _SAMPLES_AT_ONCE):
            samples = np.arange(start, min(start + _SAMPLES_AT_ONCE, n))
            proba[samples] = self._probabilities_of(net, samples)
        return proba

    def _probabilities_of(self, net: Net, samples: np.ndarray) -> np.ndarray:
        calibration = net.module_.calibration
        scores = self._out_of_fold(net, net.module_, samples)
        offset, shift = (b.cpu().double().numpy() for b in (calibration.offset, calibration.shift))
        added = net.criterion_.score_offset()
        if added is not None:
            scores = scores - added.cpu().double().numpy()
        calibrated = (scores + (offset + shift)) / float(calibration.temperature) - offset
        return softmax(calibrated, axis=1)

    def _out_of_fold(self, net: Net, network: nn.Module, samples: np.ndarray) -> np.ndarray:
        """Return for some samples the scores, plus what the loss adds, by who left them out."""
        training = network.training
        network.eval()
        scores = run(net, self.data, lambda _, x: network.head(network.features(x)), samples)
        network.train(training)
        left_out_by = torch.from_numpy(self.folds[samples]).long()
        of_one = scores[torch.arange(len(samples)), left_out_by]
        offset = net.criterion_.score_offset()
        if offset is not None:
            of_one = of_one + offset.cpu()
        return of_one.double().numpy()

    def _draws_balanced(self, net: Net) -> bool:
        return net.has_transform and net.transform_.balanced_draws

    def _labels_and_weights(self, net: Net) -> tuple[np.ndarray, np.ndarray | None]:
        """Return class indices of the judged samples, and the weights that the loss gives them."""
        order = net.rebalancer.epoch(
            net.finished_epochs - 1,  # as in the epoch that has ended
            self.data,
            net.counts_,
            net.streams,
            shuffle=False,
            balanced_draws=self._draws_balanced(net),
        )
        y = self.data.y_encoded
        weight = order.weight
        if order.order is not None:  # balanced draws: by class, then by the samples' weights
            weight = (1.0 if weight is None else weight) / net.counts_[y]
            weight = weight if self.data.weight is None else weight * self.data.weight
        judged = y[self.judged]
        n_of = np.bincount(y)[judged] / np.bincount(judged)[judged]  # of each class alike
        return judged, n_of if weight is None else weight[self.judged] * n_of
