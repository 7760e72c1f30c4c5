"""Which classifiers to average, how to calibrate them, and who says how long a network trains.

On the 34 real tables (`lib.real`): choices are made on folds 0 and 1 of 5.

(a) boosters, forests, networks of one member by the advised steps, a cross-fitted network of
eight, and averages of them, each as it comes, at a temperature of out-of-fold samples (fitted after
averaging, shrunk by the rarest class) and by vector scaling; (b) averages with one member left out
stand beside them; (c) networks by the rule of steps, times 0.25 to 2, against the cross-fitted one,
whose epoch is chosen by the log loss after the temperature ("refine, then calibrate").

    python benchmarks/tuning/blend.py [--folds 0 1] [--budget 600]
    python benchmarks/tuning/blend.py --summary [--folds 2 3 4]

The summary ends with what each has more than CatBoost at its temperature: means over sources of the
tables, with 95 % intervals.

Probabilities lie in ``benchmarks/cache`` (not committed; a fit that is there is not run again), the
scores of each variant in ``results/tuning/blend.csv``. Balanced scores are after a correction for
the training prior. Out-of-fold samples are the forests' out-of-bag samples, the members' folds of a
cross-fitted network, and four folds for boosters.
"""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.command_line import command_line
from lib.probability_scores import scores_of
from lib.ranks import compare
from lib.real import CHOOSING_FOLDS, real_fold, real_sets, source_of
from lib.records import read_csv, write_csv
from lib.resumable import deadline_in

from sklimb import RebalancedClassifier
from sklimb._training.calibration import fit_temperature, shrunk_temperature, with_temperature
from sklimb.backbones import TabularMLP

CSV = "tuning/blend.csv"
CACHE = Path(__file__).resolve().parents[1] / "cache"
TIMES = (0.25, 0.5, 1.0, 2.0)
# Those whose averages are tried have out-of-fold rows.
AVERAGES = (
    ("network",),
    ("forest",),
    ("catboost",),
    ("boosting",),
    ("network", "forest"),
    ("network", "catboost"),
    ("forest", "catboost"),
    ("network", "forest", "catboost"),
    ("network", "forest", "boosting"),
    ("trees",),
    ("network", "trees"),
    ("network", "forest", "trees"),
    ("network", "trees", "catboost"),
    ("network", "forest", "trees", "catboost"),
)
REFERENCE = "catboost, temperature"


def catboost() -> object:
    from catboost import CatBoostClassifier

    return CatBoostClassifier(
        iterations=300, random_seed=0, thread_count=1, verbose=0, allow_writing_files=False
    )


LEARNERS = {
    "network": lambda: RebalancedClassifier(random_state=0),
    "forest": lambda: RandomForestClassifier(
        300, min_samples_leaf=2, oob_score=True, random_state=0
    ),
    # all columns at each split, thresholds at random
    "trees": lambda: ExtraTreesClassifier(
        300, max_features=None, bootstrap=True, oob_score=True, random_state=0
    ),
    "catboost": catboost,
    "boosting": lambda: HistGradientBoostingClassifier(random_state=0),
}


def rule(times: float, X: np.ndarray, y: np.ndarray) -> RebalancedClassifier:
    """Return one network that trains as long as the rule of steps says, times a factor."""
    advised = TabularMLP.advised_sizes(*X.shape, np.bincount(y)).max_epochs
    epochs = max(1, round(times * advised))
    return RebalancedClassifier(n_members=1, max_epochs=epochs, random_state=0)


def in_columns(proba: np.ndarray, classes: np.ndarray, n_classes: int) -> np.ndarray:
    """Return probabilities with a column for each class, 0 for those that were not learnt."""
    out = np.zeros((len(proba), n_classes))
    out[:, np.asarray(classes, dtype=int)] = proba
    return out


def probabilities(name: str, X: np.ndarray, y: np.ndarray, X_test: np.ndarray) -> dict:
    """Return probabilities of test rows and, where there are some, of training rows left out."""
    n_classes = y.max() + 1
    start = time.process_time()
    factor = name.removeprefix("rule_")
    model = rule(float(factor), X, y) if factor != name else LEARNERS[name]()
    model.fit(X, y)
    found = {"seconds": time.process_time() - start}
    found["test"] = in_columns(model.predict_proba(X_test), model.classes_, n_classes)
    if name in ("forest", "trees"):
        found["oof"] = np.nan_to_num(model.oob_decision_function_, nan=1 / n_classes)
    elif name == "network":
        found["oof"] = model.oof_proba_
    elif name in LEARNERS:
        found["oof"] = np.zeros((len(y), n_classes))
        for train, held in StratifiedKFold(4, shuffle=True, random_state=1).split(X, y):
            part = LEARNERS[name]().fit(X[train], y[train])
            found["oof"][held] = in_columns(part.predict_proba(X[held]), part.classes_, n_classes)
    return found


