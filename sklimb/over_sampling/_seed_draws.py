"""What M2m's Algorithm 1 draws before any network is asked: classes, seeds and first rejections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from sklimb.transforms.m2m import acceptance_probability, seed_class_probabilities


class SeedDraws(NamedTuple):
    """One entry for each sample to come.

    Attributes
    ----------
    target : ndarray of int
        Index of the class that it is for.
    repeated : ndarray of int
        A sample of this class, to take if translation is rejected (line 14).
    seed : ndarray of int
        A sample of a larger class to translate (lines 5 and 6); -1 where there is no such class.
    tried : ndarray of bool
        Whether Eq. 3 lets it be translated (line 12).
    """

    target: np.ndarray
    repeated: np.ndarray
    seed: np.ndarray
    tried: np.ndarray


def draw_seeds(
    y_encoded: np.ndarray, n_new: Sequence[int], beta: float, rng: np.random.Generator
) -> SeedDraws:
    """Draw seeds and samples to repeat, class by class.

    Parameters
    ----------
    y_encoded : ndarray of int, shape (n_samples,)
        Class indices; every class has a sample.
    n_new : sequence of int, length C
        Samples to make for each class.
    beta : float
        Of Eq. 3 and 5.
    rng : numpy.random.Generator

    Returns
    -------
    SeedDraws
        In the order of the classes.
    """
    counts = torch.from_numpy(np.bincount(y_encoded, minlength=len(n_new)).astype(np.float64))
    in_order = np.argsort(y_encoded, kind="stable")
    first = np.concatenate([[0], np.cumsum(counts.numpy()).astype(np.int64)])

    def row_of(classes: np.ndarray) -> np.ndarray:
        size = first[classes + 1] - first[classes]
        return in_order[first[classes] + (rng.random(len(classes)) * size).astype(np.int64)]

    parts = []
    for k, n in enumerate(n_new):
        target = np.full(n, k)
        repeated = row_of(target)
        share = seed_class_probabilities(counts, k, beta).numpy()
        if share.any():
            origin = rng.choice(len(n_new), size=n, p=share / share.sum())
            seed = row_of(origin)
            accept = acceptance_probability(counts[origin], counts[k], beta).numpy()
            tried = rng.random(n) < accept
        else:
            seed, tried = np.full(n, -1), np.zeros(n, dtype=bool)
        parts.append((target, repeated, seed, tried))
    return SeedDraws(*map(np.concatenate, zip(*parts, strict=True)))
