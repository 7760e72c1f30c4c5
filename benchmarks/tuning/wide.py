"""The default network for more than 512 columns: width, dropout and scale of the input.

Training parts alone, a third of each held out: Reuters-36 on TF-IDF; the words of the Twitter
part-of-speech set; 6,000 MNIST digits of 1 : 100 as pixels; and made columns of many units
("genes": 2,400 samples, 1,500 columns, of which 140 say something). Beside them stands a balanced
linear SVM with the best of four C on the held-out part itself, which is more than it could know.

    python benchmarks/tuning/wide.py [--folds 0 1] [--budget 900]
    python benchmarks/tuning/wide.py --summary

Resumable: a row for each set, method, network and fold in ``results/tuning/wide.csv``.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from functools import cache, partial
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything starts threads

import numpy as np
import pandas as pd
from sklearn.datasets import make_classification
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import lib.data as data
from lib.command_line import command_line
from lib.probability_scores import average_precision, balanced_log_loss
from lib.records import read_csv
from lib.resumable import deadline_in, run_missing

from sklimb import AffinityClassifier, OffsetDebiasedClassifier, RebalancedClassifier
from sklimb.backbones import MLP, WideMLP
from sklimb.datasets import fetch_twitter_pos, make_long_tailed
from sklimb.feature_extraction import WordWindowVectorizer

CSV = "tuning/wide.csv"
KEY = ("set", "method", "network", "fold")
SCORES = ("balanced_accuracy", "average_precision", "balanced_log_loss", "fit_cpu")
SETS = ("reuters36", "twitter", "mnist", "genes")
METHODS = {
    "logit_adjusted": partial(RebalancedClassifier, loss="logit_adjusted"),
    "offset": OffsetDebiasedClassifier,
    "affinity": AffinityClassifier,
}
NETWORKS = {
    "128, 128, dropout 0.3": {"module": MLP},
    "256, dropout 0.5": {"module": MLP, "module__hidden": (256,), "module__dropout": 0.5},
    "256, dropout 0.5, norm 1": {"module": WideMLP},
    "256, dropout 0.5, norm 1, 30 epochs": {"module": WideMLP, "max_epochs": 30},
    "256, dropout 0.7, norm 1": {"module": WideMLP, "module__dropout": 0.7},
    "128, 128, dropout 0.3, norm 1": {
        "module": WideMLP,
        "module__hidden": (128, 128),
        "module__dropout": 0.3,
    },
}
# Tried for all methods; the others for the first.
OF_ALL = ("128, 128, dropout 0.3", "256, dropout 0.5, norm 1")


@cache
def training_data(name: str, data_home: Path) -> tuple:
    """Return samples (raw, for text), labels, and what turns the samples into numbers."""
    if name == "reuters36":
        texts, y, _, _ = data.reuters36(data_home)
        words = TfidfVectorizer(sublinear_tf=True, min_df=2, dtype=np.float32)
        return np.array(texts, dtype=object), y, words
    if name == "twitter":
        windows, y = fetch_twitter_pos(data_home=data_home, return_X_y=True)
        return np.asarray(windows, dtype=object), np.asarray(y), WordWindowVectorizer()
    if name == "mnist":
        X, y, _, _ = data.mnist(data_home)
        X, y = make_long_tailed(X / 255, y, ratio=100, random_state=0)
        return *data.subsample(X, y, 6000), None
    X, y = make_classification(
        2400, 1500, n_informative=40, n_redundant=100, n_classes=4, weights=[0.7, 0.2, 0.07],
        class_sep=1.5, flip_y=0, random_state=0,
    )  # fmt: skip
    units = np.exp(2 * np.random.default_rng(0).normal(size=X.shape[1]))
    return X * units + 100, y, None


def parts(name: str, fold: int, data_home: Path) -> tuple:
    """Return X, y, X_test, y_test of one of three folds."""
    X, y, words = training_data(name, data_home)
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class of two documents
        train, test = list(folds.split(X, y))[fold]
    test = test[np.isin(y[test], y[train])]
    if words is None:
        return X[train], y[train], X[test], y[test]
    return words.fit_transform(X[train]), y[train], words.transform(X[test]), y[test]


def one(job: dict[str, object], *, data_home: Path) -> dict[str, object]:
    """Fit one and score it."""
    X, y, X_test, y_test = parts(job["set"], job["fold"], data_home)
    row = dict.fromkeys([*KEY, *SCORES], "") | job
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what came of it is in the scores
        if job["method"] == "linear_svm":
            machines = [LinearSVC(class_weight="balanced", C=C) for C in (0.01, 0.1, 1.0, 10.0)]
            if job["set"] in ("mnist", "genes"):
                mean, spread = X.mean(axis=0), X.std(axis=0)
                X, X_test = ((x - mean) / np.where(spread > 0, spread, 1) for x in (X, X_test))
            best = max(
                balanced_accuracy_score(y_test, machine.fit(X, y).predict(X_test))
                for machine in machines
            )
            return row | {
                "balanced_accuracy": f"{best:.5f}",
                "fit_cpu": f"{time.process_time() - start:.2f}",
            }
        model = METHODS[job["method"]](random_state=0, **NETWORKS[job["network"]]).fit(X, y)
    row["fit_cpu"] = f"{time.process_time() - start:.2f}"
    codes = np.searchsorted(model.classes_, y_test)
    proba = np.asarray(model.predict_proba(X_test), dtype=np.float64)
    row["balanced_accuracy"] = f"{balanced_accuracy_score(y_test, model.predict(X_test)):.5f}"
    row["average_precision"] = f"{average_precision(codes, proba):.5f}"
    row["balanced_log_loss"] = f"{balanced_log_loss(codes, proba):.5f}"
    return row


def summary() -> None:
    """Print means over folds."""
    frame = pd.DataFrame(read_csv(CSV))
    frame[list(SCORES)] = frame[list(SCORES)].apply(pd.to_numeric)
    means = frame.groupby(["set", "method", "network"], sort=False)[list(SCORES)].mean()
    means["folds"] = frame.groupby(["set", "method", "network"], sort=False).size()
    print(means.sort_index(level=[0, 1], sort_remaining=False).round(3).to_string())


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--folds", nargs="+", type=int, default=[0, 1], choices=range(3))
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS)
    parser.add_argument("--summary", action="store_true")
    args = parser.parse_args()
    if not args.summary:
        jobs = [
            {"set": name, "method": method, "network": network, "fold": fold}
            for fold in args.folds
            for name in args.sets
            for method in METHODS
            for network in (NETWORKS if method == "logit_adjusted" else OF_ALL)
        ]
        jobs += [
            {"set": name, "method": "linear_svm", "network": "", "fold": fold}
            for fold in args.folds
            for name in args.sets
        ]
        run_missing(
            partial(one, data_home=args.data_home),
            jobs,
            file=CSV,
            key=KEY,
            columns=[*KEY, *SCORES],
            deadline=deadline_in(args.budget),
        )
    summary()


if __name__ == "__main__":
    main()
