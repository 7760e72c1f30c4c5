"""The code of pages in docs/ runs, block after block as on the page, and prints what it says."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pandas as pd
import pytest

import sklimb.inspection
from tests.test_docstrings import OBJECTS

DOCS = Path(__file__).parents[1] / "docs"
# Pages whose blocks build on each other and need no network.
PAGES = [
    "backbones.md",
    "checkpoints.md",
    "choosing.md",
    "decisions.md",
    "index.md",
    "inputs.md",
    "methods/affinity.md",
    "methods/m2m.md",
    "methods/offset.md",
    "methods/rsg.md",
    "persistence.md",
]


@pytest.mark.parametrize("page", PAGES)
def test_page(page, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (DOCS / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert blocks
    space = {"__name__": "__main__"}
    for block in blocks:
        exec(compile(block, page, "exec"), space)
        printed = capsys.readouterr().out.splitlines()
        # What a print gives stands behind it, or below it, as a comment; "..." is any rest.
        said = re.findall(r"^ *print\(.*\)(?:  |\n *)# (.*)$", block, re.MULTILINE)
        assert len(printed) >= len(said)
        for line, expected in zip(printed, said):
            assert re.fullmatch(re.escape(expected).replace(r"\.\.\.", ".*"), line)


def pages():
    found = [path for path in DOCS.rglob("*.md") if not {"_build", "generated"} & set(path.parts)]
    return sorted(path for path in found if "auto_examples" not in path.parts)


@pytest.mark.parametrize("page", pages(), ids=lambda path: path.stem)
def test_links_to_files_hold(page):
    """Sphinx sees to links between pages; a link that it does not know is one to a file."""
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target and "auto_examples" not in target:
            # where the site's copies of the notebooks come from
            target = target.replace("generated/notebooks/", "../notebooks/")
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_example_draws_a_display():
    examples = sorted((DOCS / "examples").glob("plot_*.py"))
    assert 4 <= len(examples) <= 6
    for path in examples:
        text = path.read_text(encoding="utf-8")
        compile(text, path.name, "exec")
        assert "from sklimb.inspection import" in text


@pytest.mark.parametrize("method", ["affinity", "offset", "rsg", "m2m"])
def test_a_method_has_a_picture_and_its_equations_beside_functions(method):
    text = (DOCS / "methods" / f"{method}.md").read_text(encoding="utf-8")
    (picture,) = re.findall(
        r"^!\[.+\]\(\.\./auto_examples/images/sphx_glr_(\w+)_\d+\.png\)", text, re.M
    )
    assert (DOCS / "examples" / f"{picture}.py").exists()
    rows = re.findall(r"^\| (\d[\d, ]*) \| (.*) \| (.*)\|$", text, re.M)
    assert len(rows) >= 3
    for number, formula, function in rows:
        assert re.search(r"\$.*=|\$.*\(.*\$", formula), f"equation {number} is not written out"
        # 2 of the offset is what the paper starts from, and computes nothing
        assert "`~sklimb." in function or (method, number) == ("offset", "2")


def test_pages_need_no_network():
    """Equations are MathML in the page: a script from elsewhere would leave them as TeX."""
    settings = (DOCS / "conf.py").read_text(encoding="utf-8")
    assert 'html_math_renderer = "mathml"' in settings and "mathjax" not in settings


def test_every_display_is_in_the_gallery_or_on_a_page():
    shown = "".join(path.read_text(encoding="utf-8") for path in DOCS.rglob("*.py"))
    assert [name for name in sklimb.inspection.__all__ if name not in shown] == []


def test_the_api_page_has_every_public_name(monkeypatch):
    monkeypatch.syspath_prepend(DOCS)
    page = importlib.import_module("_pages").api_page()
    listed = set(re.findall(r"^   (\w+)$", page, re.MULTILINE))
    everything = {name.rpartition(".")[2] for name in OBJECTS} - {"main"}  # of the command
    assert everything - listed == set()


def test_results_are_those_of_the_files(monkeypatch):
    monkeypatch.syspath_prepend(DOCS)
    page = importlib.import_module("_pages").results_page()
    digits = pd.read_csv(
        DOCS.parent / "benchmarks" / "results" / "tables" / "compare_digits.csv", comment="#"
    )
    best = digits.iloc[0]
    row = next(line for line in page.splitlines() if f"| {best['label']} |" in line)
    assert f"| {100 * best['balanced_accuracy']:.1f} ± " in row


def test_what_was_tried_in_attacks_is_that_of_the_files(monkeypatch):
    monkeypatch.syspath_prepend(DOCS)
    page = importlib.import_module("_pages").results_page()
    section = page[page.index("## Trust") :]
    results = DOCS.parent / "benchmarks" / "results"
    for figure in pd.read_csv(results / "trust.csv", comment="#").fillna("").itertuples():
        assert f"| {figure.what} | {figure.before} | {figure.now} |" in section
    whole = pd.read_csv(results / "fuzzing.csv", comment="#").iloc[-1]
    assert whole["tried"] >= 20_000
    assert f"| all | {whole['tried']} | {whole['right']} | {whole['wrong']} |" in section


def speed(name: str) -> pd.DataFrame:
    return pd.read_csv(
        DOCS.parent / "benchmarks" / "results" / "speed" / f"{name}.csv", comment="#", dtype=str
    ).fillna("")


def test_the_speed_on_the_page_of_results_is_that_of_the_files(monkeypatch):
    monkeypatch.syspath_prepend(DOCS)
    pages = importlib.import_module("_pages")
    page = pages.results_page()
    section = page[page.index("## Speed and memory") : page.index("## Trust")]
    for name, (_, columns) in pages.SPEED.items():
        for row in speed(name)[list(columns)].to_numpy().tolist():
            assert "| " + " | ".join(row) + " |" in section
    assert "| large | sklimb, affinity |" in section and "| 1 | RebalancedClassifier |" in section


def test_a_billion_samples_are_reckoned_from_the_files(capsys):
    """Seconds in the code are the files', and what the text says follows from them."""
    text = (DOCS / "scale.md").read_text(encoding="utf-8")
    block = next(b for b in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "prod" in b)
    space = {}
    exec(compile(block, "scale.md", "exec"), space)
    fit, heads = speed("fit").set_index(["set", "what"]), speed("wide_head").set_index("head")
    epoch = float(fit.loc[("large", "sklimb, cross entropy"), "seconds_an_epoch"])
    assert space["body_seconds"] == epoch / 50_000
    for own, head in {
        "linear": "linear, cross entropy",
        "affinity": "affinity",
        "no diversity": "affinity, no diversity",
    }.items():
        measured = heads.loc[head]
        a_class = float(measured["seconds_a_step"]) / int(measured["classes"])
        assert space["head_seconds"][own] == a_class
    assert {int(width) for width in heads["features"]} == {space["width"]}
    assert {int(size) for size in heads["batch_size"]} == {space["batch"]}

    flat = re.sub(r"\s+", " ", text)
    step = space["head_seconds"]["linear"] * space["n_classes"]
    hours = space["n_samples"] * space["body_seconds"] / 3600
    in_front = 1e3 * space["batch"] * space["body_seconds"]
    years = step * space["steps"] / 86400 / 365
    assert f"a step of a linear softmax takes {step:.0f} s there and {in_front:.1f} ms" in flat
    assert f"about {hours:.1f} hours an epoch of one thread" in flat
    assert f"{years:.1f} years of one thread an epoch, for a linear head" in flat
    table = speed("out_of_core").set_index("way")["peak_mb_above_interpreter"]
    chunks, whole = table["csv, in chunks"], table["csv, in memory"]
    assert f"in chunks, {chunks} MB above the interpreter for a million rows of CSV" in flat
    assert f"where all at once take {whole}" in flat
    printed = capsys.readouterr().out
    assert f"data {space['data'] / 1e9:.0f} GB" in printed and f"{hours:.1f} hours" in printed


