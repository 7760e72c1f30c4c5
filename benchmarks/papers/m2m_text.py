"""The text columns of the M2m paper's Table 2, and M2m on TF-IDF.

- ``reuters``: Reuters-36, binary bag of the 1,000 most frequent words, in the paper's protocol. The
  nine baselines are those of ``m2m_reuters.py``, whose results are read; M2m and LDAM + M2m are
  searched and tested here, with ``unit="raw"``.
- ``twitter``: Twitter part of speech, 23 tags, the same protocol, all 11 rows. The paper's word
  vectors are not at hand: the features are the words of the window and their character n-grams, as
  the training tweets have them (``WordWindowVectorizer``), so compare rows with rows.
- ``tfidf``: Reuters-36 on TF-IDF, in the setting of ``reuters_tfidf.py``: M2m alone, with the
  logit-adjusted loss and with LDAM, beside that script's rows.

Candidates are M2m's own (beta, lam, gamma as in the paper) times schedule, learning rate, width,
start and length of the steps, drawn once with a fixed seed. They are scored by balanced accuracy
on 3 folds of the training documents (Reuters) or on the tweets to tune on (Twitter); the test set
is scored once for the chosen one, with 3 seeds. Beside each score stand what translation did in the
last epoch: the share accepted, g's confidence, f's loss on translated rows; and in the test the
balanced accuracy of the same training with balanced draws alone (``untranslated``) and the share of
predictions that differ from it.

    python benchmarks/papers/m2m_text.py [--sets reuters twitter tfidf] [--budget SECONDS]
        [--candidates 36] [--jobs 1] [--seeds 3] [--device cpu] [--data-home ../shared/data]
        [--matmul-precision highest]

Nearly all of M2m's time on wide rows is dense products. ``--matmul-precision medium`` lets torch
take oneDNN's on a CPU, twice as fast as MKL's on an AMD EPYC with AVX-512 and, there, as exact (g's
mean confidence moved by 6e-9); where a CPU multiplies bfloat16 natively it rounds the factors.

Resumable: what stands in ``results/papers/m2m_text_search.csv`` and ``results/papers/m2m_text.csv``
is not run again. With a budget no further training starts once it is spent.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
from imblearn.over_sampling import SMOTE
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import ParameterSampler, StratifiedKFold

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.command_line import command_line
from lib.data import reuters36, word_bag
from lib.records import machine, read_csv
from lib.resumable import deadline_in, run_missing
from lib.summaries import chosen, mean, select, spread

from sklimb import M2mClassifier, RebalancedClassifier
from sklimb.datasets import fetch_twitter_pos
from sklimb.feature_extraction import WordWindowVectorizer
from sklimb.metrics import geometric_mean_score

SEARCH, TEST = "papers/m2m_text_search.csv", "papers/m2m_text.csv"
# set -> method -> (settings, kind of candidates, balanced accuracy in the paper)
METHODS: dict[str, dict[str, tuple[dict, str, float | None]]] = {
    "reuters": {
        "M2m": ({"loss": "cross_entropy"}, "m2m", 66.3),
        "LDAM-M2m": ({"loss": "ldam"}, "m2m", 70.0),
    },
    "twitter": {
        "plain": ({}, "plain", 74.7),
        "RS": ({"sampling": "balanced"}, "plain", 75.8),
        "SMOTE": ({}, "plain", 75.8),
        "RW": ({"class_weight": "balanced"}, "plain", 76.2),
        "CB-RW": ({"class_weight": "effective"}, "plain", 77.5),
        "DRS": ({"sampling": "balanced"}, "deferred", 77.8),
        "focal": ({"loss": "focal", "focal_gamma": 1.0}, "plain", 74.2),
        "LDAM": ({"loss": "ldam"}, "plain", 74.6),
        "LDAM-DRW": ({"loss": "ldam", "class_weight": "effective"}, "deferred", 78.0),
        "M2m": ({"loss": "cross_entropy"}, "m2m", 78.2),
        "LDAM-M2m": ({"loss": "ldam"}, "m2m", 78.8),
    },
    "tfidf": {
        "M2m": ({"loss": "cross_entropy"}, "m2m", None),
        "M2m, logit-adjusted": ({"loss": "logit_adjusted"}, "m2m", None),
        "M2m, LDAM": ({"loss": "ldam"}, "m2m", None),
    },
}
# Section 3.1: SGD with momentum 0.9, 15 epochs, batch 64, weight decay 5e-5, two layers.
PAPER = {
    "optimizer": torch.optim.SGD,
    "optimizer__momentum": 0.9,
    "optimizer__weight_decay": 5e-5,
    "max_epochs": 15,
    "batch_size": 64,
    "module__standardize": False,
    "module__dropout": 0.0,
}
SCHEDULES = (
    {"lr_schedule": None},
    {"lr_schedule": "step", "lr_milestones": (0.67, 0.87), "lr_decay": 0.1},
    {"lr_schedule": "step", "lr_milestones": (0.8, 0.93), "lr_decay": 0.1, "warmup_epochs": 5},
)
# What g is trained with: the best plain setting of m2m_reuters.py.
PLAIN = {"lr": 0.1, **SCHEDULES[2]}
# Of reuters_tfidf.py.
TFIDF = {
    "module__standardize": False,
    "module__hidden": (256,),
    "module__dropout": 0.5,
    "max_epochs": 25,
}
OF_THE_PAPER = {"beta": [0.9, 0.99, 0.999], "lam": [0.01, 0.1, 0.5], "gamma": [0.9, 0.99]}
SPACES = {
    "reuters": OF_THE_PAPER
    | {
        "lr": [0.03, 0.1, 0.3],
        "schedule": [0, 1, 2],
        "width": [256, 512],
        "translate_from": [0.4, 0.67, 0.8, 0.87],
        "step_size": [0.3, 1.0, 3.0],
    },
    "twitter": OF_THE_PAPER
    | {
        "lr": [0.03, 0.1, 0.3],
        "schedule": [0, 1, 2],
        "width": [256],
        "translate_from": [0.67, 0.8],
        "step_size": [0.1, 0.3, 1.0],
    },
    "tfidf": OF_THE_PAPER
    | {
        "lr": [3e-3, 1e-2],
        "sublinear_tf": [False, True],
        "translate_from": [0.8, 0.88],
        "step_size": [0.03, 0.1, 0.3],
    },
}
OTHER_BASELINES = {"reuters": "papers/m2m_reuters.csv", "tfidf": "papers/reuters_tfidf.csv"}
FIGURES = ("acceptance_rate", "source_confidence", "translated_loss")


def candidates(name: str, method: str, n: int) -> list[dict]:
    kind = METHODS[name][method][1]
    if kind == "m2m":
        n = min(n, 8) if name == "tfidf" else n
        return list(ParameterSampler(SPACES[name], n, random_state=0))
    return [
        {"lr": lr, "schedule": schedule} | ({} if start is None else {"rebalance_from": start})
        for lr in (0.03, 0.1, 0.3)
        for schedule in range(len(SCHEDULES))
        for start in ((0.67, 0.8) if kind == "deferred" else (None,))
    ]


@cache
def texts(name: str, data_home: Path):
    if name != "twitter":
        return reuters36(data_home)
    parts = [fetch_twitter_pos(subset=s, data_home=data_home) for s in ("train", "dev", "test")]
    return [(part.data, part.target) for part in parts]


@cache
def splits(name: str, data_home: Path, sublinear: bool | None, stage: str) -> list[tuple]:
    """Return (X, y, X_other, y_other) for each validation split, or for the test."""
    if name == "twitter":
        train, dev, test = texts(name, data_home)
        vectorizer = WordWindowVectorizer(min_df=5)
        X = vectorizer.fit_transform(train[0]).astype(np.float32)
        other = test if stage == "test" else dev
        return [(X, train[1], vectorizer.transform(other[0]).astype(np.float32), other[1])]
    documents, y, documents_test, y_test = texts(name, data_home)
    documents = np.array(documents, dtype=object)
    if stage == "test":
        pairs = [(documents, y, documents_test, y_test)]
    else:
        pairs = [
            (documents[a], y[a], documents[b], y[b])
            for a, b in StratifiedKFold(3, shuffle=True, random_state=0).split(y, y)
        ]
    result = []
    for learnt, y_learnt, other, y_other in pairs:
        if name == "tfidf":
            vectorizer = TfidfVectorizer(
                min_df=2, stop_words="english", sublinear_tf=sublinear, dtype=np.float32
            )
            X, X_other = vectorizer.fit_transform(learnt), vectorizer.transform(other)
        else:
            # the words are those of all training documents, as in m2m_reuters.py
            vectorizer = word_bag().fit(documents)
            X, X_other = (vectorizer.transform(part).toarray() for part in (learnt, other))
        result.append((X, y_learnt, X_other, y_other))
    return result


def build(name: str, method: str, config: dict, seed: int, device: str):
    settings, kind, _ = METHODS[name][method]
    config = dict(config)
    config.pop("sublinear_tf", None)
    shared: dict = {"random_state": seed, "device": device}
    if name == "tfidf":
        shared |= TFIDF
    else:
        shared |= PAPER | SCHEDULES[config.pop("schedule")]
        shared["module__hidden"] = (config.pop("width", 256),)
    if kind != "m2m":
        return RebalancedClassifier(**shared | settings | config)
    g = {k: v for k, v in shared.items() if not k.startswith(("lr_", "warmup", "random_state"))}
    if name != "tfidf":
        g |= PLAIN
    else:
        g |= {"lr": config["lr"], "module__dropout": 0.0}
    source = RebalancedClassifier(**g)
    return M2mClassifier(unit="raw", source_estimator=source, **shared | settings | config)


def fit(name, method, config, split, seed, device):
    X, y = split[:2]
    if method == "SMOTE":
        fewest = np.unique(y, return_counts=True)[1].min()
        X, y = SMOTE(k_neighbors=max(1, min(5, fewest - 1)), random_state=seed).fit_resample(X, y)
    with warnings.catch_warnings():
        # a candidate that translates nothing is one of the results
        warnings.filterwarnings("ignore", "None of .* samples was translated", UserWarning)
        warnings.filterwarnings("ignore", "g .source_estimator. recognises no", UserWarning)
        # logit adjustment beside balanced draws is what the third table is about
        warnings.filterwarnings("ignore", "loss=.logit_adjusted. corrects", UserWarning)
        return build(name, method, config, seed, device).fit(X, y)


def figures(model) -> dict[str, str]:
    last = model.history_[-1]
    return {key: f"{last[key]:.4f}" if key in last else "" for key in FIGURES}


def validate(job: dict[str, str], *, data_home: Path, device: str) -> dict[str, str]:
    name, method, config = job["set"], job["method"], json.loads(job["config"])
    scores, found, start = [], [], time.perf_counter()
    try:
        parts = splits(name, data_home, config.get("sublinear_tf"), "validation")
        for fold, split in enumerate(parts):
            model = fit(name, method, config, split, fold, device)
            scores.append(balanced_accuracy_score(split[3], model.predict(split[2])))
            found.append(figures(model))
    except ValueError as error:  # the loss is no longer finite
        print(name, method, job["config"], error, flush=True)
        scores, found = [0.0], [dict.fromkeys(FIGURES, "")]
    means = {figure: mean(found, figure) for figure in FIGURES}
    return {
        "set": name,
        "method": method,
        "validation": f"{100 * np.mean(scores):.2f}",
        **{figure: "" if np.isnan(value) else f"{value:.4f}" for figure, value in means.items()},
        "seconds": f"{time.perf_counter() - start:.1f}",
        "config": job["config"],
    }


def test(job: dict[str, str], *, data_home: Path, device: str) -> dict[str, str]:
    name, method, seed = job["set"], job["method"], int(job["seed"])
    config = json.loads(job["config"])
    (split,) = splits(name, data_home, config.get("sublinear_tf"), "test")
    model = fit(name, method, config, split, seed, device)
    predicted = model.predict(split[2])
    row = {
        "set": name,
        "method": method,
        "seed": job["seed"],
        "balanced_accuracy": f"{100 * balanced_accuracy_score(split[3], predicted):.2f}",
        "geometric_mean": f"{100 * geometric_mean_score(split[3], predicted):.2f}",
        **figures(model),
        "changed": "",
        "untranslated": "",
        "paper": str(METHODS[name][method][2] or ""),
        "config": job["config"],
    }
    if isinstance(model, M2mClassifier):
        # beta 1 translates nothing: balanced draws from the same epoch on, nothing else
        without = fit(name, method, config | {"beta": 1.0}, split, seed, device).predict(split[2])
        row["changed"] = f"{np.mean(without != predicted):.4f}"
        row["untranslated"] = f"{100 * balanced_accuracy_score(split[3], without):.2f}"
    return row


def report(name: str, searched: list[dict], tested: list[dict]) -> None:
    print(
        f"\n{name:22}{'paper':>7}{'ours':>7}{'+-':>6}{'g-mean':>8}{'valid.':>8}  accepted, f's loss"
    )
    rows = [row | {"set": name} for row in read_csv(OTHER_BASELINES.get(name, "none"))] + tested
    for method in dict.fromkeys(row["method"] for row in rows if row["set"] == name):
        own = select(rows, set=name, method=method)
        best = chosen(searched, set=name, method=method)
        untranslated = mean(own, "untranslated")
        untranslated = "" if np.isnan(untranslated) else f"{untranslated:.1f}"
        print(
            f"{method:22}{own[0].get('paper') or '':>7}"
            f"{mean(own, 'balanced_accuracy'):7.1f}{spread(own, 'balanced_accuracy'):6.1f}"
            f"{mean(own, 'geometric_mean'):8.1f}{best['validation'] if best else '':>8}  "
            f"{own[0].get('acceptance_rate', '')} {own[0].get('translated_loss', '')} "
            f"changed {own[0].get('changed', '')} of {untranslated}  {own[0]['config']}"
        )


def measure(name: str, methods: list[str], args, deadline: float) -> tuple[list, list]:
    """Search and test a set, and return all rows of both files."""
    one = {"data_home": args.data_home, "device": args.device}
    running = {"workers": args.jobs, "deadline": deadline}
    todo = [
        {"set": name, "method": method, "config": json.dumps(config, sort_keys=True)}
        for method in methods
        for config in candidates(name, method, args.candidates)
    ]
    searched = run_missing(
        partial(validate, **one), todo, file=SEARCH, key=("set", "method", "config"), **running
    )
    # nothing is chosen before its search is over
    unfinished = {job["method"] for job in todo if not select(searched, **job)}
    best = {
        method: chosen(searched, set=name, method=method)["config"]
        for method in methods
        if method not in unfinished
    }

    def still_chosen(row: dict[str, str]) -> bool:
        """False of what a longer search, which has chosen anew, no longer stands for."""
        return row["set"] != name or best.get(row["method"], row["config"]) == row["config"]

    tests = [
        {"set": name, "method": method, "seed": str(seed), "config": config}
        for method, config in best.items()
        for seed in range(args.seeds)
    ]
    tested = run_missing(
        partial(test, **one),
        tests,
        file=TEST,
        key=("set", "method", "seed"),
        keep=still_chosen,
        **running,
    )
    return searched, tested


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--sets", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--methods", nargs="+", help="only these rows")
    parser.add_argument("--candidates", type=int, default=36, help="for each row with M2m")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument(
        "--matmul-precision", default="highest", choices=("highest", "high", "medium")
    )
    args = parser.parse_args()
    torch.set_float32_matmul_precision(args.matmul_precision)
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    torch.set_num_threads(1)
    deadline = deadline_in(args.budget)
    print(machine())
    for name in args.sets:
        methods = [m for m in METHODS[name] if not args.methods or m in args.methods]
        report(name, *measure(name, methods, args, deadline))


if __name__ == "__main__":
    main()
