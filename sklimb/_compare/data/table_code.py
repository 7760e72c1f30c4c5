"""The Python that makes the same columns and labels of a file."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sklimb._compare.data.deciding import Decision
from sklimb._compare.data.labels import Labels
from sklimb._compare.data.large import Drawn
from sklimb._compare.data.parsing import TYPED
from sklimb._compare.data.spelling import NumberFormat
from sklimb._compare.snippet import each_column, literal, quoted


def table_code(
    path: str | Path | Drawn,
    options: Mapping[str, Any],
    label: str,
    left_out: Sequence[str],
    decisions: Mapping[str, Decision],
    markers: Sequence[str],
    *,
    labels: Labels,
    has_points: bool,
) -> str:
    """Return code that reads a file as it was read here.

    Parameters
    ----------
    path : str, Path or Drawn
        What `pandas.read_csv` reads the file from.
    options : mapping
        For `pandas.read_csv`: how the file is written.
    label : str
        The column of labels.
    left_out : sequence of str
        All columns that are not learnt from.
    decisions : mapping
        From each column to learn from to what became of it.
    markers : sequence of str
        Texts that say missing and that pandas does not know.
    labels : Labels
        What has to be said so that pandas reads the same labels.
    has_points : bool
        Whether pandas reads fractions in the file, which are written with a point.

    Returns
    -------
    code : str
    """
    options = {**options, **TYPED, "na_values": ["?", *markers]}
    texts = [name for name, decision in decisions.items() if decision.as_text]
    if labels.as_text and not labels.words:
        texts.append(label)
    if texts:
        options["dtype"] = dict.fromkeys(texts, str)
    formats = {name: d.number for name, d in decisions.items() if d.number is not None}
    coerced = [name for name, decision in decisions.items() if decision.coerce]
    plain_comma = all(f == NumberFormat(",") for f in formats.values()) and not coerced
    if formats and not has_points and plain_comma:
        options["decimal"], formats = ",", {}
    dropped = ", ".join(map(quoted, left_out))
    lines = [
        *([path.imports] if isinstance(path, Drawn) else []),
        "import pandas as pd\n",
        f"table = pd.read_csv({_arguments(path, options)})",
        f"X = table.drop(columns=[{dropped}])",
    ]
    lines += number_lines(formats, coerced)
    stripped = [name for name, decision in decisions.items() if decision.strip]
    truths = [name for name in stripped if _is_truth(decisions[name])]
    lines += each_column(
        [name for name in stripped if name not in truths], "X[{0}] = X[{0}].str.strip()"
    )
    true_false = '{"true": True, "false": False}'
    lines += each_column(truths, f"X[{{0}}] = X[{{0}}].str.strip().str.lower().map({true_false})")
    return "\n".join([*lines, *_label_lines(path, options, label, labels), ""])


def _label_lines(
    path: str | Path | Drawn, options: Mapping[str, Any], label: str, labels: Labels
) -> list[str]:
    strip = ".str.strip()" if labels.strip else ""
    if not labels.words:
        return [f"y = table[{quoted(label)}]{strip}.to_numpy()"]
    gaps = pd.isna(labels.y).any()
    missing = '.replace({"": None, "?": None})' if gaps else ""
    # pandas takes the words for missing in all columns or in none.
    kept = {k: v for k, v in options.items() if k not in {*TYPED, "dtype", "index_col", "decimal"}}
    own = {"usecols": [label], "dtype": str, "keep_default_na": False, "skipinitialspace": True}
    return [
        f"labels = pd.read_csv({_arguments(path, {**kept, **own})})",
        f"y = labels[{quoted(label)}]{strip}{missing}.to_numpy()",
    ]


def _is_truth(decision: Decision) -> bool:
    values = decision.series.dropna()
    return len(values) > 0 and all(isinstance(value, bool) for value in values.tolist())


def number_lines(formats: Mapping[Any, NumberFormat], coerced: Collection[Any] = ()) -> list[str]:
    """Return the lines that make numbers of columns of text.

    Parameters
    ----------
    formats : mapping
        From the name of a column to how its numbers are written.
    coerced : collection, default=()
        Columns with cells that are no numbers, which become missing.

    Returns
    -------
    lines : list of str
    """
    by_format: dict[tuple[NumberFormat, bool], list[Any]] = {}
    for name, form in formats.items():
        by_format.setdefault((form, name in coerced), []).append(name)
    lines = []
    for (form, coerce), names in by_format.items():
        steps = "".join(
            f".str.replace({_pattern(old)}, {_replacement(new)}, regex=True)"
            if regex
            else f'.str.replace({quoted(old)}, "{new}")'
            for old, new, regex in form.steps()
        )
        how = ', errors="coerce"' if coerce else ""
        read, behind = ("to_timedelta", ".dt.total_seconds()") if form.clock else ("to_numeric", "")
        lines += each_column(names, f"X[{{0}}] = pd.{read}(X[{{0}}]{steps}{how}){behind}")
    return lines


def _pattern(expression: str) -> str:
    return f'r"{expression}"' if '"' not in expression else repr(expression)


def _replacement(text: str) -> str:
    return _pattern(text) if "\\" in text else quoted(text)


def _arguments(path: str | Path | Drawn, options: Mapping[str, Any]) -> str:
    """Return the arguments of `read_csv` as code."""
    named = dict(options)
    parts = [path.code if isinstance(path, Drawn) else quoted(str(path))]
    counted = named.get("header", 0) is None
    if counted:
        n = len(named.pop("names"))
        parts += ["header=None", f'names=[f"column_{{i}}" for i in range({n})]']
        named.pop("header")
    parts += [f"{key}={literal(value)}" for key, value in named.items()]
    one_line = ", ".join(parts)
    if len(one_line) < 66:
        return one_line
    return "\n    " + ",\n    ".join(parts) + ",\n"
