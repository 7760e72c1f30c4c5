"""The papers' figures beside ours, from the results files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from papers import m2m_ablation, m2m_cifar, rsg_cifar

from lib import affinity_mnist, rsg_ablation
from lib.records import read_csv
from lib.summaries import mean, of_least_cut, select, spread

# Figures of the affinity paper that are curves of MNIST.
CURVES = (5, 6, 7, 8)
# What the figures of a paper's items are, in percent if nothing is said.
MEASURES = {
    "affinity": "Accuracy, percent",
    "m2m": "Balanced accuracy, percent",
    "rsg": "Errors, percent: the fewer the better",
}
MEASURES_OF_ITEMS = {
    ("m2m", "Table 3"): "Gain in balanced accuracy, percentage points",
    ("m2m", "Table 4"): "Gain in balanced accuracy, percentage points",
    ("m2m", "Figure 3"): "Training samples of the largest class for one of the smallest",
    ("m2m", "Figure 4"): "Silhouettes",
    ("m2m", "Figure 5"): "Test images, of 10,000",
    ("rsg", "Table 3"): "How many fewer errors than LDAM-DRW, percentage points",
    ("rsg", "Table 5"): "How many fewer errors than LDAM-DRW, percentage points",
    ("offset", "Table 1"): "Gain in mean recall, percentage points",
    ("offset", "Table 3"): "Gain in mean recall, percentage points",
    ("offset", "Figure 3"): "Standard deviations over classes, and correlations",
}
# Of the offset paper's Figure 3, over classes.
OFFSETS = {
    "empirical_std": "spread of the empirical offsets",
    "estimated_std": "spread of the estimated offsets",
    "correlation": "correlation of the two",
}
SMALL = "8 x 8 digits"
Rows = list[dict[str, str]]
Read = Callable[[str], Rows]
# The offset paper's accuracies over classes of many, medium and few rows of ImageNet-LT with
# ResNet-10, Table 1.
GROUPS = {
    "baseline": {"many": 47.4, "medium": 7.9, "few": 0.1},
    "ours w/o UC": {"many": 56.6, "medium": 30.8, "few": 9.4},
    "ours": {"many": 49.9, "medium": 40.6, "few": 31.4},
}
# The offset paper's accuracies over all classes of ImageNet-LT with ResNet-10, Table 3.
OFFSET_PAPER = {
    "baseline": 21.9,
    "paper, UC only": 36.5,
    "paper w/o UC": 37.7,
    "paper": 42.9,
    "paper, normalised terms": 42.9,
    "UC only": 36.5,
    "ours w/o UC": 37.7,
    "ours": 42.9,
    "prior + centre loss": None,
    "logit adjustment": None,
    "balanced sampling": None,
}


class Comparison(NamedTuple):
    """A figure of a paper and ours.

    Attributes
    ----------
    paper, item : str
        As in `lib.paper_items`.
    setting, method : str
        What of it.
    figure : float or None
        The paper's, where it has one.
    ours, spread, runs
        Mean, standard deviation and number of our runs.
    protocol : str
        How it was run.
    """

    paper: str
    item: str
    setting: str
    method: str
    figure: float | None
    ours: float
    spread: float
    runs: int
    protocol: str

    @property
    def difference(self) -> float | None:
        return None if self.figure is None else self.ours - self.figure


def of_affinity(read: Read) -> Iterator[Comparison]:
    """Yield the affinity paper's accuracies, in the order of its settings."""
    rows = rows_of_affinity(read)
    names = {"table1": "Table 1", "table4": "Table 4"} | {f"fig{n}": f"Figure {n}" for n in CURVES}
    keys = ("experiment", "setting", "method", "epochs", "share", "data")
    order = [
        (job["experiment"], job["setting"])
        for job in affinity_mnist.experiments(list(names), list(affinity_mnist.METHODS))
    ]
    methods = list(affinity_mnist.METHODS)
    found = [dict(zip(keys, own, strict=True))
             for own in dict.fromkeys(tuple(row[key] for key in keys) for row in rows)]  # fmt: skip
    found.sort(key=lambda job: (
        list(names).index(job["experiment"]), job["data"] == SMALL,
        order.index((job["experiment"], job["setting"])),
        -float(job["share"]), int(job["epochs"]), methods.index(job["method"]),
    ))  # fmt: skip
    for job in found:
        mine = select(rows, **job)
        yield _made(
            "affinity", names[job["experiment"]], job["setting"], job["method"],
            mine[0]["paper"], mine, "accuracy", cut(job),
        )  # fmt: skip
    rows = read("papers/affinity_picture.csv")
    for row in rows:
        yield _made(
            "affinity", "Figure 2", affinity_mnist.TUNED_ON["setting"], row["method"],
            None, [row], "accuracy", cut(row),
        )  # fmt: skip


