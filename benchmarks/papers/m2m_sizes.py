"""Figure 3 of the M2m paper: how many training samples each class has, of the sets that are here.

CIFAR-10-LT with both ratios, Reuters (36 topics) and Twitter (23 tags); ``m2m_sizes.csv`` has the
ratio of the largest class to the smallest beside the paper's, ``m2m_sizes.png`` the picture.

    python benchmarks/papers/m2m_sizes.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.command_line import command_line
from lib.records import RESULTS, write_csv
from papers.m2m_text import texts

from sklimb.datasets import make_long_tailed

FILE, PICTURE = "papers/m2m_sizes.csv", "papers/m2m_sizes.png"
# set -> the paper's ratio, in its Table 1 and section 3.3
PAPER = {"CIFAR-10-LT, 100": 100, "CIFAR-10-LT, 10": 10, "Twitter": 147.9, "Reuters": 710}
COLUMNS = ("set", "classes", "samples", "largest", "smallest", "ratio", "paper")


def labels(name: str, data_home: Path) -> np.ndarray:
    """Return the labels of a set's training part."""
    if name == "Twitter":
        return texts("twitter", data_home)[0][1]
    if name == "Reuters":
        return texts("reuters", data_home)[1]
    y = np.repeat(np.arange(10), 5000)
    return make_long_tailed(y, y, ratio=PAPER[name], order="label", random_state=0)[1]


def row_of(name: str, sizes: np.ndarray) -> dict[str, object]:
    return {
        "set": name,
        "classes": len(sizes),
        "samples": int(sizes.sum()),
        "largest": int(sizes.max()),
        "smallest": int(sizes.min()),
        "ratio": f"{sizes.max() / sizes.min():.1f}",
        "paper": PAPER[name],
    }


def main() -> None:
    args = command_line(__doc__).parse_args()
    figure, axes = plt.subplots(1, len(PAPER), figsize=(13, 3), layout="constrained")
    rows = []
    for name, ax in zip(PAPER, axes, strict=True):
        sizes = np.sort(np.unique(labels(name, args.data_home), return_counts=True)[1])[::-1]
        rows.append(row_of(name, sizes))
        ax.bar(np.arange(1, len(sizes) + 1), sizes)
        ax.set(title=name, xlabel="class, the largest first", yscale="log")
    axes[0].set_ylabel("training samples")
    write_csv(FILE, rows, COLUMNS)
    figure.savefig(RESULTS / PICTURE, dpi=80)
    plt.close(figure)
    for row in rows:
        print(*row.values())


if __name__ == "__main__":
    main()
