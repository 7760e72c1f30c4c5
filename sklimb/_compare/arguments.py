"""The arguments of the command ``sklimb compare``."""

from __future__ import annotations

import argparse

import sklimb

# Seconds of a comparison where nothing is asked for.
BUDGET = 60.0
_DESCRIPTION = """\
Which method should I use on my data, and by how much does it beat SMOTE and re-weighting?

There is a first answer after some seconds: cheap and strong methods with their defaults, on one
split, of a large file on a part of its rows. Until the budget of --budget seconds is used up, more
methods follow, and those that are not clearly behind get more splits, all rows and a small grid
search inside the rows to learn from. All are scored on rows that they have not seen. The table, the
method to use and the Python that makes it go to standard output; the progress and each answer on
the way go to standard error; the report goes to a folder and is written anew after each round.
"""
_EPILOG = """\
examples:
  sklimb compare                                     scikit-learn's digits, made long-tailed
  sklimb compare --data glass.csv --target -1        the last column holds the classes
  sklimb compare --data photos                       a folder of pictures for each class
  sklimb compare --dataset reuters36 --methods linear_svc,reweight,affinity
  sklimb compare --data claims.csv --target fraud --groups customer --methods smote,forest,affinity
  sklimb compare --data claims.csv --target fraud --aim recall=0.8 --budget 300
  sklimb compare --data claims.csv --target fraud --budget 3600 --resume
  sklimb compare --data claims.csv --target fraud --grid full     every method on every split

exit status: 0, 1 if no method finished, 2 for bad input, 130 after Ctrl-C (what is finished is
printed and in the report).
"""

_KINDS_OF_COLUMNS = {
    "drop": "to leave out",
    "text": "that are texts (TF-IDF), whatever they look like",
    "date": "that are dates; NAME=%%d.%%m.%%Y says how they are written",
    "category": "that are categories, such as codes of digits",
    "number": "that are numbers: what is none is missing, and row numbers are learnt from",
}


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command ``sklimb``.

    Returns
    -------
    parser : ArgumentParser
    """
    from sklimb._compare.data.roles import split_list
    from sklimb._compare.run.methods import METHODS
    from sklimb._compare.run.sets import SETS

    parser = argparse.ArgumentParser(prog="sklimb", description=sklimb.__doc__)
    parser.add_argument("--version", action="version", version=f"sklimb {sklimb.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    command = commands.add_parser(
        "compare",
        help="say which method to use on some data",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    data = command.add_argument_group("data")
    data.add_argument(
        "--data",
        metavar="FILE",
        help="file (CSV, Parquet, Excel; .npy or .npz of rows or images), or folder of class "
        "folders of pictures; without it scikit-learn's digits, ratio 50",
    )
    data.add_argument(
        "--dataset",
        metavar="NAME",
        help=f"one of {', '.join(SETS)}; downloaded once, where it is not in --data-home",
    )
    data.add_argument(
        "--data-home",
        metavar="DIR",
        help="folder of --dataset (default: $SKLIMB_DATA, else ~/scikit_learn_data/sklimb)",
    )
    data.add_argument(
        "--target",
        metavar="COLUMN",
        help="column of the classes: a name, or a number (-1: last); for images the array in the "
        ".npz, or the .npy, that holds them",
    )
    data.add_argument(
        "--header",
        choices=["auto", "yes", "no"],
        default="auto",
        help="whether the first line holds names (default: auto, by whether it has numbers)",
    )
    for option, what in _KINDS_OF_COLUMNS.items():
        data.add_argument(
            f"--{option}",
            type=split_list,
            action="extend",
            default=[],
            metavar="A,B",
            help=f"columns {what}",
        )
    data.add_argument(
        "--drop-unlabelled",
        action="store_true",
        help="leave out rows whose class is missing (they are an error)",
    )
    data.add_argument(
        "--groups", metavar="COLUMN", help="keep rows with the same value on one side of a split"
    )
    data.add_argument(
        "--time",
        metavar="COLUMN",
        help="learn from earlier rows, score later ones (numbers, dates)",
    )
    data.add_argument(
        "--test", metavar="FILE", help="score on this file instead of by cross-validation"
    )
    way = command.add_argument_group("comparison")
    way.add_argument(
        "--methods",
        type=_list,
        metavar="A,B",
        help=f"of {', '.join(METHODS)} (default: all)",
    )
    way.add_argument(
        "--metric",
        help="balanced_accuracy, geometric_mean, macro_f1, average_precision or, with --cost, cost "
        "(default: the first, with --aim or --cost average_precision)",
    )
    way.add_argument(
        "--budget",
        metavar="SECONDS",
        help=f"start no further round after so long ({BUDGET:g}); none: every method on every "
        "split, as --grid full does",
    )
    way.add_argument(
        "--resume",
        action="store_true",
        help="go on where the run that is in the report's folder was cut, for another --budget "
        "seconds",
    )
    way.add_argument(
        "--aim",
        metavar="SHARE",
        help="recall=0.8 or precision=0.9 of the rarer of two classes: choose the threshold by it",
    )
    way.add_argument(
        "--cost",
        metavar="COSTS",
        help="miss=50,alarm=1: choose the threshold that costs least",
    )
    way.add_argument("--folds", type=int, default=5, help="folds of the cross-validation (5)")
    way.add_argument("--repeats", type=int, help="repetitions (1; 3 for the digits, 5 with --test)")
    way.add_argument(
        "--grid",
        choices=["quick", "full"],
        default="quick",
        help="4 candidates a method (quick, default) or 12 (full, without a budget)",
    )
    way.add_argument("--device", default="cpu", help="for the nets: cpu (default), cuda, mps, auto")
    way.add_argument("--jobs", type=int, help="processes (one for each core; one on a GPU)")
    way.add_argument(
        "--backend",
        choices=["local", "dask"],
        default="local",
        help="where fits run: processes here (default), or workers of a Dask cluster",
    )
    way.add_argument(
        "--scheduler", metavar="ADDRESS", help="of --backend dask, such as tcp://10.0.0.1:8786"
    )
    way.add_argument("--seed", type=int, default=0, help="for everything random (0)")
    out = command.add_argument_group("output")
    out.add_argument(
        "--report",
        default="sklimb-report",
        metavar="DIR",
        help="folder for report.html, recall.png and CSV files (default: sklimb-report)",
    )
    out.add_argument("--no-report", action="store_true", help="write no report")
    out.add_argument(
        "--save",
        metavar="FILE",
        help="save the fitted best model for sklimb.persistence.load (for joblib.load where that "
        "cannot hold it; the last line says so)",
    )
    return parser


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
