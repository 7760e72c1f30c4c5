"""Tables by name: mammography, oil-spill, phoneme, glass, ecoli and adult."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

import numpy as np
from sklearn.utils import Bunch

from sklimb.datasets._obtaining import Address, Part, by_digest, obtain
from sklimb.datasets._storage import content_sha256
from sklimb.datasets._text import chosen_subsets

__all__ = ["TABLES", "fetch_tabular"]

_GITHUB = "https://raw.githubusercontent.com/jbrownlee/Datasets"
_UCI = "https://archive.ics.uci.edu/ml/machine-learning-databases"


class _Table(NamedTuple):
    """A decoded file: its numbers, its categories and its labels, row by row."""

    numbers: np.ndarray
    categories: list[list[str]]
    labels: list[str]
    raw: bytes


@dataclass(frozen=True)
class _Set:
    """What is known of a table.

    `kinds` has a letter for each column but the last: n for a number, c for a category.
    """

    features: tuple[str, ...]
    target: str
    descr: str
    files: dict[str, tuple[str, tuple[str, ...]]]  # split: SHA-256, addresses
    kinds: str = ""
    whole_labels: bool = False  # labels are whole numbers

    @property
    def columns(self) -> str:
        return self.kinds or "n" * len(self.features)


def _numbered(n: int, first: int = 1) -> tuple[str, ...]:
    return tuple(f"attribute_{k}" for k in range(first, first + n))


def _at(commit: str, name: str) -> tuple[str, ...]:
    return (f"{_GITHUB}/{commit}/{name}.csv",)


TABLES: dict[str, _Set] = {
    "mammography": _Set(
        _numbered(6),
        "class",
        "Microcalcifications in mammograms: 11,183 spots, 6 scaled measures, 260 (2.3 %) of them "
        "calcifications (1, the others -1).\nK. Woods et al., Comparative evaluation of pattern "
        "recognition techniques for detection of microcalcifications in mammography, 1993.",
        {
            "all": (
                "446a125fe5c9f81456c800ea1a663666a07d458bec93d7488acdfef0d753b772",
                _at("ae93223ff9895d5eab3e3c03d1f9bebc26e3138e", "mammography"),
            )
        },
        whole_labels=True,
    ),
    "oil-spill": _Set(
        ("patch", *_numbered(48)),
        "class",
        "Dark patches in radar images of the sea: 937 patches, 49 measures, 41 (4.4 %) of them oil "
        "spills (1, the others 0). The first column is the number of a patch in its image, no "
        "measure; attribute_22 is constant.\nM. Kubat, R. C. Holte and S. Matwin, Machine Learning "
        "for the Detection of Oil Spills in Satellite Radar Images, Machine Learning 30, 1998.",
        {
            "all": (
                "f551dc7beb4c65d5d2c3a9e2173c104cdb7d7235c58a79611a37617dbbd5a554",
                _at("c2f520fdbac31664bfa3c905d4fd83564577d0f1", "oil-spill"),
            )
        },
        whole_labels=True,
    ),
    "phoneme": _Set(
        ("Aa", "Ao", "Dcl", "Iy", "Sh"),
        "class",
        "Vowels that are nasal (0) or oral (1): 5,404 sounds, 5 amplitudes of harmonics, 1,586 "
        "(29 %) oral.\nKEEL repository; ESPRIT project ROARS.",
        {
            "all": (
                "1e64e500449a84e1ebd29929cf0f33b3dc5368978f8e5ae3b97c9df358eaa1ff",
                _at("3aafcf4b895557f08f95274bc050841d8568667e", "phoneme"),
            )
        },
        whole_labels=True,
    ),
    "glass": _Set(
        ("RI", "Na", "Mg", "Al", "Si", "K", "Ca", "Ba", "Fe"),
        "type",
        "Kinds of glass by refraction and composition: 214 pieces, 9 measures, 6 classes of 76 to "
        "9 (1, 2: windows of buildings, float and not; 3: of vehicles; 5: containers; 6: "
        "tableware; 7: headlamps).\nB. German, Glass Identification, UCI, 1987.",
        {
            "all": (
                "47e8f6307c1f61c05b485f4bed6a7aa56b7d4ddd02c36c3da84788a3a1dab66a",
                _at("7d5f1251b7b43fcd2b8a919e13dd53dceb94a582", "glass"),
            )
        },
        whole_labels=True,
    ),
    "ecoli": _Set(
        ("mcg", "gvh", "lip", "chg", "aac", "alm1", "alm2"),
        "site",
        "Where proteins of E. coli are found: 336 proteins, 7 scores, 8 sites of 143 to 2 "
        "proteins.\nK. Nakai, Ecoli, UCI, 1996.",
        {
            "all": (
                "063f49e0e170fcd693392b53d0ab43c3800943f04cfdca206602817165b24362",
                _at("be2b1344e3be5ee6de99f931f11dab6ecb60b9c8", "ecoli"),
            )
        },
    ),
    "adult": _Set(
        (
            "age",
            "workclass",
            "fnlwgt",
            "education",
            "education-num",
            "marital-status",
            "occupation",
            "relationship",
            "race",
            "sex",
            "capital-gain",
            "capital-loss",
            "hours-per-week",
            "native-country",
        ),
        "income",
        "Census income: 32,561 people to learn from and 16,281 to test on, 14 columns of numbers "
        "and categories with gaps, 24 % of them with more than 50,000 dollars a year.\nB. Becker "
        "and R. Kohavi, Adult, UCI, 1996.",
        {
            # This repository's commits are not known from here, so its newest state is asked.
            "train": (
                "520ae59c5fb666192ffa4cb26b08daf1c813360732069da67adfc070fe77725f",
                (f"{_UCI}/adult/adult.data", f"{_GITHUB}/master/adult-train.csv"),
            ),
            "test": (
                "1820d148da9299c58def11f74442cf071a0aacc082af0778d06ddffc7ba0a665",
                (f"{_UCI}/adult/adult.test", f"{_GITHUB}/master/adult-test.csv"),
            ),
        },
        kinds="ncncncccccnnnc",
    ),
}


def _reader(known: _Set):
    """Return what reads a file of this table: no header, commas, ``?`` where a value is missing."""
    columns = known.columns
    numbers = [k for k, kind in enumerate(columns) if kind == "n"]
    categories = [k for k, kind in enumerate(columns) if kind == "c"]

    def read(path: Path) -> _Table:
        raw = path.read_bytes()
        rows = [
            [cell.strip().strip("'\"") for cell in row]
            for row in csv.reader(raw.decode("utf-8-sig").splitlines())
            # Of UCI's file of test samples the first line is a remark.
            if row and not row[0].startswith("|")
        ]
        if any(len(row) != len(columns) + 1 for row in rows):
            raise ValueError(f"not every line has {len(columns) + 1} columns")
        cells = [["nan" if row[k] == "?" else row[k] for k in numbers] for row in rows]
        return _Table(
            np.array([[float(cell) for cell in row] for row in cells]),
            [[row[k] for k in categories] for row in rows],
            # UCI ends the labels of its test samples with a dot.
            [row[-1].rstrip(".") for row in rows],
            raw,
        )

    return read


def _digest(table: _Table) -> str:
    flat = [cell for row in table.categories for cell in row]
    return content_sha256(table.numbers, flat, table.labels)


def _write(table: _Table, file: BinaryIO) -> None:
    file.write(table.raw)


def _parts() -> dict[str, dict[str, Part[_Table]]]:
    made: dict[str, dict[str, Part[_Table]]] = {}
    for name, known in TABLES.items():
        read = _reader(known)
        made[name] = {}
        for split, (sha256, urls) in known.files.items():
            stem = name if split == "all" else f"{name}-{split}"
            made[name][split] = Part(
                {f"tabular/{stem}.csv": read},
                _write,
                by_digest(_digest, sha256),
                tuple(Address(url, read) for url in urls),
            )
    return made


_PARTS = _parts()


def fetch_tabular(
    name: str,
    *,
    subset: Literal["all", "train", "test"] = "all",
    data_home: str | os.PathLike | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    as_frame: bool = False,
    n_retries: int = 3,
    delay: float = 1.0,
    verbose: bool = False,
) -> Bunch | tuple[Any, Any]:
    """Load one of the small tables that papers on imbalanced classes use.

    ================ ============== ========= ============================================
    name             samples        columns   classes
    ================ ============== ========= ============================================
    ``mammography``  11,183         6         2; 2.3 % are 1, the others -1
    ``oil-spill``    937            49        2; 4.4 % are 1, the others 0
    ``phoneme``      5,404          5         2; 29 % are 1, the others 0
    ``glass``        214            9         6 of 76 to 9 samples
    ``ecoli``        336            7         8 of 143 to 2 samples
    ``adult``        32,561+16,281  14, mixed 2; 24 % are >50K, the others <=50K
    ================ ============== ========= ============================================

    Parameters
    ----------
    name : str
        One of the above.
    subset : {"all", "train", "test"}, default="all"
        Which samples; "all" are those to learn from and below them those to test on. Only adult has
        such a split.
    data_home : str or path-like, default=None
        Where data sets lie and are kept, see :func:`get_data_home`.
    download_if_missing : bool, default=True
        Whether to download what is not there; else an error.
    return_X_y : bool, default=False
        Whether to return data and target alone.
    as_frame : bool, default=False
        Whether data and target are a pandas DataFrame and Series, numbers as float64 and categories
        as strings. A category that is missing is NaN where pandas keeps strings in columns of their
        own type (from 3.0 on), else None: ``isna`` finds both.
    n_retries : int, default=3
        Further attempts after a failed download.
    delay : float, default=1.0
        Seconds between attempts.
    verbose : bool, default=False
        Whether to show the progress of a download on standard error.

    Returns
    -------
    data : Bunch or (X, y)
        With ``data`` (float64; for adult an object array of floats, strings and None), ``target``
        (int64 where the labels are numbers, else str), ``target_names``, ``feature_names``,
        ``frame`` (None without `as_frame`) and ``DESCR``.

    Raises
    ------
    OSError
        If a file is not there and cannot be had, or holds something else than it should.
    ValueError
        If there is no such table, it has no such subset, or `n_retries` or `delay` is none of what
        is said above.

    Examples
    --------
    >>> from sklimb.datasets import fetch_tabular, imbalance_ratio
    >>> X, y = fetch_tabular("mammography", return_X_y=True)  # doctest: +SKIP
    >>> imbalance_ratio(y)  # doctest: +SKIP
    42.0...
    """
    key = str(name).lower().replace("_", "-")
    if key not in TABLES:
        raise ValueError(f"There is no table {name!r}: there are {', '.join(map(repr, TABLES))}.")
    known, parts = TABLES[key], _PARTS[key]
    if tuple(parts) == ("all",) and subset != "all":
        raise ValueError(f"{key} has no split, so subset must be 'all', got {subset!r}.")
    chosen = ("all",) if "all" in parts else chosen_subsets(subset, tuple(parts))
    tables = [
        obtain(
            parts[split],
            data_home=data_home,
            download_if_missing=download_if_missing,
            n_retries=n_retries,
            delay=delay,
            verbose=verbose,
        )
        for split in chosen
    ]
    labels = [label for table in tables for label in table.labels]
    target = np.array(labels, dtype=np.int64) if known.whole_labels else np.array(labels)
    found = Bunch(
        data=_together(known, tables),
        target=target,
        frame=None,
        target_names=np.unique(target).tolist(),
        feature_names=list(known.features),
    )
    if as_frame:
        _add_frame(found, known)
    if return_X_y:
        return found.data, found.target
    hosts = dict.fromkeys(url for _, urls in known.files.values() for url in urls)
    found.DESCR = f"{key}\n\n{known.descr}\n\nSource: {', '.join(hosts)}\n"
    return found


def _together(known: _Set, tables: list[_Table]) -> np.ndarray:
    """Return the rows of all tables with their columns in the order of the file."""
    numbers = np.concatenate([table.numbers for table in tables])
    if "c" not in known.columns:
        return numbers
    data = np.empty((len(numbers), len(known.columns)), dtype=object)
    is_number = np.array([kind == "n" for kind in known.columns])
    data[:, is_number] = numbers
    cells = [row for table in tables for row in table.categories]
    data[:, ~is_number] = [[None if cell == "?" else cell for cell in row] for row in cells]
    return data


def _add_frame(found: Bunch, known: _Set) -> None:
    """Turn data and target into a frame and a series, and add both as one frame."""
    import pandas as pd

    data = pd.DataFrame(found.data, columns=found.feature_names)
    numbers = [
        name for name, kind in zip(known.features, known.columns, strict=True) if kind == "n"
    ]
    found.data = data.astype(dict.fromkeys(numbers, np.float64))
    found.target = pd.Series(found.target, name=known.target)
    found.frame = pd.concat([found.data, found.target], axis=1)
