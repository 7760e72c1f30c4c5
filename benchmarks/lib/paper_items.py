"""Each table and figure of the four papers: what is in it, and how much of it the results have.

Pictures of an idea, which measure nothing, are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from lib.affinity_mnist import EPOCHS, LOSSES_OF_FIG_2, METHODS, TABLE_1, experiments
from lib.records import read_csv
from lib.summaries import select

THERE, IN_PART, NOT_RUN = "there", "in part", "not run"
PAPERS = {
    "affinity": "Hayat et al. 2019",
    "m2m": "Kim, Jeong & Shin 2020",
    "rsg": "Wang et al. 2021",
    "offset": "Kim, Hong & Kim 2021",
}
EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
NO_CIFAR_100 = "CIFAR-100 is not among the data here"
NO_IMAGES = "ImageNet-LT, Places2-LT and SUN397 are not among the data here"
NO_LESIONS = "Dermofit is not among the data here: `affinity_skin.py` takes its path"
NO_FACES = "VGGFace2 is not among the data here: `affinity_faces.py` takes its path"


class Item(NamedTuple):
    """A table or a figure.

    Attributes
    ----------
    paper, name, what : str
        A key of `PAPERS`; "Table 1"; what it shows.
    file : str
        Of results, without "papers/".
    cells : sequence of dict
        Values of columns: one row at least for each of them makes it whole.
    protocol : dict
        Values of columns that such a row has if nothing is cut.
    part : dict
        Values of columns of rows that count in part.
    picture : str
        An example of the site that draws it of other data.
    lacks : str
        What a whole one would need that is not to be had; it stays in part.
    other : str
        Of results, rows of other data, which count in part.
    rows_in : str
        Where on the paper's page its part is, if it has no table of its own.
    """

    paper: str
    name: str
    what: str
    file: str = ""
    cells: Sequence[Mapping[str, object]] = ()
    protocol: Mapping[str, object] = {}
    part: Mapping[str, object] = {}
    picture: str = ""
    lacks: str = ""
    other: str = ""
    rows_in: str = ""


def of_affinity() -> list[Item]:
    """Return the items of the affinity paper."""
    whole = {"epochs": EPOCHS, "share": "1.0"}

    def mnist(experiment: str, name: str, what: str) -> Item:
        cells = experiments([experiment], list(METHODS))
        if experiment == "table1":
            cells = [{"setting": setting, "method": "affinity"} for setting in TABLE_1]
        return Item(
            "affinity", name, what, "affinity_mnist.csv", cells, whole, {"experiment": experiment},
            other="affinity_digits.csv",
        )  # fmt: skip

    in_plane = Item(
        "affinity", "Figure 2", "features in the plane", "affinity_picture.csv",
        [{"method": method} for method in LOSSES_OF_FIG_2], whole, picture="plot_prototypes.py",
        rows_in="the picture below",
    )  # fmt: skip
    return [
        mnist("table1", "Table 1", "MNIST, standard and reduced digits"),
        Item("affinity", "Table 2", "skin lesions", lacks=NO_LESIONS),
        Item("affinity", "Table 3", "face verification", lacks=NO_FACES),
        mnist("table4", "Table 4", "distances and similarities"),
        in_plane,
        Item("affinity", "Figure 3", "class sizes of the skin lesions", lacks=NO_LESIONS),
        Item("affinity", "Figure 4", "confusions of skin lesions", lacks=NO_LESIONS),
        mnist("fig5", "Figure 5", "wrong labels"),
        mnist("fig6", "Figure 6", "fewer and fewer of five digits"),
        mnist("fig7", "Figure 7", "sigma"),
        mnist("fig8", "Figure 8", "prototypes a class"),
    ]


def of_m2m() -> list[Item]:
    """Return the items of the M2m paper."""
    whole = {"depth": 32, "width": 16, "epochs": 200, "share": "1.0"}
    ablation = "m2m_ablation.csv"
    pools = [{"variant": f"{n} seeds"} for n in (10, 50, 100, 200, 500)]
    parts = ("M2m (lambda = 0)", "M2m-Clean", "ERM-RS", "M2m-RS", "M2m-RS-Rand", "M2m")
    cifar, pictures = {"set": "cifar10"}, "m2m_pictures.csv"
    return [
        Item("m2m", "Table 1", "CIFAR-LT, two ratios", "m2m_cifar.csv", [{}], whole,
             lacks=NO_CIFAR_100),
        Item("m2m", "Table 2", "CelebA-5, SUN397, Twitter, Reuters", "m2m_reuters.csv", [{}],
             lacks="Reuters is whole; CelebA-5, SUN397 and Twitter's word vectors are not among "
             "the data here"),
        Item("m2m", "Table 3", "pools of seeds", ablation, pools, cifar, pools[0]),
        Item("m2m", "Table 4", "what each part is worth", ablation,
             [{"variant": name} for name in parts], cifar),
        Item("m2m", "Figure 3", "class sizes of the data", "m2m_sizes.csv", [{}],
             lacks="CelebA-5 and SUN397 are not among the data here"),
        Item("m2m", "Figure 4", "features by t-SNE", pictures, rows_in="the picture below"),
        Item("m2m", "Figure 5", "cumulative false positives", pictures,
             rows_in="the picture below"),
        Item("m2m", "Figure 6", "a translated image", picture="plot_translations.py"),
    ]  # fmt: skip


def of_rsg() -> list[Item]:
    """Return the items of the RSG paper."""
    whole = {"depth": 32, "width": 16, "epochs": 200, "share": "1.0"}
    file = "rsg_cifar.csv"

    def cells(ratios: Sequence[int]) -> list[dict[str, object]]:
        kinds = ("long-tailed", "step")
        return [
            {"imbalance": kind, "ratio": ratio, "method": "LDAM-DRW", "rsg": rsg}
            for kind in kinds for ratio in ratios for rsg in (0, 1)
        ]  # fmt: skip

    return [
        Item("rsg", "Table 1", "losses with RSG and without", file, cells([50]), whole,
             {"ratio": 50}, lacks=NO_CIFAR_100),
        Item("rsg", "Table 2", "backbones", file, [{"depth": depth} for depth in (32, 56, 110)],
             {"epochs": 200, "method": "LDAM-DRW"}, {"method": "LDAM-DRW", "depth": 56},
             lacks=NO_CIFAR_100),
        Item("rsg", "Table 3", "terms of the MV loss", "rsg_ablation.csv",
             part={"variant": "direct addition"}, lacks=NO_CIFAR_100),
        Item("rsg", "Table 4", "other ways to generate", file, [], whole,
             {"method": "plain", "rsg": 1}, lacks=NO_CIFAR_100, rows_in="Table 1"),
        Item("rsg", "Table 5", "stages", "rsg_ablation.csv",
             part={"variant": "3rd down-sampling"}, lacks=NO_CIFAR_100),
        Item("rsg", "Table 6", "two ratios, among other methods", file, cells([50, 100]), whole,
             {"method": "LDAM-DRW"}, lacks=NO_CIFAR_100, rows_in="Table 1"),
        Item("rsg", "Table 7", "iNaturalist 2018", lacks="the data are not to be had here"),
        Item("rsg", "Table 8", "Places-LT", lacks=NO_IMAGES),
        Item("rsg", "Table 9", "ImageNet-LT", lacks=NO_IMAGES),
    ]  # fmt: skip


def of_offset() -> list[Item]:
    """Return the items of the offset paper."""
    file, other = "offset.csv", {"set": "mnist"}
    return [
        Item("offset", "Table 1", "ImageNet-LT and Places2-LT", file, part=other, lacks=NO_IMAGES),
        Item("offset", "Table 2", "deeper networks, SUN397", lacks=NO_IMAGES),
        Item("offset", "Table 3", "what each part is worth", file, part=other, lacks=NO_IMAGES),
        Item("offset", "Figure 1", "prior, trained and empirical offsets", lacks=NO_IMAGES,
             picture="plot_offsets.py"),
        Item("offset", "Figure 3", "empirical and estimated offsets", file, part=other,
             lacks=NO_IMAGES),
        Item("offset", "Figure 4", "recall of each class, geometric mean", lacks=NO_IMAGES,
             picture="plot_recalls.py"),
        Item("offset", "Figure 5", "cumulative false positives", lacks=NO_IMAGES,
             picture="plot_recalls.py"),
    ]  # fmt: skip


def all_items() -> list[Item]:
    return [*of_affinity(), *of_m2m(), *of_rsg(), *of_offset()]


def state(item: Item, read: Callable[[str], list[dict[str, str]]] = read_csv) -> str:
    """Return how much of an item the results have."""
    rows = read(f"papers/{item.file}") if item.file else []
    wanted = {**item.protocol, **item.part}
    whole = [select(rows, **wanted | dict(cell)) for cell in item.cells]
    if whole and all(whole) and not item.lacks:
        return THERE
    drawn = item.picture and (EXAMPLES / item.picture).exists()
    others = read(f"papers/{item.other}") if item.other else []
    part = select(rows, **item.part) or select(others, **item.part)
    return IN_PART if part or drawn else NOT_RUN
