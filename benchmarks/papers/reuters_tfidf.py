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

import argparse
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from sklearn.ensemble import BaggingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import balanced_accuracy_score, f1_score
from sklearn.model_selection import ParameterGrid, StratifiedKFold
from sklearn.svm import LinearSVC

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.data import DATA_HOME, reuters36
from lib.records import machine, read_csv, write_csv

from sklimb import AffinityClassifier, PriorCorrectedClassifier, RebalancedClassifier
from sklimb.metrics import geometric_mean_score

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


def validate(name: str, key: str, texts: list[str], y: np.ndarray) -> dict:
    config, scores, start = json.loads(key), [], time.perf_counter()
    for fold, (train, valid) in enumerate(
        StratifiedKFold(3, shuffle=True, random_state=0).split(y, y)
    ):
        parts = [[texts[i] for i in rows] for rows in (train, valid)]
        predicted = fit_predict(name, config, parts[0], y[train], parts[1], fold)
        scores.append(balanced_accuracy_score(y[valid], predicted))
    return {
        "method": name,
        "validation": f"{100 * np.mean(scores):.2f}",
        "seconds": f"{time.perf_counter() - start:.1f}",
        "config": key,
    }


def test(name: str, config: dict, seed: int, texts, y, texts_test, y_test) -> dict:
    predicted = fit_predict(name, config, texts, y, texts_test, seed)
    return {
        "method": name,
        "seed": str(seed),
        "balanced_accuracy": f"{100 * balanced_accuracy_score(y_test, predicted):.2f}",
        "geometric_mean": f"{100 * geometric_mean_score(y_test, predicted):.2f}",
        "macro_f1": f"{100 * f1_score(y_test, predicted, average='macro'):.2f}",
        "config": json.dumps(config),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-home", type=Path, default=DATA_HOME)
    parser.add_argument("--methods", nargs="+", default=list(GRIDS), choices=list(GRIDS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()
    warnings.simplefilter("error")
    texts, y, texts_test, y_test = reuters36(args.data_home)

    searched = read_csv("papers/reuters_tfidf_search.csv")
    done = {(row["method"], row["config"]) for row in searched}
    todo = [
        (name, json.dumps(config, sort_keys=True))
        for name in args.methods
        for config in ParameterGrid(GRIDS[name])
    ]
    todo = [pair for pair in todo if pair not in done]
    for row in Parallel(args.jobs, return_as="generator")(
        delayed(validate)(name, key, texts, y) for name, key in todo
    ):
        searched.append(row)
        write_csv("papers/reuters_tfidf_search.csv", searched, list(row))
        print(row, flush=True)

    tested = read_csv("papers/reuters_tfidf.csv")
    for name in args.methods:
        rows = [row for row in searched if row["method"] == name]
        best = json.loads(max(rows, key=lambda row: float(row["validation"]))["config"])
        n_seeds = 1 if name == "LinearSVC balanced" else args.seeds
        seeds = set(range(n_seeds)) - {int(r["seed"]) for r in tested if r["method"] == name}
        tested += Parallel(args.jobs)(
            delayed(test)(name, best, seed, texts, y, texts_test, y_test) for seed in sorted(seeds)
        )
        write_csv("papers/reuters_tfidf.csv", tested, list(tested[0]))
    print(machine())
    print(f"{'':24}{'validation':>11}{'test':>7}{'+-':>6}{'s.e.':>6}{'g-mean':>8}{'F1':>7}")
    for name in dict.fromkeys(row["method"] for row in tested):
        rows = [row for row in tested if row["method"] == name]
        scores = [float(row["balanced_accuracy"]) for row in rows]
        spread = np.std(scores, ddof=1) if len(scores) > 1 else 0.0
        best = max(float(r["validation"]) for r in searched if r["method"] == name)
        geometric, f1 = (
            np.mean([float(r[key]) for r in rows]) for key in ("geometric_mean", "macro_f1")
        )
        print(
            f"{name:24}{best:11.2f}{np.mean(scores):7.2f}{spread:6.2f}"
            f"{spread / len(scores) ** 0.5:6.2f}{geometric:8.2f}{f1:7.2f}   {rows[0]['config']}"
        )


if __name__ == "__main__":
    main()
