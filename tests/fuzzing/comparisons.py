"""Tries of `sklimb.compare` and of the command, with hostile files and arguments."""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import strategies as st

import sklimb
from sklimb.cli import main
from tests.fuzzing.data import X, labels, matrices, y
from tests.fuzzing.tries import Try
from tests.fuzzing.values import odd_for

_quick = {"methods": ["logistic"], "folds": 2, "n_jobs": 1, "random_state": 0, "refit": False}
_SETTINGS = (
    "methods", "metric", "folds", "repeats", "grid", "budget", "aim", "costs", "prepare", "groups",
    "time",
    "text", "category", "number", "drop", "date", "device", "random_state", "on_round", "resume",
)  # fmt: skip
# What an argument may be called in a message, beside its name.
_ALSO = (
    "method",
    "cost",
    "x has",
    "rows",
    "column",
    "class",
    "target",
    "test part",
    "option",
    "empty",
    "numbers",
)


@st.composite
def comparisons(draw: st.DrawFn) -> Try:
    """Odd data and settings of `sklimb.compare`."""
    kinds = {"X": matrices, "y": labels, "X_test": matrices, "y_test": labels}
    name = draw(st.sampled_from([*kinds, *_SETTINGS]))
    odd: dict[str, Any] = {name: draw(kinds.get(name, odd_for(name)))}
    if name in ("X_test", "y_test"):
        odd = {"X_test": X, "y_test": y} | odd
    arguments = {"X": pd.DataFrame(X, columns=list("abc")), "y": y} | _quick | odd

    def call() -> list:
        found = sklimb.compare(**arguments)
        return [found.results["balanced_accuracy"].dropna().to_numpy(), str(found) and 1.0]

    return Try("compare", odd, call, given=list(odd.values()), also=_ALSO)


_CELLS = st.one_of(
    st.sampled_from([
        "", "1", "2.5", "-3", "1e400", "nan", "inf", "NA", "=1+1", "+1", "@SUM(A1)", "a", "b", '"',
        '""', ",", ";",
        "\t", "\x00", "\ufeff", "\u202e", "ü", "2020-01-01", "31.12.2020", "1,5", "1 000", "TRUE",
        "𝟙", "x" * 500,
        "\x1b[31m", "'", "#", "\\N", "0x1F", "1_000", "½", "−1", "١", "12:30",
        "99999999999999999999", "\r", "\n",
    ]),
    st.text(max_size=4),
)  # fmt: skip


@st.composite
def _files(draw: st.DrawFn) -> bytes:
    """A file of a few columns and rows, some of whose cells or bytes are hostile."""
    separator = draw(st.sampled_from([",", ",", ";", "\t", "|", " "]))
    end = draw(st.sampled_from(["\n", "\n", "\r\n", "\r"]))
    n_rows = draw(st.sampled_from([0, 1, 2, 8, 30]))
    rows = [["a", "b", "c", "target"]]
    rows += [
        [f"{i % 7}", f"{i * 0.5}", f"{i % 3}", "few" if i % 4 == 0 else "many"]
        for i in range(n_rows)
    ]
    for _ in range(draw(st.integers(0, 6))):
        row = rows[draw(st.integers(0, len(rows) - 1))]
        if row:
            row[draw(st.integers(0, len(row) - 1))] = draw(_CELLS)
    if draw(st.booleans()):
        row = rows[draw(st.integers(0, len(rows) - 1))]
        row += draw(st.lists(_CELLS, max_size=3)) if draw(st.booleans()) else []
        del row[draw(st.integers(0, 4)) :]
    text = end.join(separator.join(row) for row in rows) + draw(st.sampled_from(["", end, end * 3]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1", "utf-32"]))
    data = text.encode(encoding, errors="replace")
    for _ in range(draw(st.sampled_from([0, 0, 1, 5]))):
        place = draw(st.integers(0, len(data)))
        data = data[:place] + draw(st.binary(max_size=3)) + data[place:]
    if draw(st.sampled_from([False, False, False, True])):
        data = data[: draw(st.integers(0, len(data)))]
    return draw(
        st.sampled_from([data, data, data, b"PK\x03\x04" + data, b"\x1f\x8b" + data, data * 2])
    )


_FLAGS = [
    "--groups", "--time", "--text", "--date", "--category", "--number", "--drop", "--aim",
    "--cost", "--metric",
    "--header", "--budget", "--seed", "--folds", "--repeats",
]  # fmt: skip
_VALUES = st.one_of(
    st.sampled_from([
        "a", "b", "c", "target", "0", "-1", "99", "yes", "no", "recall=0.8", "recall=2",
        "miss=5,alarm=1", "", "=",
        "a=%Y", "nan", "balanced_accuracy", "bogus", "a,b", "1e9", "-5", "\u202e", "2", "3",
    ]),
    st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=["Cs"]),
    max_size=4),
)  # fmt: skip


@st.composite
def commands(draw: st.DrawFn) -> Try:
    """The command on a hostile file, with an odd option now and then."""
    data = draw(_files())
    suffix = draw(
        st.sampled_from([".csv", ".csv", ".csv", ".txt", ".gz", ".zip", ".parquet", ".xlsx"])
    )
    target = draw(st.sampled_from(["target", "target", "-1", "0", "b", "", "9"]))
    options = []
    for flag in draw(st.lists(st.sampled_from(_FLAGS), max_size=2, unique=True)):
        value = draw(_VALUES)
        if flag in ("--folds", "--repeats", "--budget") and len(value) > 1 and value != "nan":
            value = "2"
        options += [f"{flag}={value}"]
    odd = {"file": data, "suffix": suffix, "options": [f"--target={target}", *options]}

    def call() -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"table{suffix}")
            path.write_bytes(data)
            _run(["compare", f"--data={path}", *odd["options"]])

    return Try("sklimb compare", odd, call)


def _run(arguments: list[str]) -> None:
    """Run the command; a status that it does not have, or many lines of error, is an error here."""
    arguments = [*arguments, "--methods=logistic", "--no-report", "--jobs=1"]
    if not any(a.startswith("--folds") for a in arguments):
        arguments.append("--folds=2")
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(arguments)
        except SystemExit as end:  # argparse, with a line and the usage
            status = end.code
            if status == 2 and "error:" in err.getvalue():
                return
    said = [line for line in err.getvalue().splitlines() if line]
    if status not in (0, 1, 2) or "Traceback" in err.getvalue():
        raise AssertionError(f"status {status}: {err.getvalue()[-500:]}")
    if status == 2 and not (said and said[-1].startswith("sklimb compare: error: ")):
        raise AssertionError(f"no line says what is wrong: {said[-3:]}")
    if status == 2 and sum(line.startswith("sklimb compare: error: ") for line in said) != 1:
        raise AssertionError(f"more than one line of error: {said}")
    if status == 2 and len(said[-1]) > 2000:
        raise AssertionError(f"a line of {len(said[-1])} characters")
