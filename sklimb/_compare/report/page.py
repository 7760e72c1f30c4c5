"""The report: CSV files, recall.png and one HTML page that holds all of it."""

from __future__ import annotations

import base64
import io
import os
from functools import cache
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from sklimb._compare.report import charts, picture
from sklimb._compare.report.harmless import harmless, shown
from sklimb._compare.report.wording import figure, in_words, percent, readable, seconds
from sklimb._compare.run.scores import COST, RANKED_BY, SCORES
from sklimb.inspection import ConfusionDisplay

if TYPE_CHECKING:
    from sklimb._compare.report.result import Comparison

_NAMES = (
    "results.csv", "folds.csv", "recalls.csv", "confusion.csv", "precision.csv", "calibration.csv",
    "recall.png", "report.html",
)  # fmt: skip
# More classes than this are a picture, not a table.
_MOST_CONFUSION_COLUMNS = 8
_PACKAGES = ("scikit-learn", "imbalanced-learn", "torch", "numpy")


def save(comparison: Comparison, directory: str | Path) -> Path:
    """Write the report's files and return the path of its page.

    Parameters
    ----------
    comparison : Comparison
    directory : str or Path
        Made if it is not there; files of an earlier report are replaced.

    Returns
    -------
    page : Path
    """
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    files = _files(comparison)
    # All are there before the first is in its place: a full disk leaves the old ones as they are,
    # and what is not written anew is taken away, so that no file is of another comparison.
    with TemporaryDirectory(prefix=".new-", dir=folder) as beside:
        for name, content in files.items():
            Path(beside, name).write_bytes(content)
        for name in _NAMES:
            (folder / name).unlink(missing_ok=True)
        for name in files:
            os.replace(Path(beside, name), folder / name)
    return folder / "report.html"


def _files(comparison: Comparison) -> dict[str, bytes]:
    """Return the content of each file of a report, by its name."""
    files = {
        "results.csv": harmless(comparison.results).to_csv(index=False),
        "folds.csv": harmless(comparison.folds).to_csv(index=False),
        "recalls.csv": harmless(comparison.recalls).to_csv(),
    }
    tables = _decisions(comparison) or {}
    for name in ("confusion", "precision", "calibration"):
        if tables.get(name) is not None:
            files[f"{name}.csv"] = harmless(tables[name]).to_csv()
    image = _png(comparison)
    files["report.html"] = _page(comparison, image)
    made = {name: text.encode() for name, text in files.items()}
    return made if image is None else made | {"recall.png": image}


def _png(comparison: Comparison) -> bytes | None:
    """Return the picture, or None where no method finished."""
    if comparison.recalls.shape[1] < 2:
        return None
    # Without pyplot: no window, no global state, whatever backend the user has chosen.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=picture.figure_size(comparison.recalls), layout="constrained", dpi=120)
    FigureCanvasAgg(figure)
    n_splits = dict(zip(comparison.results["method"], comparison.results["n_splits"], strict=True))
    picture.draw(figure, comparison.recalls, comparison.labels, n_splits, comparison.noun)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _page(comparison: Comparison, image: bytes | None) -> str:
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in _PACKAGES)
    encoded = "" if image is None else base64.b64encode(image).decode("ascii")
    decisions = _decisions(comparison)
    return _rendered(
        "report.html.j2",
        comparison,
        image=encoded,
        versions=versions,
        decisions=decisions,
        cautions=_cautions(comparison),
        dots=charts.dots(comparison),
        curves=charts.curves(comparison),
        times=charts.times(comparison),
        confusions=None if decisions is None else _confusions(decisions["confusion"]),
    )


def _cautions(comparison: Comparison) -> list[str]:
    """Return what stands below the verdict: not what it says itself, with a capital or without."""
    return [line for line in comparison.cautions if line[1:] not in comparison.verdict]


def _confusions(confusion: pd.DataFrame) -> dict[str, Any] | None:
    """Return a picture of a confusion matrix that is too large for a table, and what stands out."""
    if len(confusion) <= _MOST_CONFUSION_COLUMNS:
        return None
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    sizes = confusion.sum(axis=1).to_numpy()
    order = np.argsort(-sizes, kind="stable")
    figure = Figure(figsize=(7.5, 6.2), layout="constrained", dpi=120)
    FigureCanvasAgg(figure)
    ConfusionDisplay(
        confusion.to_numpy()[np.ix_(order, order)],
        classes=confusion.index.to_numpy()[order],
        class_counts=sizes[order],
    ).plot(ax=figure.subplots())
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return {
        "image": base64.b64encode(buffer.getvalue()).decode("ascii"),
        "largest": charts.largest_confusions(confusion),
    }


def _decisions(comparison: Comparison) -> dict[str, Any] | None:
    """Return the tables of what is decided, None where no method finished."""
    if comparison.decision is None:
        return None
    done = comparison.results.set_index("method")
    ranked = percent(done.loc[comparison.best_method, "average_precision"])
    interval = comparison.average_precision_interval
    return {
        "rare": comparison.rare_class,
        "average_precision": ranked + ("" if interval is None else in_words(interval)),
        "confusion": comparison.confusion(),
        "precision": comparison.precision_at_recall(),
        "calibration": comparison.calibration(),
    }


def fragment(comparison: Comparison) -> str:
    """Return the closing line and the table as HTML, for notebooks.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    html : str
    """
    return _rendered("notebook.html.j2", comparison)


def _rendered(template: str, comparison: Comparison, **values: Any) -> str:
    """Return a template of this folder filled in, with the score that was chosen by in front."""
    metric = comparison.metric
    scores = {metric: "cost of 100" if metric == COST else SCORES[metric], **SCORES}
    page = _environment().get_template(template)
    text = page.render(
        comparison=comparison,
        scores=scores,
        metric=RANKED_BY[metric],
        metric_name=f"Cost of 100 {comparison.noun}s"
        if metric == COST
        else RANKED_BY[metric].capitalize(),
        unit="" if metric == COST else " in percent",
        **values,
    )
    return shown(text)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader(__package__, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals.update(
        figure=figure, percent=percent, seconds=seconds, in_groups=charts.in_groups, zip=zip
    )
    made.filters["readable"] = readable
    return made
