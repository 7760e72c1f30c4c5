"""The head that compares features with class prototypes (Hayat et al. 2019)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sklimb.heads._once import OncePerStep
from sklimb.heads._unit import unit_rows
from sklimb.losses.affinity import log_affinity, log_affinity_on_sphere

__all__ = ["AffinityHead"]


class AffinityHead(OncePerStep):
    r"""Log affinity of features to class prototypes (Hayat et al. 2019, Eq. 3 and 9).

    .. math:: s_{ij} = \max_t \log d(f_i, w_{j,t}), \qquad
              d(f, w) = \exp(-\lVert f - w \rVert^2 / \sigma)

    with :math:`f_i` an embedded feature vector, :math:`w_{j,t}` the t-th prototype of class j and
    :math:`\sigma` the width. Logs, because d underflows far from every prototype; their softmax is
    the normalised affinity.

    Parameters
    ----------
    in_features : int
        Width of the backbone's features.
    n_classes : int
        Number of classes C.
    n_prototypes : int, default=1
        Prototypes a class, m.
    sigma : float, default=1.0
        Width of the affinity.
    embedding_dim : int or None, default=None
        Width e of a linear layer in front; None compares the backbone's features themselves.
    normalize : bool, default=True
        Put embedded features and prototypes on the unit sphere, where squared distances lie in
        [0, 4] whatever the scale of the input, so that one sigma fits and no gradient underflows.
    distance : {"sqeuclidean", "euclidean", "manhattan"}, default="sqeuclidean"
    similarity : {"gaussian", "inverse"}, default="gaussian"

    Examples
    --------
    >>> import torch
    >>> from sklimb.heads import AffinityHead
    >>> head = AffinityHead(8, 3, n_prototypes=2)
    >>> head(head.embed(torch.randn(5, 8))).shape
    torch.Size([5, 3])
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        *,
        n_prototypes: int = 1,
        sigma: float = 1.0,
        embedding_dim: int | None = None,
        normalize: bool = True,
        distance: str = "sqeuclidean",
        similarity: str = "gaussian",
    ) -> None:
        super().__init__()
        width = in_features if embedding_dim is None else embedding_dim
        self.projection = nn.Identity() if embedding_dim is None else nn.Linear(in_features, width)
        self.raw_prototypes = nn.Parameter(torch.randn(n_classes, n_prototypes, width))
        if not normalize:
            # As long as a feature vector of a fresh network, give or take.
            nn.init.normal_(self.raw_prototypes, std=width**-0.5)
        self.n_features_out = width
        # Which classes have started from data: partial_fit may meet a class late.
        self.register_buffer("started", torch.zeros(n_classes, dtype=torch.bool))
        self.sigma = sigma
        self.normalize = normalize
        self.distance = distance
        self.similarity = similarity

    @property
    def prototypes(self) -> Tensor:
        """The prototypes (C, m, e) in the space of `embed`."""
        if self.normalize:
            return self.once("prototypes", lambda: unit_rows(self.raw_prototypes))
        return self.raw_prototypes

    def embed(self, features: Tensor) -> Tensor:
        """Return the features where prototypes are: projected, and on the unit sphere if so asked.

        Parameters
        ----------
        features : Tensor, shape (n, d)
            Features of the backbone.

        Returns
        -------
        Tensor, shape (n, e)
            Embedded features; e is `embedding_dim`, or d without it.
        """
        embedded = self.projection(features)
        return unit_rows(embedded) if self.normalize else embedded

    def forward(self, embedded: Tensor) -> Tensor:
        """Return the log affinity of each sample to the nearest prototype of each class.

        Parameters
        ----------
        embedded : Tensor, shape (n, e)
            What `embed` returned.

        Returns
        -------
        Tensor, shape (n, C)
            Scores, at most 0.
        """
        if self.normalize and self.distance == "sqeuclidean":
            return log_affinity_on_sphere(
                embedded, self.prototypes, self.sigma, similarity=self.similarity
            )
        return log_affinity(
            embedded,
            self.prototypes,
            self.sigma,
            distance=self.distance,
            similarity=self.similarity,
        )

    @torch.no_grad()
    def init_from_data(
        self, embedded: Tensor, y: Tensor, weight: Tensor | None, generator: torch.Generator
    ) -> None:
        """Start the prototypes of each class that has rows, and has not started yet, from them.

        One prototype is the class's weighted mean. Several are samples of the class that lie apart;
        a class with fewer samples than prototypes uses samples again, moved a little.

        Parameters
        ----------
        embedded : Tensor, shape (n, e)
            What `embed` returned for the samples.
        y : Tensor of int, shape (n,)
            Class indices.
        weight : Tensor, shape (n,), or None
            Weights of the samples, above 0; None weighs all alike.
        generator : torch.Generator
            On the CPU; draws the samples. One prototype needs no draw.
        """
        n_prototypes = self.raw_prototypes.shape[1]
        for code in torch.unique(y).tolist():
            if self.started[code]:
                continue
            rows = embedded[y == code]
            mass = torch.ones(len(rows)) if weight is None else weight[y == code].cpu()
            mass = mass.double()
            if n_prototypes == 1:
                share = (mass / mass.sum()).to(rows)
                start = rows.mul_(share[:, None]).sum(0, keepdim=True)  # rows are a copy already
            else:
                start = _spread_rows(rows, mass, n_prototypes, generator)
            self.raw_prototypes[code] = start
            self.started[code] = True


def _spread_rows(rows: Tensor, mass: Tensor, n_rows: int, generator: torch.Generator) -> Tensor:
    """Draw samples that lie apart: each by its weight times its squared distance to those drawn.

    As k-means++ does (Arthur & Vassilvitskii 2007), so that a class of two far groups starts with a
    prototype in either. Where no other sample is left, a sample is used again, moved a little.
    """
    drawn: list[Tensor] = []
    nearest = torch.ones_like(mass)
    for _ in range(n_rows):
        chance = mass * nearest
        again = not bool(chance.sum() > 0)
        index = int(torch.multinomial(mass if again else chance, 1, generator=generator))
        row = rows[index]
        distance = (rows - row).square().sum(1).cpu().double()
        nearest = torch.minimum(nearest, distance) if drawn else distance
        if again:
            noise = torch.randn(row.shape, generator=generator, dtype=torch.float64).to(row)
            row = row + 0.1 * row.norm() * noise / len(row) ** 0.5
        drawn.append(row)
    return torch.stack(drawn)
