"""A multi-layer perceptron for many columns: words, pixels, genes.

Shape
-----
x (n, in_features), dense or in compressed sparse rows -> features (n, hidden[-1]).
"""

from __future__ import annotations

from collections.abc import Sequence

from sklimb.backbones.mlp import MLP


class WideMLP(MLP):
    """An `MLP` of one layer with more dropout, whose scaled samples have a norm of about 1.

    What classifiers take for more than 512 columns. Where there are about as many columns as
    samples, a network can learn all of them by heart. A single layer with half of it dropped holds
    that back. Samples of a small norm make it less certain, which lowered the log loss on two sets
    of four and moved balanced accuracy either way. With logit adjustment on a held-out third of the
    training texts of Reuters-36 (TF-IDF) it has 88 % balanced accuracy and a balanced log loss of
    0.49, `MLP` as it comes 84 % and 0.75; on long-tailed MNIST it has 90 % and 0.44, `MLP` 88 % and
    0.71 (``benchmarks/tuning/wide.py``, one fold).

    Parameters
    ----------
    in_features : int
        Number of columns of X; the classifiers fill it in.
    hidden : sequence of int, default=(256,)
        Width of each layer.
    activation : {"relu", "gelu", "silu", "tanh"}, default="relu"
    dropout : float, default=0.5
        Share of activations dropped after each layer while training.
    standardize : bool, default=True
        Centre and scale the columns as in `MLP`, then divide all by one number, the root mean
        square of a sample's norm. False takes X as it is.

    Examples
    --------
    >>> import torch
    >>> from sklimb.backbones import WideMLP
    >>> WideMLP(2000)(torch.zeros(3, 2000)).shape
    torch.Size([3, 256])
    """

    def __init__(
        self,
        in_features: int,
        *,
        hidden: Sequence[int] = (256,),
        activation: str = "relu",
        dropout: float = 0.5,
        standardize: bool = True,
    ) -> None:
        super().__init__(
            in_features,
            hidden=hidden,
            activation=activation,
            dropout=dropout,
            standardize=standardize,
        )
        # Asked for beside the moments of the columns.
        self.wants_unit_norm = standardize
