"""Text and digits: each classifier as it comes, beside a linear SVM, before and after a change.

What is chosen on tables must not cost elsewhere. Reuters-36 on TF-IDF, with its own test documents;
scikit-learn's digits, two fifths to test on and the rest cut to 50 : 1. Nothing is tuned but the
SVM, whose C is the best of four by cross-validation on the training samples.

    python benchmarks/tables/text_and_digits.py [--seeds 3] [--sets reuters36 digits]
    PYTHONPATH=<another checkout> python benchmarks/tables/text_and_digits.py --code "before 18"
    python benchmarks/tables/text_and_digits.py --summary

Resumable: a row for each set, method, seed and code in ``results/tables/text_and_digits.csv``.
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
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

sys.path.append(str(Path(__file__).resolve().parents[1]))
import lib.data as data
from lib.command_line import command_line
from lib.probability_scores import scores_of, scores_of_decisions
from lib.records import read_csv
from lib.resumable import deadline_in, run_missing

from sklimb import (
    AffinityClassifier,
    M2mClassifier,
    OffsetDebiasedClassifier,
    RebalancedClassifier,
    RSGClassifier,
)
from sklimb.datasets import make_long_tailed

CSV = "tables/text_and_digits.csv"
KEY = ("set", "method", "seed", "code")
SCORES = ("balanced_accuracy", "geometric_mean", "macro_f1", "average_precision",
          "balanced_log_loss")  # fmt: skip
COLUMNS = [*KEY, *SCORES, "fit_cpu", "n_train"]
SETS = ("digits", "reuters36")
CLASSIFIERS = {
    "logit_adjusted": partial(RebalancedClassifier, loss="logit_adjusted"),
    "offset": OffsetDebiasedClassifier,
    "affinity": AffinityClassifier,
    "rsg": RSGClassifier,
    "m2m": M2mClassifier,
}


def linear_svm() -> GridSearchCV:
    """Return the peer: a balanced linear SVM, tuned."""
    return GridSearchCV(
        LinearSVC(class_weight="balanced", random_state=0),
        {"C": [0.01, 0.1, 1.0, 10.0]},
        scoring="balanced_accuracy",
        cv=3,
    )


@cache
def parts(name: str, data_home: Path) -> tuple:
    """Return X_train, y_train, X_test, y_test."""
    if name == "reuters36":
        texts, y, texts_test, y_test = data.reuters36(data_home)
        words = TfidfVectorizer(sublinear_tf=True, min_df=2, dtype=np.float32)
        return words.fit_transform(texts), y, words.transform(texts_test), y_test
    X, y, X_test, y_test = data.digits()
    X, y = make_long_tailed(X, y, ratio=50, random_state=0)
    scaler = StandardScaler().fit(X)
    return scaler.transform(X), y, scaler.transform(X_test), y_test


def one(job: dict[str, object], *, data_home: Path) -> dict[str, object]:
    """Fit one and score it."""
    X, y, X_test, y_test = parts(job["set"], data_home)
    peer = job["method"] == "linear_svm"
    model: BaseEstimator = (
        linear_svm() if peer else CLASSIFIERS[job["method"]](random_state=job["seed"])
    )
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what came of it is in the scores
        model.fit(X, y)
    row = dict.fromkeys(COLUMNS, "") | job
    row |= {"fit_cpu": f"{time.process_time() - start:.2f}", "n_train": len(y)}
    codes = np.searchsorted(model.classes_, y_test)
    scores = {}
    if not peer:  # an SVM has no probabilities
        proba = np.asarray(model.predict_proba(X_test), dtype=np.float64)
        prior = np.unique(y, return_counts=True)[1] / len(y)
        scores = scores_of(codes, proba, prior, balanced=proba)
    scores |= scores_of_decisions(codes, np.searchsorted(model.classes_, model.predict(X_test)))
    return row | {key: f"{scores[key]:.5f}" for key in SCORES if key in scores}


def summary() -> None:
    """Print means over seeds, with the standard deviation of balanced accuracy."""
    frame = pd.DataFrame(read_csv(CSV))
    numbers = [*SCORES, "fit_cpu"]
    frame[numbers] = frame[numbers].apply(pd.to_numeric)
    groups = frame.groupby(["set", "method", "code"])
    means = groups[numbers].mean().round(4)
    means.insert(1, "+-", groups["balanced_accuracy"].std().round(4))
    print(means.to_string())


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--code", default="now", help="what the code that runs is called")
    parser.add_argument("--summary", action="store_true")
    args = parser.parse_args()
    if not args.summary:
        jobs = [
            {"set": name, "method": method, "seed": seed, "code": args.code}
            for name in args.sets
            for seed in range(args.seeds)
            for method in (*CLASSIFIERS, *(["linear_svm"] if seed == 0 else []))
        ]
        run_missing(
            partial(one, data_home=args.data_home),
            jobs,
            file=CSV,
            key=KEY,
            columns=COLUMNS,
            deadline=deadline_in(args.budget),
        )
    summary()


if __name__ == "__main__":
    main()
