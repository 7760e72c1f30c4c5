"""The tables of ``tables/real.py``: means, mean ranks, and every method against a reference.

Scores of a table are means over its folds, and tables of one source are averaged before anything
else: ranks, wins and tests are over sources.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from lib.data import DATA_HOME
from lib.ranks import compare, draw, mean_ranks
from lib.real import source_of
from lib.records import RESULTS, write_csv

# What is counted in points of a hundred, and whether more of it is better.
METRICS = {
    "balanced_accuracy": True,
    "geometric_mean": True,
    "macro_f1": True,
    "average_precision": True,
    "log_loss": False,
    "balanced_log_loss": False,
    "calibration_error": False,
}
POINTS = ("balanced_accuracy", "geometric_mean", "macro_f1", "average_precision")
SECONDS = ("fit_seconds", "fit_cpu", "predict_cpu")
IN_PICTURE = ("balanced_accuracy", "geometric_mean", "average_precision", "balanced_log_loss")
SUMMARY, PICTURE = "real_summary", "tables/real_ranks.png"
COLUMNS = ("folds", "against", "method", "metric", "n_sets", "n_sources", "mean", "mean_rank",
           "wins", "ties", "losses", "difference", "low", "high", "p")  # fmt: skip


def line_of(row: dict[str, str]) -> str:
    """Return what a method is called: with a word for how it was tuned."""
    return row["method"] + ("" if row["tuning"] == "none" else f" tuned by {row['tuning']}")


def frame_of(rows: Sequence[dict[str, str]], folds: Sequence[int]) -> pd.DataFrame:
    """Return a row for each table and method that has all folds, with means over them."""
    wanted = {str(fold) for fold in folds}
    kept = [row for row in rows if row["fold"] in wanted and not row["note"]]
    columns = ["line", "set", *METRICS, *SECONDS]
    found = pd.DataFrame([row | {"line": line_of(row)} for row in kept], columns=columns)
    found[[*METRICS, *SECONDS]] = found[[*METRICS, *SECONDS]].astype(float)
    means = found.groupby(["line", "set"]).mean()
    return means[found.groupby(["line", "set"]).size() == len(wanted)]


def matrix(frame: pd.DataFrame, metric: str, data_home: Path = DATA_HOME) -> pd.DataFrame:
    """Return a metric by source (rows) and method (columns)."""
    by_set = frame[metric].unstack("line")
    return by_set.groupby(lambda name: source_of(name, data_home)).mean()


def complete(frame: pd.DataFrame, sets: set[str]) -> pd.DataFrame:
    """Return the rows of these sets, of the methods that have all of them."""
    frame = frame[frame.index.get_level_values("set").isin(sets)]
    sizes = frame.groupby("line").size()
    return frame[frame.index.get_level_values("line").isin(sizes.index[sizes == len(sets)])]


def sets_of(frame: pd.DataFrame, line: str) -> set[str]:
    """Return the sets that a method has all folds of."""
    return {name for of, name in frame.index if of == line}


def best(rows: Sequence[dict[str, str]], n: int, data_home: Path = DATA_HOME) -> list[str]:
    """Return the n untuned methods of the best mean rank in balanced accuracy.

    Of those that have as many tables as any, with all folds that the rows have.
    """
    rows = [row for row in rows if row["tuning"] == "none"]
    frame = frame_of(rows, sorted({int(row["fold"]) for row in rows}))
    if frame.empty:
        raise SystemExit("Nothing has been run untuned on folds 0 and 1: run that first.")
    most = frame.groupby("line").size().idxmax()
    values = matrix(complete(frame, sets_of(frame, most)), "balanced_accuracy", data_home)
    return list(mean_ranks(values, more_is_better=True).index[:n])


def summary_rows(
    frame: pd.DataFrame, against: str, folds: Sequence[int], data_home: Path = DATA_HOME
) -> list[dict[str, object]]:
    """Return a row for each method and metric."""
    n_sets = len(sets_of(frame, against))
    found = []
    for metric, more_is_better in METRICS.items():
        values = matrix(frame, metric, data_home)
        ranks = mean_ranks(values, more_is_better=more_is_better)
        for line in ranks.index:
            compared = compare(values[line], values[against], more_is_better=more_is_better)
            found.append(
                {
                    "folds": " ".join(map(str, folds)),
                    "against": against,
                    "method": line,
                    "metric": metric,
                    "n_sets": n_sets,
                    "n_sources": len(values),
                    "mean": values[line].mean(),
                    "mean_rank": ranks[line],
                }
                | vars(compared)
            )
    return found


def seconds_rows(
    frame: pd.DataFrame, folds: Sequence[int], data_home: Path = DATA_HOME
) -> list[dict[str, object]]:
    """Return a row for each method and kind of seconds: the mean, which is held against nothing."""
    found = []
    for name in SECONDS:
        values = matrix(frame, name, data_home)
        for line, mean in values.mean().items():
            row = dict.fromkeys(COLUMNS, "") | {"folds": " ".join(map(str, folds))}
            row |= {"method": line, "metric": name, "mean": mean, "n_sources": len(values)}
            found.append(row)
    return found


def _printed(rows: list[dict[str, object]], frame: pd.DataFrame, data_home: Path) -> None:
    table = pd.DataFrame(rows)
    scale = table["metric"].isin(POINTS).map({True: 100.0, False: 1.0})
    for column in ("mean", "difference", "low", "high"):
        table[column] *= scale
    order = table[table["metric"] == "balanced_accuracy"].sort_values("mean_rank")["method"]
    means = table.pivot(index="method", columns="metric", values="mean")[list(METRICS)]
    for name in SECONDS:
        means[name] = matrix(frame, name, data_home).mean()
    ranks = table.pivot(index="method", columns="metric", values="mean_rank")[list(METRICS)]
    with pd.option_context("display.width", 250, "display.max_columns", 30):
        print("\nmeans over sources\n", means.loc[order].round(3).to_string(), sep="")
        print("\nmean ranks\n", ranks.loc[order].round(2).to_string(), sep="")
        for metric, part in table.groupby("metric", sort=False):
            part = part.set_index("method").loc[order]
            shown = part[["wins", "ties", "losses", "difference", "low", "high", "p"]]
            print(f"\n{metric} against {part['against'].iloc[0]}\n", sep="", end="")
            print(shown.round(3).to_string())


def summarise(rows: Sequence[dict[str, str]], args: argparse.Namespace) -> None:
    """Print the tables of what was run, and write the summary, and beside the usual one a picture.

    Parameters
    ----------
    rows : sequence of dict
        Of the results file.
    args : Namespace
        With ``sets``, ``folds``, ``methods`` (None: all), ``against``, ``into`` (the name of the
        summary's file) and ``data_home``.
    """
    rows = [
        row
        for row in rows
        if row["set"] in args.sets
        and (not args.methods or row["method"] in (*args.methods, args.against))
    ]
    for row in rows:
        if row["note"] and int(row["fold"]) in args.folds:
            print(f"failed: {line_of(row)} on {row['set']}, fold {row['fold']}: {row['note']}")
    whole = frame_of(rows, args.folds)
    sets = sets_of(whole, args.against)
    if not sets:
        raise SystemExit(f"{args.against} has no table with all of the folds {args.folds}.")
    frame = complete(whole, sets)
    print(f"{len(sets)} of {len(args.sets)} tables, those that {args.against} has; folds", end=" ")
    print(*args.folds)
    ranked = set(frame.index.get_level_values("line"))
    for line in sorted({line_of(row) for row in rows} - ranked):
        n = len(sets_of(whole, line) & sets)
        print(f"left out, for not all are run: {line} ({n} of {len(sets)})")
    found = summary_rows(frame, args.against, args.folds, args.data_home)
    rounded = [
        {name: f"{value:.5g}" if isinstance(value, float) else value for name, value in row.items()}
        for row in found + seconds_rows(frame, args.folds, args.data_home)
    ]
    written = write_csv(f"tables/{args.into}.csv", rounded, COLUMNS)
    _printed(found, frame, args.data_home)
    print(f"\nwrote {written}")
    if args.into == SUMMARY:
        _draw(frame, args)


def _draw(frame: pd.DataFrame, args: argparse.Namespace) -> None:
    n_sets = frame.index.get_level_values("set").nunique()
    panels = {
        metric.replace("_", " "): (matrix(frame, metric, args.data_home), METRICS[metric])
        for metric in IN_PICTURE
    }
    draw(
        panels,
        RESULTS / PICTURE,
        f"{n_sets} real tables, sources averaged first, folds {' '.join(map(str, args.folds))}. "
        "Bars join methods that Wilcoxon's test, corrected by Holm, does not tell apart at 5 %.",
    )
    print(f"wrote {RESULTS / PICTURE}")
