"""Which method should `sklimb compare` name where figures do not tell them apart?

It had named the method of the best mean, which on small tables is the luckiest one. Here a
favourite, the blend, is named unless another method is ahead of it by more than c standard errors
of the paired difference (``sklimb._compare.run.leads``), for several c; 0 is the best mean. Each
table gives four of five folds to the comparison, untuned, on one, three and five splits, and the
fifth folds say what each choice was worth. Folds 0 and 1, those that defaults are chosen on.

    python benchmarks/tuning/compare_choice.py --budget 3600
    python benchmarks/tuning/compare_choice.py --summary

Resumable: ``results/tuning/compare_choice.csv`` has one row a table, fold and method.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections import defaultdict
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything starts threads

import numpy as np
import torch
from sklearn.metrics import balanced_accuracy_score

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.command_line import command_line
from lib.real import CHOOSING_FOLDS, N_FOLDS, real_fold, real_sets, source_of
from lib.records import machine, read_csv, write_csv

from sklimb._compare.run.leads import beyond_luck, standings
from sklimb._compare.run.levels import Level
from sklimb._compare.run.methods import chosen_methods
from sklimb._compare.run.options import make_options
from sklimb._compare.run.problems import make_problem
from sklimb._compare.run.racing import round_tasks
from sklimb._compare.run.rounds import Course, Round
from sklimb._compare.run.running import run_task
from sklimb._compare.run.scores import Scoring, rarest_class

CSV = "tuning/compare_choice.csv"
FAVOURITE = "blend"
METHODS = (FAVOURITE, "cross_fitted", "offset", "logit_adjusted", "prior_corrected", "reweight",
           "plain", "smote", "mixup_logit_adjusted", "ldam_drw", "boosting_corrected", "forest",
           "logistic")  # fmt: skip
N_SPLITS = (1, 3, 5)
COLUMNS = ("set", "fold", "method", "n_train", "rarest", "test",
           *(f"{what}_{n}" for n in N_SPLITS for what in ("mean", "ahead", "error")))  # fmt: skip
# The last but one is what `sklimb compare` asks for, of so many methods.
ERRORS = (0.0, 0.5, 1.0, 1.5, 2.0, beyond_luck(len(METHODS) - 1), np.inf)


def rows_of(name: str, fold: int, data_home: Path) -> list[dict[str, object]]:
    """Return a row for each method."""
    X, y, X_test, y_test = real_fold(name, fold, data_home)
    options = make_options(metric="balanced_accuracy", folds=5, repeats=None, grid="quick",
                           device="cpu", n_jobs=1, random_state=0, budget=60.0)  # fmt: skip
    problem = make_problem(
        X, y, X_test=None, y_test=None, folds=5, repeats=None, inner_folds=options.inner_folds,
        groups=None, time=None, seed=options.seed,
    )  # fmt: skip
    from sklimb._compare.data.first_step import make_preparation

    problem.prepare = make_preparation(problem.X, problem.columns)
    entries = chosen_methods(METHODS)
    scoring = Scoring("balanced_accuracy", np.unique(problem.y), rarest_class(problem.y))
    level = Level(len(problem.splits), tuned=False)
    course = Course(entries, [level], problem.splits, problem.y, scoring)
    found = defaultdict(list)
    for task in round_tasks(Round(level, tuple(entries)), course, problem, options):
        outcome = run_task(task, problem.X, problem.y, scoring)
        if outcome.error:
            raise RuntimeError(f"{name}, fold {fold}, {task.method}: {outcome.error}")
        found[task.method].append(outcome)
    rows = []
    for method in entries:
        model = method.pipeline(problem.prepare, device="cpu", seed=0).fit(problem.X, problem.y)
        test = balanced_accuracy_score(y_test, model.predict(X_test))
        row = {"set": name, "fold": fold, "method": method.name, "n_train": len(y),
               "rarest": int(np.bincount(y).min()), "test": f"{test:.4f}"}  # fmt: skip
        for n in N_SPLITS:
            own, favourite = (found[key][:n] for key in (method.name, FAVOURITE))
            mean = np.mean([o.scores["balanced_accuracy"] for o in own])
            pair = {FAVOURITE: favourite, method.name: own}
            first, *others = standings(pair, problem.splits[:n], problem.y, scoring)
            _, gap, error = others[0] if others else first
            ahead = gap if first[0] == method.name else -gap
            row |= {f"mean_{n}": f"{mean:.4f}", f"ahead_{n}": f"{ahead:.4f}"}
            row[f"error_{n}"] = f"{error:.4f}"
        rows.append(row)
    return rows


def named(rows: list[dict[str, str]], n: int, errors: float) -> dict[str, str]:
    """Return the row of the method that is named after `n` splits."""
    favourite = next(row for row in rows if row["method"] == FAVOURITE)
    best = max(rows, key=lambda row: float(row[f"mean_{n}"]))
    ahead, error = float(best[f"ahead_{n}"]), float(best[f"error_{n}"])
    return best if ahead > errors * error else favourite


def summarise(rows: list[dict[str, str]], data_home: Path) -> None:
    """Print what each rule's choice was worth: means over sources, with standard errors."""
    print(machine())
    by_fold = defaultdict(list)
    for row in rows:
        by_fold[row["set"], row["fold"]].append(row)
    sources = [source_of(name, data_home) for name, _ in by_fold]

    def said(words: str, scores: list[float], beside: list[float]) -> None:
        own = defaultdict(list)
        for source, score, other in zip(sources, scores, beside, strict=True):
            own[source].append((100 * score, 100 * (score - other)))
        means = np.array([np.mean(values, axis=0) for values in own.values()])
        error = means[:, 1].std(ddof=1) / np.sqrt(len(means))
        print(f"{words:44}{means[:, 0].mean():6.1f}{means[:, 1].mean():+6.1f} +- {error:.1f}")

    print(f"{len(by_fold)} comparisons, {len(set(sources))} sources; beside the best mean")
    for n in N_SPLITS:
        best = [float(named(own, n, 0.0)["test"]) for own in by_fold.values()]
        for errors in ERRORS:
            picks = [named(own, n, errors) for own in by_fold.values()]
            share = np.mean([pick["method"] == FAVOURITE for pick in picks])
            words = f"{n} splits, {errors:.2g} errors, {100 * share:.0f} % {FAVOURITE}"
            said(words, [float(pick["test"]) for pick in picks], best)
            too_good = [float(pick[f"mean_{n}"]) - float(pick["test"]) for pick in picks]
            said("   what was said of it, beside that", too_good, [0.0] * len(picks))
    for method in METHODS:
        scores = [
            float(next(row for row in own if row["method"] == method)["test"])
            for own in by_fold.values()
        ]
        said(f"always {method}", scores, best)


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--folds", nargs="+", type=int, default=list(CHOOSING_FOLDS),
                        choices=range(N_FOLDS))  # fmt: skip
    parser.add_argument("--summary", action="store_true", help="run nothing")
    args = parser.parse_args()
    torch.set_num_threads(1)
    sets = real_sets(args.data_home)
    rows, end = read_csv(CSV), time.monotonic() + args.budget
    done = {(row["set"], row["fold"]) for row in rows}
    names = sorted(sets, key=lambda name: int(sets[name]["rows"]) * int(sets[name]["classes"]))
    for fold, name in [(fold, name) for fold in args.folds for name in names]:
        if args.summary or time.monotonic() > end or (name, str(fold)) in done:
            continue
        with warnings.catch_warnings():
            # of how a method copes with a small table: what came of it is in the scores
            warnings.simplefilter("ignore")
            rows += rows_of(name, fold, args.data_home)
        write_csv(CSV, rows, COLUMNS)
        print(name, fold, flush=True)
    wanted = {str(fold) for fold in args.folds}
    summarise([row for row in rows if row["fold"] in wanted], args.data_home)


if __name__ == "__main__":
    main()
