"""Reuters-36 on TF-IDF: LinearSVC balanced and our classifiers at the same tuning budget.

``TfidfVectorizer(min_df=2, stop_words="english")`` with ``sublinear_tf`` tuned beside each method's
own settings: every method gets the same number of candidates, scored by balanced accuracy on 3
folds of the training documents. "5 x" averages the probabilities of five nets from five seeds, at
five times the cost of training. The chosen setting is fitted to all training documents and scored
on the test documents with 5 seeds (LinearSVC has no randomness worth a seed: one figure).

    python benchmarks/papers/reuters_tfidf.py [--data-home ../shared/data] [--seeds 5] [--jobs 1]

Resumable: what stands in ``results/papers/reuters_tfidf_search.csv`` and
``results/papers/reuters_tfidf.csv`` is not run again.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.ensemble import BaggingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import balanced_accuracy_score, f1_score
from sklearn.model_selection import ParameterGrid, StratifiedKFold
from sklearn.svm import LinearSVC

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.command_line import command_line
from lib.data import reuters36
from lib.records import machine
from lib.resumable import deadline_in, run_missing
from lib.summaries import chosen, mean, select, spread

from sklimb import AffinityClassifier, PriorCorrectedClassifier, RebalancedClassifier
from sklimb.metrics import geometric_mean_score

SEARCH, TEST = "papers/reuters_tfidf_search.csv", "papers/reuters_tfidf.csv"
NET = {"module__hidden": (256,), "module__dropout": 0.5, "max_epochs": 25}
SUBLINEAR = {"sublinear_tf": [False, True]}
# The network's own scaling of the columns or none, and how much is dropped.
SCALING = SUBLINEAR | {"module__standardize": [True, False], "module__dropout": [0.5, 0.7]}
RATE = SUBLINEAR | {"lr": [3e-3, 1e-2]}
# Each grid holds 8 candidates.
GRIDS: dict[str, dict[str, list]] = {
    "LinearSVC balanced": SUBLINEAR | {"C": [0.03, 0.1, 0.3, 1.0]},
    "mixup, logit-adjusted": SUBLINEAR | {"mixup": [1.0, 2.0], "max_epochs": [25, 60]},
    "logit-adjusted": SCALING,
    "LDAM-DRW": RATE | {"max_margin": [0.3, 0.5]},
    "class weights": SCALING,
    "affinity": RATE | {"sigma": [0.5, 1.0]},
    "prior-corrected plain": SCALING,
    "plain": SCALING,
    # scikit-learn's BaggingClassifier over the same nets, without bootstrap: five seeds averaged
    "5 x logit-adjusted": SCALING,
    "5 x prior-corrected plain": SCALING,
    "5 x mixup, logit-adjusted": SUBLINEAR | {"mixup": [1.0, 2.0], "tau": [0.75, 1.0]},
}


def build(name: str, config: dict, seed: int):
    config = {k: tuple(v) if isinstance(v, list) else v for k, v in config.items()}
    if name == "LinearSVC balanced":
        return LinearSVC(class_weight="balanced", max_iter=10_000, **config)
    if name.startswith("5 x "):
        members = {"n_estimators": 5, "bootstrap": False, "random_state": seed}
        if name == "5 x prior-corrected plain":
            nets = BaggingClassifier(build("plain", config, seed), **members)
            return PriorCorrectedClassifier(nets)
        return BaggingClassifier(build(name.removeprefix("5 x "), config, seed), **members)
    net = {"random_state": seed} | NET | config
    if name == "plain":
        return RebalancedClassifier(**net)
    if name == "class weights":
        return RebalancedClassifier(class_weight="balanced", **net)
    if name == "LDAM-DRW":
        deferred = {"class_weight": "effective", "rebalance_from": 0.7}
        return RebalancedClassifier(loss="ldam", **deferred, **net)
    if name == "prior-corrected plain":
        tau = net.pop("correction", 1.0)
        return PriorCorrectedClassifier(RebalancedClassifier(**net), tau=tau)
    if name == "affinity":
        return AffinityClassifier(**net)
    return RebalancedClassifier(loss="logit_adjusted", **net)


def vectorize(texts: list[str], others: list[str], sublinear: bool) -> tuple:
    tfidf = TfidfVectorizer(
        min_df=2, stop_words="english", sublinear_tf=sublinear, dtype=np.float32
    )
    return tfidf.fit_transform(texts), tfidf.transform(others)


def fit_predict(name, config, texts, y, others, seed) -> np.ndarray:
    config = dict(config)
    X, X_other = vectorize(texts, others, config.pop("sublinear_tf"))
    return build(name, config, seed).fit(X, y).predict(X_other)


def validate(job: dict[str, str], *, texts: list[str], y: np.ndarray) -> dict[str, str]:
    config, scores, start = json.loads(job["config"]), [], time.perf_counter()
    for fold, (train, valid) in enumerate(
        StratifiedKFold(3, shuffle=True, random_state=0).split(y, y)
    ):
        parts = [[texts[i] for i in rows] for rows in (train, valid)]
        predicted = fit_predict(job["method"], config, parts[0], y[train], parts[1], fold)
        scores.append(balanced_accuracy_score(y[valid], predicted))
    return {
        "method": job["method"],
        "validation": f"{100 * np.mean(scores):.2f}",
        "seconds": f"{time.perf_counter() - start:.1f}",
        "config": job["config"],
    }


def test(job: dict[str, str], *, texts, y, texts_test, y_test) -> dict[str, str]:
    config, seed = json.loads(job["config"]), int(job["seed"])
    predicted = fit_predict(job["method"], config, texts, y, texts_test, seed)
    return {
        "method": job["method"],
        "seed": job["seed"],
        "balanced_accuracy": f"{100 * balanced_accuracy_score(y_test, predicted):.2f}",
        "geometric_mean": f"{100 * geometric_mean_score(y_test, predicted):.2f}",
        "macro_f1": f"{100 * f1_score(y_test, predicted, average='macro'):.2f}",
        "config": job["config"],
    }


def report(searched: list[dict[str, str]], tested: list[dict[str, str]]) -> None:
    print(machine())
    print(f"{'':24}{'validation':>11}{'test':>7}{'+-':>6}{'s.e.':>6}{'g-mean':>8}{'F1':>7}")
    for name in dict.fromkeys(row["method"] for row in tested):
        rows = select(tested, method=name)
        over_seeds = spread(rows, "balanced_accuracy")
        print(
            f"{name:24}{float(chosen(searched, method=name)['validation']):11.2f}"
            f"{mean(rows, 'balanced_accuracy'):7.2f}{over_seeds:6.2f}"
            f"{over_seeds / len(rows) ** 0.5:6.2f}{mean(rows, 'geometric_mean'):8.2f}"
            f"{mean(rows, 'macro_f1'):7.2f}   {rows[0]['config']}"
        )


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--methods", nargs="+", default=list(GRIDS), choices=list(GRIDS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()
    warnings.simplefilter("error")
    texts, y, texts_test, y_test = reuters36(args.data_home)
    running = {"workers": args.jobs, "deadline": deadline_in(args.budget)}
    candidates = [
        {"method": name, "config": json.dumps(config, sort_keys=True)}
        for name in args.methods
        for config in ParameterGrid(GRIDS[name])
    ]
    searched = run_missing(
        partial(validate, texts=texts, y=y),
        candidates,
        file=SEARCH,
        key=("method", "config"),
        **running,
    )
    if any(not select(searched, **candidate) for candidate in candidates):
        return  # nothing is chosen before the search is over
    tests = [
        {"method": name, "seed": str(seed), "config": chosen(searched, method=name)["config"]}
        for name in args.methods
        for seed in range(1 if name == "LinearSVC balanced" else args.seeds)
    ]
    tested = run_missing(
        partial(test, texts=texts, y=y, texts_test=texts_test, y_test=y_test),
        tests,
        file=TEST,
        key=("method", "seed"),
        **running,
    )
    report(searched, tested)


if __name__ == "__main__":
    main()
