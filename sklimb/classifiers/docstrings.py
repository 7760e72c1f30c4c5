"""The parameters and attributes that all classifiers share, described in one place."""

from __future__ import annotations

import inspect
from typing import TypeVar

_T = TypeVar("_T", bound=type)

_PARAMETERS = """
module : nn.Module class or instance, default=None
    The backbone: it turns a batch of X into features of shape (n_samples, d), with d found by
    running it. A class gets the ``module__*`` parameters, and the number of columns as
    ``in_features`` if its signature has that (``in_channels`` and ``image_size`` for images). An
    instance is copied, never trained in place. None takes `sklimb.backbones.TabularMLP` for tables
    of up to 512 columns, `sklimb.backbones.WideMLP` for wider ones and `sklimb.backbones.ConvNet`
    for images. All three scale columns or channels by themselves.
n_members : int or None, default=None
    Size of an ensemble inside the network: each member has its own head and loss, and predictions
    are averaged. `sklimb.backbones.TabularMLP` shares most weights among its members; any other
    backbone is copied, and the copies are trained side by side. 1 is a plain network. None takes
    the backbone's own number of members, or 1.
cross_fit : bool or "auto", default="auto"
    Whether each member leaves a fold of the samples out (8 members where `n_members` is None, that
    share nothing). The log loss of what they say of these samples ends the training, chooses the
    epoch and calibrates the probabilities, so no sample is lost and no number of epochs has to be
    known: `max_epochs` is a bound. What is deferred (`rebalance_from`, a method's own start) starts
    from the best weights as soon as that log loss finds nothing better without it, at its epoch at
    the latest, and the training goes on. The learning rate stays `lr`, and the weights are an
    average over the steps; `lr_schedule` has no effect. "auto" is {AUTO_CROSS_FIT}.
    `partial_fit` trains plain epochs.
class_weight : {CLASS_WEIGHT_TYPE}
    Weights of the classes in the loss. "balanced" is n / (n_classes * count); "effective" is one
    over the effective number of samples (Cui et al. 2019) with `effective_beta`. A dict, or a
    Series indexed by label, gives weights by label, as in scikit-learn: labels without a weight
    weigh 1. It may name labels that y lacks (as a fold may) if it names each label of y.
effective_beta : float, default=0.9999
    Beta of "effective", in [0, 1).
weight_average : {"batch", "mean"}, default="batch"
    What the sum of a batch's weighted losses is divided by, where classes or samples weigh
    differently. "batch" is the sum of its weights, so that each batch counts alike. "mean" is the
    number of its samples, so that a batch with much weight makes a larger step, as in the code of
    Kim, Jeong & Shin 2020. The weights of an epoch have mean 1, so the scale of those that are
    given matters in neither.
sampling : {None, "balanced"}, default=None
    "balanced" draws the samples of an epoch with replacement, every class equally often. With
    `class_weight` beside it the imbalance is corrected twice, which warns.
rebalance_from : int, float or "auto", default={REBALANCE_FROM}
    The epoch from which `class_weight` and `sampling` are used: an int counts finished epochs, a
    float in [0, 1] is a share of `max_epochs`, and "auto" is 0.8 where members leave folds out
    (`cross_fit`) and else 0. With a share below 1 they are used in the last epoch
    at least. Deferred re-weighting (DRW) and re-sampling (DRS) of Cao et al. 2019 are 0.8 here.
max_epochs : int or "auto", default={MAX_EPOCHS}
    Epochs of training. "auto" takes as many as make the number of steps that the backbone advises
    (`sklimb.backbones.TabularMLP` does so by the class sizes), whatever `batch_size` is. Without
    such advice it is 60, or fewer from 50,000 samples on (3 million samples seen, but at least 10
    epochs). In `partial_fit` it is always 60. A cross-fitted training ends by itself, after 150
    epochs or 1,000 batches at the latest, but 3 epochs in any case, and from 50,000 samples on
    as without advice.
batch_size : int or "auto", default="auto"
    Samples in a batch. "auto" takes what the backbone advises, or without advice a power of two
    from 16 to 512 that gives some 32 steps per epoch.
lr : float, default={LR}
    Learning rate.
lr_schedule : {None, "cosine", "step"}, default={LR_SCHEDULE}
    None keeps the learning rate; "cosine" lets it fall towards 0 over `max_epochs`; "step"
    multiplies it by `lr_decay` at each of `lr_milestones`. A skorch ``LRScheduler`` in `callbacks`
    replaces the schedule.
warmup_epochs : int, default=0
    Epochs over which the learning rate rises linearly to its value, with any schedule.
lr_milestones : sequence of int or float, default=(0.8, 0.9)
    Epochs (int) or shares of `max_epochs` (float) for "step". The default, with `lr_decay` 0.01, is
    the protocol of Cao et al. 2019 and of the M2m and RSG papers, scaled to any `max_epochs`.
lr_decay : float, default=0.01
    What the learning rate is multiplied by at a milestone.
optimizer : type, default=torch.optim.AdamW
    Class of the optimiser; ``optimizer__*`` sets its arguments.
dtype : {"float32", "float64"}, default="float32"
    Float type of the network. A sample of weight 2 equals that sample twice, to rounding, with
    "float64", a `batch_size` of all samples, ``module__dropout=0``, no draws and a number as
    `max_epochs` ("auto" counts samples, not weights).
device : str, default="cpu"
    "cpu", "cuda", "mps" or any device of torch; "auto" takes the first of CUDA, MPS and CPU.
random_state : int, RandomState, Generator or None, default=None
    An int gives the same bits each time on one machine with the same versions. None takes fresh
    entropy. Global generators are never touched.
warm_start : bool, default=False
    Let `fit` train `max_epochs` more epochs instead of starting anew. It uses new values of `lr`,
    `max_epochs`, `class_weight`, `sampling`, `rebalance_from` and of the settings of the schedule
    and of early stopping. The network, its loss and its optimiser stay as they were built; a
    warning names other parameters that have changed.
keep_training_state : bool, default=False
    Keep after `fit` what only a training that goes on needs, also in pickles: the optimiser's state
    and what a method trains beside the network (RSG's generator, g of M2m). Without it, pickles
    hold nothing of these; after `fit` a generator or g is gone from memory too. Training that goes
    on then starts them anew, with a warning. See ``docs/persistence.md``.
checkpoint : str, path-like or None, default=None
    Name of a file that `fit` keeps itself in while it runs. The same call after an interruption
    (Ctrl-C, a crash, SIGKILL, another process) goes on from it, to the bits of a fit that was never
    interrupted. It is refused, by name of what differs, for other data, parameters or versions, and
    removed when the fit has ended well: one path is for one fit. It holds no code and no sample.
    `partial_fit` writes none. See ``docs/checkpoints.md``.
checkpoint_every : int or str, default=1
    Epochs from one writing of `checkpoint` to the next, or a time such as "10min".
early_stopping : bool, default=False
    Hold back samples, stop when their score no longer rises, and restore the weights of the best
    epoch.
validation_fraction : float, default=0.1
    Share of the samples of each class that early stopping holds back.
n_iter_no_change : int, default=10
    Epochs without a better score before training stops.
scoring : str or callable, default=None
    Score on the held-back samples; None is balanced accuracy. Ties are broken by the loss. A scorer
    is called with a stand-in for the classifier, which has predictions for these samples only.
verbose : int, default=0
    1 prints one line an epoch: its losses, score and time.
callbacks : list, default=None
    skorch callbacks. They see class indices, in the order of ``classes_``.
**nested : dict
    Parameters of parts as skorch names them: ``module__*``, ``optimizer__*``,
    ``iterator_train__*``, ``iterator_valid__*``, ``callbacks__*``.
"""

