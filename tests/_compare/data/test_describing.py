from __future__ import annotations

from sklimb._compare.data.columns import Column, Columns
from sklimb._compare.data.dates import DateFormat
from sklimb._compare.data.describing import column_lines
from sklimb._compare.data.spelling import NumberFormat

SPECIAL = (
    Column("amount", "number", NumberFormat(",", affix="%")),
    Column("paid on", "date", date=DateFormat("%d.%m.%Y"), says="2023-01-01 to 2024-01-01"),
    Column("note", "text", says="812 values"),
    Column("id", "identifier", left_out="it numbers the rows"),
    Column("currency", "category", constant=True, left_out="'EUR' in all rows"),
    Column("token", "dropped", left_out="as asked for"),
    Column("gap", "empty", left_out="it has no value"),
)


def test_a_line_for_each_column():
    kind = Column("kind", "category", says="3 values")
    assert column_lines(Columns((Column("n", "number"), kind, *SPECIAL))) == [
        "n         number",
        "kind      category, 3 values",
        "amount    number (per cent, decimal comma)",
        "paid on   date, 2023-01-01 to 2024-01-01: as numbers",
        "note      text, 812 values: words weighted by TF-IDF",
        "id        identifier, it numbers the rows: left out",
        "currency  constant, 'EUR' in all rows: left out",
        "token     dropped, as asked for",
        "gap       empty, it has no value: left out",
    ]


def test_ordinary_columns_of_a_wide_table_share_a_line():
    wide = tuple(Column(f"x{i}", "number") for i in range(300))
    lines = column_lines(Columns((*wide, *SPECIAL[1:])))
    assert len(lines) == 7
    assert lines[-1] == "300 columns of kind number: x0, x1, x2, x3, x4 and 295 more"
