"""Finished fits on disk: one file a task, so that a run that was cut goes on where it was.

A file is written beside its place and then moved there, so it is whole or not there at all. Numbers
and one line of JSON in NumPy's format; nothing in it is pickled.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import weakref
import zipfile
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from scipy import sparse

from sklimb._compare.errors import InputError
from sklimb._compare.run.running import DIED, Outcome, Task, short_params
from sklimb._compare.snippet import construction

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_RUN = "run.json"
_LOCK = "run.lock"
_PACKAGES = ("scikit-learn", "imbalanced-learn", "torch", "numpy")
_OPTIONAL = ("lightgbm", "xgboost", "catboost")


def fingerprint(X: Any, y: np.ndarray, splits: list, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what must be the same for finished fits to belong to this comparison.

    Parameters
    ----------
    X, y : all samples
    splits : list of Split
        They say what groups, time, folds, repeats and the seed have come to.
    options : mapping
        What else decides the results, plain values.

    Returns
    -------
    key : dict
        Plain values, by the name that an error calls them by.
    """
    parts = [np.asarray(part) for s in splits for part in (s.train, s.test, [s.seed])]
    packages = [name for name in (*_PACKAGES, *_OPTIONAL) if _version(name)]
    return {
        "data": _digest(X, pd.Series(y)),
        "splits (folds, repeats, groups, time, seed)": _digest(*parts),
        **options,
        **{f"version of {name}": _version(name) for name in packages},
    }


