"""Figures 5 to 8 of the affinity paper, drawn as there: errors on the test images of MNIST.

Of the rows that `affinity_mnist.py` has written, those of each figure's least cut protocol; where
that figure is not whole on MNIST, those of `affinity_digits.py`. Which it is stands in the title.
Means over the seeds. Nothing is trained.

    python benchmarks/papers/affinity_curves.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.affinity_mnist import METHODS, experiments
from lib.paper_comparison import Read, cut, rows_of_affinity
from lib.records import RESULTS, read_csv
from lib.summaries import mean, select

PICTURE = "papers/affinity_curves.png"
# experiment -> title, what is varied
FIGURES = {
    "fig5": ("Figure 5: wrong labels", "% of the labels that are wrong"),
    "fig6": ("Figure 6: imbalance", "% of the digits 0 to 4 that stay"),
    "fig7": ("Figure 7: sigma", "sigma"),
    "fig8": ("Figure 8: prototypes", "prototypes a class"),
}


def varied(setting: str) -> str:
    """Return the number that a setting varies: "50" of "50 % of 0 to 4", "5" of ", sigma 5"."""
    own = setting.rpartition(", ")[2].removeprefix("sigma ")
    return own.partition(" ")[0]


def draw(read: Read) -> plt.Figure:
    """Return the figures beside each other, as far as they were run."""
    own = {name: rows_of_affinity(read, name) for name in FIGURES}
    own = {name: found for name, found in own.items() if found}
    if not own:
        raise SystemExit(
            "No rows of Figures 5 to 8 in results/papers. Train them first: python "
            "benchmarks/papers/affinity_mnist.py --experiments fig5 fig6 fig7 fig8"
        )
    figure, axes = plt.subplots(
        1, len(own), figsize=(4.2 * len(own), 3.6), squeeze=False, layout="constrained"
    )
    for (name, found), ax in zip(own.items(), axes[0], strict=True):
        settings = dict.fromkeys(
            job["setting"] for job in experiments([name], list(METHODS))
            if select(found, setting=job["setting"])
        )  # fmt: skip
        ticks = [varied(setting) for setting in settings]
        for method in dict.fromkeys(row["method"] for row in found):
            errors = [
                100 - mean(select(found, setting=setting, method=method), "accuracy")
                for setting in settings
            ]
            ax.plot(ticks, errors, marker="o", label=method)
        title, what = FIGURES[name]
        ax.set(title=f"{title}\n{cut(found[0])}", xlabel=what, ylabel="errors, %", ylim=(0, None))
        ax.legend()
    return figure


def main() -> None:
    draw(read_csv).savefig(RESULTS / PICTURE, dpi=80)


if __name__ == "__main__":
    main()