def rows_of_affinity(read: Read, experiment: str = "") -> Rows:
    """Return all rows, or an experiment's: of MNIST if it is whole there, else of small digits."""
    images = [row | {"data": "MNIST"} for row in read("papers/affinity_mnist.csv")]
    small = [row | {"data": SMALL, "share": "1.0"} for row in read("papers/affinity_digits.csv")]
    if not experiment:
        return images + small
    own = of_least_cut(select(images, experiment=experiment))
    cells = affinity_mnist.experiments([experiment], list(affinity_mnist.METHODS))
    other = select(small, experiment=experiment)
    return own if all(select(own, **cell) for cell in cells) or not other else other


def cut(row: dict[str, str]) -> str:
    """Say on what a run was made, if not on MNIST, and how it was cut."""
    share, other = float(row["share"]), row.get("data") == SMALL
    return (
        (f"{SMALL}, MLP, " if other else "")
        + f"{row['epochs']} epochs"
        + ("" if share == 1 else f", {share:.0%} of the images")
    )


def of_m2m(read: Read) -> Iterator[Comparison]:
    """Yield the M2m paper's balanced accuracies."""
    rows = read("papers/m2m_cifar.csv")
    keys = ("depth", "width", "epochs", "share", "ratio", "method")
    for own in dict.fromkeys(tuple(row[key] for key in keys) for row in rows):
        job = dict(zip(keys, own, strict=True))
        figure = m2m_cifar.METHODS[job["method"]][2][int(job["ratio"])]
        yield _made(
            "m2m", "Table 1", f"CIFAR-10-LT, ratio {job['ratio']}", job["method"], figure,
            select(rows, **job), "balanced_accuracy",
            f"ResNet-{job['depth']}, width {job['width']}, {job['epochs']} epochs, "
            f"{float(job['share']):.0%} of the images",
        )  # fmt: skip
    rows = read("papers/m2m_reuters.csv")
    for method in dict.fromkeys(row["method"] for row in rows):
        mine = select(rows, method=method)
        yield _made("m2m", "Table 2", "Reuters", method, mine[0]["paper"], mine,
                    "balanced_accuracy", "the paper's")  # fmt: skip
    rows = read("papers/m2m_text.csv")
    for name, method in dict.fromkeys((row["set"], row["method"]) for row in rows if row["paper"]):
        mine = select(rows, set=name, method=method)
        how = "the paper's" if name == "reuters" else "words of the training part as vectors"
        yield _made("m2m", "Table 2", name.capitalize(), method, mine[0]["paper"], mine,
                    "balanced_accuracy", how)  # fmt: skip
    rows, plain = read("papers/m2m_ablation.csv"), "ERM"
    told = dict.fromkeys((row["set"], row["variant"]) for row in rows)
    item = {variant: "Table 3" if variant.endswith("seeds") else "Table 4" for _, variant in told}
    for name, variant in sorted(told, key=lambda own: item[own[1]]):
        if variant != plain:
            yield _made(
                "m2m", item[variant], f"gain on {plain}, {name}", variant,
                m2m_ablation.VARIANTS[variant][1] - m2m_ablation.VARIANTS[plain][1],
                gains(rows, "balanced_accuracy", {"set": name}, "variant", variant, plain),
                "gain", "MLP, 40 epochs",
            )  # fmt: skip


def of_m2m_pictures(read: Read) -> Iterator[Comparison]:
    """Yield what is counted of the M2m paper's Figures 3, 4 and 5."""
    for row in read("papers/m2m_sizes.csv"):
        size = f"{row['classes']} classes, {row['samples']} samples"
        yield _made("m2m", "Figure 3", "largest to smallest class", row["set"], row["paper"],
                    [row], "ratio", size)  # fmt: skip
    told = {
        "silhouette": ("Figure 4", "silhouette of the features drawn"),
        "false_positives": ("Figure 5", "false positives"),
        "called_frequent": ("Figure 5", "of them called a frequent class"),
    }
    for column, (item, what) in told.items():
        for row in read("papers/m2m_pictures.csv"):
            yield _made("m2m", item, f"{what}, mnist", row["method"], None, [row], column,
                        "MLP, 40 epochs")  # fmt: skip


