"""A search for defaults on training folds: one parameter at a time, each setting once."""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold

from lib.command_line import command_line
from lib.resumable import deadline_in, run_missing
from lib.summaries import select


def arguments(doc: str) -> argparse.Namespace:
    """Return the command line of a search; from here on one thread, and warnings are errors."""
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    return command_line(doc).parse_args()


class Search:
    """Runs settings once each and keeps their scores in a CSV.

    Parameters
    ----------
    file : str
        In ``results``; a setting that stands there is not run again.
    sets : dict of str to (X, y)
    large : collection of str
        Sets of which one fold of the three is enough.
    budget : float
        Seconds after which no further setting starts.
    """

    def __init__(
        self,
        file: str,
        sets: dict[str, tuple[np.ndarray, np.ndarray]],
        large: Collection[str],
        budget: float,
    ) -> None:
        self.file = file
        self.sets = sets
        self.large = large
        self.deadline = deadline_in(budget)

    def predictions(self, model: BaseEstimator, set_name: str) -> list[tuple]:
        """Return (rows, predicted) for each fold."""
        X, y = self.sets[set_name]
        splits = StratifiedKFold(3, shuffle=True, random_state=0).split(X, y)
        found = []
        for fold, (train, valid) in zip(
            range(1 if set_name in self.large else 3), splits, strict=False
        ):
            with warnings.catch_warnings():
                # a setting that translates nothing is one of the results
                warnings.filterwarnings("ignore", "None of .* samples was translated", UserWarning)
                warnings.filterwarnings("ignore", "g .source_estimator. recognises no", UserWarning)
                fitted = model.set_params(random_state=fold).fit(X[train], y[train])
            found.append((valid, fitted.predict(X[valid])))
        return found

    def columns(
        self, model: BaseEstimator, set_name: str, settings: dict[str, Any], found: list[tuple]
    ) -> dict[str, str]:
        """Return further columns of a set, beside its score."""
        return {}

    def run(self, name: str, model: BaseEstimator, settings: dict[str, Any]) -> float:
        """Return the mean balanced accuracy over the sets."""
        model.set_params(**settings)
        job = {"method": name, "settings": json.dumps(settings)}
        rows = run_missing(
            lambda job: self._row(job, model, settings),
            [job],
            file=self.file,
            key=list(job),
            deadline=self.deadline,
        )
        found = select(rows, **job)
        if not found:
            raise SystemExit(1)
        return float(found[0]["mean"])

    def _row(
        self, job: dict[str, str], model: BaseEstimator, settings: dict[str, Any]
    ) -> dict[str, str]:
        row, scores = {"method": job["method"]}, []
        for set_name, (_, y) in self.sets.items():
            found = self.predictions(model, set_name)
            scores.append(np.mean([balanced_accuracy_score(y[rows], p) for rows, p in found]))
            row[set_name] = f"{100 * scores[-1]:.2f}"
            row |= self.columns(model, set_name, settings, found)
        return row | {"mean": f"{100 * np.mean(scores):.2f}", "settings": job["settings"]}

    def best(
        self,
        name: str,
        make: Callable[[], BaseEstimator],
        parameter: str,
        values: Sequence[float],
        settings: dict[str, Any],
    ) -> dict[str, Any]:
        """Return the settings with the best value of a parameter; of equal ones the first."""
        tried = [settings | {parameter: value} for value in values]
        means = [self.run(name, make(), each) for each in tried]
        return tried[int(np.argmax(means))]
