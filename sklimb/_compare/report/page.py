"""The report: results.csv, folds.csv, recall.png and one HTML page that holds all of it."""

from __future__ import annotations

import base64
import io
from html import escape
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from sklimb._compare.report import picture
from sklimb._compare.report.wording import percent, seconds
from sklimb._compare.run.scores import METRICS, SCORES

if TYPE_CHECKING:
    from sklimb._compare.report.result import Comparison

_STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8882; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 1rem 0 }
th, td { padding: .3rem .7rem; text-align: right; border-bottom: 1px solid var(--line) }
th:first-child, td.words { text-align: left }
tbody tr.best { font-weight: 600 }
td small { color: #888; font-weight: 400 }
p.verdict { background: var(--soft); border-left: 4px solid #2a788e; padding: .8rem 1rem }
pre { background: var(--soft); padding: .8rem 1rem; overflow-x: auto }
img { max-width: 100%; background: white } .wide { overflow-x: auto } .failed { color: #b00020 }
"""


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
    metric = METRICS[comparison.metric]
    parts = [
        "<h1>Which method for imbalanced classes?</h1>",
        f"<p>{escape(comparison.problem)}</p>",
        f'<p class="verdict">{escape(comparison.verdict)}</p>',
        f"<h2>Results, sorted by {metric}</h2>",
        f'<div class="wide">{_results(comparison)}</div>',
        f"<p>{escape(comparison.legend)}</p>",
    ]
    if comparison.code:
        parts += [
            "<h2>The Python that makes it</h2>",
            f"<pre><code>{escape(comparison.code)}</code></pre>",
        ]
    if image is not None:
        data = base64.b64encode(image).decode("ascii")
        parts += [
            "<h2>Recall by class</h2>",
            f'<img alt="Recall by class and method, with class sizes; the table below has the '
            f'same figures" src="data:image/png;base64,{data}">',
            f'<div class="wide">{_recalls(comparison)}</div>',
        ]
    if comparison.notes:
        items = "".join(f"<li>{escape(note)}</li>" for note in comparison.notes)
        parts += ["<h2>Notes</h2>", f"<ul>{items}</ul>"]
    versions = ", ".join(
        f"{name} {metadata.version(name)}"
        for name in ("scikit-learn", "imbalanced-learn", "torch", "numpy")
    )
    parts.append(f"<p><small>{escape(comparison.how)} Versions: {versions}.</small></p>")
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>sklimb compare</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def fragment(comparison: Comparison) -> str:
    """Return the closing line and the table as HTML, for notebooks.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    html : str
    """
    return f"<p><b>{escape(comparison.verdict)}</b></p>\n{_results(comparison)}"


def _results(comparison: Comparison) -> str:
    scores = [comparison.metric, *(name for name in SCORES if name != comparison.metric)]
    heads = ["method", *(SCORES[name] for name in scores), "fit seconds", "splits", "parameters"]
    lines = []
    for row in comparison.results.to_dict("records"):
        best = ' class="best"' if row["method"] == comparison.best_method else ""
        if row["error"]:
            cells = (
                f'<td class="words failed" colspan="{len(heads) - 1}">{escape(row["error"])}</td>'
            )
        else:
            cells = "".join(_cell(row[name], row[f"{name}_std"]) for name in scores)
            cells += f"<td>{seconds(row['fit_seconds'])}</td><td>{row['n_splits']}</td>"
            cells += f'<td class="words">{escape(row["best_params"])} <small>'
            cells += f"{row['times_chosen']} of {row['n_splits']}</small></td>"
        lines.append(f'<tr{best}><td class="words">{escape(row["label"])}</td>{cells}</tr>')
    return _table(heads, lines)


def _cell(value: float, spread: float) -> str:
    text = percent(value, spread)
    number, _, rest = text.partition(" ")
    return f"<td>{number}{f' <small>{rest}</small>' if rest else ''}</td>"


def _recalls(comparison: Comparison) -> str:
    recalls = comparison.recalls
    methods = [name for name in recalls.columns if name != "rows"]
    heads = ["class", "rows", *(comparison.labels[name] for name in methods)]
    lines = []
    for name, row in recalls.iterrows():
        cells = "".join(f"<td>{percent(row[method])}</td>" for method in methods)
        lines.append(
            f'<tr><td class="words">{escape(str(name))}</td><td>{row["rows"]:,.0f}</td>{cells}</tr>'
        )
    return _table(heads, lines)


def _table(heads: list[str], lines: list[str]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    rows = "\n".join(lines)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"
