"""M2mSampler beside SMOTE and its kin, in front of four classifiers.

``Pipeline(StandardScaler, sampler, classifier)`` under ``GridSearchCV`` (balanced accuracy, 2
stratified folds), every sampler with 4 candidates: M2m's lam, beta and gamma, the number of
neighbours of the others, the shrinkage of random over-sampling. Outside, 5 x 2 stratified
cross-validation. Ecoli is without its two classes of 2 rows. A sampler that stops with an error in
every candidate is a result, and is written down with its message.

For M2m the share of new rows that are translations is kept, and the share of test predictions that
differ from the same pipeline whose new rows are all repeated (beta = 1).

    python benchmarks/tables/m2m_samplers.py [--sets ecoli glass ...] [--budget SECONDS]
        [--data-home ../shared/data] [--repeats 5]

Resumable: what stands in ``results/tables/m2m_samplers.csv`` is not run again. With a budget no
further fold starts once it is spent.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from imblearn.over_sampling import ADASYN, SMOTE, BorderlineSMOTE, RandomOverSampler
from imblearn.pipeline import Pipeline
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GridSearchCV, RepeatedStratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.data import DATA_HOME
from lib.records import machine, read_csv, write_csv

from sklimb import M2mSampler, RebalancedClassifier
from sklimb.backbones import MLP
from sklimb.datasets import fetch_tabular
from sklimb.metrics import geometric_mean_score

RESULTS = "tables/m2m_samplers.csv"
SETS = ("glass", "ecoli", "oil-spill", "phoneme", "mammography")
CLASSIFIERS = {
    "logistic": LogisticRegression(max_iter=1000),
    "forest": RandomForestClassifier(200, random_state=0),
    "MLPClassifier": MLPClassifier(random_state=0),
    "RebalancedClassifier": RebalancedClassifier(module=MLP, max_epochs=60, random_state=0),
}
NEIGHBOURS = [1, 3, 5, 10]
SAMPLERS = {
    "none": (None, [{}]),
    "random": (
        RandomOverSampler(random_state=0),
        [{"shrinkage": [s]} for s in (None, 0.1, 0.3, 1.0)],
    ),
    "SMOTE": (SMOTE(random_state=0), [{"k_neighbors": [k]} for k in NEIGHBOURS]),
    "Borderline-SMOTE": (
        BorderlineSMOTE(random_state=0),
        [{"k_neighbors": [k]} for k in NEIGHBOURS],
    ),
    "ADASYN": (ADASYN(random_state=0), [{"n_neighbors": [k]} for k in NEIGHBOURS]),
    "M2m": (
        M2mSampler(random_state=0),
        [
            {"lam": [lam], "beta": [beta], "gamma": [gamma]}
            for lam, beta, gamma in (
                (0.1, 0.9, 0.9),
                (0.5, 0.9, 0.9),
                (0.1, 0.999, 0.9),
                (0.1, 0.9, 0.99),
            )
        ],
    ),
}
COLUMNS = (
    "set",
    "classifier",
    "sampler",
    "fold",
    "balanced_accuracy",
    "geometric_mean",
    "acceptance_rate",
    "changed",
    "seconds",
    "chosen",
)


def load(name: str, data_home: Path) -> tuple[np.ndarray, np.ndarray]:
    X, y = fetch_tabular(name, data_home=data_home, return_X_y=True)
    X, y = np.asarray(X, dtype=np.float64), np.asarray(y)
    labels, counts = np.unique(y, return_counts=True)
    kept = np.isin(y, labels[counts > 2])
    return X[kept], y[kept]


def run(X, y, train, test, classifier: str, sampler: str, memory: str) -> dict[str, str]:
    step, grid = SAMPLERS[sampler]
    steps = [("scale", StandardScaler()), ("sampler", step or "passthrough")]
    pipeline = Pipeline([*steps, ("classifier", CLASSIFIERS[classifier])], memory=memory)
    search = GridSearchCV(
        pipeline,
        [{f"sampler__{key}": value for key, value in one.items()} for one in grid],
        scoring="balanced_accuracy",
        cv=2,
    )
    start = time.perf_counter()
    try:
        search.fit(X[train], y[train])
    except ValueError as error:
        return {"chosen": "failed: " + " ".join(str(error).split())[-160:]}
    predicted = search.predict(X[test])
    row = {
        "balanced_accuracy": f"{100 * balanced_accuracy_score(y[test], predicted):.2f}",
        "geometric_mean": f"{100 * geometric_mean_score(y[test], predicted):.2f}",
        "seconds": f"{time.perf_counter() - start:.1f}",
        "chosen": str(search.best_params_),
    }
    if sampler == "M2m":
        repeated = clone(search.best_estimator_).set_params(sampler__beta=1.0)
        other = repeated.fit(X[train], y[train]).predict(X[test])
        row["acceptance_rate"] = f"{search.best_estimator_['sampler'].acceptance_rate_:.3f}"
        row["changed"] = f"{np.mean(other != predicted):.4f}"
    return row


def report(rows: list[dict[str, str]]) -> None:
    print(machine())
    for name in dict.fromkeys(row["set"] for row in rows):
        print(f"\n{name:22}" + "".join(f"{sampler:>18}" for sampler in SAMPLERS))
        for classifier in CLASSIFIERS:
            cells = []
            for sampler in SAMPLERS:
                key = (name, classifier, sampler)
                own = [r for r in rows if (r["set"], r["classifier"], r["sampler"]) == key]
                scores = [float(r["balanced_accuracy"]) for r in own if r["balanced_accuracy"]]
                failed = len(own) - len(scores)
                cell = f"{np.mean(scores):.1f} +- {np.std(scores):.1f}" if scores else "-"
                cells.append(cell + (f" ({failed}!)" if failed else ""))
            print(f"{classifier:22}" + "".join(f"{cell:>18}" for cell in cells))
        own = [r for r in rows if r["set"] == name and r["changed"]]
        if own:
            accepted, changed = (
                np.mean([float(r[key]) for r in own]) for key in ("acceptance_rate", "changed")
            )
            print(f"M2m: {accepted:.2f} of new rows translated, {changed:.3f} predictions changed")
    print("\nmean +- sd over folds of balanced accuracy; (n!) is the number of folds that failed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS)
    parser.add_argument("--data-home", type=Path, default=DATA_HOME)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--budget", type=float, default=np.inf, help="seconds")
    args = parser.parse_args()
    warnings.simplefilter("error")
    for category in (ConvergenceWarning, FitFailedWarning):
        warnings.simplefilter("ignore", category)
    warnings.filterwarnings("ignore", "One or more of the test scores", UserWarning)
    warnings.filterwarnings("ignore", "None of .* translations reached", UserWarning)
    # of rows as rare as a class of 5 halved twice
    warnings.filterwarnings("ignore", "The least populated class in y", UserWarning)
    warnings.filterwarnings("ignore", "y_pred contains classes not in y_true", UserWarning)
    torch.set_num_threads(1)
    deadline = time.monotonic() + args.budget
    rows = read_csv(RESULTS)
    done = {tuple(row[key] for key in COLUMNS[:4]) for row in rows}
    for name in args.sets:
        X, y = load(name, args.data_home)
        folds = RepeatedStratifiedKFold(n_splits=2, n_repeats=args.repeats, random_state=0)
        for fold, (train, test) in enumerate(folds.split(X, y)):
            # new rows are made once for all classifiers
            with tempfile.TemporaryDirectory() as memory:
                for sampler in SAMPLERS:
                    for classifier in CLASSIFIERS:
                        key = (name, classifier, sampler, str(fold))
                        if key in done:
                            continue
                        if time.monotonic() > deadline:
                            print("budget spent")
                            report(rows)
                            return
                        found = run(X, y, train, test, classifier, sampler, memory)
                        row = dict.fromkeys(COLUMNS, "") | dict(zip(COLUMNS, key, strict=False))
                        rows.append(row | found)
                        write_csv(RESULTS, rows, COLUMNS)
            print(name, fold, flush=True)
    report(rows)


if __name__ == "__main__":
    main()
