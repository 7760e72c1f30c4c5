"""The command ``sklimb``: ``sklimb compare`` says which method to use on some data."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

# Nothing here may take long to import: see `run`.
from sklimb._compare.arguments import BUDGET, make_parser
from sklimb._compare.errors import ComparisonInterrupted, InputError

if TYPE_CHECKING:
    from sklimb._compare import Comparison

__all__ = ["main"]

# The folder of finished fits within that of the report.
_FITS = "fits"
# The status after Ctrl-C, as shells have it.
_INTERRUPTED = 130


def run() -> NoReturn:
    """Run the command in a process of its own, and end the process with its status.

    What the command needs takes seconds to import. Ctrl-C or SIGTERM in these ends the process at
    once: an exception in the middle of an import is swallowed by some packages, and of others a
    half is left that breaks something else.
    """
    with _ended_at_once():
        importlib.import_module("sklimb._compare.comparing")
        importlib.import_module("sklimb.classifiers")
        make_parser()  # it knows all methods
    sys.exit(main())


@contextmanager
def _ended_at_once() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the process without more than a line."""
    signals = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    # Not one that is ignored, as Ctrl-C is by what a shell has put into the background.
    own = [number for number, usual in signals.items() if signal.getsignal(number) == usual]
    for number in own:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in own:
            signal.signal(number, signals[number])


def _end(number: int, frame: FrameType | None) -> NoReturn:
    with suppress(OSError):
        os.write(2, b"\nsklimb: interrupted before any work was begun\n")
    os._exit(_INTERRUPTED)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    Parameters
    ----------
    argv : sequence of str, default=None
        The arguments; None means those of the process.

    Returns
    -------
    status : int
        0, or 1 if no method finished, 2 for bad input or a place that cannot be written to, 130
        after Ctrl-C or SIGTERM.

    Examples
    --------
    >>> from sklimb.cli import main
    >>> main(["compare", "--data", "not_there.csv", "--target", "-1"])  # and a line on stderr
    2
    """
    started = time.monotonic()
    try:
        with _ended_as_by_ctrl_c():
            arguments = make_parser().parse_args(argv)
            for stream in (sys.stdout, sys.stderr):
                if hasattr(stream, "reconfigure"):
                    # A terminal without the sign ± shows another sign instead of a traceback.
                    stream.reconfigure(errors="replace")
            return _compare(arguments, started)
    except InputError as error:
        from sklimb._compare.report.harmless import shown

        print(f"sklimb compare: error: {shown(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nsklimb compare: interrupted before any run was finished", file=sys.stderr)
        return _INTERRUPTED


def _compare(arguments: argparse.Namespace, started: float) -> int:
    from sklimb._compare.comparing import compare
    from sklimb._compare.run.cluster import on_backend

    where = on_backend(arguments.backend, arguments.scheduler)
    table, test = _read(arguments)
    report = None if arguments.no_report else Path(arguments.report)
    _check_outputs(report, arguments.save)
    named = _load(arguments)  # last, because it may be a download
    source = None
    if table is not None:
        if test is not None:
            table.notes += test.notes
        source = Path(arguments.data).name, table
    elif named is not None:
        source = named.name, named
    budget, status = _budget(arguments), 0
    if budget is not None:
        # What reading took is part of it; the first round comes whatever is left.
        budget = max(budget - (time.monotonic() - started), 0.1)

    def on_round(comparison: Comparison) -> None:
        if report is not None:
            if source is not None:
                _add_source(comparison, *source)
            _save_report(comparison, report)

    methods = named.methods() if named and arguments.methods is None else arguments.methods
    try:
        with where:
            comparison = compare(
                *_X_y(named or table),
                X_test=named.X_test if named else None if test is None else test.X,
                y_test=named.y_test if named else None if test is None else test.y,
                methods=methods,
                metric=arguments.metric and arguments.metric.replace("-", "_"),
                folds=arguments.folds,
                repeats=named.repeats if named and arguments.repeats is None else arguments.repeats,
                grid=arguments.grid,
                budget=budget,
                aim=arguments.aim,
                costs=arguments.cost,
                prepare=named.prepare if named else None,
                groups=None if table is None else table.groups,
                time=None if table is None else table.time,
                **({} if table is None else table.roles.asked),
                drop_unlabelled=arguments.drop_unlabelled,
                device=arguments.device,
                n_jobs=arguments.jobs,
                random_state=arguments.seed,
                # A fit on all rows, for which there is no other use here.
                refit=arguments.save is not None,
                progress=True,
                on_round=on_round,
                checkpoint=_checkpoint(report, arguments.resume),
                resume=arguments.resume,
            )
    except ComparisonInterrupted as interrupt:
        comparison, status = interrupt.comparison, _INTERRUPTED
    if source is not None:
        _add_source(comparison, *source)
    model = ""
    if arguments.save is not None:
        try:
            model = _save(comparison, arguments.save)
        except OSError as error:  # a full disk must not cost the answer
            reason = error.strerror or error
            model, status = f"Model: --save {arguments.save}: not saved, {reason}", status or 1
    unsaid = _say(str(comparison))
    if report is not None:
        unsaid = _say(f"\nReport: {_save_report(comparison, report)}") or unsaid
    if model:
        unsaid = _say(model) or unsaid
    if unsaid:
        raise InputError(unsaid)
    if not (comparison.results["error"] == "").any() and status == 0:
        status = 1
    return status


def _budget(arguments: argparse.Namespace) -> float | None:
    """Return the seconds of ``--budget``, None for no limit."""
    if arguments.budget is None:
        return None if arguments.grid == "full" else BUDGET
    if arguments.budget.strip().lower() == "none":
        return None
    try:
        seconds = float(arguments.budget)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < float("inf"):
        raise InputError(
            f"--budget must be a number of seconds above 0, or none, not {arguments.budget!r}"
        )
    return seconds


def _checkpoint(report: Path | None, resume: bool) -> Path | None:
    """Return the folder of finished fits, None without a report."""
    if report is None:
        if resume:
            raise InputError("--resume reads from the report's folder: leave out --no-report")
        return None
    folder = report / _FITS
    if resume and not folder.is_dir():
        raise InputError(f"--resume: there is nothing to go on with in {folder}")
    return folder


@contextmanager
def _ended_as_by_ctrl_c() -> Iterator[None]:
    """Let SIGTERM, by which schedulers and `kill` end a process, do what Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield  # elsewhere no handler can be set
        return

    def interrupt(signum: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        # None stands for a handler that was not set from Python, and cannot be.
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)


