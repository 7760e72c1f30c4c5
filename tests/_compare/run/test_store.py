from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import Pipeline
from scipy import sparse
from sklearn.naive_bayes import GaussianNB

from sklimb._compare.errors import InputError
from sklimb._compare.run.running import DIED, Outcome, Task, run_task
from sklimb._compare.run.scores import Scoring
from sklimb._compare.run.splits import outer_splits
from sklimb._compare.run.store import Store, clear, fingerprint
from tests._compare.stand_ins import SMOOTHING, blobs

X, Y = blobs([40, 15, 8], labels=["a", "b", "c"])
SPLITS, _ = outer_splits(Y, folds=3, repeats=1, inner_folds=2, seed=0)
OPTIONS = {"metric": "macro_f1", "grid": "quick"}
SCORING = Scoring("macro_f1", np.unique(Y), "c")


def _task(k=0, candidates=SMOOTHING, classifier=None):
    steps = [("classify", classifier or GaussianNB())]
    tried = [{"classify__var_smoothing": [value]} for value in candidates]
    return Task("bayes", Pipeline(steps), tried, SPLITS[k])


def _store(folder, X=X, splits=SPLITS, words="63 rows", **options):
    return Store(folder, fingerprint(X, Y, splits, OPTIONS | options), words)


def test_what_was_finished_comes_back_as_it_was(tmp_path):
    outcome = run_task(_task(), X, Y, SCORING)
    outcome.warnings["RuntimeWarning: slow"] = 3
    _store(tmp_path / "new" / "fits").write(_task(), outcome)
    again = _store(tmp_path / "new" / "fits").read(_task())
    for name, value in vars(outcome).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(getattr(again, name), value)
            assert getattr(again, name).dtype == value.dtype
        else:
            assert getattr(again, name) == value, name


def test_failures_are_kept_but_not_those_that_memory_may_mend(tmp_path):
    store = _store(tmp_path)
    store.write(_task(0), Outcome("bayes", 0, 0, error="ValueError: no"))
    store.write(_task(1), Outcome("bayes", 0, 1, error=f"{DIED}, for want of memory"))
    assert store.read(_task(0)).error == "ValueError: no"
    assert store.read(_task(1)) is None


def test_another_method_setting_or_split_is_not_there(tmp_path):
    store = _store(tmp_path)
    store.write(_task(), run_task(_task(), X, Y, SCORING))
    assert store.read(_task(1)) is None
    assert store.read(replace(_task(), setting="untuned")) is None
    assert store.read(replace(_task(), method="tree")) is None
    assert store.read(_task(candidates=[0.5, 0.6, 0.7, 0.8])) is None
    assert store.read(_task(classifier=GaussianNB(priors=[0.2, 0.3, 0.5]))) is None


def test_half_a_file_is_none(tmp_path):
    store = _store(tmp_path)
    store.write(_task(), run_task(_task(), X, Y, SCORING))
    (path,) = tmp_path.glob("*.npz")
    path.write_bytes(path.read_bytes()[:200])
    assert store.read(_task()) is None
    assert not list(tmp_path.glob("*.part"))


def test_other_data_are_refused_by_name(tmp_path):
    _store(tmp_path, words="63 rows, 3 columns")
    with pytest.raises(InputError, match=r"other data \(63 rows, 3 columns\), not of this \(99 r"):
        _store(tmp_path, X=X + 1, words="99 rows")


def test_other_options_splits_and_versions_are_named(tmp_path, monkeypatch):
    _store(tmp_path)
    with pytest.raises(InputError, match=r"grid \(there 'quick', here 'full'\)"):
        _store(tmp_path, grid="full")
    other, _ = outer_splits(Y, folds=3, repeats=1, inner_folds=2, seed=1)
    with pytest.raises(InputError, match=r"other splits \(folds, repeats, groups, time, seed"):
        _store(tmp_path, splits=other)
    monkeypatch.setattr("sklimb._compare.run.store._version", lambda name: "0.0")
    with pytest.raises(InputError, match=r"version of torch \(there '2.*, here '0.0'"):
        _store(tmp_path)


def test_a_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot hold finished fits"):
        _store(tmp_path / "file")
    (tmp_path / "run.json").write_text("no JSON")
    with pytest.raises(InputError, match="cannot hold finished fits"):
        _store(tmp_path)


def test_clear_deletes_finished_fits_alone(tmp_path):
    (tmp_path / "mine.npz").write_text("not a store")
    clear(tmp_path)
    assert (tmp_path / "mine.npz").exists()
    store = _store(tmp_path / "fits")
    store.write(_task(), run_task(_task(), X, Y, SCORING))
    (tmp_path / "fits" / "notes.txt").write_text("mine")
    clear(tmp_path / "fits")
    assert {path.name for path in (tmp_path / "fits").iterdir()} == {"notes.txt", "run.lock"}
    clear(tmp_path / "nowhere")


FRAME = pd.DataFrame({"a": [1.0, np.nan, 3.0], "b": ["x", None, "y"], "c": [1, 2, 3]})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (X, X + 1e-9),
        (X, X[:, ::-1]),
        (FRAME, FRAME.rename(columns={"a": "A"})),
        (FRAME, FRAME.astype({"c": float})),
        (FRAME, FRAME.fillna({"b": "z"})),
        (FRAME.astype({"b": "category"}), FRAME),
        (sparse.csr_matrix(np.eye(3)), sparse.csr_matrix(np.eye(3)[::-1])),
        (np.array(["a", "b"], dtype=object), np.array(["a", "c"], dtype=object)),
        (pd.DataFrame({"a": [[1], [2]]}), pd.DataFrame({"a": [[1], [3]]})),
    ],
)
def test_the_fingerprint_tells_data_apart_and_knows_a_copy(one, other):
    def of(data):
        return fingerprint(data, Y, SPLITS, OPTIONS)["data"]

    assert of(one) != of(other)
    assert of(one) == of(one.copy())


def test_two_comparisons_do_not_write_to_one_folder(tmp_path):
    first = _store(tmp_path)
    with pytest.raises(InputError, match="another comparison is writing to"):
        _store(tmp_path)
    first.close()
    again = _store(tmp_path)
    again.write(_task(), run_task(_task(), X, Y, SCORING))
    again.close()
    fresh = Store(tmp_path, fingerprint(X, Y, SPLITS, {"other": 1}), "63 rows", fresh=True)
    assert fresh.read(_task()) is None


def test_a_full_disk_is_one_line_and_leaves_no_half_of_a_file(tmp_path, monkeypatch):
    store, outcome = _store(tmp_path), run_task(_task(), X, Y, SCORING)

    def full(file, **arrays):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(InputError, match="cannot be written: No space left on device; make room"):
        store.write(_task(), outcome)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.json", "run.lock"]
