"""How the defaults of `M2mClassifier` were chosen, and whether translation changes anything.

The sets, the training parts and the folds are those of ``defaults.py``: a fifth of each set is
never looked at, and 3-fold stratified cross-validation on the rest gives the balanced accuracy of a
setting (of the first fold alone on the two sets of thousands of rows). Parameters are varied one at
a time around the best of those before: the length of a step, beta, gamma, lam, the start of
translation. Beside each score stands the share of validation rows whose prediction differs from
that of the same training with the same draws and nothing translated (beta = 1); the baselines are
the plain net, balanced draws from the same epoch on, class weights and logit adjustment.

    python benchmarks/defaults_m2m.py [--data-home ../shared/data] [--budget 1200]

Resumable: what stands in ``results/defaults_m2m.csv`` is not run again. ``--budget`` stops before
the next setting once so many seconds are over.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from _data import DATA_HOME
from _record import machine, read_csv, write_csv
from defaults import load
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold

from sklimb import M2mClassifier, RebalancedClassifier
from sklimb.backbones import MLP

FILE = "defaults_m2m.csv"
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


def fold_predictions(model, X: np.ndarray, y: np.ndarray, folds: int) -> list[tuple]:
    """Return (rows, predicted) for each fold."""
    splits = StratifiedKFold(3, shuffle=True, random_state=0).split(X, y)
    found = []
    for fold, (train, valid) in zip(range(folds), splits, strict=False):
        with warnings.catch_warnings():
            # a setting that translates nothing is one of the results
            warnings.filterwarnings("ignore", "None of .* rows was translated", UserWarning)
            warnings.filterwarnings("ignore", "g .source_estimator. recognises no", UserWarning)
            fitted = model.set_params(random_state=fold).fit(X[train], y[train])
        found.append((valid, fitted.predict(X[valid])))
    return found


class Search:
    """Runs settings once each and keeps their scores in the CSV."""

    def __init__(self, sets: dict[str, tuple[np.ndarray, np.ndarray]], budget: float) -> None:
        self.sets = sets
        self.rows = read_csv(FILE)
        self.end = time.monotonic() + budget
        self._untouched: dict[tuple, list[tuple]] = {}

    def run(self, name: str, model, settings: dict) -> float:
        key = json.dumps(settings)
        for row in self.rows:
            if (row["method"], row["settings"]) == (name, key):
                return float(row["mean"])
        if time.monotonic() > self.end:
            raise SystemExit("The budget is used up; run again to go on.")
        model.set_params(**settings)
        row: dict[str, str] = {"method": name}
        scores = []
        for set_name, (X, y) in self.sets.items():
            folds = 1 if set_name in LARGE else 3
            found = fold_predictions(model, X, y, folds)
            scores.append(np.mean([balanced_accuracy_score(y[rows], p) for rows, p in found]))
            row[set_name] = f"{100 * scores[-1]:.2f}"
            changed = ""
            if isinstance(model, M2mClassifier):
                without = self.untouched(set_name, settings["translate_from"], folds)
                pairs = zip(found, without, strict=True)
                changed = f"{100 * np.mean([np.mean(a[1] != b[1]) for a, b in pairs]):.2f}"
            row[f"{set_name} changed"] = changed
        row |= {"mean": f"{100 * np.mean(scores):.2f}", "settings": key}
        self.rows.append(row)
        write_csv(FILE, self.rows, list(row))
        print(row, flush=True)
        return float(row["mean"])

    def untouched(self, set_name: str, translate_from: float, folds: int) -> list[tuple]:
        """Return what the same training says without any translation."""
        key = (set_name, translate_from)
        if key not in self._untouched:
            model = M2mClassifier(**NET, beta=1.0, translate_from=translate_from)
            self._untouched[key] = fold_predictions(model, *self.sets[set_name], folds)
        return self._untouched[key]

    def best(self, parameter: str, values: tuple[float, ...], settings: dict) -> dict:
        """Return the settings with the best value; of equal ones the first."""
        tried = [settings | {parameter: value} for value in values]
        means = [self.run("M2m", M2mClassifier(**NET), each) for each in tried]
        return tried[int(np.argmax(means))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-home", type=Path, default=DATA_HOME)
    parser.add_argument("--budget", type=float, default=float("inf"), help="seconds")
    args = parser.parse_args()
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    search = Search(load(args.data_home), args.budget)
    for name, settings in BASELINES.items():
        search.run(name, RebalancedClassifier(**NET), settings)
    best = START
    for parameter, values in TRIED.items():
        best = search.best(parameter, values, best)
    print(machine())
    print("best:", best)


if __name__ == "__main__":
    main()
