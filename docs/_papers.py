"""The pages of the papers' figures beside ours, from the results files alone."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

from lib.paper_comparison import Comparison, comparisons, measure  # noqa: E402
from lib.paper_items import (  # noqa: E402
    IN_PART,
    NOT_RUN,
    PAPERS,
    THERE,
    Item,
    all_items,
    state,
)
from lib.paper_reasons import reasons  # noqa: E402
from lib.records import RESULTS, read_csv  # noqa: E402

PICTURES = {
    "affinity": [
        ("affinity_picture.png", "Figure 2: two features under three losses"),
        ("affinity_curves.png", "Figures 5 to 8, as errors, like the paper's"),
    ],
    "m2m": [
        ("m2m_sizes.png", "Figure 3: training samples of each class"),
        ("m2m_pictures.png", "Figures 4 and 5, on MNIST-LT"),
    ],
    "rsg": [("rsg_learning.png", "What the contrastive module and T learn, epoch by epoch")],
}


def papers_page() -> str:
    """Return the page that counts what of each paper is there."""
    heads = [
        "paper", THERE, IN_PART, "core hours of those in part", NOT_RUN,
        "core hours of those not run", "not run for want of data",
    ]  # fmt: skip
    toctree = ["```{toctree}", ":hidden:", "", *(f"papers/{paper}" for paper in PAPERS), "```"]
    return "\n\n".join(
        [
            "# The papers' figures, and ours",
            "The tables and figures of the four papers that measure something, counted. Each is "
            f"**{THERE}** (run in the paper's protocol), **{IN_PART}** (other data, fewer epochs, "
            f"fewer images or a smaller network) or **{NOT_RUN}**. Each paper's page has them one "
            "by one: its figures, ours, the difference and the reason.",
            table(heads, counts(core_hours())),
            "Core hours are what the whole protocol would cost with three seeds on one core of the "
            "machine that `costs.csv` names; `benchmarks/papers/costs.py` reckons them from steps "
            "that it times. They are empty where the data are not here.",
            "\n".join(toctree),
        ]
    ) + "\n"  # fmt: skip


def paper_page(paper: str) -> str:
    """Return a paper's page: what of it is there, its figures, ours, and why they differ."""
    parts = [
        f"# {PAPERS[paper]}: the paper's figures, and ours",
        "What of the paper is there, and what the whole of it costs ([how this is "
        "counted](../papers.md)).",
        table(["", "what it shows", "ours", "where", "what is missing", "core hours"],
              items(paper, core_hours())),
        'In the tables below, "ours" is the mean of so many "runs", ± their standard deviation. '
        "All is read from `benchmarks/results/papers`, which the scripts in `benchmarks/papers` "
        "write.",
    ]  # fmt: skip
    for file, caption in PICTURES.get(paper, ()):
        if (RESULTS / "papers" / file).is_file():
            parts.append(f"![{caption}](../../benchmarks/results/papers/{file})")
    parts += list(of_paper([one for one in comparisons() if one.paper == paper], reasons()))
    if paper == "affinity":
        parts += list(wide_head())
    return "\n\n".join(parts) + "\n"


def core_hours() -> dict[tuple[str, str], float]:
    """Return what each table and figure costs, where its networks were timed."""
    hours: dict[tuple[str, str], float] = {}
    for row in read_csv("papers/costs.csv"):
        key = row["paper"], row["item"]
        hours[key] = hours.get(key, 0.0) + float(row["core_hours"])
    return hours


def counts(costs: dict[tuple[str, str], float]) -> Iterable[list[str]]:
    """Yield how many items of each paper are in which state, and what the missing ones cost."""
    for paper, name in PAPERS.items():
        of = {how: [] for how in (THERE, IN_PART, NOT_RUN)}
        for item in all_items():
            if item.paper == paper:
                of[state(item)].append(costs.get((paper, item.name)))
        row = [f"[{name}](papers/{paper}.md)", str(len(of[THERE]))]
        for how in (IN_PART, NOT_RUN):
            row += [str(len(of[how])), hours_of(of[how])]
        yield [*row, str(sum(cost is None for cost in of[NOT_RUN]))]


def hours_of(costs: Iterable[float | None]) -> str:
    """Return the sum of what is known of costs, empty if nothing is."""
    known = [cost for cost in costs if cost is not None]
    return f"{sum(known):.0f}" if known else ""


def items(paper: str, costs: dict[tuple[str, str], float]) -> Iterable[list[str]]:
    """Yield a row for each item of a paper."""
    for item in all_items():
        if item.paper == paper:
            hours = costs.get((paper, item.name))
            how = state(item)
            missing = item.lacks or {THERE: "", IN_PART: "the whole protocol"}.get(how, "all of it")
            yield [
                item.name, item.what, how, where(item), missing,
                "" if hours is None else f"{hours:.1f}",
            ]  # fmt: skip


def where(item: Item) -> str:
    """Return where the page has an item's part that has no table of its own."""
    if item.rows_in or not item.picture:
        return f"in {item.rows_in}" if item.rows_in else ""
    return f"drawn of other data: [the example](../auto_examples/{Path(item.picture).stem}.rst)"


def of_paper(found: list[Comparison], why: dict[tuple[str, str], str]) -> Iterable[str]:
    """Yield heading, reason and table of each table of a paper."""
    what = {item.name: item.what for item in all_items() if item.paper == found[0].paper}
    tables_first = sorted(what, key=lambda name: (name.startswith("Figure"), int(name.split()[1])))
    for name in tables_first:
        own = [one for one in found if one.item == name]
        if not own:
            continue
        yield f"## {name}: {what[name]}"
        yield why[own[0].paper, name]
        yield f"*{measure(own[0].paper, name)}.*"
        yield table(
            ["", "method", "paper", "ours", "difference", "runs", "protocol"],
            [
                [
                    one.setting,
                    one.method,
                    "" if one.figure is None else f"{one.figure:.2f}",
                    f"{one.ours:.2f}" + (f" ± {one.spread:.2f}" if one.runs > 1 else ""),
                    "" if one.difference is None else f"{one.difference:+.2f}",
                    str(one.runs),
                    one.protocol,
                ]
                for one in own
            ],
        )


def wide_head() -> Iterable[str]:
    """Yield what a head of as many classes as the face data have costs beside a linear one."""
    rows = read_csv("speed/wide_head.csv")
    if rows:
        yield f"## The cost of {rows[0]['classes']} classes"
        yield (
            "The paper says that its loss needs no more compute and memory. Of the head alone, on "
            f"{rows[0]['features']} features, in batches of {rows[0]['batch_size']} and on one "
            "core, it takes more of both (`benchmarks/speed/wide_head.py`)."
        )
        columns = {
            "head": "",
            "seconds_a_step": "seconds a step",
            "times_as_long": "times the linear head's",
            "megabytes_above_before": "MB",
            "times_the_memory": "times the linear head's",
        }
        yield table(list(columns.values()), [[row[name] for name in columns] for row in rows])


def table(heads: list[str], rows: Iterable[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
