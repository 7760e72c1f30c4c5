"""Pages of the site that follow from something else: the API, results from files, notebooks.

They lie in `docs/generated`, which git ignores.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from _papers import PAPERS as OF_PAPERS
from _papers import paper_page, papers_page

import sklimb

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
# Which column of a paper's results says how good a method is, and what tells settings apart.
PAPERS = {
    "offset": (
        "Kim, Hong & Kim (2021): accuracy over all classes",
        ["set", "method"],
        ["many", "medium", "few", "all", "geometric_mean"],
    ),
    "m2m_reuters": (
        "Kim, Jeong & Shin (2020): Reuters, in the paper's protocol",
        ["method"],
        ["balanced_accuracy", "geometric_mean", "paper"],
    ),
    "m2m_text": (
        "Kim, Jeong & Shin (2020): M2m on text",
        ["set", "method"],
        ["balanced_accuracy", "geometric_mean", "acceptance_rate", "paper"],
    ),
    "m2m_ablation": (
        "Kim, Jeong & Shin (2020): what each part of M2m is worth",
        ["set", "variant"],
        ["major", "minor", "balanced_accuracy", "geometric_mean"],
    ),
    "m2m_cifar": (
        "Kim, Jeong & Shin (2020): CIFAR-10, long-tailed, short trainings on a CPU",
        ["depth", "epochs", "ratio", "method"],
        ["balanced_accuracy", "geometric_mean"],
    ),
    "rsg_cifar": (
        "Wang et al. (2021): CIFAR-10, error in percent, with RSG (1) and without (0)",
        ["depth", "epochs", "imbalance", "ratio", "method", "rsg"],
        ["error"],
    ),
    "reuters_tfidf": (
        "Reuters-36 as TF-IDF, methods and baselines tuned alike",
        ["method"],
        ["balanced_accuracy", "geometric_mean", "macro_f1"],
    ),
}


def write_all(docs: Path) -> None:
    """Write all generated pages, where they have changed."""
    folder = docs / "generated"
    folder.mkdir(exist_ok=True)
    pages = {"api.rst": api_page(), "results.md": results_page(), "papers.md": papers_page()}
    (folder / "papers").mkdir(exist_ok=True)
    pages |= {f"papers/{paper}.md": paper_page(paper) for paper in OF_PAPERS}
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        pages[f"notebooks/{notebook.name}"] = notebook.read_text(encoding="utf-8")
    (folder / "notebooks").mkdir(exist_ok=True)
    for old in (folder / "notebooks").iterdir():
        if f"notebooks/{old.name}" not in pages:
            old.unlink()
    for name, text in pages.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


# --- the API -------------------------------------------------------------------------------------


def public_modules() -> list[str]:
    """Return the modules that users import from, the top first."""
    rooms = [module.name for module in pkgutil.iter_modules(sklimb.__path__)]
    return ["sklimb"] + [
        f"sklimb.{name}" for name in rooms if not name.startswith("_") and name != "cli"
    ]


def api_page() -> str:
    """Return the page that lists every public name, each once, under its shortest address."""
    parts = ["API reference\n=============\n\nEvery public name, where it is imported from."]
    seen: set[int] = set()
    for module_name in public_modules():
        module = importlib.import_module(module_name)
        names = []
        for name in module.__all__:
            thing = getattr(module, name)
            documented = inspect.isclass(thing) or inspect.isroutine(thing)
            if documented and id(thing) not in seen:
                seen.add(id(thing))
                names.append(name)
        if names:
            parts.append(_section(module_name, module.__doc__ or "", names))
        others = [n for n in module.__all__ if not callable(getattr(module, n))]
        if others and module_name != "sklimb":
            parts.append("Also there: " + ", ".join(f"``{module_name}.{n}``" for n in others) + ".")
    return "\n\n".join(parts) + "\n"


def _section(module_name: str, doc: str, names: list[str]) -> str:
    title = module_name + "\n" + "-" * len(module_name)
    summary = doc.strip().split("\n\n")[0].replace("\n", " ")
    listed = "\n".join(f"   {name}" for name in sorted(names))
    return (
        f"{title}\n\n{summary}\n\n.. currentmodule:: {module_name}\n\n"
        f".. autosummary::\n   :toctree: api\n   :nosignatures:\n\n{listed}"
    )


# Files of `results/speed`: which columns are shown, and under which heading.
SPEED: dict[str, tuple[str, dict[str, str]]] = {
    "fit": (
        "A training step, as a multiple of a bare PyTorch loop's",
        {
            "set": "rows",
            "what": "what",
            "ratio_to_bare_loop": "times the bare loop",
            "goal": "goal",
            "ratio_to_bare_loop_of_a_layer_more": "times the bare loop of a layer more",
        },
    ),
    "predict": (
        "Predicting one row, and many",
        {
            "rows": "rows",
            "model": "model",
            "ratio_to_peer": "times the peer",
            "peer": "peer",
            "goal": "goal",
        },
    ),
    "goals": (
        "Fits, heads, RSG, M2m, searches and imports, each beside what does the same",
        {"what": "what", "peer": "peer", "ratio": "times the peer", "at_most": "goal"},
    ),
    "sparse": (
        "Sparse text, as a multiple of an embedding bag",
        {"way": "way", "times_as_long": "times as long", "times_the_memory": "times the memory"},
    ),
    "rows": (
        "A default fit by the number of rows, beside a balanced random forest",
        {
            "rows": "rows",
            "method": "method",
            "times_the_forest": "times the forest",
            "balanced_accuracy": "balanced accuracy",
        },
    ),
    "memory": (
        "Memory, as a multiple of a memory-mapped X",
        {"model": "model", "fit": "fit", "predict": "predict"},
    ),
}


# --- results -------------------------------------------------------------------------------------


def results_page() -> str:
    """Return the page of results, by data set and by paper, as the files have them."""
    parts = [
        "# Results",
        "Each table is a file of `benchmarks/results` as it is committed, means over its splits or "
        "seeds; the script of the same name under `benchmarks` made it, and its first lines say on "
        "which machine. Figures are percent unless the heading says otherwise.",
        "## By data set",
        "What `sklimb compare` says of the sets that it knows: every method chose among as many "
        "candidates by cross-validation on the samples to learn from.",
    ]
    for path in sorted((RESULTS / "tables").glob("compare_*.csv")):
        if not path.stem.startswith("compare_files"):  # `docs/compare.md` has them
            parts += [f"### {path.stem.removeprefix('compare_')}", *_compared(path)]
    parts += ["### Twelve tables", *_tabular(RESULTS / "tables" / "tabular.csv"), "## By paper"]
    for name, (title, keys, columns) in PAPERS.items():
        path = RESULTS / "papers" / f"{name}.csv"
        if path.is_file():
            parts += [f"### {title}", *_averaged(path, keys, columns)]
    parts += ["## Speed and memory", *_speed(), "## Trust", *_trust()]
    return "\n\n".join(parts) + "\n"


def _speed() -> Iterable[str]:
    """Give what training and predicting cost, beside others that do the same."""
    yield (
        "By the scripts of `benchmarks/speed`, on one thread. Goals are what was aimed at, as "
        "multiples of the peer; no absolute time is a result."
    )
    for name, (title, columns) in SPEED.items():
        frame = pd.read_csv(RESULTS / "speed" / f"{name}.csv", comment="#", dtype=str).fillna("")
        yield f"### {title}"
        yield _table(frame[list(columns)].rename(columns=columns))
    yield "### How a fit grows"
    yield (
        "One epoch by the number of samples, of classes and of sparse columns; the dotted line "
        "grows in proportion (`benchmarks/speed/growth.py`)."
    )
    yield (
        "![Seconds and megabytes of an epoch by samples, classes and columns, beside a line in "
        "proportion](../benchmarks/results/speed/growth.png)"
    )


def _trust() -> Iterable[str]:
    """Give what an attack found and what the same gives now, and the tries of the fuzzer."""
    yield (
        "What an attack on an early version found, and what the same gives now; the command in the "
        "last column measures it."
    )
    figures = pd.read_csv(RESULTS / "trust.csv", comment="#").fillna("")
    yield _table(figures.rename(columns={"what": "tried"}))
    yield (
        "Hostile values for every parameter, argument and file: right is a finite result, or a "
        "`ValueError` or `TypeError` that names argument and value, with nothing changed outside "
        "(`python -m tests.fuzzing`)."
    )
    tries = pd.read_csv(RESULTS / "fuzzing.csv", comment="#")
    yield _table(
        tries[["area", "tried", "right", "wrong", "slowest_seconds"]].rename(
            columns={"slowest_seconds": "slowest, in seconds"}
        )
    )


def _compared(path: Path) -> Iterable[str]:
    frame = pd.read_csv(path, comment="#")
    how = [line[1:].strip() for line in path.read_text("utf-8").splitlines() if line[:1] == "#"]
    table = pd.DataFrame({"method": frame["label"]})
    for column in ("balanced_accuracy", "geometric_mean", "average_precision", "rare_recall"):
        table[column.replace("_", " ")] = [
            "" if pd.isna(mean) else f"{100 * mean:.1f} ± {100 * spread:.1f}"
            for mean, spread in zip(frame[column], frame[f"{column}_std"], strict=True)
        ]
    yield how[-1]
    yield _table(table)


def _tabular(path: Path) -> Iterable[str]:
    frame = pd.read_csv(path, comment="#")
    mean = frame.groupby(["method", "backbone", "tuning", "set"])["balanced_accuracy"].mean()
    table = mean.groupby(["method", "backbone", "tuning"]).agg(["mean", "size"]).reset_index()
    table = table.sort_values("mean", ascending=False)
    table["mean"] = [f"{100 * value:.1f}" for value in table["mean"]]
    yield "Balanced accuracy, mean over the sets (their number in the last column)."
    yield _table(table.rename(columns={"mean": "balanced accuracy", "size": "sets"}))


def _averaged(path: Path, keys: list[str], columns: list[str]) -> Iterable[str]:
    frame = pd.read_csv(path, comment="#")
    keys = [key for key in keys if key in frame]
    columns = [column for column in columns if column in frame]
    numbers = frame[columns].apply(pd.to_numeric, errors="coerce")
    grouped = pd.concat([frame[keys], numbers], axis=1).groupby(keys, sort=False)
    means, sizes = grouped.mean(), grouped.size()
    table = means.map(lambda value: "" if pd.isna(value) else f"{value:.2f}").reset_index()
    table["runs"] = sizes.to_numpy()
    yield _table(table.rename(columns=lambda name: name.replace("_", " ")))


def _table(frame: pd.DataFrame) -> str:
    rows = [list(frame.columns), ["---"] * frame.shape[1], *frame.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)
