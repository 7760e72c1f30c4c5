"""A multi-layer perceptron for rows of a table, with what has been found to help since 2021.

Shape
-----
x (n, in_features) -> features (n, d), or (n, k, d) of k members.

References
----------
.. [1] Y. Gorishniy, I. Rubachev and A. Babenko, "On Embeddings for Numerical Features in Tabular
   Deep Learning", NeurIPS 2022.
.. [2] D. Holzmüller, L. Grinsztajn and I. Steinwart, "Better by Default: Strong Pre-Tuned MLPs and
   Boosted Trees on Tabular Data", NeurIPS 2024.
.. [3] Y. Gorishniy, A. Kotelnikov and A. Babenko, "TabM: Advancing Tabular Deep Learning with
   Parameter-Efficient Ensembling", ICLR 2025.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from numbers import Real

import numpy as np
import torch
from torch import Tensor, nn

from sklimb.backbones._arguments import check_dropout, check_width, check_widths
from sklimb.backbones._tabular_sizes import TabularSizes, choose_sizes
from sklimb.backbones.categories import CategoryEmbedding, split_columns
from sklimb.backbones.independent import (
    IndependentCopies,
    IndependentDropout,
    IndependentLinear,
    IndependentPeriodicEmbedding,
    parts_of,
)
from sklimb.backbones.members import MemberLinear
from sklimb.backbones.mlp import _ACTIVATIONS, _NONLINEAR, Standardize
from sklimb.backbones.numeric import (
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    QuantileNormal,
    robust_scaling,
    smooth_clip,
)

__all__ = ["TabularMLP"]

_SCALINGS = ("auto", "robust", "standard", "quantile", None)
_EMBEDDINGS = ("auto", "piecewise_linear", "periodic", None)
_PERIODIC_DIM = 4
_QUARTILES = (0.0, 0.25, 0.5, 0.75, 1.0)


class TabularMLP(nn.Module):
    """Linear layers behind clipped, embedded columns, for one net or several members in one.

    Columns are scaled by their quartiles, smoothly clipped and multiplied by a learnt factor each
    (Holzmüller et al. 2024); each number may become a vector (`embedding`, Gorishniy et al. 2022);
    and `n_members` networks that share most of their weights are trained side by side and averaged
    (TabM, Gorishniy et al. 2025).

    Parameters
    ----------
    in_features : int
        Number of columns of X; the classifiers fill it in.
    n_rows : int or None, default=None
        Number of training samples, by which the sizes left to "auto" go (see Notes); the
        classifiers fill it in. None is taken for a few thousand.
    n_members : int, default=1
        Members; 1 is one plain net. The classifiers have it as a parameter of their own. On
        training folds of eight tables 8 members gain 0.4 to 1.6 points on five and lose 2.2 on one
        (``benchmarks/tuning/tabular_ablation.py``, three splits), at twice the time and more on
        small batches, so they are not the default.
    independent : bool, default=False
        Whether members share nothing, as cross-fitting needs it: each has embeddings, factors and
        layers of its own, of half the width where `hidden` is "auto". False lets them share all
        weights but their `adapters`.
    hidden : sequence of int or "auto", default="auto"
        Width of each layer; () is a linear model of the scaled columns, without embeddings.
    activation : {"relu", "gelu", "silu", "tanh"}, default="relu"
    dropout : float or "auto", default="auto"
        Share of activations dropped after each layer while training.
    standardize : bool, default=True
        False takes the columns as they are, as in `MLP`: like ``scaling=None, clip=None``.
    scaling : {"auto", "robust", "standard", "quantile"} or None, default="auto"
        "robust" subtracts the (weighted) median of the training samples and divides by the range
        between the quartiles; "standard" takes mean and standard deviation, as `MLP` does;
        "quantile" gives each column the shape of a normal distribution, by `n_bins` quantiles; None
        leaves the columns as they are. "auto" is "robust", but "standard" for more than 50 columns.
    clip : float or None, default=3.0
        Scaled columns are smoothly kept within this; None lets them go. "quantile" needs none.
    embedding : {"auto", "piecewise_linear", "periodic"} or None, default="auto"
        How a number becomes a vector; None leaves it a number. "auto" is "periodic", but None for
        more than 50 columns.
    embedding_dim : int or None, default=None
        Width of the vector; None is 8 for "piecewise_linear", 4 for "periodic".
    n_bins : int, default=16
        Bins of "piecewise_linear" and of ``scaling="quantile"``, between quantiles of the training
        samples.
    adapters : {"auto", "signs", "normal"}, default="auto"
        How the factors of the inputs of several members start, one for each number's vector: at -1
        or 1, or normal. "auto" is, as TabM has it, "normal" behind embeddings and else "signs".
    feature_scale : bool, default=True
        Whether each input of the first layer has a learnt factor of its own.
    categorical_features : array-like of int or bool, default=None
        Columns that are codes 0, 1, ... of categories, by index or mask, as in
        `sklearn.ensemble.HistGradientBoostingClassifier`: each code gets a vector. One that is not
        in the training samples says nothing: its vector is zeros. Mixup and translation would take
        codes for numbers.
    max_categories : int, default=256
        Codes of a column.

    Attributes
    ----------
    default_stage : str or None
        The activation of the last hidden layer but one.

    Notes
    -----
    The sizes that are left open go by the number of rows and columns, and the epochs that it
    advises by the samples of each class: a rule that was chosen on training folds
    (``benchmarks/tuning/tabular_ablation.py``); see `advised_sizes`.

    Weight decay is for the weights of the layers alone: biases, adapters of members, factors and
    embeddings go without it.

    Examples
    --------
    >>> import torch
    >>> from sklimb.backbones import TabularMLP
    >>> TabularMLP(4, hidden=(16, 8), n_members=1)(torch.zeros(3, 4)).shape
    torch.Size([3, 8])
    >>> TabularMLP(4, hidden=(16, 8), n_members=2)(torch.zeros(3, 4)).shape
    torch.Size([3, 2, 8])
    """

    # said to the network, which otherwise casts the input to its own float type first
    casts_input = True

    def __init__(
        self,
        in_features: int,
        *,
        n_rows: int | None = None,
        n_members: int = 1,
        independent: bool = False,
        hidden: Sequence[int] | str = "auto",
        activation: str = "relu",
        dropout: float | str = "auto",
        standardize: bool = True,
        scaling: str | None = "auto",
        clip: float | None = 3.0,
        embedding: str | None = "auto",
        embedding_dim: int | None = None,
        n_bins: int = 16,
        adapters: str = "auto",
        feature_scale: bool = True,
        categorical_features: Sequence[int] | Sequence[bool] | None = None,
        max_categories: int = 256,
    ) -> None:
        super().__init__()
        for name, value, options in (
            ("activation", activation, tuple(sorted(_ACTIVATIONS))),
            ("scaling", scaling, _SCALINGS),
            ("embedding", embedding, _EMBEDDINGS),
            ("adapters", adapters, ("auto", "signs", "normal")),
        ):
            if value not in options:
                raise ValueError(f"{name} must be one of {list(options)}, got {value!r}.")
        if n_members == 1:
            independent = False
        given = {"n_members": n_members, "n_bins": n_bins, "max_categories": max_categories}
        if embedding_dim is not None:
            given["embedding_dim"] = embedding_dim
        for name, value in given.items():
            check_width(value, name)
        number = isinstance(clip, Real) and not isinstance(clip, bool)
        if clip is not None and not (number and clip > 0):
            raise ValueError(f"clip must be a bound above 0, or None for none, got {clip!r}.")
        sizes = self.advised_sizes(n_rows, in_features)
        # any other word is refused, not taken for "auto"
        if _is_auto(hidden):
            hidden = sizes.hidden_of_member if independent else sizes.hidden
        dropout = sizes.dropout if _is_auto(dropout) else dropout
        check_widths(hidden, "hidden", "(128, 128)")
        check_dropout(dropout)
        hidden = tuple(hidden)
        self.n_members = n_members
        self.independent = independent
        scaling = sizes.scaling if scaling == "auto" else scaling
        if not standardize:
            scaling = clip = None
        if not hidden:
            feature_scale = False  # the head has these factors
        if embedding == "auto":
            embedding = sizes.embedding if hidden else None
        numbers, codes = split_columns(in_features, categorical_features)
        self.register_buffer("numbers", numbers, persistent=False)
        self.register_buffer("codes", codes, persistent=False)
        self.scaling, self.clip = scaling, clip
        self.standardize = Standardize(len(numbers))
        self.ranks = QuantileNormal(len(numbers), n_bins=n_bins) if scaling == "quantile" else None
        make_embedding = partial(
            _make_embedding, embedding, len(numbers), embedding_dim, n_bins=n_bins
        )
        if not independent:
            self.embedding = make_embedding()
        elif embedding == "periodic" and len(numbers):
            self.embedding = IndependentPeriodicEmbedding(
                len(numbers), n_members, embedding_dim=embedding_dim or _PERIODIC_DIM
            )
        else:
            there = embedding is not None and len(numbers)
            self.embedding = IndependentCopies(make_embedding, n_members) if there else None
        if adapters == "auto":
            adapters = "signs" if self.embedding is None else "normal"
        self.adapters = adapters
        group = 1
        if self.embedding is not None:
            with torch.no_grad():
                group = self.embedding(torch.zeros(1, len(numbers))).shape[-1]
        width = len(numbers) * group
        self.categories = None
        if len(codes):
            make_codes = partial(CategoryEmbedding, len(codes), max_categories=max_categories)
            self.categories = (
                IndependentCopies(make_codes, n_members) if independent else make_codes()
            )
            width += len(codes) * parts_of(self.categories)[0].weight.shape[2]
        of_inputs = torch.ones((n_members, width) if independent else width)
        self.feature_scale = nn.Parameter(of_inputs) if feature_scale else None
        self.wants_scaling = scaling == "standard"
        bins = np.linspace(0, 1, n_bins + 1)
        self._needs_edges = embedding == "piecewise_linear"
        # shares of the samples at which quantiles of the columns are wanted, before training
        self.wants_quantiles = None
        by_rank = scaling in ("robust", "quantile")
        if by_rank or self._needs_edges or len(codes):
            self.wants_quantiles = np.concatenate([_QUARTILES, bins])
        self.layers = self._make_layers(width, hidden, activation, dropout, group)
        places = [str(i) for i, layer in enumerate(self.layers) if isinstance(layer, _NONLINEAR)]
        self.default_stage = f"layers.{places[-2:][0]}" if places else None

    def _make_layers(
        self, width: int, hidden: Sequence[int], activation: str, dropout: float, group: int
    ) -> nn.Sequential:
        if not hidden and self.n_members > 1 and not self.independent:
            raise ValueError(
                "hidden=() leaves no layer for members to differ in: give it a width, or take one."
            )
        layers: list[nn.Module] = []
        for depth, wider in enumerate(hidden):
            if self.n_members == 1:
                layers.append(nn.Linear(width, wider))
            elif self.independent:
                layers.append(IndependentLinear(width, wider, self.n_members))
            else:
                first = None if depth else self.adapters
                layers.append(MemberLinear(width, wider, self.n_members, first=first, group=group))
            layers.append(_ACTIVATIONS[activation]())
            if dropout:
                layers.append((IndependentDropout if self.independent else nn.Dropout)(dropout))
            width = wider
        return nn.Sequential(*layers)

    @staticmethod
    def advised_sizes(
        n_rows: int | None, in_features: int, class_counts: Sequence[float] | None = None
    ) -> TabularSizes:
        """Return the sizes that "auto" and None stand for.

        Parameters
        ----------
        n_rows : int or None
            Training samples; None is taken for a few thousand.
        in_features : int
            Columns.
        class_counts : sequence of float or None, default=None
            Samples of each class, by which the epochs go; None takes classes of one size.

        Returns
        -------
        TabularSizes
            ``hidden``, ``hidden_of_member``, ``dropout``, ``embedding`` and ``scaling``, and for
            the classifiers ``max_epochs`` and ``batch_size``.
        """
        return choose_sizes(n_rows, in_features, class_counts)

    # --- what is set before training ----------------------------------------------------------

    def set_input_scaling(self, mean: np.ndarray, scale: np.ndarray) -> None:
        """Set the moments that ``scaling="standard"`` uses; with another, do nothing.

        Parameters
        ----------
        mean : ndarray of shape (in_features,)
            Subtracted from the columns.
        scale : ndarray of shape (in_features,)
            Divides what is left; none may be 0.
        """
        if self.scaling == "standard":
            numbers = self.numbers.cpu().numpy()
            self.standardize.set_input_scaling(mean[numbers], scale[numbers])

    def set_input_quantiles(self, quantiles: np.ndarray) -> None:
        """Set what follows from the quantiles of the training samples: scaling, and edges of bins.

        Parameters
        ----------
        quantiles : ndarray of shape (in_features, q)
            At the shares of samples in ``wants_quantiles``.

        Raises
        ------
        ValueError
            If a column of `categorical_features` has codes out of range, or the range of a column
            is not finite.
        """
        quantiles = np.asarray(quantiles)
        with np.errstate(over="ignore"):
            bad = np.flatnonzero(~np.isfinite(quantiles[:, len(_QUARTILES) - 1] - quantiles[:, 0]))
        if len(bad):
            raise ValueError(
                f"Columns {bad.tolist()[:10]} of X cannot be scaled: their range overflows. Divide "
                "them, or take their logarithm."
            )
        if self.categories is not None:
            parts_of(self.categories)[0].check(quantiles[self.codes.cpu().numpy()])
        quantiles = quantiles[self.numbers.cpu().numpy()]
        if self.scaling in ("robust", "quantile"):
            self.standardize.set_input_scaling(*robust_scaling(quantiles[:, : len(_QUARTILES)]))
        edges = torch.as_tensor(quantiles[:, len(_QUARTILES) :].T.copy())
        edges = edges.to(self.standardize.shift)  # of its type too: not every device has float64
        if self.ranks is not None:
            self.ranks.set_edges(self.standardize(edges).T)
        if self._needs_edges:
            for embedding in parts_of(self.embedding):
                embedding.set_edges(self._scaled(edges).T)

    def parameters_without_decay(self) -> Iterator[nn.Parameter]:
        """Yield what an optimiser should not draw towards zero.

        Yields
        ------
        nn.Parameter
            All but the weights of the layers.
        """
        decayed = {id(layer.weight) for layer in self.layers if hasattr(layer, "weight")}
        yield from (p for p in self.parameters() if id(p) not in decayed)

    # --- forward ------------------------------------------------------------------------------

    def _scaled(self, x: Tensor) -> Tensor:
        x = x.to(self.standardize.like.dtype) if self.scaling is None else self.standardize(x)
        if self.ranks is not None:
            return self.ranks(x)
        return x if self.clip is None else smooth_clip(x, self.clip)

    def forward(self, x: Tensor) -> Tensor:
        """Return the features.

        Parameters
        ----------
        x : Tensor, shape (n, in_features)
            Columns, of any number type.

        Returns
        -------
        Tensor, shape (n, d) or (n, k, d)
            Activations of the last layer, of each member where there are several.
        """
        columns = x if self.categories is None else x[:, self.numbers]
        inputs = self._scaled(columns)
        if self.embedding is not None:
            inputs = self.embedding(inputs).flatten(-2)
        if self.categories is not None:
            of_codes = self.categories(x[:, self.codes])
            if inputs.ndim < of_codes.ndim:
                inputs = inputs.unsqueeze(1).expand(-1, self.n_members, -1)
            inputs = torch.cat([inputs, of_codes], dim=-1)
        if self.independent and inputs.ndim == 2:
            inputs = inputs.unsqueeze(1).expand(-1, self.n_members, -1)
        if self.feature_scale is not None:
            inputs = inputs * self.feature_scale
        return self.layers(inputs)


def _is_auto(value: object) -> bool:
    return isinstance(value, str) and value == "auto"


def _make_embedding(
    kind: str | None, in_features: int, embedding_dim: int | None, *, n_bins: int
) -> nn.Module | None:
    if kind is None or not in_features:
        return None
    if kind == "periodic":
        return PeriodicEmbedding(in_features, embedding_dim=embedding_dim or _PERIODIC_DIM)
    return PiecewiseLinearEmbedding(in_features, embedding_dim=embedding_dim or 8, n_bins=n_bins)