class Store:
    """A folder of finished fits.

    Parameters
    ----------
    folder : str or Path
        Made if it is not there.
    key : dict
        As `fingerprint` returns it.
    words : str
        What the data is called in errors.
    fresh : bool, default=False
        Whether what is there is deleted first.

    Raises
    ------
    InputError
        If the folder has the fits of another comparison; the message names what differs. If it
        cannot be written to, or another comparison is writing to it.
    """

    def __init__(
        self, folder: str | Path, key: Mapping[str, Any], words: str, *, fresh: bool = False
    ):
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            held = _held(self.folder)
            # also where nobody closes it
            self.close = (lambda: None) if held is None else weakref.finalize(self, os.close, held)
            if fresh:
                clear(self.folder)
            kept = self.folder / _RUN
            if kept.exists():
                self._check(json.loads(kept.read_text(encoding="utf-8")), key, words)
            else:
                text = json.dumps({"words": words, "key": dict(key)}, indent=1)
                _write(kept, text.encode())
        except (OSError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{self.folder} cannot hold finished fits: {error}") from None

    def _check(self, kept: Mapping[str, Any], key: Mapping[str, Any], words: str) -> None:
        before = kept["key"]
        differs = [n for n in {**before, **key} if before.get(n) != key.get(n)]
        if not differs:
            return
        if "data" in differs:
            what = f"those of other data ({kept['words']}), not of this ({words})"
        else:
            shown = [
                name
                if str(key.get(name)).startswith("sha256:")
                else f"{name} (there {before.get(name)!r}, here {key.get(name)!r})"
                for name in differs
            ]
            what = f"of the same data, but with other {', '.join(shown)}"
        raise InputError(
            f"the finished fits in {self.folder} are {what}: go on without them, or name another "
            "folder"
        )

    def read(self, task: Task) -> Outcome | None:
        """Return the outcome of a task, None if it is not stored or its method has changed.

        Parameters
        ----------
        task : Task

        Returns
        -------
        outcome : Outcome or None
        """
        try:
            with open(self._path(task), "rb") as raw, np.load(raw, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except (OSError, ValueError, zipfile.BadZipFile, EOFError):
            return None
        plain = json.loads(str(arrays.pop("plain")))
        if plain.pop("task") != _digest_of_task(task):
            return None
        chosen = plain.pop("chosen")
        params = {} if chosen is None else task.candidates[chosen]
        return Outcome(
            **{**plain, **arrays, "warnings": Counter(plain["warnings"])},
            params=short_params({key: value for key, (value,) in params.items()}),
        )

    def write(self, task: Task, outcome: Outcome) -> None:
        """Store the outcome of a task; one whose process died is tried again the next time.

        Parameters
        ----------
        task : Task
        outcome : Outcome

        Raises
        ------
        InputError
            If there is no room.
        """
        if outcome.error and outcome.error.startswith(DIED):
            return
        values = dict(vars(outcome))
        params = values.pop("params")
        arrays = {k: v for k, v in values.items() if isinstance(v, np.ndarray)}
        plain = {k: v for k, v in values.items() if k not in arrays}
        candidates = [short_params({k: v for k, (v,) in c.items()}) for c in task.candidates]
        plain["chosen"] = None if outcome.error else candidates.index(params)
        plain["task"] = _digest_of_task(task)
        path = self._path(task)
        beside = path.with_suffix(".part")
        try:
            with open(beside, "wb") as file:
                np.savez(file, plain=np.array(json.dumps(plain)), **arrays)
            os.replace(beside, path)
        except OSError as error:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise InputError(
                f"{path} cannot be written: {error.strerror or error}; make room, and go on with "
                "--resume (resume=True)"
            ) from None

    def _path(self, task: Task) -> Path:
        method, setting, repeat, fold = task.key
        slug = re.sub(r"\W+", "-", setting)
        return self.folder / f"{method}.{slug}.{repeat}.{fold}.npz"


def clear(folder: str | Path) -> None:
    """Delete the finished fits in a folder, and nothing else of it.

    Parameters
    ----------
    folder : str or Path
    """
    folder = Path(folder)
    if (folder / _RUN).exists():
        for path in [*folder.glob("*.npz"), *folder.glob("*.part"), folder / _RUN]:
            path.unlink(missing_ok=True)


def _held(folder: Path) -> int | None:
    """Return an open file locked against other comparisons, None if the system has no locks.

    The system lets it go when the process ends, however it ends.
    """
    if fcntl is None:
        return None
    file = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise InputError(
            f"another comparison is writing to {folder}: wait until it has ended, or name another "
            "folder"
        ) from None
    except OSError:  # a file system that knows no locks
        os.close(file)
        return None
    return file


def _write(path: Path, content: bytes) -> None:
    beside = path.with_suffix(".part")
    beside.write_bytes(content)
    os.replace(beside, path)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _digest_of_task(task: Task) -> str:
    """Return a digest of what is fitted: another version of a method is another method."""
    # repr cuts long pipelines short
    text = f"{construction(task.pipeline)} {task.candidates!r} {len(task.split.train)}"
    return hashlib.sha256(text.encode()).hexdigest()


def _digest(*parts: Any) -> str:
    made = hashlib.sha256()
    for part in parts:
        if isinstance(part, (pd.DataFrame, pd.Series)):
            for values in _columns(part):
                made.update(values)
        elif sparse.issparse(part):
            for piece in (part.data, part.indices, part.indptr, np.array(part.shape)):
                made.update(np.ascontiguousarray(piece).tobytes())
        elif isinstance(part, np.ndarray) and part.dtype.kind != "O":
            made.update(f"{part.dtype} {part.shape}".encode())
            made.update(np.ascontiguousarray(part).tobytes())
        else:
            made.update(joblib.hash(part).encode())
    return f"sha256:{made.hexdigest()}"


def _columns(table: pd.DataFrame | pd.Series):
    """Yield bytes that stand for the values of each column, its name and its type."""
    frame = table.to_frame() if isinstance(table, pd.Series) else table
    for k, name in enumerate(frame.columns):
        column = frame.iloc[:, k]
        yield f"{name!r} {column.dtype}".encode()
        try:
            yield pd.util.hash_pandas_object(column, index=False).to_numpy().tobytes()
        except TypeError:  # cells that cannot be hashed, such as lists
            yield joblib.hash(column.tolist()).encode()
