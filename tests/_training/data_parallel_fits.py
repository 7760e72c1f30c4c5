"""What the processes of `test_data_parallel.py` run: each method fitted, and what came of it.

torchrun --nproc-per-node 2 -m tests._training.data_parallel_fits FOLDER
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import make_classification
from torch import Tensor
from torch.utils.data import TensorDataset

from sklimb import (
    AffinityClassifier,
    DecoupledClassifier,
    M2mClassifier,
    OffsetDebiasedClassifier,
    PriorCorrectedClassifier,
    RebalancedClassifier,
    RSGClassifier,
    data_parallel,
)
from sklimb.backbones import MLP

# batches of 30 and one of 10 samples, of 3 classes
X, Y = make_classification(
    160, 6, n_informative=5, n_redundant=0, n_classes=3, weights=[0.7, 0.2], random_state=0
)
BASE = {
    "module": MLP, "module__hidden": (8, 8), "module__dropout": 0.0, "batch_size": 30,
    "max_epochs": 3, "dtype": "float64", "random_state": 0,
}  # fmt: skip
MEMBERS = {name: BASE[name] for name in BASE if not name.startswith("module")}
MEMBERS |= {"module__dropout": 0.0, "cross_fit": True, "max_epochs": 6}


class Counting(MLP):
    """A backbone that says how many samples it was trained on at a time."""

    sizes: ClassVar[list[int]] = []

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            Counting.sizes.append(len(x))
        return super().forward(x)


FITS = {
    "cross entropy": RebalancedClassifier(**BASE),
    "weights": RebalancedClassifier(class_weight="balanced", rebalance_from=1, **BASE),
    "draws": RebalancedClassifier(sampling="balanced", rebalance_from=1, **BASE),
    "ldam": RebalancedClassifier(loss="ldam", class_weight="effective", **BASE),
    "logit-adjusted": RebalancedClassifier(loss="logit_adjusted", **BASE),
    "remix": RebalancedClassifier(mixup=1.0, remix=True, **BASE),
    "stopped early": RebalancedClassifier(early_stopping=True, n_iter_no_change=1, **BASE),
    "members": RebalancedClassifier(n_members=2, **BASE),
    "cross-fitted": RebalancedClassifier(**MEMBERS),
    "affinity": AffinityClassifier(n_prototypes=2, **BASE),
    "offset": OffsetDebiasedClassifier(**BASE),
    "offset, empirical": OffsetDebiasedClassifier(offset="empirical", **BASE),
    "generation": RSGClassifier(generate_from=1, **BASE),
    "generation, copies": RSGClassifier(generate_from=1, n_members=2, **BASE),
    "translation": M2mClassifier(translate_from=1, gamma=0.3, **BASE),
    "crt": DecoupledClassifier(classifier_epochs=2, **BASE),
    "lws": DecoupledClassifier(method="lws", classifier_epochs=2, **BASE),
    "tau_norm": DecoupledClassifier(method="tau_norm", **BASE),
    "ncm": DecoupledClassifier(method="ncm", **BASE),
    "prior-corrected": PriorCorrectedClassifier(RebalancedClassifier(**BASE)),
    "sparse": RebalancedClassifier(**BASE),
    "dataset": RebalancedClassifier(**BASE, module__in_features=6),
    "counting": RebalancedClassifier(**BASE | {"module": Counting}),
}


def found(name: str) -> dict[str, list]:
    """Return the losses of each epoch and the probabilities of a fit."""
    made = {
        "sparse": lambda: sparse.csr_array(np.where(abs(X) > 0.7, X, 0)),
        "dataset": lambda: TensorDataset(torch.from_numpy(X)),
    }
    rows = made.get(name, lambda: X)()
    Counting.sizes.clear()
    weight = np.linspace(0.5, 2.0, len(Y)) if name == "cross entropy" else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = clone(FITS[name]).fit(rows, Y, sample_weight=weight)
    net = getattr(model, "estimator_", model)
    losses = [[v for k, v in row.items() if k.startswith("train_")] for row in net.history_]
    return {
        "losses": np.asarray(losses, dtype=float).tolist(),
        "proba": model.predict_proba(rows).tolist(),
        "counts": net.class_counts_.tolist(),
        "sizes": list(Counting.sizes),
    }


def refused() -> dict[str, str]:
    """Return what is said of what several processes cannot train."""
    rank = int(os.environ["RANK"])
    normalised = BASE | {"module": torch.nn.BatchNorm1d(6)}
    del normalised["module__hidden"], normalised["module__dropout"]
    tries = {
        "normalised": (RebalancedClassifier(**normalised), X),
        "checkpoint": (RebalancedClassifier(checkpoint="never.pt", **BASE), X),
        "other samples": (RebalancedClassifier(**BASE), X + rank),
        "other epochs": (RebalancedClassifier(**BASE | {"max_epochs": 1 + rank}), X),
    }
    said = {}
    for name, (model, rows) in tries.items():
        try:
            model.fit(rows, Y)
            said[name] = "nothing"
        except ValueError as error:
            said[name] = str(error)
    return said


def main(folder: str) -> None:
    torch.set_num_threads(1)
    with data_parallel():
        fits = {name: found(name) for name in FITS}
        drawn = RebalancedClassifier(**BASE | {"random_state": None, "module__dropout": 0.5})
        own = drawn.fit(X, Y).predict_proba(X).tolist()
        said = {"fits": fits, "refused": refused(), "drawn": own}
    path = Path(folder) / f"{os.environ['RANK']}.json"
    path.write_text(json.dumps(said), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
