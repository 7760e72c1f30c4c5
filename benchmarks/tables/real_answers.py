"""Is it worth asking `sklimb compare`? Its answer on samples that it never saw, beside others.

On each of the 34 real tables (``tables/real.py``) `sklimb.compare` gets four of five folds and a
budget. The method that it names is fitted to them as its refit does, and so are the one on top of
its table, if that is another, and each of ``FIXED`` with its defaults. All are scored on the fifth
fold. The budget is counted in seconds of the processor, on one core, so that what else runs on the
machine changes nothing.

    python benchmarks/tables/real_answers.py --seconds 60 --folds 2 --budget 3600
    python benchmarks/tables/real_answers.py --summary --folds 2

Resumable: one row a table and fold in ``results/tables/real_answers.csv``. ``--summary`` prints
means over sources, with the 95 % interval of the difference to the answer.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from functools import partial
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything starts threads

import numpy as np
import torch
from scipy import stats
from sklearn.metrics import balanced_accuracy_score

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.command_line import command_line
from lib.real import N_FOLDS, real_fold, real_sets, source_of
from lib.records import machine, read_csv
from lib.resumable import deadline_in, run_missing

import sklimb
from sklimb._compare import answering
from sklimb._compare.data.first_step import make_preparation
from sklimb._compare.run.methods import chosen_methods

CSV = "tables/real_answers.csv"
KEY = ("set", "fold", "seconds")
FIXED = ("blend", "cross_fitted", "offset", "logit_adjusted", "boosting_corrected", "forest",
         "logistic")  # fmt: skip
# Balanced accuracy on the fold that was left out, the answer's in front.
SCORED = ("answer", "top", *FIXED)
COLUMNS = (*KEY, "n_train", "rarest", "method", "on_top", "setting", "expected", *SCORED)


def one(job: dict[str, object], *, data_home: Path) -> dict[str, object]:
    """Ask once, and score the answer and the fixed choices."""
    torch.set_num_threads(1)
    X, y, X_test, y_test = real_fold(job["set"], job["fold"], data_home)
    # What a fit took, which estimates go by, is counted so too (scikit-learn asks `time.time`).
    answering.clock = time.perf_counter = time.time = time.process_time
    methods = {method.name: method for method in chosen_methods(None)}
    with warnings.catch_warnings():
        # of how a method copes with a small table: what came of it is in the scores
        warnings.simplefilter("ignore")
        comparison = sklimb.compare(X, y, budget=job["seconds"], n_jobs=1, random_state=0)
        results, answer = comparison.results.set_index("method"), comparison.best_method
        top, setting = results.index[0], results["setting"].iloc[0]
        wanted = set(FIXED)
        if not setting.startswith("tuned"):  # its parameters are not at hand
            wanted.add(top)
        model = {name: methods[name].pipeline(make_preparation(X), device="cpu", seed=0)
                 for name in wanted}  # fmt: skip
        scores = {
            name: balanced_accuracy_score(y_test, own.fit(X, y).predict(X_test))
            for name, own in model.items()
        }
    if answer is not None:  # None where no method is better than chance
        predicted = comparison.best_estimator_.predict(X_test)
        scores["answer"] = balanced_accuracy_score(y_test, predicted)
    scores["top"] = scores.get("answer" if top == answer else top)
    return job | {
        "n_train": len(y),
        "rarest": int(np.bincount(y).min()),
        "method": answer or "",
        "on_top": top,
        "setting": comparison.stages[results["stage"].iloc[0]],
        "expected": f"{results['balanced_accuracy'].get(answer, np.nan):.4f}",
        **{name: "" if scores.get(name) is None else f"{scores[name]:.4f}" for name in SCORED},
    }


def summarise(
    rows: list[dict[str, str]], folds: list[int], seconds: float, data_home: Path
) -> None:
    """Print means over sources, and differences to the answer."""
    wanted = [
        row
        for row in rows
        if int(row["fold"]) in folds
        and float(row["seconds"]) == seconds
        and row["answer"]
        and row["top"]
    ]
    by_source: dict[str, list[list[float]]] = {}
    for row in wanted:
        scores = [100 * float(row[name]) for name in SCORED]
        by_source.setdefault(source_of(row["set"], data_home), []).append(scores)
    means = np.array([np.mean(scores, axis=0) for scores in by_source.values()])
    print(machine())
    print(
        f"{len(wanted)} answers, {len({row['set'] for row in wanted})} tables, {len(means)} sources"
    )
    expected = np.mean([100 * float(row["expected"]) for row in wanted])
    print(f"{'answer':20}{means[:, 0].mean():6.1f}   (a mean of {expected:.1f} was said of it)")
    for k, name in enumerate(SCORED[1:], start=1):
        gap = means[:, 0] - means[:, k]
        half = stats.t.ppf(0.975, len(gap) - 1) * stats.sem(gap)
        print(
            f"{name:20}{means[:, k].mean():6.1f}   answer minus it {gap.mean():+.1f} "
            f"({gap.mean() - half:+.1f} to {gap.mean() + half:+.1f})"
        )


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each comparison")
    parser.add_argument("--folds", nargs="+", type=int, default=[0, 1], choices=range(N_FOLDS))
    parser.add_argument("--sets", nargs="+", help="only these tables")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--summary", action="store_true", help="run nothing")
    args = parser.parse_args()
    sets = real_sets(args.data_home)
    names = sorted(args.sets or sets, key=lambda name: int(sets[name]["rows"]))
    if not args.summary:
        run_missing(
            partial(one, data_home=args.data_home),
            [
                {"set": name, "fold": fold, "seconds": args.seconds}
                for fold in args.folds
                for name in names
            ],
            file=CSV,
            key=KEY,
            columns=COLUMNS,
            workers=args.jobs,
            deadline=deadline_in(args.budget),
        )
    summarise(read_csv(CSV), args.folds, args.seconds, args.data_home)


if __name__ == "__main__":
    main()
