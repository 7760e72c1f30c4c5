"""How the defaults of `M2mClassifier` were chosen, and whether translation changes anything.

The sets, the training parts and the folds are those of ``defaults.py``: a fifth of each set is
never looked at, and 3-fold stratified cross-validation on the rest gives the balanced accuracy of a
setting (of the first fold alone on the two sets of thousands of rows). Parameters are varied one at
a time around the best of those before: the length of a step, beta, gamma, lam, the start of
translation. Beside each score stands the share of validation rows whose prediction differs from
that of the same training with the same draws and nothing translated (beta = 1); the baselines are
the plain net, balanced draws from the same epoch on, class weights and logit adjustment.

    python benchmarks/tuning/defaults_m2m.py [--data-home ../shared/data] [--budget 1200]

Resumable: what stands in ``results/tuning/defaults_m2m.csv`` is not run again. ``--budget`` stops
before the next setting once so many seconds are over.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.data import tuning_parts
from lib.records import machine
from lib.search import Search, arguments

from sklimb import M2mClassifier, RebalancedClassifier
from sklimb.backbones import MLP

FILE = "tuning/defaults_m2m.csv"
LARGE = ("mammography", "phoneme")
START = {"step_size": 0.3, "beta": 0.9, "gamma": 0.9, "lam": 0.1, "translate_from": 0.8}
TRIED: dict[str, tuple[float, ...]] = {
    "step_size": (0.1, 0.3, 0.5, 1.0, 2.0),
    "beta": (0.0, 0.9, 0.99, 0.999),
    "gamma": (0.5, 0.7, 0.9, 0.99),
    "lam": (0.0, 0.01, 0.1, 0.5, 1.0),
    "translate_from": (0.25, 0.5, 0.67, 0.8, 0.9),
}
# The network that these figures are of.
NET: dict = {"module": MLP, "max_epochs": 60}
BASELINES = {
    "plain": {},
    "balanced draws from 0.8": {"sampling": "balanced", "rebalance_from": 0.8},
    "re-weighting": {"class_weight": "balanced"},
    "logit adjustment": {"loss": "logit_adjusted"},
}


class M2mSearch(Search):
    """Keeps also the share of predictions that translation changed."""

    def __init__(self, sets: dict[str, tuple[np.ndarray, np.ndarray]], budget: float) -> None:
        super().__init__(FILE, sets, LARGE, budget)
        self._untouched: dict[tuple, list[tuple]] = {}

    def columns(self, model, set_name: str, settings: dict, found: list[tuple]) -> dict[str, str]:
        changed = ""
        if isinstance(model, M2mClassifier):
            pairs = zip(found, self.untouched(set_name, settings["translate_from"]), strict=True)
            changed = f"{100 * np.mean([np.mean(a[1] != b[1]) for a, b in pairs]):.2f}"
        return {f"{set_name} changed": changed}

    def untouched(self, set_name: str, translate_from: float) -> list[tuple]:
        """Return what the same training says without any translation."""
        key = (set_name, translate_from)
        if key not in self._untouched:
            model = M2mClassifier(**NET, beta=1.0, translate_from=translate_from)
            self._untouched[key] = self.predictions(model, set_name)
        return self._untouched[key]


def main() -> None:
    args = arguments(__doc__)
    search = M2mSearch(tuning_parts(args.data_home), args.budget)
    for name, settings in BASELINES.items():
        search.run(name, RebalancedClassifier(**NET), settings)
    best = START
    for parameter, values in TRIED.items():
        best = search.best("M2m", partial(M2mClassifier, **NET), parameter, values, best)
    print(machine())
    print("best:", best)


if __name__ == "__main__":
    main()