def cached(name: str, table: str, fold: int, data_home: Path) -> dict:
    """Return `probabilities`, from the cache where they are there."""
    path = CACHE / f"{name}__{table}__{fold}.npz"
    if not path.exists():
        X, y, X_test, _ = real_fold(table, fold, data_home)
        found = probabilities(name, X, y, X_test)
        CACHE.mkdir(exist_ok=True)
        np.savez_compressed(path, **found)
        print(name, table, fold, f"{found['seconds']:.2f}", flush=True)
    with np.load(path) as file:
        return dict(file)


def calibrated(kind: str, oof: np.ndarray, y: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Return the test rows' probabilities, calibrated on the out-of-fold rows."""
    if kind == "raw":
        return test
    if kind == "temperature":
        temperature = shrunk_temperature(fit_temperature(oof, y), np.bincount(y).min())
        return with_temperature(test, temperature)
    logs, logs_test = (np.log(np.maximum(p, 1e-15)) for p in (oof, test))
    scaling = LogisticRegression(C=1.0, max_iter=1000).fit(logs, y)
    return scaling.predict_proba(logs_test)


def rows_of(table: str, fold: int, data_home: Path) -> list[dict]:
    """Return a row for each variant."""
    _, y, _, truth = real_fold(table, fold, data_home)
    prior = np.bincount(y) / len(y)
    found = {name: cached(name, table, fold, data_home) for name in LEARNERS}
    variants = []
    for members in AVERAGES:
        oof, test = (np.mean([found[m][k] for m in members], axis=0) for k in ("oof", "test"))
        seconds = sum(float(found[m]["seconds"]) for m in members)
        for kind in ("raw", "temperature", "vector"):
            variants.append(("+".join(members), kind, calibrated(kind, oof, y, test), seconds))
    for times in TIMES if fold in CHOOSING_FOLDS else ():
        one = cached(f"rule_{times:g}", table, fold, data_home)
        variants.append((f"one network, steps x {times:g}", "raw", one["test"], one["seconds"]))
    return [
        {"set": table, "fold": fold, "members": members, "calibration": kind}
        | {name: f"{value:.4f}" for name, value in scores_of(truth, proba, prior).items()}
        | {"fit_cpu": f"{float(seconds):.2f}"}
        for members, kind, proba, seconds in variants
    ]


def summary(rows: list[dict], folds: list[int]) -> None:
    """Print means over sources of each variant, and differences to the reference."""
    frame = pd.DataFrame([row for row in rows if int(row["fold"]) in folds])
    scores = [name for name in frame if name not in ("set", "fold", "members", "calibration")]
    frame[scores] = frame[scores].astype(float)
    variant = frame["members"] + ", " + frame["calibration"]
    means = frame.groupby([variant, frame["set"].map(source_of)], sort=False)[scores].mean()
    with pd.option_context("display.width", 200, "display.max_columns", None):
        print(means.groupby(level=0, sort=False).mean().round(3).to_string())
        print(f"\nmore than {REFERENCE}, in points, with 95 % intervals")
        print(
            means.drop(columns="fit_cpu")
            .groupby(level=0, sort=False)
            .apply(lambda part: part.droplevel(0).apply(_beyond, reference=means.loc[REFERENCE]))
            .to_string()
        )


def _beyond(values: pd.Series, reference: pd.DataFrame) -> str:
    found = compare(values, reference[values.name], more_is_better=True)
    return f"{100 * found.difference:+.1f} +- {50 * (found.high - found.low):.1f}"


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--folds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--sets", nargs="+", default=None)
    parser.add_argument("--summary", action="store_true")
    args = parser.parse_args()
    rows = read_csv(CSV)
    if args.summary:
        summary(rows, args.folds)
        return
    warnings.simplefilter("ignore", UserWarning)
    deadline = deadline_in(args.budget)
    done = {(row["set"], row["fold"]) for row in rows}
    for fold in args.folds:
        for table in args.sets or real_sets(args.data_home):
            if (table, str(fold)) in done or time.monotonic() >= deadline:
                continue
            new = rows_of(table, fold, args.data_home)
            rows += [{name: str(value) for name, value in row.items()} for row in new]
            write_csv(CSV, rows, list(new[0]))


if __name__ == "__main__":
    main()