def gains(
    rows: Rows, column: str, of: dict[str, str], key: str, name: str, plain: str
) -> list[dict[str, str]]:
    """Return a row for each seed that both have: what one gains on the other."""
    before = {row["seed"]: float(row[column]) for row in select(rows, **of, **{key: plain})}
    return [
        {"seed": row["seed"], "gain": str(float(row[column]) - before[row["seed"]])}
        for row in select(rows, **of, **{key: name})
        if row["seed"] in before and row[column] != "nan"
    ]


def of_rsg(read: Read) -> Iterator[Comparison]:
    """Yield the RSG paper's error rates."""
    rows = read("papers/rsg_cifar.csv")
    keys = ("depth", "width", "epochs", "share", "decay", "imbalance", "ratio", "method", "rsg")
    for own in dict.fromkeys(tuple(row[key] for key in keys) for row in rows):
        job = dict(zip(keys, own, strict=True))
        told = job["imbalance"], int(job["ratio"]), job["method"], int(job["rsg"])
        yield _made(
            "rsg", "Table 1", f"{job['imbalance']}, ratio {job['ratio']}",
            job["method"] + (", RSG" if job["rsg"] == "1" else ""), rsg_cifar.PAPER.get(told),
            select(rows, **job), "error",
            f"ResNet-{job['depth']}, {job['epochs']} epochs, {float(job['share']):.0%} of the "
            f"images, decay {job['decay']}",
        )  # fmt: skip


def of_rsg_ablation(read: Read) -> Iterator[Comparison]:
    """Yield what the RSG paper's ablations gain on LDAM-DRW: there, and here of the same seeds."""
    rows, plain = read("papers/rsg_ablation.csv"), "LDAM-DRW"
    keys = ("variant", "epochs", "n_max")
    for own in dict.fromkeys(tuple(row[key] for key in keys) for row in rows):
        job = dict(zip(keys, own, strict=True))
        variant = rsg_ablation.VARIANTS[job["variant"]]
        protocol = {key: job[key] for key in keys[1:]}
        fewer = [
            {"gain": str(-float(row["gain"]))}
            for row in gains(rows, "error", protocol, "variant", job["variant"], plain)
        ]
        # RSG itself is a row of both tables
        for item in ("Table 3", "Table 5") if job["variant"] == "RSG" else (variant.item,):
            if item and fewer:
                yield _made(
                    "rsg", item, f"gain on {plain}", job["variant"],
                    rsg_ablation.VARIANTS[plain].figure - variant.figure, fewer, "gain",
                    f"MNIST-LT, small network, {job['epochs']} epochs",
                )  # fmt: skip


def of_offset(read: Read) -> Iterator[Comparison]:
    """Yield gains on the plain network: the paper's on ImageNet-LT, ours on other data."""
    rows, plain = read("papers/offset.csv"), "baseline"
    names, protocol = dict.fromkeys(row["set"] for row in rows), "MLP; the paper on ImageNet-LT"
    for method, accuracies in GROUPS.items():
        for group, accuracy in accuracies.items():
            # the only set with classes in each group
            mine = gains(rows, group, {"set": "mnist"}, "method", method, plain)
            if mine and method != plain:
                yield _made(
                    "offset", "Table 1", f"gain on {plain}, mnist, {group}", method,
                    accuracy - GROUPS[plain][group], mine, "gain", protocol,
                )  # fmt: skip
    for name in names:
        for method, figure in OFFSET_PAPER.items():
            mine = gains(rows, "all", {"set": name}, "method", method, plain)
            if mine and method != plain:
                yield _made(
                    "offset", "Table 3", f"gain on {plain}, {name}", method,
                    None if figure is None else figure - OFFSET_PAPER[plain], mine, "gain",
                    protocol,
                )  # fmt: skip
    for name in names:
        for method in ("ours", "ours w/o UC"):
            for column, what in OFFSETS.items():
                mine = [row for row in select(rows, set=name, method=method) if row.get(column)]
                if mine:
                    yield _made("offset", "Figure 3", f"{what}, {name}", method, None, mine,
                                column, "MLP")  # fmt: skip


def _made(paper, item, setting, method, figure, rows, column, protocol) -> Comparison:
    figure = None if figure in (None, "") else float(figure)
    return Comparison(paper, item, setting, method, figure, mean(rows, column),
                      spread(rows, column), len(rows), protocol)  # fmt: skip


ALL = (of_affinity, of_m2m, of_m2m_pictures, of_rsg, of_rsg_ablation, of_offset)


def comparisons(read: Read = read_csv) -> list[Comparison]:
    """Return all comparisons, by paper."""
    return [one for of in ALL for one in of(read)]


def measure(paper: str, item: str) -> str:
    """Say what the figures of an item are."""
    return MEASURES_OF_ITEMS.get((paper, item)) or MEASURES[paper]