_ATTRIBUTES = """
classes_ : ndarray of shape (n_classes,)
    Labels, sorted.
class_counts_ : ndarray of shape (n_classes,)
    Number of training samples of each class, by weight. Weights that are all equal count as 1.
n_features_in_ : int
    Number of columns of X, or channels of images.
feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Column names, where X has some and all are strings.
oof_proba_ : ndarray of shape (n_samples, n_classes)
    After a cross-fitted `fit`, what the member that left a training sample out says of it, on the
    scale of `predict_proba` and at its temperature. One member is less sure than their mean, which
    predicts. NaN for a sample of weight 0.
n_iter_ : int
    Epochs trained.
net_ : skorch.NeuralNetClassifier
    The net that was trained; it works on class indices.
module_ : nn.Module
    Its network.
history_ : skorch.history.History
    Losses and figures, a row per epoch.
device_ : str
    Where the network is.
"""


def describe_shared(cls: _T) -> _T:
    """Fill ``<<shared parameters>>`` and ``<<shared attributes>>`` into a class's docstring."""
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(cls).parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }
    weight = defaults["class_weight"]
    kinds = '"balanced", "effective", dict' + (", Series or None" if weight else " or Series")
    values = {
        "CLASS_WEIGHT_TYPE": f"{kinds}, default={weight!r}",
        "AUTO_CROSS_FIT": (
            "True where `module`, `n_members`, `max_epochs`, `callbacks` and the settings of warm "
            "starts and of early stopping are left as they are, nothing starts after a number of "
            "epochs, and X has at most 512 columns"
            if getattr(cls, "_cross_fits_if_open", False)
            else "False here"
        ),
        "MAX_EPOCHS": repr(defaults["max_epochs"]),
        "REBALANCE_FROM": repr(defaults["rebalance_from"]),
        "LR": repr(defaults["lr"]),
        "LR_SCHEDULE": repr(defaults["lr_schedule"]),
    }
    doc = inspect.cleandoc(cls.__doc__ or "")
    for marker, text in (
        ("<<shared parameters>>", _PARAMETERS),
        ("<<shared attributes>>", _ATTRIBUTES),
    ):
        for name, value in values.items():
            text = text.replace("{" + name + "}", value)
        doc = doc.replace(marker, text.strip())
    cls.__doc__ = doc
    return cls
