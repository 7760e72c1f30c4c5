"""How lambda1 and lambda2 of `OffsetDebiasedClassifier` were chosen.

The sets, the training parts and the folds are those of ``defaults.py``: a fifth of each set is
never looked at, and 3-fold stratified cross-validation on the rest gives the balanced accuracy of a
setting (of the first fold alone on the two sets of thousands of rows). First lambda2 is varied at
the middle lambda1, then lambda1 at the best lambda2, then lambda2 again at the best lambda1; beside
them stand the parts left out one by one, the paper's bare method and the baselines.

    python benchmarks/defaults_offset.py [--data-home ../shared/data] [--budget 720]

Resumable: what stands in ``results/defaults_offset.csv`` is not run again. ``--budget`` stops
before the next setting once so many seconds are over.
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

from sklimb import OffsetDebiasedClassifier, RebalancedClassifier
from sklimb.backbones import MLP

FILE = "defaults_offset.csv"
LARGE = ("mammography", "phoneme")
LAMBDA1 = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
LAMBDA2 = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
START = {"lambda1": 0.1, "lambda2": 1.0}
# The network that these figures are of.
NET: dict = {"module": MLP, "max_epochs": 60}
BASELINES = {
    "plain": {},
    "re-weighting": {"class_weight": "balanced"},
    "logit adjustment": {"loss": "logit_adjusted"},
}
LEFT_OUT: dict[str, dict] = {
    "neither term": {"lambda1": 0.0, "lambda2": 0.0},
    "no prior in training": {"keep_prior": False},
    "nothing centred": {"centered": False},
    "the paper's bare method": {
        "lambda1": 1.0,
        "lambda2": 1.0,
        "keep_prior": False,
        "centered": False,
        "normalize_terms": False,
    },
    "UC only": {"offset": "uniform_only"},
    "empirical": {"offset": "empirical"},
    "zero": {"offset": "zero"},
}


def score(model, X: np.ndarray, y: np.ndarray, folds: int) -> float:
    scores = []
    splits = StratifiedKFold(3, shuffle=True, random_state=0).split(X, y)
    for fold, (train, valid) in zip(range(folds), splits, strict=False):
        fitted = model.set_params(random_state=fold).fit(X[train], y[train])
        scores.append(balanced_accuracy_score(y[valid], fitted.predict(X[valid])))
    return float(np.mean(scores))


class Search:
    """Runs settings once each and keeps their scores in the CSV."""

    def __init__(self, sets: dict[str, tuple[np.ndarray, np.ndarray]], budget: float) -> None:
        self.sets = sets
        self.rows = read_csv(FILE)
        self.end = time.monotonic() + budget

    def run(self, name: str, model, settings: dict) -> float:
        key = json.dumps(settings)
        for row in self.rows:
            if (row["method"], row["settings"]) == (name, key):
                return float(row["mean"])
        if time.monotonic() > self.end:
            raise SystemExit("The budget is used up; run again to go on.")
        model.set_params(**settings)
        scores = {
            set_name: score(model, X, y, 1 if set_name in LARGE else 3)
            for set_name, (X, y) in self.sets.items()
        }
        mean = float(np.mean(list(scores.values())))
        values = {set_name: f"{100 * value:.2f}" for set_name, value in scores.items()}
        row = {"method": name, **values, "mean": f"{100 * mean:.2f}", "settings": key}
        self.rows.append(row)
        write_csv(FILE, self.rows, list(row))
        print(row, flush=True)
        return float(row["mean"])

    def best(self, parameter: str, values: tuple[float, ...], settings: dict) -> dict:
        """Return the settings with the best value; equal ones give way to the smaller."""
        tried = [settings | {parameter: value} for value in values]
        means = [self.run("offset", OffsetDebiasedClassifier(**NET), each) for each in tried]
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
    best = search.best("lambda2", LAMBDA2, START)
    best = search.best("lambda1", LAMBDA1, best)
    best = search.best("lambda2", LAMBDA2, best)
    for name, settings in LEFT_OUT.items():
        search.run(name, OffsetDebiasedClassifier(**NET), START | settings)
    print(machine())
    print("best:", best)


if __name__ == "__main__":
    main()
