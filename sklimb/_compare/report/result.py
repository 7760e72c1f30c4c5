"""What `sklimb.compare` returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sklimb._compare.errors import InputError
from sklimb._compare.phrases import nearest

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from sklearn.base import BaseEstimator

    from sklimb._compare.decisions.decision import Decision
    from sklimb._compare.decisions.held_out import HeldOut


@dataclass(repr=False)
class Comparison:
    """Methods side by side on one problem; printing it prints the whole answer.

    Attributes
    ----------
    results : DataFrame
        One row a method, the best first, those measured alike together (`stage`, the last one
        first; `setting`): each score with its standard deviation over the splits
        (``..._std``), the mean cost of a sample too where ``metric`` is ``"cost"``,
        ``fit_seconds``, ``best_params`` (the candidate with the best mean score on the inner splits
        of all splits, which itself chose ``times_chosen`` of ``n_splits``) and, for a method that
        failed, ``error``.
    folds : DataFrame
        One row a method, setting (tuned or not, from how many rows) and split.
    recalls : DataFrame
        Recall by class: one row a class, the largest first; the column ``rows`` and one a method.
    metric : str
        What the methods were tuned for and are ranked by.
    best_method : str or None
        Name of the method to use: that with the best mean, but the blend of net and forest where
        the best is not clearly ahead of it; None if none finished or none is better than chance.
    best_params_ : dict
        Its parameters: the candidate with the best mean score over the inner splits of all splits.
    best_estimator_ : Pipeline or None
        Fitted with them on all rows but those of a test part; None without a refit. With an aim
        or costs it decides by them.
    verdict : str
        Which method to use and what that finds, in two sentences.
    reasons : str
        What the lead of the method is worth, and what else is known of the decision.
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
    provisional : bool
        Whether it did, or the budget: more could be looked at than was.
    stages : dict
        How the methods of each stage were measured, in words.
    classes : ndarray of shape (n_classes,)
        All labels, sorted: the columns of ``predictions``.
    decision : Decision or None
        What the best method decides by and what that gives: counts in ``table``, cross-fitted.
    decided_from : int or None
        From how many samples the fits learnt that ``decision`` was chosen by, where these are a
        part of the samples and a fit to all is not to be decided by it; None where it is.
    noun : str
        What a sample is called: a row, a text, an image.
    average_precision_interval : (float, float) or None
        95 % interval of the best method's mean average precision: a bootstrap of the scored samples
        within their classes. NaN where there is nothing to rank; None on more than two classes,
        unless they are ranked by it.
    predictions : dict
        Of each method that is shown what it said of rows that it had not learnt from: ``rows``,
        ``truth``, ``predicted`` and ``proba``; see `out_of_fold`.
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
    reasons: str = ""
    notes: list[str] = field(default_factory=list)
    interrupted: bool = False
    cautions: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    provisional: bool = False
    stages: Mapping[int, str] = field(default_factory=dict)
    classes: np.ndarray | None = None
    decision: Decision | None = None
    decided_from: int | None = None
    noun: str = "row"
    average_precision_interval: tuple[float, float] | None = None
    predictions: Mapping[str, HeldOut] = field(default_factory=dict)

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

        return wording.table(self.results, self.metric, self.marked_stages())

    def marked_stages(self) -> Mapping[int, str] | None:
        """Return how the methods of each stage were measured, None where that needs no word.

        Returns
        -------
        stages : mapping or None
        """
        return self.stages if self.provisional or len(self.stages) > 1 else None

    def __str__(self) -> str:
        from sklimb._compare.report import wording
        from sklimb._compare.report.harmless import shown

        on_top, notes = (
            "\n".join(wording.filled(f"Note: {note}") for note in some)
            for some in (self.cautions, [n for n in self.notes if n not in self.cautions])
        )
        columns = "\n".join(["Columns:", *(f"  {line}" for line in self.columns)])
        parts = [self.problem, on_top, columns if self.columns else ""]
        parts += [self.table(), wording.filled(self.legend)]
        parts += [wording.chosen(self.results), notes]
        parts += [wording.filled(self.verdict), wording.filled(self.reasons), self.code]
        return shown("\n\n".join(part for part in parts if part))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from sklimb._compare.report import page

        return page.fragment(self)

    def out_of_fold(self, method: str | None = None) -> pd.DataFrame:
        """Return what a method said of rows that it had not learnt from.

        Parameters
        ----------
        method : str or None, default=None
            None is the best.

        Returns
        -------
        frame : DataFrame
            One row a scored row and repeat: ``row`` (its position in the data), ``truth``,
            ``predicted``, and a column for each class: probabilities, or scores of a method that
            has none.
        """
        held = self._held(method)
        frame = pd.DataFrame(held.proba, columns=list(self.classes))
        frame.insert(0, "predicted", self.classes[held.predicted])
        frame.insert(0, "truth", self.classes[held.truth])
        frame.insert(0, "row", held.rows)
        return frame

    def decide(self, method: str | None = None, *, aim: Any = None, costs: Any = None) -> Decision:
        """Return what an aim or costs come to with a method; nothing is fitted for it.

        Parameters
        ----------
        method : str or None, default=None
            None is the best.
        aim, costs
            As `sklimb.compare` takes them.

        Returns
        -------
        decision : Decision
            ``threshold``, ``table``, ``recall(k)``, ``precision(k)`` with intervals, ``cost``.

        Raises
        ------
        ValueError
            If they cannot be meant, or costs of many classes need probabilities and there are none.
        """
        from sklimb._compare.decisions.aims import make_aim
        from sklimb._compare.decisions.decision import decide

        counts = self.recalls["rows"].to_dict()
        checked = make_aim(aim, costs, self.classes, self.rare_class, counts)
        found = decide(self._held(method), checked)
        if found is None:
            raise InputError(
                f"method {method or self.best_method} has no probabilities, which costs of many "
                "classes need"
            )
        return found

    def confusion(self, method: str | None = None) -> pd.DataFrame:
        """Return how often each class was called which, truth by row, a mean over repeats.

        Parameters
        ----------
        method : str or None, default=None
            None is the best, decided by the aim or the costs where there are any; another is taken
            as it predicts.

        Returns
        -------
        frame : DataFrame of shape (n_classes, n_classes)
        """
        from sklimb._compare.report.deciding import confusion_frame

        own = method is None or method == self.best_method
        decision = self.decision if own and self.decision else self.decide(method)
        return confusion_frame(decision, self.classes)

    def precision_at_recall(self) -> pd.DataFrame:
        """Return the precision on the rarest class that each method has at some recalls.

        Returns
        -------
        frame : DataFrame
            One row a method of the last stage, one column a recall.
        """
        from sklimb._compare.report.deciding import precision_frame

        first = self.results["stage"].max()
        last = self.results.loc[self.results["stage"] == first, "method"]
        shown = {name: self.predictions[name] for name in last if name in self.predictions}
        return precision_frame(shown, self.classes, self.rare_class)

    def calibration(self, method: str | None = None) -> pd.DataFrame | None:
        """Return how well calibrated a method is, before and after two numbers have mended it.

        Parameters
        ----------
        method : str or None, default=None
            None is the best.

        Returns
        -------
        frame : DataFrame or None
            Rows ``before`` and ``after``, and three columns in which less is better:
            ``log_loss``, ``brier`` (the Brier score over all classes), ``calibration_error`` (how
            far on average the probability of the rarest class is from its share among samples of
            about this probability). None for a method without probabilities.
        """
        from sklimb._compare.decisions.calibration import calibration

        rare = int(np.searchsorted(self.classes, self.rare_class))
        return calibration(self._held(method), rare)

    def _held(self, method: str | None) -> HeldOut:
        name = self.best_method if method is None else method
        if name not in self.predictions:
            raise InputError(
                f"there are no predictions of {name!r}: {nearest(str(name), self.predictions)}"
            )
        return self.predictions[name]

    @property
    def rare_class(self) -> Any:
        """The class with the fewest rows, that is looked for."""
        return self.recalls["rows"].sort_index().idxmin()

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
        n_splits = dict(zip(self.results["method"], self.results["n_splits"], strict=True))
        return picture.draw(figure, self.recalls, self.labels, n_splits, self.noun)

    def save_report(self, directory: str | Path) -> Path:
        """Write the tables as CSV files, recall.png and a page with all of it.

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
