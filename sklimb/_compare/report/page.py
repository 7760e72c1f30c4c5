"""The report: CSV files, recall.png and one HTML page that holds all of it."""

from __future__ import annotations

import base64
import io
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from sklimb._compare.report import picture
from sklimb._compare.report.wording import percent, seconds
from sklimb._compare.run.scores import METRICS, SCORES

if TYPE_CHECKING:
    from sklimb._compare.report.result import Comparison

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
    comparison.results.to_csv(folder / "results.csv", index=False)
    comparison.folds.to_csv(folder / "folds.csv", index=False)
    comparison.recalls.to_csv(folder / "recalls.csv")
    tables = _decisions(comparison) or {}
    for name in ("confusion", "precision", "calibration"):
        table = tables.get(name)
        if table is None:
            (folder / f"{name}.csv").unlink(missing_ok=True)
        else:
            table.to_csv(folder / f"{name}.csv")
    image = _png(comparison)
    if image is None:
        (folder / "recall.png").unlink(missing_ok=True)
    else:
        (folder / "recall.png").write_bytes(image)
    path = folder / "report.html"
    path.write_text(_page(comparison, image), encoding="utf-8")
    return path


def _png(comparison: Comparison) -> bytes | None:
    """Return the picture, or None where no method finished."""
    if comparison.recalls.shape[1] < 2:
        return None
    # Without pyplot: no window, no global state, whatever backend the user has chosen.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=picture.figure_size(comparison.recalls), layout="constrained", dpi=120)
    FigureCanvasAgg(figure)
    picture.draw(figure, comparison.recalls, comparison.labels, comparison.n_splits)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _page(comparison: Comparison, image: bytes | None) -> str:
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in _PACKAGES)
    encoded = "" if image is None else base64.b64encode(image).decode("ascii")
    return _rendered(
        "report.html.j2",
        comparison,
        image=encoded,
        versions=versions,
        decisions=_decisions(comparison),
    )


def _decisions(comparison: Comparison) -> dict[str, Any] | None:
    """Return the tables of what is decided, None where no method finished."""
    if comparison.decision is None:
        return None
    return {
        "rare": comparison.rare_class,
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
    scores = {metric: SCORES[metric], **SCORES}
    page = _environment().get_template(template)
    return page.render(comparison=comparison, scores=scores, metric=METRICS[metric], **values)


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
    made.globals.update(percent=percent, seconds=seconds)
    return made
