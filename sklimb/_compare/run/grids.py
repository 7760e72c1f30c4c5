"""The grids that nets share: on columns, on texts, and behind a classifier around them."""

from __future__ import annotations

from collections.abc import Mapping

from sklimb._compare.run.method import Grid
from sklimb.backbones import MLP, TabularMLP

# One grid for every net under cross entropy, so that what differs is the re-balancing alone.
NET_GRIDS = {
    "quick": {"lr": [1e-3, 3e-3], "module": [TabularMLP, MLP]},
    "full": {
        "lr": [1e-3, 3e-3, 1e-2],
        "module": [TabularMLP, MLP],
        "module__dropout": [0.1, 0.3],
    },
}

# On texts: one wide layer, more dropout and fewer epochs, found with cross-validation on training
# documents of Reuters (benchmarks/papers/reuters_tfidf.py).
_TEXT_NET = {"module": [MLP], "module__hidden": [(256,)], "max_epochs": [25]}
_TEXT_QUICK = {**_TEXT_NET, "module__dropout": [0.5, 0.7], "module__standardize": [True, False]}
NET_TEXT_GRIDS = {"quick": _TEXT_QUICK, "full": {**_TEXT_QUICK, "lr": [1e-3, 3e-3, 1e-2]}}
TEXT_BASE = {**_TEXT_NET, "module__dropout": [0.5]}


def of_estimator(grids: Mapping[str, Mapping], prefix: str) -> dict[str, dict]:
    """Return grids for an estimator that is wrapped.

    Parameters
    ----------
    grids : mapping
        From the name of a grid to its parameters and values.
    prefix : str
        What its parameters are called by, such as ``"estimator__"``.

    Returns
    -------
    grids : dict
    """
    return {
        grid: {f"{prefix}{name}": values for name, values in settings.items()}
        for grid, settings in grids.items()
    }


def with_text_net(grids: Mapping[str, Grid]) -> dict[str, Grid]:
    """Return a method's own grids with the network for texts under them.

    Parameters
    ----------
    grids : mapping
        From the name of a grid to a grid of scikit-learn.

    Returns
    -------
    grids : dict
    """
    return {
        name: {**TEXT_BASE, **grid}
        if isinstance(grid, Mapping)
        else [{**TEXT_BASE, **part} for part in grid]
        for name, grid in grids.items()
    }
