"""34 real tables: ours, and boosters, forests and networks that people use, nothing tuned.

The tables of ``../shared/data/real``, or built from the packages that they come from
(``lib/real_packages.py``); other ones with their index in ``--data-home``. Five stratified folds.
What was chosen with their help was chosen on folds 0 and 1, so report ``--folds 2 3 4``.

    python benchmarks/tables/real.py --budget 3600 --jobs 2
    python benchmarks/tables/real.py --methods logit_adjusted catboost_calibrated --folds 0
    python benchmarks/tables/real.py --tuned --budget 3600  # the five best of folds 0 and 1
    python benchmarks/tables/real.py --summary --folds 2 3 4
    python benchmarks/tables/real.py --summary --folds 2 --against tabm_corrected --into real_tabm

The methods are in ``lib/real_methods.py``; what is not installed is skipped with a line that says
so. Peers: ``pip install catboost lightgbm xgboost pytabkit``, and for the self-paced ensemble,
which pins an older scikit-learn but runs with this one, ``pip install --no-deps
imbalanced-ensemble`` and ``pip install openml seaborn``.

All methods answer with probabilities for classes of one size, but for those that say otherwise.
Average precision, log loss and calibration error need those for the data's own class shares: they
are multiplied with the class shares of the training rows and sum to 1 again. Behind
`PriorCorrectedClassifier` that gives back exactly what it was made from; for a loss, weights or
draws that even out the classes it is the answer that they imply. Balanced log loss is the mean over
classes, of the probabilities for classes of one size. Labels are those of ``predict``.

Seconds are of the wall and of the processor (``cpu``), with one thread; tuned, with the search.

Resumable: one row for each table, method and fold in ``results/tables/real.csv``, the fast methods
on folds 0 and 1 first, then on the others, then RealMLP and TabM. A fit that fails leaves a row
that says why. ``--tuned`` chooses one of four candidates (the first is the default) for each
training part by 3-fold cross-validation on it: ``--criterion`` is the balanced log loss or the
balanced accuracy. ``--summary`` also writes ``real_summary.csv`` and ``real_ranks.png``; with
``--into NAME`` instead ``NAME.csv`` and no picture, for a summary of fewer tables or folds.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Iterable
from functools import partial
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything starts threads

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.command_line import command_line
from lib.measuring import CRITERIA, measured
from lib.methods import Method
from lib.real import CHOOSING_FOLDS, N_FOLDS, real_fold, real_sets
from lib.real_methods import METHODS, available
from lib.real_summary import SUMMARY, best, summarise
from lib.records import read_csv
from lib.resumable import deadline_in, run_missing

CSV = "tables/real.csv"
KEY = ("set", "method", "tuning", "fold")
SCORES = ("balanced_accuracy", "geometric_mean", "macro_f1", "average_precision", "log_loss",
          "balanced_log_loss", "calibration_error")  # fmt: skip
SECONDS = ("fit_seconds", "fit_cpu", "predict_seconds", "predict_cpu")
COLUMNS = [*KEY, *SCORES, *SECONDS, "n_train", "chosen", "version", "note"]
N_CANDIDATES, N_BEST = 4, 5
REFERENCE = "catboost_calibrated"


def one(job: dict[str, object], *, data_home: Path) -> dict[str, object]:
    torch.set_num_threads(1)
    method = METHODS[job["method"]]
    parts = real_fold(job["set"], job["fold"], data_home)
    row = dict.fromkeys(COLUMNS, "") | job
    row |= {"n_train": len(parts[1]), "version": method.provenance()}
    with warnings.catch_warnings():
        # of how a method copes with a small table: what came of it is in the scores
        warnings.simplefilter("ignore")
        try:
            return row | measured(method, job["tuning"], parts)
        except Exception as error:  # the other methods go on, and the row says it
            return row | {"note": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"}


def jobs(args: argparse.Namespace, methods: Iterable[Method]) -> list[dict[str, object]]:
    """Return all fits in the order that they are started; of a fold, small tables first."""
    sets = real_sets(args.data_home)
    cells = {name: int(sets[name]["rows"]) * int(sets[name]["columns"]) for name in args.sets}
    found = [
        {"set": name, "method": method.name, "tuning": args.tuning, "fold": fold}
        for fold in args.folds
        for name in sorted(cells, key=cells.get)
        for method in methods
    ]

    def turn(job: dict[str, object]) -> tuple:
        return METHODS[job["method"]].slow, job["fold"] not in CHOOSING_FOLDS

    return sorted(found, key=turn)  # which keeps the order of equals


def to_tune(names: list[str] | None) -> list[Method]:
    """Return those asked for, or the five best of what was run untuned; with candidates."""
    if names is None:
        rows = [row for row in read_csv(CSV) if int(row["fold"]) in CHOOSING_FOLDS]
        names = best(rows, N_BEST)
        print("the best by mean rank in balanced accuracy, folds 0 and 1:", *names, flush=True)
    found = available(names)
    few = [method.name for method in found if len(method.candidates) != N_CANDIDATES]
    if few:
        print(f"skipped, for they have no {N_CANDIDATES} candidates:", *few, flush=True)
    return [method for method in found if method.name not in few]


def arguments() -> argparse.Namespace:
    parser = command_line(__doc__)
    parser.add_argument("--sets", nargs="+", help="all by default")
    parser.add_argument("--methods", nargs="+", metavar="METHOD", help="all by default")
    parser.add_argument("--folds", nargs="+", type=int, choices=range(N_FOLDS))
    parser.add_argument("--jobs", type=int, default=1, help="processes, of one thread each")
    parser.add_argument("--tuned", action="store_true", help="four candidates each, for five")
    parser.add_argument("--criterion", default=CRITERIA[0], choices=CRITERIA)
    parser.add_argument("--summary", action="store_true", help="of what was run; run nothing")
    parser.add_argument("--into", default=SUMMARY, metavar="NAME", help="file of the summary")
    parser.add_argument("--against", default=REFERENCE, metavar="METHOD")
    args = parser.parse_args()
    known = real_sets(args.data_home)
    for what, asked, names in (
        ("sets", args.sets or (), known),
        ("methods", (*(args.methods or ()), args.against), METHODS),
    ):
        unknown = sorted(set(asked) - set(names))
        if unknown:
            parser.error(f"unknown {what} {unknown}, choose from {list(names)}")
    args.sets = args.sets or list(known)
    args.folds = args.folds or list(range(N_FOLDS))
    args.tuning = args.criterion if args.tuned else "none"
    return args


def main() -> None:
    args = arguments()
    if args.summary:
        summarise(read_csv(CSV), args)
        return
    methods = to_tune(args.methods) if args.tuned else available(args.methods or list(METHODS))
    run_missing(
        partial(one, data_home=args.data_home),
        jobs(args, methods),
        file=CSV,
        key=KEY,
        columns=COLUMNS,
        workers=args.jobs,
        deadline=deadline_in(args.budget),
    )


if __name__ == "__main__":
    main()
