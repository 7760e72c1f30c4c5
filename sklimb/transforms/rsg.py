"""Rare-class samples made from feature displacements (RSG, Wang et al. 2021).

Shape
-----
Maps at the stage are (n, D, W, H), or vectors (n, D); C classes, K centers a class.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from sklimb.losses.rsg import center_loss_of_distances, maximized_vector_loss, position_cosine
from sklimb.transforms._rsg_parts import (
    CenterEstimation,
    Contrast,
    frequent_classes,
    like_maps,
    linear_map,
    mean_map,
    pair_rows,
    rows_of,
    squared_distances_to_own_class,
)
from sklimb.transforms.base import Changed, GrowingTensor, Transform


class RareSampleGenerator(Transform):
    r"""The rare-class sample generator of Wang et al. 2021, at a stage of a network.

    .. math::
        x_{new}^{l'} = T(x_{freq}^l - C_K^l) + x_{rare}^{l'}, \qquad
        L = L_{cls} + \lambda_1 L_{CESC} + \lambda_2 L_{MV}

    What varies within a frequent class (the displacement of a sample from the nearest of its
    class's centers, Eq. 3) is transformed linearly and added to samples of rare classes (Eq. 4).
    `at_stage` returns the maps of a batch with the new samples behind them; `terms` the two losses
    (Eq. 5 in its two parts, and Eq. 6).

    Parameters
    ----------
    n_channels : int
        Channels of the maps, D.
    n_classes : int
        Number of classes, C.
    spatial : bool, default=True
        Maps (n, D, W, H) with several positions; False for vectors (n, D) and 1x1 maps, where the
        3x3 convolutions become linear layers.
    n_centers : int, default=15
        Centers a class, K.
    alpha : float, default=0.2
        Share of the classes that count as frequent: see `frequent_classes`.
    beta : float, default=1.0
        Transfer strength, in (0, 1]: see `pair_rows`, and the Notes.
    lambda1 : float, default=0.1
        Weight of the center estimation with sample contrastive loss (Eq. 5).
    lambda2 : float, default=0.01
        Weight of the maximized vector loss (Eq. 6).
    generate_from : int, default=0
        Epochs of its own before generation starts, T_th.
    contrast_channels : int, default=256
        Channels of the contrastive module, the paper's. It is most of what RSG costs on maps.
    end_to_end : bool, default=False
        Let the classification loss of new samples reach the layers below the stage, through the
        rare samples they are made of. The authors' code does not, and the paper leaves it open.
    balanced_loss : bool, default=False
        Whether the classification loss corrects for class sizes by itself (logit adjustment).
    count_by_weight : bool, default=True
        Count ``s_freq / s_rare`` by sample weights and under a balanced loss, where that makes
        fewer new samples: see the Notes. False counts samples, as the paper does.
    n_members : int, default=1
        Members of the network, k. Above 1 the stage gives vectors (n, k, D); they count as rows,
        and a sample and its center, and the two samples of a pair, are always of one member.

    Attributes
    ----------
    stage : str or None
        Where in the backbone it sits.
    coefficients : dict
        ``cesc_center`` and ``cesc_contrast``, the two parts of Eq. 5, and ``mv``.

    Notes
    -----
    Gradients go where Algorithm 1 sends them. Maps are detached for both losses. Eq. 5 reaches the
    centers and the center estimation throughout, and the contrastive module before generation
    starts; then that is frozen. Eq. 6 reaches T alone. The classification loss of new samples
    reaches T and the layers above the stage. Losses are plain means: sample weights apply to the
    classification loss, where a new sample has the weight of its rare sample.

    New samples even out a batch: two classes of 42 to 1 get 42 for each rare sample. Where sample
    weights or the loss itself have evened it out already, all would be called rare, so
    ``s_freq / s_rare`` counts samples by their weights, over the class's size for a balanced loss,
    where that is less. Ten classes with a ratio of 50 lose one new sample in 30 by it, with a ratio
    of 100 one in five; ``count_by_weight=False`` counts as the paper does.

    T has no bias, for the paper calls it linear. Where the batch is odd, one random sample is in no
    pair.

    References
    ----------
    .. [1] J. Wang, T. Lukasiewicz, X. Hu, J. Cai and Z. Xu, "RSG: A Simple but Effective Module for
       Learning Imbalanced Datasets", CVPR 2021.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from sklimb.transforms import RareSampleGenerator
    >>> generator = RareSampleGenerator(8, 2, spatial=False)
    >>> generator.set_class_counts(torch.tensor([90.0, 10.0]))
    >>> generator.start_epoch(0, np.random.default_rng(0))
    >>> maps, y = torch.randn(10, 8), torch.tensor([0] * 7 + [1] * 3)
    >>> maps, y, _ = generator.at_stage(maps, y, None)
    >>> maps.shape, y[10:], sorted(generator.terms())
    (torch.Size([16, 8]), tensor([1, 1, 1, 1, 1, 1]), ['cesc_center', 'mv'])
    """

    def __init__(
        self,
        n_channels: int,
        n_classes: int,
        *,
        spatial: bool = True,
        n_centers: int = 15,
        alpha: float = 0.2,
        beta: float = 1.0,
        lambda1: float = 0.1,
        lambda2: float = 0.01,
        generate_from: int = 0,
        contrast_channels: int = 256,
        end_to_end: bool = False,
        balanced_loss: bool = False,
        count_by_weight: bool = True,
        n_members: int = 1,
    ) -> None:
        super().__init__()
        for name, value, low, high in (
            ("alpha", alpha, 0, 1),
            ("beta", beta, 0, 1),
            ("lambda1", lambda1, 0, np.inf),
            ("lambda2", lambda2, 0, np.inf),
            ("n_centers", n_centers, 1, np.inf),
            ("generate_from", generate_from, 0, np.inf),
        ):
            if not low <= value <= high:
                raise ValueError(f"{name} must lie in [{low}, {high}], got {value!r}.")
        self.n_members = n_members
        self.spatial = spatial
        self.alpha = alpha
        self.beta = beta
        self.begins = generate_from
        self.end_to_end = end_to_end
        self.balanced_loss = balanced_loss
        self.count_by_weight = count_by_weight
        self.coefficients = {"cesc_center": lambda1, "cesc_contrast": lambda1, "mv": lambda2}
        self.centers = nn.Parameter(0.01 * torch.randn(n_classes, n_centers, n_channels))
        self.estimate = CenterEstimation(n_channels, n_classes, n_centers)
        self.contrast = Contrast(n_channels, contrast_channels, spatial=spatial)
        self.vector = linear_map(n_channels, n_channels, spatial, bias=False)
        self.register_buffer("is_frequent", torch.zeros(n_classes, dtype=torch.bool))
        self.register_buffer("class_counts", torch.ones(n_classes))
        self.generating = generate_from == 0
        self._first_epoch: int | None = None
        self._rng = np.random.default_rng(0)
        # what `_pair_rows` goes by, where the host knows it
        self._on_host: tuple[Tensor, Tensor | None] | None = None
        self._of_classes = self.is_frequent, self.class_counts
        self._terms: dict[str, Tensor] = {}
        self._counted = GrowingTensor()
        self._n_generated = 0

    def set_class_counts(self, counts: Tensor) -> None:
        """Say which classes are frequent.

        Parameters
        ----------
        counts : Tensor, shape (C,)
            Training samples of each class, by weight.
        """
        self.is_frequent = frequent_classes(counts, self.alpha)
        self.class_counts = counts
        self._of_classes = self.is_frequent.cpu(), counts.cpu()

    def start_epoch(self, epoch: int, rng: np.random.Generator) -> None:
        """Begin an epoch.

        Parameters
        ----------
        epoch : int
            Finished epochs so far.
        rng : numpy.random.Generator
            Source of this epoch's pairs.
        """
        # One that is built anew in the middle of a training has to learn its centers first.
        if self._first_epoch is None:
            self._first_epoch = epoch
        self.generating = epoch - self._first_epoch >= self.begins
        self._rng = rng
        self._on_host = None
        self._counted = GrowingTensor()
        self._n_generated = 0

    def start_batch(self, y: Tensor, weight: Tensor | None) -> None:
        """Take what the host knows of the batch that comes; without it `at_stage` asks the device.

        Parameters
        ----------
        y : Tensor of int, shape (n,)
            Class indices, on the CPU.
        weight : Tensor, shape (n,), or None
            Weights of the samples, on the CPU.
        """
        self._on_host = (y, weight)

    def at_stage(self, maps: Tensor, y: Tensor, weight: Tensor | None) -> Changed:
        """Compute the losses, and add new samples once generation has started.

        Parameters
        ----------
        maps : Tensor, shape (n, D, W, H), (n, D) or (n, k, D)
            The stage's output.
        y : Tensor of int, shape (n,)
            Class indices.
        weight : Tensor, shape (n,), or None
            Weights of the samples; (n, k) where members weigh them differently.

        Returns
        -------
        tuple of Tensor
            Maps, labels and weights, new samples last.
        """
        if len(maps) != len(y):
            raise ValueError(
                f"The stage gives {len(maps)} maps for {len(y)} samples. Choose one that keeps a "
                "map for each sample, first axis first."
            )
        self._terms = {}
        fixed = maps.detach()
        of_each = y
        if self.n_members > 1:
            fixed = fixed.flatten(0, 1).clone()
            of_each = y.repeat_interleave(self.n_members)
        elif not self.spatial:
            # a copy: a layer behind the stage may work in place, and gradients need what it was
            fixed = fixed.flatten(1).clone()
        if self.coefficients["cesc_center"]:
            self._terms["cesc_center"] = self._center_loss(fixed, of_each)
            if not self.generating and len(y) > 1:
                self._terms["cesc_contrast"] = self._contrast_loss(fixed, of_each)
        if not self.generating:
            return maps, y, weight
        pairs = self._pair_rows(y, weight)
        if not len(pairs[0]):
            return maps, y, weight
        freq, rare = (torch.from_numpy(rows).to(y.device, non_blocking=True) for rows in pairs)
        moved = self._transform(fixed, of_each, self._of_members(freq), self._of_members(rare))
        self._n_generated += len(rare)
        came = maps if self.end_to_end else maps.detach()
        new = moved.reshape(-1, *maps.shape[1:]) + rows_of(came, rare)
        if weight is not None:
            of_new = weight[rare]
            if weight.ndim == 2:  # a member that leaves out one of a pair leaves out the new one
                of_new = of_new * (weight[freq] > 0)
            weight = torch.cat([weight, of_new])
        return torch.cat([maps, new]), torch.cat([y, y[rare]]), weight

    def terms(self) -> dict[str, Tensor]:
        """Hand out the losses of the batch, once.

        Returns
        -------
        dict
            ``cesc_center``; before generation ``cesc_contrast``, then ``mv`` where samples were
            made.
        """
        terms, self._terms = self._terms, {}
        return terms

    def statistics(self) -> dict[str, float]:
        """Return how the epoch went.

        Returns
        -------
        dict
            ``contrast_accuracy``: mean of the shares of pairs of one class and of pairs of two that
            the contrastive module tells right, so chance is 0.5. ``mv_cosine``: mean cosine of
            transformed displacements with rare ones. ``n_generated``: samples made. What the epoch
            did not have is NaN.
        """
        accuracy = cosine = np.nan
        if len(self._counted):
            counted = self._counted.rows().cpu().double().sum(0).numpy()
            with np.errstate(invalid="ignore"):
                if self.generating:
                    cosine = counted[0] / counted[1]
                else:
                    right = counted[:2] / counted[2:]
                    accuracy = right[~np.isnan(right)].mean()
        return {
            "contrast_accuracy": float(accuracy),
            "mv_cosine": float(cosine),
            "n_generated": self._n_generated,
        }

    def displacement(self, maps: Tensor, y: Tensor) -> Tensor:
        """Return a sample minus the nearest center of its class (Eq. 3), without gradient.

        Parameters
        ----------
        maps : Tensor, shape (n, D, W, H) or (n, D)
            Feature maps.
        y : Tensor of int, shape (n,)
            Class indices.

        Returns
        -------
        Tensor of the maps' shape
            Displacements.
        """
        with torch.no_grad():
            nearest = self.estimate(mean_map(maps), y).argmax(1)
            return maps - like_maps(self.centers[y, nearest], maps)

    def _pair_rows(self, y: Tensor, weight: Tensor | None) -> tuple[np.ndarray, np.ndarray]:
        # how many samples there will be the host decides: without its own labels it has to wait
        is_frequent, counts = self.is_frequent, self.class_counts
        if self._on_host is not None:
            (y, weight), self._on_host = self._on_host, None
            is_frequent, counts = self._of_classes
        frequent = is_frequent[y].cpu().numpy()
        if weight is not None and weight.ndim == 2:
            weight = weight.mean(1)  # all members get the same pairs
        if not self.count_by_weight:
            weight = None
        elif self.balanced_loss:
            weight = (1.0 if weight is None else weight) / counts[y]
        of_row = None if weight is None else weight.cpu().double().numpy()
        return pair_rows(frequent, self.beta, self._rng, of_row)

    def _of_members(self, rows: Tensor) -> Tensor:
        """Return where the samples of all members are, once members count as samples."""
        k = self.n_members
        if k == 1:
            return rows
        return (rows.unsqueeze(1) * k + torch.arange(k, device=rows.device)).flatten()

    def _center_loss(self, maps: Tensor, y: Tensor) -> Tensor:
        means = mean_map(maps)
        assignment = self.estimate(means, y).softmax(1)
        squared = squared_distances_to_own_class(means, self.centers, y)
        return center_loss_of_distances(maps, squared, assignment).mean()

    def _contrast_loss(self, maps: Tensor, y: Tensor) -> Tensor:
        n = len(y) // self.n_members
        order = torch.from_numpy(self._rng.permutation(n)).to(y.device, non_blocking=True)
        half = n // 2
        a, b = self._of_members(order[:half]), self._of_members(order[half : 2 * half])
        same = (y[a] == y[b]).long()
        logits = self.contrast(maps[a], maps[b])
        kinds = torch.stack([same, 1 - same])
        right = kinds * (logits.argmax(1) == same)
        self._counted.add(torch.cat([right.sum(1), kinds.sum(1)])[None])
        return F.cross_entropy(logits, same)

    def _transform(self, maps: Tensor, y: Tensor, freq: Tensor, rare: Tensor) -> Tensor:
        """Return T of the displacements of `freq`, and keep the loss of their match to `rare`."""
        displaced = self.displacement(maps[freq], y[freq])
        moved = self.vector(displaced)
        towards = self.displacement(maps[rare], y[rare])
        if self.coefficients["mv"]:
            frozen = {name: p.detach() for name, p in self.contrast.named_parameters()}
            logits = functional_call(self.contrast, frozen, (moved, towards))
            different = logits.log_softmax(1)[:, 0]
            self._terms["mv"] = maximized_vector_loss(moved, displaced, towards, different)
        with torch.no_grad():
            cosine = position_cosine(moved, towards)
            counted = torch.stack([cosine.sum(), cosine.new_full((), cosine.numel())])
            self._counted.add(counted[None])
        return moved
