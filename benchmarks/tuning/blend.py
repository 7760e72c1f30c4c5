"""Which classifiers to average, how to calibrate them, and who says how long a network trains.

On the 34 real tables (`lib.real`): choices are made on folds 0 and 1 of 5.

(a) boosters, a forest, networks of one member by the advised steps, a cross-fitted network of
eight, and averages of them, each as it comes, at a temperature of out-of-fold rows (fitted after
averaging, shrunk by the rarest class) and by vector scaling; (b) averages with one member left out
stand beside them; (c) networks by the rule of steps, times 0.25 to 2, against the cross-fitted one,
whose epoch is chosen by the log loss after the temperature ("refine, then calibrate").

    python benchmarks/tuning/blend.py [--folds 0 1] [--budget 600]
    python benchmarks/tuning/blend.py --summary

Probabilities lie in ``benchmarks/cache`` (not committed; a fit that is there is not run again), the
scores of each variant in ``results/tuning/blend.csv``. Balanced scores are after a correction for
the training prior. Out-of-fold rows are the forest's out-of-bag rows, the members' folds of a
cross-fitted network, and four folds for boosters.
"""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.command_line import command_line
from lib.probability_scores import scores_of
from lib.real import real_fold, real_sets, source_of
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
)


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
    if name == "forest":
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
    for times in TIMES:
        one = cached(f"rule_{times:g}", table, fold, data_home)
        variants.append((f"one network, steps x {times:g}", "raw", one["test"], one["seconds"]))
    return [
        {"set": table, "fold": fold, "members": members, "calibration": kind}
        | {name: f"{value:.4f}" for name, value in scores_of(truth, proba, prior).items()}
        | {"fit_cpu": f"{float(seconds):.2f}"}
        for members, kind, proba, seconds in variants
    ]


def summary(rows: list[dict]) -> None:
    """Print means over sources of each variant."""
    scores = [name for name in rows[0] if name not in ("set", "fold", "members", "calibration")]
    print(f"{'':42s}" + "".join(f"{name[:13]:>15s}" for name in scores))
    variants = dict.fromkeys((row["members"], row["calibration"]) for row in rows)
    for variant in variants:
        of_source: dict[str, list[list[float]]] = {}
        for row in rows:
            if (row["members"], row["calibration"]) == variant:
                values = [float(row[name]) for name in scores]
                of_source.setdefault(source_of(row["set"]), []).append(values)
        means = np.mean([np.mean(values, axis=0) for values in of_source.values()], axis=0)
        print(f"{variant[0] + ', ' + variant[1]:42s}" + "".join(f"{v:15.3f}" for v in means))


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--folds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--sets", nargs="+", default=None)
    parser.add_argument("--summary", action="store_true")
    args = parser.parse_args()
    rows = read_csv(CSV)
    if args.summary:
        summary(rows)
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
