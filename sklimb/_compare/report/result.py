"""What `sklimb.compare` returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from sklearn.base import BaseEstimator


@dataclass(repr=False)
class Comparison:
    """Methods side by side on one problem; printing it prints the whole answer.

    Attributes
    ----------
    results : DataFrame
        One row a method, the best first: each score with its standard deviation over the splits
        (``..._std``), ``fit_seconds``, ``best_params`` (the candidate with the best mean score on
        the inner splits of all splits, which itself chose ``times_chosen`` of ``n_splits``) and,
        for a method that failed, ``error``.
    folds : DataFrame
        One row a method and split.
    recalls : DataFrame
        Recall by class: one row a class, the largest first; the column ``rows`` and one a method.
    metric : str
        What the methods were tuned for and are ranked by.
    best_method : str or None
        Name of the method with the best mean; None if none finished or none is better than
        chance.
    best_params_ : dict
        Its parameters: the candidate with the best mean score over the inner splits of all splits.
    best_estimator_ : Pipeline or None
        Fitted with them on all rows but those of a test part; None without a refit.
    verdict : str
        The closing line.
    code : str
        The few lines of Python that make the best method.
    notes : list of str
        What was done differently than asked, and warnings, summarised; cautions about the data too.
    cautions : list of str
        Why the figures may say more than is true, or less than they seem to; on top of the result.
    columns : list of str
        What each column of a table was taken for, in a line each.
    interrupted : bool
        Whether Ctrl-C left splits out.
    problem, how, legend : str
        The data, the way of measuring, and how to read the table, in words.
    labels : dict
        Name of a method to its label.
    n_splits : int
        Number of splits that were planned.
    """

    results: pd.DataFrame
    folds: pd.DataFrame
    recalls: pd.DataFrame
    metric: str
    verdict: str
    problem: str
    how: str
    legend: str
    labels: Mapping[str, str]
    n_splits: int
    best_method: str | None = None
    best_params_: dict[str, Any] = field(default_factory=dict)
    best_estimator_: BaseEstimator | None = None
    code: str = ""
    notes: list[str] = field(default_factory=list)
    interrupted: bool = False
    cautions: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)

    def add_cautions(self, cautions: Iterable[str]) -> None:
        """Put further lines on top of the result, each once."""
        self.cautions = list(dict.fromkeys([*self.cautions, *cautions]))

    def table(self) -> str:
        """Return the results as text.

        Returns
        -------
        text : str
            Some 105 columns wide.
        """
        from sklimb._compare.report import wording

        return wording.table(self.results, self.metric)

    def __str__(self) -> str:
        from sklimb._compare.report import wording

        on_top, notes = (
            "\n".join(wording.filled(f"Note: {note}") for note in some)
            for some in (self.cautions, [n for n in self.notes if n not in self.cautions])
        )
        columns = "\n".join(["Columns:", *(f"  {line}" for line in self.columns)])
        parts = [self.problem, on_top, columns if self.columns else ""]
        parts += [self.table(), wording.filled(self.legend)]
        parts += [wording.chosen(self.results), notes, wording.filled(self.verdict), self.code]
        return "\n\n".join(part for part in parts if part)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from sklimb._compare.report import page

        return page.fragment(self)

    def plot(self) -> tuple[Axes, Axes]:
        """Draw recall by class and method below the class sizes, in a new pyplot figure.

        Returns
        -------
        sizes, recall : matplotlib Axes
            Their ``figure`` is the picture.

        Raises
        ------
        RuntimeError
            If no method finished.
        """
        import matplotlib.pyplot as plt

        from sklimb._compare.report import picture

        if self.recalls.shape[1] < 2:
            raise RuntimeError(
                "there is nothing to plot, because no method finished: see the column `error` "
                "of results"
            )
        figure = plt.figure(figsize=picture.figure_size(self.recalls), layout="constrained")
        return picture.draw(figure, self.recalls, self.labels, self.n_splits)

    def save_report(self, directory: str | Path) -> Path:
        """Write results.csv, folds.csv, recalls.csv, recall.png and a page with all of it.

        Parameters
        ----------
        directory : str or Path
            Made if it is not there; files of an earlier report are replaced.

        Returns
        -------
        page : Path
            ``report.html``, which needs no other file.
        """
        from sklimb._compare.report import page

        return page.save(self, directory)
