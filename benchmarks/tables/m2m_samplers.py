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

import sys
import tempfile
import time
import warnings
from functools import cache, partial
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
from lib.command_line import command_line
from lib.data import all_columns, without_rare_classes
from lib.records import machine
from lib.resumable import deadline_in, run_missing
from lib.summaries import mean, select, values

from sklimb import M2mSampler, RebalancedClassifier
from sklimb.backbones import MLP
from sklimb.metrics import geometric_mean_score

FILE = "tables/m2m_samplers.csv"
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
KEY = ("set", "classifier", "sampler", "fold")
COLUMNS = (
    *KEY,
    "balanced_accuracy",
    "geometric_mean",
    "acceptance_rate",
    "changed",
    "seconds",
    "chosen",
)


@cache
def load(name: str, data_home: Path) -> tuple[np.ndarray, np.ndarray]:
    return without_rare_classes(*all_columns(name, data_home), fewest=3)


def run(job: dict[str, str], *, data_home: Path, memory: str) -> dict[str, str]:
    X, y = load(job["set"], data_home)
    fold, sampler, classifier = int(job["fold"]), job["sampler"], job["classifier"]
    folds = RepeatedStratifiedKFold(n_splits=2, n_repeats=fold // 2 + 1, random_state=0)
    train, test = list(folds.split(X, y))[fold]
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
        failure = "failed: " + " ".join(str(error).split())[-160:]
        return dict.fromkeys(COLUMNS, "") | job | {"chosen": failure}
    predicted = search.predict(X[test])
    row = dict.fromkeys(COLUMNS, "") | job
    row |= {
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
                own = select(rows, set=name, classifier=classifier, sampler=sampler)
                scores = values(own, "balanced_accuracy")
                failed = len(own) - len(scores)
                cell = f"{scores.mean():.1f} +- {scores.std():.1f}" if len(scores) else "-"
                cells.append(cell + (f" ({failed}!)" if failed else ""))
            print(f"{classifier:22}" + "".join(f"{cell:>18}" for cell in cells))
        own = [row for row in select(rows, set=name) if row["changed"]]
        if own:
            accepted, changed = mean(own, "acceptance_rate"), mean(own, "changed")
            print(f"M2m: {accepted:.2f} of new rows translated, {changed:.3f} predictions changed")
    print("\nmean +- sd over folds of balanced accuracy; (n!) is the number of folds that failed")


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS)
    parser.add_argument("--repeats", type=int, default=5)
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
    # a classifier after the other, for new rows are made once for all of them
    jobs = [
        dict(zip(KEY, (name, classifier, sampler, str(fold)), strict=True))
        for name in args.sets
        for fold in range(2 * args.repeats)
        for sampler in SAMPLERS
        for classifier in CLASSIFIERS
    ]
    with tempfile.TemporaryDirectory() as memory:
        rows = run_missing(
            partial(run, data_home=args.data_home, memory=memory),
            jobs,
            file=FILE,
            key=KEY,
            columns=COLUMNS,
            deadline=deadline_in(args.budget),
        )
    report(rows)


if __name__ == "__main__":
    main()
