"""Tables by name: what is in them, how files are read, what is refused."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from sklimb.datasets import _tabular, class_counts, fetch_tabular
from sklimb.datasets._obtaining import by_digest
from tests.datasets.shared import DATA, found_at, needs
from tests.datasets.shared import server as server

SIZES = {
    "mammography": (11_183, 6, {-1: 10_923, 1: 260}),
    "oil-spill": (937, 49, {0: 896, 1: 41}),
    "phoneme": (5_404, 5, {0: 3_818, 1: 1_586}),
    "glass": (214, 9, {1: 70, 2: 76, 3: 17, 5: 13, 6: 9, 7: 29}),
    "ecoli": (
        336,
        7,
        {"cp": 143, "im": 77, "imL": 2, "imS": 2, "imU": 35, "om": 20, "omL": 5, "pp": 52},
    ),
    "adult": (48_842, 14, {"<=50K": 37_155, ">50K": 11_687}),
}
FILES = [f"tabular/{name}.csv" for name in SIZES if name != "adult"]
FILES += ["tabular/adult-train.csv", "tabular/adult-test.csv"]
HERE = {"data_home": DATA, "download_if_missing": False}


def test_every_table_is_tested():
    assert set(SIZES) == set(_tabular.TABLES)
    assert all(f"``{name}``" in fetch_tabular.__doc__ for name in SIZES)


@needs(*FILES)
@pytest.mark.parametrize("name", SIZES)
def test_real(name):
    rows, columns, counts = SIZES[name]
    found = fetch_tabular(name, as_frame=True, **HERE)
    assert found.data.shape == (rows, columns)
    assert class_counts(found.target) == counts
    assert found.target_names == sorted(counts)
    assert found.data.columns.tolist() == found.feature_names
    assert found.frame.shape == (rows, columns + 1)
    X, y = fetch_tabular(name, return_X_y=True, **HERE)
    assert isinstance(X, np.ndarray) and isinstance(y, np.ndarray)
    assert (found.data.to_numpy(dtype=X.dtype) == X).sum() == X.size - (
        6465 if name == "adult" else 0  # what is missing equals nothing
    )
    np.testing.assert_array_equal(y, found.target)
    assert name in found.DESCR and f"{rows if name != 'adult' else 32561:,}" in found.DESCR


@needs(*FILES)
def test_the_columns_that_are_no_measures():
    data = fetch_tabular("oil-spill", as_frame=True, **HERE).data
    assert data.columns[0] == "patch"
    assert data.columns[data.nunique() == 1].tolist() == ["attribute_22"]


@needs(*FILES)
def test_adult_s_split_and_types():
    train, test = (
        fetch_tabular("adult", subset=s, as_frame=True, **HERE) for s in ("train", "test")
    )
    assert (len(train.data), len(test.data)) == (32_561, 16_281)
    assert train.target_names == test.target_names == ["<=50K", ">50K"]
    numbers = train.data.select_dtypes("number").columns.tolist()
    assert numbers == [
        *("age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week")
    ]
    assert train.data.loc[0, "workclass"] == "State-gov"
    assert train.data["workclass"].isna().sum() == 1836
    both = fetch_tabular("adult", as_frame=True, **HERE)
    expected = pd.concat([train.frame, test.frame], ignore_index=True)
    pd.testing.assert_frame_equal(both.frame, expected)


@pytest.fixture
def small(server, monkeypatch, tmp_path):
    """An adult of two numbers and a category, as UCI writes it, and a mammography of 3 rows."""
    monkeypatch.setenv("SKLIMB_DATA", str(tmp_path))
    bodies = {
        "train": b"39, State-gov, 7, <=50K\n?, ?, 8.5, >50K\n\n",
        "test": b"|1x3 Cross validator\n25, Private, 9, <=50K.\n\n",
    }
    known = dataclasses.replace(
        _tabular.TABLES["adult"], features=("age", "work", "gain"), kinds="ncn"
    )
    monkeypatch.setitem(_tabular.TABLES, "adult", known)
    read = _tabular._reader(known)
    parts = {}
    for split, body in bodies.items():
        path = tmp_path / "right"
        path.write_bytes(body)
        check = by_digest(_tabular._digest, _tabular._digest(read(path)))
        path.unlink()
        url = server.serve(f"/{split}", body)
        part = dataclasses.replace(
            _tabular._PARTS["adult"][split],
            packings={f"tabular/adult-{split}.csv": read},
            check=check,
        )
        part = dataclasses.replace(
            part, sources=(dataclasses.replace(part.sources[0], url=url, read=read),)
        )
        parts[split] = part
    monkeypatch.setitem(_tabular._PARTS, "adult", parts)
    return server, tmp_path


def test_downloaded_read_and_kept(small):
    server, home = small
    for _ in range(2):
        found = fetch_tabular("adult")
        assert found.data.dtype == object
        assert found.data[0].tolist() == [39.0, "State-gov", 7.0]
        assert np.isnan(found.data[1, 0]) and found.data[1, 1:].tolist() == [None, 8.5]
        assert found.data[2].tolist() == [25.0, "Private", 9.0]
        assert found.target.tolist() == ["<=50K", ">50K", "<=50K"]
    assert server.asked == ["/train", "/test"]
    assert {p.name for p in home.rglob("*.csv")} == {"adult-train.csv", "adult-test.csv"}
    frame = fetch_tabular("adult", as_frame=True).frame
    assert frame.columns.tolist() == ["age", "work", "gain", "income"]
    assert frame["work"].isna().tolist() == [False, True, False]
    # as the docstring of as_frame says
    assert (frame["work"][1] is None) == (frame["work"].dtype == object)
    assert (frame["work"].dtype == object) == (int(pd.__version__.split(".")[0]) < 3)


def test_packings_of_the_same_rows(small):
    _, home = small
    (home / "tabular").mkdir()
    path = home / "tabular" / "adult-train.csv"
    path.write_bytes(b"\xef\xbb\xbf39.0,'State-gov',7,\"<=50K\"\r\n ?,?,8.50,>50K.\r\n")
    assert len(fetch_tabular("adult", subset="train").data) == 2
    path.write_bytes(b"39, State-gov, 7, <=50K\n?, ?, 8.6, >50K\n")
    with pytest.raises(OSError, match="SHA-256"):
        fetch_tabular("adult", subset="train")
    path.write_bytes(b"39, State-gov, 7, <=50K\n?, 8.6, >50K\n")
    with pytest.raises(OSError, match="not every line has 4 columns"):
        fetch_tabular("adult", subset="train")
    path.write_bytes(b"39, State-gov, seven, <=50K\n")
    with pytest.raises(OSError, match="could not convert string to float: 'seven'"):
        fetch_tabular("adult", subset="train")


CAPTIVE_PORTAL = b"<html>" + b"x" * 200_000  # beyond csv's own limit of a field


def test_a_page_in_place_of_a_table_is_told(tmp_path):
    path = tmp_path / "tabular" / "glass.csv"
    path.parent.mkdir()
    path.write_bytes(CAPTIVE_PORTAL)
    with pytest.raises(OSError, match="cannot be read, Error: field larger than field limit"):
        fetch_tabular("glass", data_home=tmp_path)


def test_a_page_in_place_of_a_table_lets_the_next_address_be_asked(small, monkeypatch):
    server, _ = small
    part = _tabular._PARTS["adult"]["train"]
    page = dataclasses.replace(part.sources[0], url=server.serve("/page", CAPTIVE_PORTAL))
    part = dataclasses.replace(part, sources=(page, *part.sources))
    monkeypatch.setitem(_tabular._PARTS["adult"], "train", part)
    assert len(fetch_tabular("adult", subset="train").data) == 2
    assert server.asked == ["/page", "/train"]


def test_quoted_labels_are_numbers(tmp_path, monkeypatch):
    read = _tabular._reader(_tabular.TABLES["mammography"])
    path = tmp_path / "tabular" / "mammography.csv"
    path.parent.mkdir()
    path.write_text("1,2,3,4,5,6,'-1'\n1,2,3,4,5,6.5,'1'\n")
    check = by_digest(_tabular._digest, _tabular._digest(read(path)))
    part = found_at(_tabular._PARTS["mammography"]["all"], "http://127.0.0.1:1", check=check)
    monkeypatch.setitem(_tabular._PARTS["mammography"], "all", part)
    found = fetch_tabular("mammography", data_home=tmp_path)
    assert found.target.tolist() == [-1, 1] and found.target.dtype == np.int64
    assert found.data.dtype == np.float64 and found.data[1, 5] == 6.5


def test_refused(tmp_path):
    with pytest.raises(ValueError, match="There is no table 'wine': there are 'mammography', 'oil"):
        fetch_tabular("wine")
    with pytest.raises(ValueError, match="glass has no split, so subset must be 'all', got 'test'"):
        fetch_tabular("glass", subset="test")
    with pytest.raises(ValueError, match="subset must be one of 'train', 'test' or 'all'"):
        fetch_tabular("adult", subset="dev")
    with pytest.raises(OSError, match="`download_if_missing` is False"):
        fetch_tabular("Oil_Spill", data_home=tmp_path, download_if_missing=False)


def test_addresses():
    pinned = Counter()
    for name, parts in _tabular._PARTS.items():
        for split, part in parts.items():
            for source in part.sources:
                pinned[name] += bool(source.url.split("/Datasets/")[-1][:40].isalnum())
                stem = name if split == "all" else f"{name}-{split}"
                assert source.url.endswith((f"/{stem}.csv", "/adult.data", "/adult.test"))
    assert {name for name, n in pinned.items() if n} == set(SIZES) - {"adult"}
