from __future__ import annotations

import io
import sys
import zipfile
from types import SimpleNamespace

import pandas as pd
import pytest

from sklimb._compare.data.typed_files import read_typed, typed_kind
from sklimb._compare.errors import InputError
from sklimb._compare.reading import read_table

FRAME = pd.DataFrame({"a": [1.5, 2.5], "t": ["x", "y"]})
OLE = b"\xd0\xcf\x11\xe0" + bytes(90)


def _zip(*names):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data, kind",
    [
        (b"PAR1" + bytes(90), "parquet"),
        (OLE, "xls"),
        (_zip("[Content_Types].xml", "xl/workbook.xml"), "xlsx"),
        (_zip("[Content_Types].xml", "xl/workbook.bin"), "xlsb"),
        (_zip("content.xml"), "ods"),
        (b"ARROW1" + bytes(90), "feather"),
        (b"ORC\x0a\x03" + bytes(90), "orc"),
        (b"ORC,y\n1,2\n3,4\n5,6\n", ""),  # a name of a column
        (b"<stata_dta><header>", "stata"),
        (b"r\x02\x01\x00" + bytes(90), "stata"),
        (_zip("data.csv"), ""),
        (_zip("data.csv")[:20], ""),
        (b"a,b\n1,2\n", ""),
    ],
)
def test_kinds_are_known_by_their_bytes(tmp_path, data, kind):
    path = tmp_path / "data.csv"
    path.write_bytes(data)
    assert typed_kind(path) == kind
    assert typed_kind(tmp_path / "nothing") == ""


def _no_reader(*arguments, **options):
    raise ImportError("Missing optional dependency")


@pytest.mark.parametrize(
    "kind, package",
    [
        *[(kind, "pyarrow") for kind in ("parquet", "feather", "orc")],
        *[("xlsx", "openpyxl"), ("xlsb", "pyxlsb"), ("xls", "xlrd"), ("ods", "odfpy")],
    ],
)
def test_a_missing_reader_is_named_in_one_line(tmp_path, monkeypatch, kind, package):
    path = tmp_path / "data"
    path.write_bytes(b"")
    for reader in ("read_parquet", "read_feather", "read_orc", "read_excel"):
        monkeypatch.setattr(pd, reader, _no_reader)
    with pytest.raises(InputError, match=f"needs {package} to be read: pip install {package}") as e:
        read_typed(path, kind)
    assert "\n" not in str(e.value)


def test_the_first_sheet_is_read_and_others_are_named(tmp_path, monkeypatch):
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"")
    sheets = {"May": FRAME.rename(columns={"a": 2024}), "June": FRAME}
    monkeypatch.setattr(pd, "read_excel", lambda data, **options: sheets)
    file = read_typed(path, "xlsx")
    assert list(file.frame.columns) == ["2024", "t"]
    assert file.notes == ["book.xlsx has 2 sheets; the first, 'May', was read"]


@pytest.mark.parametrize(
    "made, said",
    [
        (FRAME[:0], "has no rows"),
        (FRAME[["a"]], "has 1 column: labels and what else"),
        (ValueError("bad\nfooter"), r"is a Parquet file, but cannot be read \(bad footer\)"),
    ],
)
def test_files_that_cannot_be_used(tmp_path, monkeypatch, made, said):
    path = tmp_path / "a.parquet"
    path.write_bytes(b"")

    def read(data):
        if isinstance(made, Exception):
            raise made
        return made

    monkeypatch.setattr(pd, "read_parquet", read)
    with pytest.raises(InputError, match=said):
        read_typed(path, "parquet")


def test_an_index_with_names_is_a_column(tmp_path, monkeypatch):
    path = tmp_path / "a.parquet"
    path.write_bytes(b"")
    monkeypatch.setattr(pd, "read_parquet", lambda data: FRAME.assign(b=1).set_index("b"))
    file = read_typed(path, "parquet")
    assert list(file.frame.columns) == ["b", "a", "t"] and file.code.endswith(".reset_index()")


@pytest.mark.parametrize("kind, name", [("xlsx", "xl/workbook.xml"), ("ods", "content.xml")])
def test_a_spreadsheet_that_unpacks_to_too_much_is_not_opened(tmp_path, monkeypatch, kind, name):
    monkeypatch.setattr("sklimb._compare.data.unpacking.MOST_BYTES", 1000)
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, bytes(100_000))
    assert typed_kind(path) == kind
    monkeypatch.setattr(pd, "read_excel", None)
    with pytest.raises(InputError, match="is not opened: it unpacks to 100,000 bytes") as caught:
        read_typed(path, kind)
    assert "read it with pandas (read_excel)" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_parquet_file_of_too_many_cells_is_not_opened(tmp_path, monkeypatch):
    found = SimpleNamespace(num_rows=10**9, num_columns=20)
    parquet = SimpleNamespace(read_metadata=lambda data: found)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", parquet)
    monkeypatch.setattr(pd, "read_parquet", lambda data: FRAME)
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(InputError, match="1,000,000,000 rows of 20 columns, more than") as caught:
        read_typed(path, "parquet")
    assert "\n" not in str(caught.value)
    found.num_rows = 10**6
    assert read_typed(path, "parquet").frame.equals(FRAME)


@pytest.mark.parametrize("kind", ["feather", "orc", "stata"])
def test_other_files_with_types_are_read(tmp_path, kind):
    """Feather was refused, and ORC and Stata files were "no text"."""
    if kind != "stata":
        pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"x": [i * 1.5 for i in range(20)], "y": ["a", "b"] * 10})
    path = tmp_path / "data"
    options = {"write_index": False} if kind == "stata" else {}
    getattr(frame, f"to_{kind}")(path, **options)
    table = read_table(path, target="y")
    assert table.X["x"].tolist() == frame["x"].tolist() and list(table.y) == ["a", "b"] * 10
    space: dict = {}
    exec(table.code, space)
    pd.testing.assert_frame_equal(space["X"], table.X)
