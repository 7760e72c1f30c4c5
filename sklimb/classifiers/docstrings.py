"""The parameters and attributes that all classifiers share, described in one place."""

from __future__ import annotations

import inspect
from typing import TypeVar

_T = TypeVar("_T", bound=type)

_PARAMETERS = """
module : nn.Module class or instance, default=None
    The backbone: turns a batch of X into features (n, d); its output width is found by running it.
    A class gets the ``module__*`` parameters, and the number of columns as ``in_features`` if its
    signature has that (``in_channels`` and ``image_size`` for images). An instance is copied, never
    trained in place. None takes `sklimb.backbones.TabularMLP` for rows, from 513 columns on
    `sklimb.backbones.MLP`, and `sklimb.backbones.ConvNet` for images, which scale columns and
    channels by themselves.
n_members : int or None, default=None
    Networks in one, averaged: each has a head of its own and learns by its own loss. 1 is one plain
    net. A backbone that knows members (`sklimb.backbones.TabularMLP`) shares most weights among
    them; of any other, copies are trained side by side. None leaves it to the backbone: 1, unless
    it has a number of its own.
class_weight : {CLASS_WEIGHT_TYPE}
    Weights of the classes in the loss. "balanced" is n / (n_classes * count); "effective" is one
    over the effective number of rows (Cui et al. 2019) with `effective_beta`. A dict, or a Series
    indexed by label, gives weights by label, by scikit-learn's rule: a label that it does not name
    weighs 1, and one that y lacks, as a fold may, is left aside if each label of y is named.
effective_beta : float, default=0.9999
    Beta of "effective", in [0, 1).
sampling : {None, "balanced"}, default=None
    "balanced" draws the rows of an epoch with replacement, every class equally often. Together
    with `class_weight` it corrects twice, and warns.
rebalance_from : int or float, default=0.0
    Finished epochs before `class_weight` and `sampling` start: an int counts epochs, a float in
    [0, 1] is a share of `max_epochs`, of which one below 1 leaves the last epoch at least. Deferred
    re-weighting (DRW) and re-sampling (DRS) of Cao et al. 2019 are 0.8 here.
max_epochs : int or "auto", default={MAX_EPOCHS}
    Epochs of training. "auto" takes what the backbone advises for the rows of each class, as
    `sklimb.backbones.TabularMLP` does: as many as make the advised steps, whatever `batch_size` is.
    Else, and in `partial_fit`, 60, and in `fit` from 50,000 rows on as many as see 3 million.
batch_size : int or "auto", default="auto"
    Rows a step. "auto" takes what the backbone advises; else a power of two from 16 to 512 that
    gives some 32 steps an epoch.
lr : float, default={LR}
    Learning rate.
lr_schedule : {None, "cosine", "step"}, default={LR_SCHEDULE}
    None keeps the rate; "cosine" lets it fall towards 0 over `max_epochs`; "step" multiplies it by
    `lr_decay` at each of `lr_milestones`. A skorch ``LRScheduler`` in `callbacks` takes its place.
warmup_epochs : int, default=0
    Epochs over which the rate rises linearly to its value, with any schedule.
lr_milestones : sequence of int or float, default=(0.8, 0.9)
    Epochs, or shares of `max_epochs`, for "step". The default with `lr_decay` 0.01 is the protocol
    of Cao et al. 2019, and of the M2m and RSG papers, at any length.
lr_decay : float, default=0.01
    Factor at a milestone.
optimizer : type, default=torch.optim.AdamW
    Class of the optimiser; ``optimizer__*`` parameters are its own.
dtype : {"float32", "float64"}, default="float32"
    Float type of the network. With "float64", a `batch_size` of all rows, ``module__dropout=0``, no
    draws and a number as `max_epochs` ("auto" counts rows, not weights), a row of weight 2 equals
    that row twice to rounding.
device : str, default="cpu"
    "cpu", "cuda", "mps" or any device of torch; "auto" takes the first of CUDA, MPS and CPU.
random_state : int, RandomState, Generator or None, default=None
    An int gives the same bits each time on one machine with one set of versions. None takes fresh
    entropy. Global generators are never touched.
warm_start : bool, default=False
    Let `fit` train `max_epochs` more epochs instead of starting anew. Changed `lr`, `max_epochs`,
    `class_weight`, `sampling`, `rebalance_from` and the settings of the schedule and of early
    stopping count; the network, its loss and its optimiser stay as they were built, and a warning
    names what else has changed.
early_stopping : bool, default=False
    Hold back rows, stop when their score no longer rises, and keep the best epoch's weights.
validation_fraction : float, default=0.1
    Share of rows held back, by class.
n_iter_no_change : int, default=10
    Epochs without a better score before training stops.
scoring : str or callable, default=None
    Score on the held-back rows; None is balanced accuracy. Ties are broken by the loss. A scorer
    gets a stand-in for the classifier that knows these rows' predictions only.
verbose : int, default=0
    1 prints a line an epoch.
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
    Rows of each class that were trained on, by weight. Weights that are all equal count as 1.
n_features_in_ : int
    Number of columns of X, or channels of images.
feature_names_in_ : ndarray of shape (n_features_in_,)
    Column names, where X had such that are all strings.
n_iter_ : int
    Epochs trained.
net_ : skorch.NeuralNetClassifier
    The net that trained; it works on class indices.
module_ : nn.Module
    Its network.
history_ : skorch.history.History
    A row an epoch.
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
        "MAX_EPOCHS": repr(defaults["max_epochs"]),
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
