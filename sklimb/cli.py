"""The command ``sklimb``: ``sklimb compare`` says which method to use on some data."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import sklimb
from sklimb._compare import Comparison, ComparisonInterrupted, InputError, compare

__all__ = ["main"]

_DESCRIPTION = """\
Which method should I use on my data, and by how much does it beat SMOTE and re-weighting?

Each method is tuned by a small grid search inside the rows to learn from and scored on rows that
it has not seen. The table, the method to use and the Python that makes it go to standard output;
the progress goes to standard error; the report goes to a folder.
"""
_EPILOG = """\
examples:
  sklimb compare                                     scikit-learn's digits, made long-tailed
  sklimb compare --data glass.csv --target -1        the last column holds the classes
  sklimb compare --dataset reuters36 --methods linear_svc,reweight,affinity
  sklimb compare --data claims.csv --target fraud --groups customer --methods smote,forest,affinity

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


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    Parameters
    ----------
    argv : sequence of str, default=None
        The arguments; None means those of the process.

    Returns
    -------
    status : int
        0, or 1 if no method finished, 2 for bad input, 130 after Ctrl-C.

    Examples
    --------
    >>> from sklimb.cli import main
    >>> main(["compare", "--data", "not_there.csv", "--target", "-1"])  # and a line on stderr
    2
    """
    arguments = _parser().parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A terminal without the sign ± shows another sign instead of a traceback.
            stream.reconfigure(errors="replace")
    try:
        return _compare(arguments)
    except InputError as error:
        print(f"sklimb compare: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nsklimb compare: interrupted before any run was finished", file=sys.stderr)
        return 130


def _compare(arguments: argparse.Namespace) -> int:
    table, test = _read(arguments)
    report = None if arguments.no_report else Path(arguments.report)
    _check_outputs(report, arguments.save)
    named = _load(arguments)  # last, because it may be a download
    status = 0
    try:
        comparison = compare(
            *_X_y(named or table),
            X_test=named.X_test if named else None if test is None else test.X,
            y_test=named.y_test if named else None if test is None else test.y,
            methods=named.methods() if named and arguments.methods is None else arguments.methods,
            metric=arguments.metric.replace("-", "_"),
            folds=arguments.folds,
            repeats=named.repeats if named and arguments.repeats is None else arguments.repeats,
            grid=arguments.grid,
            prepare=named.prepare if named else None,
            groups=None if table is None else table.groups,
            time=None if table is None else table.time,
            **({} if table is None else table.roles.asked),
            device=arguments.device,
            n_jobs=arguments.jobs,
            random_state=arguments.seed,
            progress=True,
        )
    except ComparisonInterrupted as interrupt:
        comparison, status = interrupt.comparison, 130
    if table is not None:
        if test is not None:
            table.notes += test.notes
        _add_source(comparison, Path(arguments.data).name, table)
    if named is not None:
        _add_source(comparison, named.name, named)
    _say(str(comparison))
    if report is not None:
        _say(f"\nReport: {comparison.save_report(report)}")
    if arguments.save is not None:
        _say(_save(comparison, arguments.save))
    if not (comparison.results["error"] == "").any() and status == 0:
        status = 1
    return status


def _say(text: str) -> None:
    """Print; a reader that has gone (``| head``) must not cost the report and the model."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # What else is printed, and Python's own flush at the end, goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _read(arguments: argparse.Namespace):
    """Return the table of ``--data`` and that of ``--test``, None where not asked for."""
    from sklimb._compare.data.roles import KINDS
    from sklimb._compare.reading import read_second, read_table

    needs_data = ("target", "test", "groups", "time", *KINDS)
    if arguments.data is None:
        given = [f"--{name}" for name in needs_data if getattr(arguments, name)]
        if given:
            raise InputError(f"{', '.join(given)} without --data: which file is meant?")
        return None, None
    if arguments.target is None:
        raise InputError(
            "--data without --target: which column holds the classes? (--target -1 is the last)"
        )
    options = ("target", "header", "groups", "time", *KINDS)
    table = read_table(arguments.data, **{name: getattr(arguments, name) for name in options})
    if arguments.test is None:
        return table, None
    return table, read_second(arguments.test, table, arguments.header)


def _save(comparison: Comparison, path: str) -> str:
    """Save the best model, if there is one, and say so."""
    if comparison.best_estimator_ is None:
        return "Model: none was fitted, so none is saved"
    import joblib

    joblib.dump(comparison.best_estimator_, path)
    return f"Model: {path} (read it with joblib.load)"


def _X_y(source):
    """Return the rows to learn from of a table or a named set, None where there is neither."""
    return (None, None) if source is None else (source.X, source.y)


def _load(arguments: argparse.Namespace):
    """Return the set of ``--dataset``, None where not asked for."""
    from sklimb._compare.run.sets import load_set

    if arguments.dataset is None:
        if arguments.data_home is not None:
            raise InputError("--data-home without --dataset: which data set is meant?")
        return None
    if arguments.data is not None:
        raise InputError("--data and --dataset are two data sets: name one of them")
    if arguments.seed < 0:
        raise InputError(f"random_state must be a whole number, not negative: {arguments.seed}")
    return load_set(arguments.dataset, data_home=arguments.data_home, seed=arguments.seed)


def _add_source(comparison: Comparison, name: str, source) -> None:
    """Put into the result what only the one who brought the data knows."""
    from sklimb._compare.snippet import joined

    comparison.problem = f"{name}: {comparison.problem}"
    comparison.notes[:] = dict.fromkeys([*source.notes, *comparison.notes])
    comparison.columns += getattr(source, "lines", [])
    if comparison.code:
        comparison.code = joined(source.code, comparison.code)


def _check_outputs(report: Path | None, save: str | None) -> None:
    """Complain about places that cannot be written to before the work, not after it."""
    try:
        if report is not None:
            report.mkdir(parents=True, exist_ok=True)
        if save is not None and Path(save).is_dir():
            raise InputError(f"--save {save}: that is a folder; name a file in it")
        if save is not None and not Path(save).absolute().parent.is_dir():
            raise InputError(f"--save {save}: there is no folder {Path(save).absolute().parent}")
    except OSError as error:
        raise InputError(f"--report {report}: {error.strerror or error}") from None


def _parser() -> argparse.ArgumentParser:
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
        help="file (CSV, Parquet, Excel); without it scikit-learn's digits, ratio 50",
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
        "--target", metavar="COLUMN", help="column of the classes: a name, or a number (-1: last)"
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
        default="balanced_accuracy",
        help="balanced_accuracy (default), geometric_mean, macro_f1 or average_precision",
    )
    way.add_argument("--folds", type=int, default=5, help="folds of the cross-validation (5)")
    way.add_argument("--repeats", type=int, help="repetitions (1; 3 for the digits, 5 with --test)")
    way.add_argument(
        "--grid",
        choices=["quick", "full"],
        default="quick",
        help="4 candidates a method (quick, default) or 12",
    )
    way.add_argument("--device", default="cpu", help="for the nets: cpu (default), cuda, mps, auto")
    way.add_argument("--jobs", type=int, help="processes (one for each core; one on a GPU)")
    way.add_argument("--seed", type=int, default=0, help="for everything random (0)")
    out = command.add_argument_group("output")
    out.add_argument(
        "--report",
        default="sklimb-report",
        metavar="DIR",
        help="folder for report.html, recall.png and CSV files (default: sklimb-report)",
    )
    out.add_argument("--no-report", action="store_true", help="write no report")
    out.add_argument("--save", metavar="FILE", help="save the fitted best model (joblib)")
    return parser


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


if __name__ == "__main__":
    sys.exit(main())
