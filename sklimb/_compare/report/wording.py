"""What is printed: the table, what was chosen, and the closing line."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Mapping

import pandas as pd

from sklimb._compare.report.summary import lead
from sklimb._compare.run.scores import COST, RANKED_BY, direction

WIDTH = 108
_HEADS = {
    COST: "cost of 100",
    "balanced_accuracy": "bal. acc.",
    "geometric_mean": "geo. mean",
    "macro_f1": "macro F1",
    "average_precision": "avg. prec.",
    "rare_precision": "prec. rare",
    "rare_recall": "rec. rare",
}
# Between a lead and what it is over: points, or what is saved.
_THAN = ("over", "against")
# What the closing line names a lead over, besides the runner-up.
_BASELINES = ("smote", "reweight", "plain")


def filled(text: str) -> str:
    """Return prose broken into lines of at most `WIDTH`."""
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def sentence(line: str) -> str:
    """Return a note as a sentence.

    Examples
    --------
    >>> sentence("no method finished")
    'No method finished.'
    """
    return line[:1].upper() + line[1:] + ("" if line.endswith((".", "?")) else ".")


def joined(*sentences: str) -> str:
    """Return sentences as one text, without the empty ones.

    Examples
    --------
    >>> joined("Use SMOTE.", "", "It is fast.")
    'Use SMOTE. It is fast.'
    """
    return " ".join(one for one in sentences if one)


def percent(value: float, spread: float | None = None) -> str:
    """Return a share as a percentage with one decimal, with its spread where there is one.

    Examples
    --------
    >>> percent(0.9104, 0.021)
    '91.0 ±2.1'
    >>> percent(float("nan"))
    '-'
    """
    if value != value:
        return "-"
    text = f"{100 * value:.1f}"
    return text if spread is None or spread != spread else f"{text} ±{100 * spread:.1f}"


def amount(cost: float) -> str:
    """Return what 100 samples cost, from the mean cost of one.

    Examples
    --------
    >>> amount(0.05647), amount(123.4)
    ('5.65', '12,340')
    """
    hundred = 100 * cost
    return f"{hundred:,.0f}" if abs(hundred) >= 999.5 else f"{hundred:.3g}"


def figure(metric: str, value: float, spread: float | None = None) -> str:
    """Return a score as it is read, with its spread: shares in percent, costs of 100 samples.

    Examples
    --------
    >>> figure("macro_f1", 0.9104), figure("cost", 0.05647, 0.01)
    ('91.0', '5.65 ±1')
    """
    if metric != COST or value != value:
        return percent(value, spread)
    return (
        amount(value)
        if spread is None or spread != spread
        else (f"{amount(value)} ±{amount(spread)}")
    )


def in_words(interval: tuple[float, float]) -> str:
    """Return a 95 % interval of a share in brackets, empty if there is none.

    Examples
    --------
    >>> in_words((0.4413, 0.62))
    ' (95 % interval 44 to 62)'
    """
    low, high = interval
    return "" if low != low else f" (95 % interval {100 * low:.0f} to {100 * high:.0f})"


def seconds(value: float) -> str:
    """Return seconds with as many digits as matter."""
    return "-" if value != value else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def table(results: pd.DataFrame, metric: str, stages: Mapping[int, str] | None = None) -> str:
    """Return the results as text, some `WIDTH` wide.

    Parameters
    ----------
    results : DataFrame
        As `summary.method_frame` returns it.
    metric : str
        What it is sorted by: its column comes first.
    stages : mapping or None, default=None
        How the methods of each stage were measured; with more than one stage, or where that is not
        all that can be done, it stands above them.

    Returns
    -------
    text : str
    """
    # One column more than others have: the geometric mean makes room.
    left_out = (metric, COST, *(["geometric_mean"] if metric == COST else []))
    scores = [metric, *(name for name in _HEADS if name not in left_out)]
    uneven = results["n_splits"].nunique() > 1
    heads = ["method", *(_HEADS[name] for name in scores), "fit s"] + ["splits"] * uneven
    rows, failed = [], {}
    for i, row in enumerate(results.to_dict("records")):
        if row["error"]:
            failed[i] = f"failed: {row['error']}"
        cells = [figure(name, row[name], row[f"{name}_std"]) for name in scores]
        rows.append(
            [row["label"], *cells, seconds(row["fit_seconds"])] + [str(row["n_splits"])] * uneven
        )
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    widths[0] = min(widths[0], 30)

    def line(cells: list[str]) -> str:
        first = textwrap.shorten(cells[0], widths[0], placeholder="…").ljust(widths[0])
        rest = [c.rjust(w) for c, w in zip(cells[1:], widths[1:], strict=True)]
        return "  ".join([first, *rest])

    rule = "-" * len(line(heads))
    lines, above = [line(heads), rule], None
    for i, cells in enumerate(rows):
        stage = results["stage"].iloc[i] if stages else None
        if stages and i not in failed and stage != above:
            lines.append(
                f"on {stages[stage]}:" if above is None else f"earlier, on {stages[stage]}:"
            )
            above = stage
        if i in failed:
            room = len(rule) - widths[0] - 2
            wrapped = textwrap.wrap(failed[i], max(room, 20))
            lines.append(f"{cells[0].ljust(widths[0])}  {wrapped[0]}")
            lines += [" " * (widths[0] + 2) + more for more in wrapped[1:]]
        else:
            lines.append(line(cells))
    return "\n".join(lines)


def readable(parameters: str) -> str:
    """Return parameters by the names that a reader knows, without the steps around them.

    Where two have the same name, both keep their steps.

    Examples
    --------
    >>> from sklimb._compare.report.wording import readable
    >>> readable("estimator__estimator__lr=0.01, n_members=5")
    'lr=0.01, n_members=5'
    >>> readable("net__alpha=1, forest__alpha=2")
    'net: alpha=1, forest: alpha=2'
    """
    nested = re.compile(r"\b((?:[A-Za-z0-9]\w*?__)*)([A-Za-z]\w*?)=")
    short = Counter(match[2] for match in nested.finditer(parameters))

    def name(match: re.Match[str]) -> str:
        steps = match[1].removesuffix("__").split("__")[-1]
        return f"{steps}: {match[2]}=" if short[match[2]] > 1 and steps else f"{match[2]}="

    return nested.sub(name, parameters)


def chosen(results: pd.DataFrame) -> str:
    """Return the best parameters of each method, a line each.

    Parameters
    ----------
    results : DataFrame

    Returns
    -------
    text : str
        Empty if no method finished.
    """
    done = results[results["error"] == ""]
    if not len(done):
        return ""
    width = done["label"].str.len().max()
    lines = ["Best parameters over all inner searches (and how many of the splits chose them):"]
    lines += [
        f"  {row.label:{width}}  {readable(row.best_params)} ({row.times_chosen} of {row.n_splits})"
        if row.setting.startswith("tuned")
        else f"  {row.label:{width}}  {readable(row.best_params) or 'defaults'} (untuned)"
        for row in done.itertuples()
    ]
    return "\n".join(lines)


def legend(
    results: pd.DataFrame, n_classes: int, rare, n_rare: int, n_samples: int, noun: str = "row"
) -> str:
    """Return what the figures in the table are.

    Parameters
    ----------
    results : DataFrame
    n_classes : int
    rare : scalar
        The rarest class.
    n_rare, n_samples : int
        Its samples and all samples.
    noun : str, default="row"
        What a sample is called.

    Returns
    -------
    text : str
    """
    ranking = (
        "of the rarest class" if n_classes == 2 else "mean over classes, each against the rest"
    )
    n_splits = results["n_splits"].max() if len(results) else 0
    if n_splits < 2:
        over = "on one split, so without a spread"
    elif results["n_splits"].nunique() > 1:
        over = "mean ± standard deviation over the splits that each method finished"
    else:
        over = f"mean ± standard deviation over {n_splits} splits"
    costs = (
        " cost of 100: what so many cost, each decided by a choice that has not seen it."
        if COST in results
        else ""
    )
    return (
        f"In percent, {over}.{costs} rare: class {rare!s} ({n_rare:,} of {n_samples:,} {noun}s). "
        f"avg. prec.: {ranking}."
    )


def verdict(
    results: pd.DataFrame,
    folds: pd.DataFrame,
    metric: str,
    named: str | None = None,
    provisional: bool = False,
    interval: tuple[float, float] | None = None,
    noun: str = "row",
    luck: float = 0.0,
    by_mean: bool = False,
) -> tuple[str, str]:
    """Return which method to use, and what its lead is worth.

    Another method than the best is one that the best is ahead of by luck, it may be.

    The lead over another method is the mean of their differences split by split, and its spread
    the standard deviation of these differences.

    Parameters
    ----------
    results, folds : DataFrame
        As `summary.method_frame` and `summary.fold_frame` return them.
    metric : str
    named : str or None, default=None
        Name of the method to use; None is the one on top.
    provisional : bool, default=False
        Whether more could be looked at than was.
    interval : (float, float) or None, default=None
        Of the best method's average precision, told where that is the metric.
    noun : str, default="row"
        What a sample is called.
    luck : float, default=0.0
        By how many standard errors the best has to be ahead of a method named in its place.
    by_mean : bool, default=False
        Whether the named method is so because its mean is the best: with others so near that luck
        may have chosen it, its figure is too good.

    Returns
    -------
    first, reasons : str
        One sentence, and a few or none.
    """
    done = results[(results["error"] == "") & results[metric].notna()]
    if not len(done):
        return "No method finished: the rows of the table say why.", ""
    best = done.iloc[0] if named is None else done[done["method"] == named].iloc[0]
    score = (
        f"100 {noun}s cost {amount(best[metric])}"
        if metric == COST
        else f"{RANKED_BY[metric]} {percent(best[metric])}"
    )
    if metric == "average_precision" and interval is not None:
        score += in_words(interval)
    so_far = "So far, use" if provisional else "Use"
    sentences = []
    if len(done) == 1:
        others = "the only one compared" if len(results) == 1 else "no other finished"
        first = f"{so_far} {best.label} ({others}): {score}."
    elif direction(metric) * (done[metric].iloc[0] - best[metric]) > 0:
        top = done.iloc[0]
        gap = abs(top[metric] - best[metric])
        behind = f"{amount(gap)} more than with" if metric == COST else f"{_points(gap)} behind"
        first = f"{so_far} {best.label}: {score}, {behind} {top.label}, which may be luck."
        sentences.append(
            f"The lead of {top.label} is less than {luck:.1f} standard errors of the difference: "
            "with so many methods compared, luck alone may give as much. Where figures do not tell "
            f"methods apart, {best.label} is named, which was ahead on other tables."
        )
    else:
        second = done[done["method"] != best.method].iloc[0]
        mean, spread, n = lead(folds, metric, best.method, second.method)
        first = f"{so_far} {best.label}: {score}, "
        if mean < 0:
            # Only where the two were measured alike less closely than the first was later.
            first += f"though on the {n} splits that both finished {second.label} is ahead."
        else:
            first += f"{_ahead(metric, mean)} {second.label}."
            sentences.append(_worth(metric, mean, spread, n, provisional))
            if by_mean and len(done) > 2 and not mean > spread:
                sentences.append(
                    f"Expect less of it on new {noun}s: chosen for the best figure of {len(done)}, "
                    "it may be the luckiest."
                )
    against = []
    for name in _BASELINES:
        row = done[done["method"] == name]
        if name == best.method or not len(row):
            continue
        mean, spread, n = lead(folds, metric, best.method, name)
        if n:
            lead_of = _signed(metric, mean, spread)
            against.append(f"{lead_of} {_THAN[metric == COST]} {row.iloc[0].label}")
    if against:
        what = "It saves" if metric == COST else "Its lead in points:"
        sentences.append(f"{what} {', '.join(against)}.")
    return first, " ".join(sentences)


def _ahead(metric: str, mean: float) -> str:
    if metric == COST:
        return f"{amount(mean)} less than with" if mean else "as much as with"
    if mean == 0:
        return "not ahead of"
    return f"{_points(mean)} ahead of"


def _points(gap: float) -> str:
    return f"{100 * gap:.1f} points" if gap >= 0.0005 else "less than 0.1 points"


def _signed(metric: str, mean: float, spread: float) -> str:
    if metric == COST:
        return figure(metric, mean, spread)
    return f"{100 * mean:+.1f}" + ("" if spread != spread else f" ±{100 * spread:.1f}")


def _worth(metric: str, mean: float, spread: float, n: int, provisional: bool) -> str:
    if n == 0:
        return "The two share no finished split, so the lead says nothing."
    if spread != spread:
        more = "" if provisional else ": ask for more repeats"
        return f"On one split there is no spread to hold the lead against{more}."
    size = f"{figure(metric, spread)}, the standard deviation of the difference over {n} splits"
    if mean > spread:
        return f"The lead is larger than its spread ({size})."
    return (
        f"The lead is not larger than its spread ({size}): these splits do not tell the two apart."
    )