def test_the_papers_figures_are_those_of_the_files(monkeypatch):
    monkeypatch.syspath_prepend(DOCS)
    papers = importlib.import_module("_papers")
    page = papers.paper_page("m2m")
    results = DOCS.parent / "benchmarks" / "results" / "papers"
    reuters = pd.read_csv(results / "m2m_reuters.csv", comment="#").groupby("method")
    for method, own in reuters:
        mean, paper = own["balanced_accuracy"].mean(), own["paper"].iloc[0]
        row = next(line for line in page.splitlines() if f"| Reuters | {method} |" in line)
        assert f"| {paper:.2f} | {mean:.2f} ± " in row and f"| {mean - paper:+.2f} |" in row
    costs = pd.read_csv(results / "costs.csv", comment="#")
    hours = costs.groupby(["paper", "item"])["core_hours"].sum()
    lines = papers.paper_page("rsg").splitlines()
    row = next(line for line in lines if line.startswith("| Table 1 |"))
    assert row.endswith(f"| {hours['rsg', 'Table 1']:.1f} |")


def test_the_papers_are_counted_as_their_pages_say(monkeypatch):
    monkeypatch.syspath_prepend(DOCS)
    papers = importlib.import_module("_papers")
    counted = papers.papers_page().splitlines()
    for paper, name in papers.PAPERS.items():
        page = papers.paper_page(paper)
        items = [line.split(" | ") for line in page.splitlines()[6:] if line.count(" | ") == 5]
        states = [cells[2] for cells in items if cells[2] in ("there", "in part", "not run")]
        hours = {
            how: sum(float(cells[5].rstrip(" |") or 0) for cells in items if cells[2] == how)
            for how in ("in part", "not run")
        }
        (line,) = (line for line in counted if line.startswith(f"| [{name}](papers/{paper}.md)"))
        cells = line.strip("| ").split(" | ")
        told = dict(zip(("there", "in part", "not run"), (cells[i].strip() for i in (1, 2, 4))))
        assert told == {how: str(states.count(how)) for how in told}
        for how, cell in (("in part", cells[3]), ("not run", cells[5])):
            assert abs(float(cell.strip() or 0) - hours[how]) <= 1
        assert (DOCS / "papers" / f"{paper}.md").is_file()
        assert f"papers/{paper}" in counted  # in the table of contents
