from __future__ import annotations

from sklimb._compare.data.columns import MAX_VALUES, Column, Columns

COLUMNS = Columns(
    (
        Column("a", "number"),
        Column("b", "category", values={str(i): i for i in range(MAX_VALUES + 1)}, notes=("b!",)),
        Column("c", "number", left_out="it numbers the rows", notes=("c!",)),
    )
)


def test_columns_by_name_and_kind():
    assert COLUMNS.names == ["a", "b", "c"] and COLUMNS["b"].many and not COLUMNS["a"].many
    assert COLUMNS.of_kind("number") == ["a"] and COLUMNS.of_kind("number", "category") == [
        "a",
        "b",
    ]
    assert COLUMNS.left_out == ["c"] and COLUMNS.notes == ["b!", "c!"]
