"""The answer of `sklimb compare` after a minute beside the best of a run of every method.

The gap between two methods is counted on the same samples, and so is its standard error: of the
recall of each class, over samples, or over groups where samples of a group belong together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

# A gap of more standard errors than this is not chance.
CLEARLY = 2.0
COLUMNS = [
    "file", "rows", "rarest", "methods", "folds", "answer", "answer_balanced_accuracy", "winner",
    "winner_balanced_accuracy", "behind", "behind_error", "rank",
]  # fmt: skip


def gap_error(
    truth: np.ndarray,
    one: np.ndarray,
    other: np.ndarray,
    groups: np.ndarray | None = None,
) -> float:
    """Return the standard error of the difference of two methods in balanced accuracy.

    Parameters
    ----------
    truth, one, other : ndarray of shape (n,)
        True classes, and what each of the two said of the same samples.
    groups : ndarray of shape (n,) or None, default=None
        Samples of one group are counted as one draw; None means that each is its own.

    Returns
    -------
    error : float
    """
    differences = (one == truth).astype(float) - (other == truth)
    labels, codes = np.unique(truth, return_inverse=True)
    sizes = np.bincount(codes)
    means = np.bincount(codes, differences) / sizes
    # what each sample adds to the difference of the means of recalls
    parts = (differences - means[codes]) / (sizes[codes] * len(labels))
    if groups is not None:
        parts = np.bincount(np.unique(groups, return_inverse=True)[1], parts)
    return float(np.sqrt(np.sum(parts**2)))


def with_gaps(comparison: object, groups: np.ndarray | None = None) -> pd.DataFrame:
    """Return the results of a comparison with how far each method is behind the best.

    Parameters
    ----------
    comparison : Comparison
        Of balanced accuracy, on one set of splits.
    groups : ndarray of shape (n_samples,) or None, default=None

    Returns
    -------
    results : DataFrame
        With the columns ``behind`` and ``behind_error``, NaN where a method has no figures.
    """
    results, said = comparison.results, comparison.predictions
    best = results["method"].iloc[0]
    behind = results["balanced_accuracy"].iloc[0] - results["balanced_accuracy"]
    errors = []
    for name in results["method"]:
        if name not in said or best not in said:
            errors.append(float("nan"))
            continue
        a, b = said[best], said[name]
        if not np.array_equal(a.rows, b.rows):
            raise ValueError(f"{best} and {name} were scored on other samples")
        of_rows = None if groups is None else np.asarray(groups)[a.rows]
        errors.append(gap_error(a.truth, a.predicted, b.predicted, of_rows))
    return results.assign(behind=behind, behind_error=errors)


def held(answers: Sequence[dict[str, str]], everything: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each run of many methods: the answer after a minute, and the winner.

    Parameters
    ----------
    answers : sequence of dict
        Rows with ``file`` and ``end_method``, as ``compare_files.csv`` has them.
    everything : DataFrame
        ``compare_files_all.csv``: as `with_gaps` returns it, with ``file``, ``rows``, ``rarest``
        and ``folds``.

    Returns
    -------
    summary : DataFrame
        In the order of `answers`; shares, not percent. ``rank`` is that of the answer's method,
        1 for the best; where it was not run, what depends on it is missing.
    """
    rows = []
    for answer in answers:
        of_file = everything[everything["file"] == answer["file"]]
        for _, run in of_file.groupby(["rows", "folds"]):
            run = run[run["balanced_accuracy"].notna()].reset_index(drop=True)
            run = run.sort_values("balanced_accuracy", ascending=False, ignore_index=True)
            best, own = run.iloc[0], run[run["method"] == answer["end_method"]]
            row = {name: best[name] for name in ("file", "rows", "rarest", "folds")}
            row |= {"methods": len(run), "winner": best["label"]}
            row["winner_balanced_accuracy"] = best["balanced_accuracy"]
            if len(own):
                mine = own.iloc[0]
                row |= {"answer": mine["label"], "rank": own.index[0] + 1}
                row["answer_balanced_accuracy"] = mine["balanced_accuracy"]
                row |= {name: mine[name] for name in ("behind", "behind_error")}
            rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def with_answers(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the runs in which the method of the answer was run too: what the docs show."""
    return summary.dropna(subset="rank")


def as_markdown(summary: pd.DataFrame) -> str:
    """Return the table for the docs, in percent and points."""
    lines = [
        "| file | samples, rarest class | folds | methods | answer after 60 s | there | "
        "best of all | there | behind |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in summary.itertuples():
        known = pd.notna(row.rank)
        gap = f"{100 * row.behind:.1f} ± {100 * row.behind_error:.1f}" if known else ""
        own = f"{100 * row.answer_balanced_accuracy:.1f}" if known else ""
        lines.append(
            f"| `{row.file}` | {row.rows:,}, {row.rarest:,} | {row.folds} | {row.methods} | "
            f"{row.answer if known else 'not run'} | {own} | {row.winner} | "
            f"{100 * row.winner_balanced_accuracy:.1f} | {gap} |"
        )
    return "\n".join(lines)
