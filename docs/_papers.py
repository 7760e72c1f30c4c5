"""The page of the papers' figures beside ours, from the results files alone."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

from lib.paper_comparison import REASONS, Comparison, comparisons  # noqa: E402
from lib.paper_items import (  # noqa: E402
    IN_PART,
    NOT_RUN,
    PAPERS,
    THERE,
    Item,
    all_items,
    state,
)
from lib.records import RESULTS, read_csv  # noqa: E402

PICTURES = {
    "affinity": ("affinity_picture.png", "Figure 2: two features under three losses"),
    "rsg": ("rsg_learning.png", "What the contrastive module and T learn, epoch by epoch"),
}


def papers_page() -> str:
    """Return the page: how much of each paper is there, its figures, ours, and why they differ."""
    costs = core_hours()
    parts = [
        "# The papers' figures, and ours",
        "Every table and figure that measures something, of the four papers: there in the paper's "
        "protocol, in part (other data, fewer epochs, a smaller network), or not run. Ours are "
        "means over the runs in `benchmarks/results/papers`, which the scripts in "
        "`benchmarks/papers` write. Core hours are those of the whole protocol with three seeds, "
        "on one core of the machine that `costs.csv` names, by steps that "
        "`benchmarks/papers/costs.py` timed.",
        table(["paper", THERE, IN_PART, NOT_RUN, "core hours of what is not there"], counts(costs)),
    ]
    for paper, name in PAPERS.items():
        parts += [f"## {name}", table(["", "what", "ours", "core hours"], items(paper, costs))]
        file, caption = PICTURES.get(paper, ("", ""))
        if (RESULTS / "papers" / file).is_file():
            parts.append(f"![{caption}](../benchmarks/results/papers/{file})")
        parts += list(of_paper([one for one in comparisons() if one.paper == paper]))
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
    """Yield how many items of each paper are in which state."""
    for paper, name in PAPERS.items():
        own = [(item, state(item)) for item in all_items() if item.paper == paper]
        timed = [item for item, how in own if how != THERE and (paper, item.name) in costs]
        missing = sum(costs[paper, item.name] for item in timed)
        numbers = [
            str(sum(how == wanted for _, how in own)) for wanted in (THERE, IN_PART, NOT_RUN)
        ]
        yield [name, *numbers, f"{missing:.0f}" if timed else "its data are not here"]


def items(paper: str, costs: dict[tuple[str, str], float]) -> Iterable[list[str]]:
    """Yield a row for each item of a paper."""
    for item in all_items():
        if item.paper == paper:
            hours = costs.get((paper, item.name))
            yield [item.name, item.what, said(item), "" if hours is None else f"{hours:.1f}"]


def said(item: Item) -> str:
    """Return an item's state, and what it lacks."""
    return state(item) + (f"; {item.lacks}" if item.lacks else "")


def of_paper(found: list[Comparison]) -> Iterable[str]:
    """Yield heading, reason and table of each table of a paper."""
    for name in dict.fromkeys(one.item for one in found):
        own = [one for one in found if one.item == name]
        yield f"### {PAPERS[own[0].paper]}: {name}"
        reason = REASONS.get((own[0].paper, name))
        if reason:
            yield reason
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
        yield f"### {PAPERS['affinity']}: the cost of {rows[0]['classes']} classes"
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
