"""The data to compare on, checked, with its splits: a user's own or the digits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from sklimb._compare.checking import check_labels, check_order, check_side
from sklimb._compare.data.changes import change_notes
from sklimb._compare.data.columns import Column, Columns
from sklimb._compare.data.converting import conform
from sklimb._compare.data.dtypes import as_pandas, plain_frame
from sklimb._compare.data.images import check_images, is_images
from sklimb._compare.data.kinds import columns_of
from sklimb._compare.data.labels import case_notes
from sklimb._compare.data.near_copies import near_notes
from sklimb._compare.data.preparing import as_rows, check_columns, is_frame, stack
from sklimb._compare.data.repeated_rows import repeated_notes
from sklimb._compare.data.roles import KINDS, Roles, as_list, make_roles
from sklimb._compare.data.sanity import column_notes
from sklimb._compare.data.sides import group_notes, time_notes
from sklimb._compare.data.text_numbers import read_text_numbers
from sklimb._compare.data.times import as_times
from sklimb._compare.data.unlabelled import Labelled, without_unlabelled
from sklimb._compare.errors import InputError
from sklimb._compare.phrases import counted
from sklimb._compare.run.splits import Split, gaps, make_split, outer_splits
from sklimb._data.labels import label_array


@dataclass
class Problem:
    """Data, with who is trained on what.

    Parameters
    ----------
    X, y
        All samples, a test part included.
    splits : list of Split
    final : ndarray of int
        Samples that the best method is fitted on in the end.
    words : str
        The data in a sentence.
    how : str
        The way of measuring in a sentence.
    code : str
        Python that makes ``X`` and ``y`` out of nothing; empty where they came as arguments.
    notes : list of str
    prepare : transformer or None
        The first step of every pipeline; None chooses it by what the columns are.
    columns : Columns or None
        What the columns of a frame are; None where there are none, or `prepare` sees to them.
    cautions : list of str
        Why the figures may say more than is true, for the top of the result.
    """

    X: Any
    y: np.ndarray
    splits: list[Split]
    final: np.ndarray
    words: str
    how: str
    code: str
    notes: list[str]
    prepare: BaseEstimator | None = None
    columns: Columns | None = None
    cautions: list[str] = field(default_factory=list)

    @property
    def noun(self) -> str:
        """What one sample is called: a row of a table, a text, an image."""
        return _noun(self.X)


def make_problem(
    X, y, *, X_test, y_test, folds, repeats, inner_folds, groups, time, seed, prepare=None,
    drop_unlabelled=False, **asked
) -> Problem:  # fmt: skip
    """Check a user's data and make its splits.

    Parameters
    ----------
    X, y, X_test, y_test, folds, repeats, groups, time, prepare
        As `compare` takes them.
    inner_folds, seed : int
    drop_unlabelled : bool, default=False
        Whether samples without a label are left out, which are an error else.
    **asked
        What the user says of columns: ``text``, ``date``, ``category``, ``number``, ``drop``.

    Returns
    -------
    problem : Problem

    Raises
    ------
    InputError
        If the data cannot be used.
    """
    if y is None:
        raise InputError("y is missing: the labels of the rows of X")
    X, groups, time, asked = _sides(X, groups, time, asked)
    for values, name in [(y, "y"), (groups, "groups"), (time, "time")]:
        check_order(X, values, name)
    check_order(X_test, y_test, "y_test", of="X_test")
    first = Labelled(X, y, [groups, time])
    if drop_unlabelled:
        first = without_unlabelled(X, y, groups, time)
        if X_test is not None and y_test is not None:
            test = without_unlabelled(X_test, y_test, of=" of the test part")
            X_test, y_test = test.X, test.y
            first.notes += test.notes
    X, y, (groups, time) = first.X, first.y, first.sides
    X, columns, notes, code = _decided(X, prepare, asked)
    notes, code = first.notes + notes, "\n".join([*first.code, code])
    n = X.shape[0]
    y = check_labels(y, n, alone_is_fine=X_test is not None, notes=notes)
    left_out = columns.left_out if columns is not None else []
    cautions = column_notes(X, y, left_out, columns) if prepare is None else []
    if columns is not None and X_test is None and groups is None and time is None:
        cautions += group_notes(X, columns, y) + time_notes(X, columns)
    if groups is not None:
        groups, names = check_side(groups, n, "groups"), groups
        different = pd.unique(np.asarray(label_array(names)))
        notes += case_notes(different, "groups", "may be on both sides of a split")
    time = None if time is None else check_side(time, n, "time")
    if groups is not None and time is not None:
        raise InputError("groups and time cannot be had together: pass one of them")
    rows = np.arange(n)
    if (X_test is None) != (y_test is None):
        raise InputError("X_test and y_test come together: one of them is missing")
    if X_test is None:
        repeats = repeats or 1
        splits, more = outer_splits(
            y,
            folds=folds,
            repeats=repeats,
            inner_folds=inner_folds,
            seed=seed,
            groups=groups,
            time=time,
            noun=_noun(X),
        )
        kind = "ordered" if time is not None else "grouped" if groups is not None else "stratified"
        how = f"{kind} splits into {len({s.fold for s in splits})} folds, {_times(repeats)}"
    else:
        if groups is not None or time is not None:
            raise InputError(
                "groups and time say how to split, but a test part (--test, X_test) is the split "
                "already: leave one of them out"
            )
        X_test = _test_part(X, X_test, columns, prepare, notes)
        y_test = check_labels(y_test, X_test.shape[0], test_of=y, notes=notes)
        if prepare is None:
            cautions += change_notes(X, X_test, left_out, columns)
        X = stack(X, X_test)
        y = np.concatenate([y, y_test])
        test = np.arange(n, len(y))
        repeats = repeats or 5
        splits = [make_split(r, 0, rows, test, y, inner_folds, seed) for r in range(repeats)]
        more = gaps(y, splits, _noun(X))
        how = f"a test part of {len(test):,} {_noun(X)}s, {_times(repeats)} with another seed"
    if prepare is None:
        first = splits[:1] if X_test is not None else [s for s in splits if s.repeat == 0]
        pairs = [(split.train, split.test) for split in first]
        cautions += repeated_notes(X, y, pairs, left_out, _noun(X))
        cautions += near_notes(X, y, pairs[0], left_out, _noun(X))
    labels, counts = np.unique(y[rows], return_counts=True)
    by_class = f"{len(labels)} classes of {counts.max():,} to {counts.min():,} {_noun(X)}s"
    words = f"{_size(X, n)}, {by_class}"
    notes += more
    return Problem(X, y, splits, rows, words, how, code, notes, prepare, columns, cautions)


def _size(X: Any, n: int) -> str:
    """Return how much there is to learn from, in words."""
    if X.ndim == 1:
        return f"{n:,} {_noun(X)}s"
    if X.ndim == 4:
        _, channels, height, width = X.shape
        return f"{n:,} images of {height} x {width} pixels, {counted(channels, 'channel')}"
    return f"{n:,} rows, {counted(X.shape[1], 'column')}"


def _noun(X: Any) -> str:
    """Return what a sample is called; one that only its preparation knows has no other name."""
    if X.ndim == 1:
        return "text" if isinstance(next(iter(X)), str) else "sample"
    return "image" if X.ndim == 4 else "row"


def _sides(X, groups, time, asked) -> tuple[Any, Any, Any, dict]:
    """Take groups or times that are named out of the columns, and what is asked of columns."""
    asked = {kind: asked.get(kind) for kind in KINDS}
    if not (hasattr(X, "columns") and hasattr(X, "iloc")):
        X = as_pandas(X)[0] if groups is not None or time is not None else X
    for name, values in [("groups", groups), ("time", time)]:
        if not isinstance(values, str):
            continue
        if not is_frame(X) or values not in X.columns:
            raise InputError(f"{name} is {values!r}, and X has no such column")
        if name == "groups":
            groups = X[values]
        else:
            time = pd.Series(as_times(X[values], f"column {values!r}", of_column=True), X.index)
        asked["drop"] = [*as_list(asked["drop"], "drop"), values]
    return X, groups, time, asked


def _decided(X, prepare, asked) -> tuple[Any, Columns | None, list[str], str]:
    """Check X, and decide what its columns are; return also notes, and code that does the same."""
    said = [
        kind for kind, names in asked.items() if names is not None and len(as_list(names, kind))
    ]
    if prepare is not None:
        if said and said != ["drop"]:
            raise InputError(f"{said[0]} has no effect beside prepare, which sees to the columns")
        if said:
            X = X.drop(columns=as_list(asked["drop"], "drop"))
        return as_rows(X), None, [], ""
    if is_images(X):
        if said:
            raise InputError(f"{said[0]} names columns, and X holds images, which have none")
        X, code, notes = check_images(X)
        return X, None, notes, code
    X, code = as_pandas(X)
    if not is_frame(X):
        if said:
            raise InputError(
                f"{said[0]} names columns, and X is no frame: pass pd.DataFrame(X, columns=...)"
            )
        return check_columns(X), None, [], code and f"{code}\n"
    roles = make_roles(X.columns, **asked)
    if roles.dropped and not all(isinstance(name, str) for name in X.columns):
        # scikit-learn would take the names of the others for places.
        raise InputError("to leave out columns by name: X.columns = X.columns.astype(str)")
    return _decided_frame(X, roles, code)


def _decided_frame(X, roles: Roles, code: str) -> tuple[Any, Columns, list[str], str]:
    used = X.drop(columns=roles.dropped)
    if not used.shape[1] and X.shape[1]:
        raise InputError("no column is left to learn from")
    used, lines = plain_frame(used)
    check_columns(used)
    read = read_text_numbers(used, roles)
    columns = columns_of(read.X, read.formats, roles=roles)
    columns = Columns(
        (*columns, *(Column(name, "dropped", left_out="as asked for") for name in roles.dropped))
    )
    lines += read.code[1:] if lines and read.code else read.code
    code = "\n".join([code, *lines]).strip()
    if "pd." in code and "import pandas" not in code:
        code = f"import pandas as pd\n\n{code}"
    return read.X, columns, [*read.notes, *columns.notes], code and f"{code}\n"


def _test_part(X, X_test, columns: Columns | None, prepare, notes: list[str]) -> Any:
    """Return a test part as the training part is, and add what did not fit to the notes."""
    if prepare is not None:
        return as_rows(X_test)
    if is_images(X_test) and np.ndim(X) == 4:
        return check_images(X_test, "X_test")[0]
    X_test = as_pandas(X_test)[0]
    if columns is None or not is_frame(X_test) or 0 in X_test.shape:
        X_test = check_columns(X_test)
        notes += _empty_columns(X, X_test)
        return X_test
    dropped = [c.name for c in columns if c.kind == "dropped" and c.name in X_test.columns]
    used = Columns(tuple(c for c in columns if c.kind != "dropped"), columns.counted)
    X_test, more = conform(X_test.drop(columns=dropped), used)
    notes += more
    return check_columns(X_test)


def _empty_columns(X, X_test) -> list[str]:
    """Say which columns of arrays have values in the training part alone."""
    if not all(isinstance(A, np.ndarray) and A.dtype.kind == "f" for A in (X, X_test)):
        return []
    if X.ndim != 2 or X.shape[1:] != X_test.shape[1:]:
        return []
    empty = np.isnan(X_test).all(axis=0) & ~np.isnan(X).all(axis=0)
    return [
        f"column {place} has no value at all in the test part, and has in the training"
        for place in np.flatnonzero(empty)
    ]


_DIGITS_RATIO = 50
_DIGITS_TEST_ROWS = 40
_DIGITS_SPLIT = """
rows = np.arange(len(y))
test, _ = make_long_tailed(rows, y, ratio=1, n_max={n_test}, random_state={seed})
rest = np.setdiff1d(rows, test)
train, _ = make_long_tailed(rest, y[rest], ratio={ratio}, order="label", random_state={seed})
"""


def digits_problem(repeats: int, inner_folds: int, seed: int) -> Problem:
    """Return scikit-learn's digits with a long-tailed training part and a balanced test part.

    Each repeat draws both parts anew: 40 test samples a class, and of the others all zeros down to
    one fiftieth as many nines.

    Parameters
    ----------
    repeats, inner_folds, seed : int

    Returns
    -------
    problem : Problem
        The best method is fitted on the training part of the first repeat.
    """
    from sklearn.datasets import load_digits

    from sklimb.datasets import make_long_tailed

    X, y = load_digits(return_X_y=True)
    rows, splits = np.arange(len(y)), []
    for repeat in range(repeats):
        own = seed + repeat
        test, _ = make_long_tailed(rows, y, ratio=1, n_max=_DIGITS_TEST_ROWS, random_state=own)
        rest = np.setdiff1d(rows, test)
        train, _ = make_long_tailed(
            rest, y[rest], ratio=_DIGITS_RATIO, order="label", random_state=own
        )
        splits.append(make_split(repeat, 0, train, test, y, inner_folds, seed))
    final = splits[0].train
    counts = np.bincount(y[final])
    code = (
        "import numpy as np\n"
        "from sklearn.datasets import load_digits\n"
        "from sklimb.datasets import make_long_tailed\n\n"
        "X, y = load_digits(return_X_y=True)"
        + _DIGITS_SPLIT.format(n_test=_DIGITS_TEST_ROWS, ratio=_DIGITS_RATIO, seed=seed)
        + "X_test, y_test = X[test], y[test]\nX, y = X[train], y[train]\n"
    )
    words = (
        f"scikit-learn's digits made long-tailed: {len(final)} rows to learn from, "
        f"{X.shape[1]} columns, {len(counts)} classes of {counts.max()} to {counts.min()} rows "
        f"(ratio {_DIGITS_RATIO}, whole rows)"
    )
    how = (
        f"a balanced test part of {len(splits[0].test)} rows, both parts drawn anew "
        f"{_times(repeats)}"
    )
    return Problem(X, y, splits, final, words, how, code, [])


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n} times"