def _say(text: str) -> str:
    """Print, and return in a line why nothing could be, empty where it was.

    A reader that has gone (``| head``) or a full disk must not cost the report and the model.
    """
    try:
        print(text, flush=True)
    except BrokenPipeError:
        _to_nowhere()
    except OSError as error:
        _to_nowhere()
        return f"the result cannot be written to standard output: {error.strerror or error}"
    return ""


def _to_nowhere() -> None:
    """Send what else is printed, and Python's own flush at the end, to nowhere."""
    with suppress(OSError, ValueError):  # no file: a test's, or a notebook's
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _save_report(comparison: Comparison, report: Path) -> Path:
    try:
        return comparison.save_report(report)
    except OSError as error:
        raise InputError(
            f"--report {report}: the report cannot be written: {error.strerror or error}; what is "
            "finished is kept, go on with --resume"
        ) from None


def _read(arguments: argparse.Namespace):
    """Return the table of ``--data`` and that of ``--test``, None where not asked for."""
    from sklimb._compare.data.roles import KINDS
    from sklimb._compare.reading import read_second, read_table
    from sklimb._compare.run.image_sets import is_image_source

    needs_data = ("target", "test", "groups", "time", "drop_unlabelled", *KINDS)
    if arguments.data is None:
        given = [f"--{n.replace('_', '-')}" for n in needs_data if getattr(arguments, n)]
        if given:
            raise InputError(f"{', '.join(given)} without --data: which file is meant?")
        return None, None
    if is_image_source(arguments.data, arguments.target):
        given = [f"--{name}" for name in ("groups", "time", *KINDS) if getattr(arguments, name)]
        if given:
            raise InputError(f"{', '.join(given)}: {arguments.data} has no columns with names")
        return None, None  # `_load` reads it
    if arguments.target is None:
        raise InputError(
            "--data without --target: which column holds the classes? (--target -1 is the last)"
        )
    options = ("target", "header", "groups", "time", "drop_unlabelled", *KINDS)
    table = read_table(arguments.data, **{name: getattr(arguments, name) for name in options})
    if arguments.test is None:
        return table, None
    return table, read_second(arguments.test, table, arguments.header)


def _save(comparison: Comparison, path: str) -> str:
    """Save the best model, if there is one, add the Python that does so, and say what the file is.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    if comparison.best_estimator_ is None:
        return "Model: none was fitted, so none is saved"
    from sklimb._compare.saving import save_model
    from sklimb._compare.snippet import joined

    saved = save_model(comparison.best_estimator_, path)
    comparison.code = joined(comparison.code, saved.code)
    return saved.line


def _X_y(source):
    """Return the rows to learn from of a table or a named set, None where there is neither."""
    return (None, None) if source is None else (source.X, source.y)


def _load(arguments: argparse.Namespace):
    """Return the set of ``--dataset``, or the images of ``--data``; None where there are none."""
    from sklimb._compare.run.image_sets import is_image_source, read_images
    from sklimb._compare.run.sets import load_set

    if arguments.dataset is None:
        if arguments.data_home is not None:
            raise InputError("--data-home without --dataset: which data set is meant?")
        if arguments.data is not None and is_image_source(arguments.data, arguments.target):
            return read_images(arguments.data, arguments.target, arguments.test)
        return None
    if arguments.data is not None:
        raise InputError("--data and --dataset are two data sets: name one of them")
    if not 0 <= arguments.seed < 2**32:
        raise InputError(
            f"--seed must be a whole number from 0 to {2**32 - 1}, not {arguments.seed}"
        )
    return load_set(arguments.dataset, data_home=arguments.data_home, seed=arguments.seed)


def _add_source(comparison: Comparison, name: str, source) -> None:
    """Put into the result what only the one who brought the data knows."""
    from sklimb._compare.snippet import joined

    comparison.problem = f"{name}: {comparison.problem}"
    comparison.notes[:] = dict.fromkeys([*source.notes, *comparison.notes])
    # A list anew, for the answers of all rounds begin with the same one.
    comparison.columns = list(dict.fromkeys([*comparison.columns, *getattr(source, "lines", [])]))
    if comparison.code:
        comparison.code = joined(source.code, comparison.code)


def _check_outputs(report: Path | None, save: str | None) -> None:
    """Complain about places that cannot be written to before the work, not after it."""
    try:
        if report is not None:
            report.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=report) as probe:  # rights say less
                probe.write(b"x")
        if save is not None and Path(save).is_dir():
            raise InputError(f"--save {save}: that is a folder; name a file in it")
        if save is not None and not Path(save).absolute().parent.is_dir():
            raise InputError(f"--save {save}: there is no folder {Path(save).absolute().parent}")
    except OSError as error:
        raise InputError(f"--report {report}: {error.strerror or error}") from None


if __name__ == "__main__":
    run()
