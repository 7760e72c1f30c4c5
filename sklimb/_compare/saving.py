"""The best model as a file: without pickle where that can hold it, and a word on what it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklimb._compare.run.running import first_line
from sklimb._compare.snippet import quoted


@dataclass(frozen=True)
class SavedModel:
    """What came of saving a model.

    Parameters
    ----------
    line : str
        Where it is, what kind of file that is and why, and what reads it.
    code : str
        Python that saves ``model`` likewise; empty where nothing was saved.
    """

    line: str
    code: str = ""


def save_model(model: Any, path: str | Path) -> SavedModel:
    """Save a fitted model by `sklimb.persistence.save`, by joblib where that cannot hold it.

    Parameters
    ----------
    model : estimator
    path : str or Path

    Returns
    -------
    saved : SavedModel

    Raises
    ------
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import os, tempfile
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from sklimb._compare.saving import save_model
    >>> model = DecisionTreeClassifier().fit([[0], [1]], [0, 1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     saved = save_model(model, os.path.join(folder, "model"))
    >>> saved.line.endswith("(no pickle; read it with sklimb.persistence.load)")
    True
    """
    from sklimb.persistence import save

    shown = quoted(str(path))
    try:
        save(model, path)
    except (TypeError, ValueError, ImportError) as error:
        import joblib

        joblib.dump(model, path)
        why = first_line(str(error)).rstrip(".")
        if isinstance(error, ImportError):
            why += "; then --resume writes the file anew"
        return SavedModel(
            f"Model: {path} (a pickle: read it with joblib.load, if you trust where it comes from. "
            f"Why it is one: {why})",
            f"import joblib\n\njoblib.dump(model, {shown})",
        )
    return SavedModel(
        f"Model: {path} (no pickle; read it with sklimb.persistence.load)",
        f"from sklimb.persistence import save\n\nsave(model, {shown})",
    )
