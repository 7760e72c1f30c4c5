from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.columns import MAX_VALUES
from sklimb._compare.data.kinds import columns_of, kind_of_text
from sklimb._compare.data.roles import make_roles
from sklimb._compare.data.spelling import NumberFormat
from sklimb._compare.errors import InputError

N = 2 * MAX_VALUES
WORDS = ["oil", "pump", "leak", "valve", "noise", "stop", "late"]
RNG = np.random.default_rng(0)
SENTENCES = [" ".join(RNG.choice(WORDS, 5)) + f" {i}" for i in range(N)]
FRAME = pd.DataFrame(
    {
        "number": np.linspace(0, 1, N),
        "flag": [True, False] * MAX_VALUES,
        "words": ["True", "false"] * MAX_VALUES,
        "kind": ["x", None] * MAX_VALUES,
        "town": [f"town{i % 70}" for i in range(N)],
        "who": [f"n{i}" for i in range(N)],
        "text": SENTENCES,
        "day": [f"{1 + i % 28}.03.2024" for i in range(N)],
        "moment": pd.date_range("2024", periods=N),
        "nothing": np.nan,
        "same": 3,
        "row": range(N),
    }
)


def _columns(frame=FRAME, **asked):
    return columns_of(frame, roles=make_roles(frame.columns, **asked))


def test_what_each_column_is():
    columns = columns_of(FRAME, {"number": NumberFormat(",")})
    assert columns.names == list(FRAME.columns)
    assert {column.name: column.kind for column in columns} == {
        "number": "number",
        "flag": "boolean",
        "words": "boolean",
        "kind": "category",
        "town": "category",
        "who": "identifier",
        "text": "text",
        "day": "date",
        "moment": "date",
        "nothing": "empty",
        "same": "number",
        "row": "identifier",
    }
    assert columns.left_out == ["who", "nothing", "same", "row"]
    assert columns["number"].number == NumberFormat(",")
    assert [column.name for column in columns if column.constant] == ["same"]
    assert columns["kind"].values == {"x": "x"}
    assert columns["flag"].values == {"True": True, "False": False}
    assert columns["day"].date.format == "%d.%m.%Y" and columns["moment"].date is None
    assert [note.split()[1] for note in columns.notes] == ["town", "who", "row"]


def test_how_missing_values_are_stored_is_kept():
    frame = pd.DataFrame({"a": pd.Series(["x", None], dtype=object), "b": ["x", np.nan]})
    columns = columns_of(frame)
    assert columns["a"].missing is None
    assert np.isnan(columns["b"].missing)


def test_the_user_has_the_last_word():
    columns = _columns(
        text="who", category=["number", "day"], number="row", drop=["town"], date={"moment": None}
    )
    kinds = {column.name: column.kind for column in columns}
    assert kinds["who"] == "text" and kinds["number"] == kinds["day"] == "category"
    assert kinds["row"] == "number" and kinds["town"] == "dropped"
    assert columns.left_out == ["town", "nothing", "same"]


@pytest.mark.parametrize(
    "asked, said",
    [
        ({"text": "number"}, "column 'number' holds numbers, not texts"),
        ({"number": "kind"}, "column 'kind' holds no numbers, such as 'x'"),
        ({"text": "moment"}, "column 'moment' holds dates"),
        ({"date": "who"}, "column 'who' holds no dates that can be read, such as 'n0'"),
        ({"date": {"day": "%m/%d/%Y"}}, r"not written as '%m/%d/%Y' in 100 of 100"),
        ({"drop": list(FRAME.columns)}, "no column is left to learn from"),
    ],
)
def test_what_a_column_cannot_be_is_refused(asked, said):
    with pytest.raises(InputError, match=said) as caught:
        _columns(**asked)
    assert "\n" not in str(caught.value)


def test_days_of_twelve_or_less_are_said_and_read_as_told():
    frame = pd.DataFrame({"a": ["03/04/2024", "11/12/2024"] * 9, "n": np.arange(18) / 4})
    column = columns_of(frame)["a"]
    (note,) = column.notes
    assert "no day is above 12" in note and "'03/04/2024'" in note and "read as 2024-03-04" in note
    assert "--date a=%d/%m/%Y" in note
    told = _columns(frame, date={"a": "%d/%m/%Y"})["a"]
    assert told.notes == () and told.says.startswith("2024-04-03 to 2024-12-11")
    # Another column of the file tells.
    both = columns_of(frame.assign(b=["31/12/2023", "01/01/2024"] * 9))
    assert both["a"].date.format == "%d/%m/%Y" and both.notes == []


def test_strays_in_a_column_that_is_called_one_of_dates_are_missing():
    frame = pd.DataFrame({"a": [*FRAME["day"][:30], "soon"], "n": np.arange(31) / 4})
    assert columns_of(frame)["a"].kind == "category"
    column = _columns(frame, date="a")["a"]
    assert column.kind == "date"
    assert "1 of 31 values are no dates" in column.notes[0] and "row 31, 'soon'" in column.notes[0]


def test_whole_numbers_can_be_days():
    frame = pd.DataFrame({"a": [20240131, 20240201] * 9, "n": np.arange(18) / 4})
    assert columns_of(frame)["a"].kind == "number"
    assert _columns(frame, date="a")["a"].date.format == "%Y%m%d"
    assert _columns(frame, date={"a": "s"})["a"].says.startswith("1970-08-23")


def test_what_names_rows_is_learnt_from_where_there_is_nothing_else():
    columns = columns_of(FRAME[["who", "nothing", "row"]])
    assert columns.of_kind("number", "category") == ["who", "row"]
    with pytest.raises(InputError, match="no column is left to learn from"):
        columns_of(FRAME[["nothing"]])


@pytest.mark.parametrize(
    "values, different, kind",
    [
        (SENTENCES[:20], 1.0, "text"),
        (SENTENCES[:20], 0.1, "category"),
        (["strongly agree with this claim", "do not agree with it"], 0.01, "category"),
        ([f"{a} {b}" for a in WORDS for b in [*WORDS, "dog", "cat"]], 1.0, "text"),
        ([f"{a} {b}" for a in WORDS for b in [*WORDS, "dog", "cat"]], 0.2, "category"),
        ([f"AB {i} {i + 1}" for i in range(99)], 1.0, "category"),
        (["TRUE", "false"], 1.0, "boolean"),
        (["2024-01-02"], 1.0, "date"),
    ],
)
def test_what_text_is(values, different, kind):
    assert kind_of_text(values, different) == kind


def test_whole_numbers_that_floats_do_not_tell_apart_are_named():
    codes = 2**60 + RNG.permutation(N) * 7
    columns = _columns(pd.DataFrame({"code": codes, "amount": codes - 2**60}))
    assert [column.kind for column in columns] == ["number", "number"]
    assert len(columns.notes) == 1 and "column code holds whole numbers of 19" in columns.notes[0]
    assert "--category code" in columns.notes[0]
    assert not _columns(pd.DataFrame({"code": codes}), number="code").notes


def test_values_of_a_column_that_differ_only_in_case_are_named():
    spelt = columns_of(pd.DataFrame({"channel": ["web", "WEB", "shop"] * 9}))
    assert "values of column channel 'WEB' and 'web' differ only in case" in spelt.notes[0]
    assert columns_of(pd.DataFrame({"channel": ["web", "mail", "shop"] * 9})).notes == []


def test_amounts_that_never_repeat_say_why_they_are_no_numbers():
    texts = [f"{i}.{i % 100:02}" for i in range(97)] + ["unknown"] * 3
    columns = columns_of(pd.DataFrame({"amount": texts, "b": np.arange(100) % 7}))
    assert columns["amount"].kind == "identifier"
    assert "('unknown' in 3)" in columns.notes[0] and "--number amount" in columns.notes[0]


def test_codes_and_numbers_in_groups_are_no_sentences():
    """IBANs and lists of numbers went through TF-IDF as texts."""
    rng = np.random.default_rng(0)
    ibans = ["DE" + " ".join(f"{g:04d}" for g in rng.integers(0, 9999, 5)) for _ in range(80)]
    pixels = [" ".join(map(str, rng.integers(0, 255, 9))) for _ in range(80)]
    known = ["red", "car", "blue", "bus", "12"]
    words = [" ".join(rng.choice(known, 5)) + f" {i}" for i in range(80)]
    items = [" ".join(map(str, rng.integers(0, 99, 4 + i % 5))) for i in range(80)]
    frame = pd.DataFrame({"iban": ibans, "pixels": pixels, "words": words, "items": items})
    columns = columns_of(frame)
    assert [c.kind for c in columns] == ["identifier", "identifier", "text", "text"]
    assert "several numbers in each cell" in columns["pixels"].notes[0]


def test_numbers_kept_as_text_are_not_called_written_in_several_ways():
    rows = range(90)
    frame = pd.DataFrame({"n": [str(i % 30) for i in rows], "few": [str(i % 3) for i in rows]})
    columns = columns_of(frame)
    [note] = columns["n"].notes
    assert "numbers kept as text (such as '0')" in note and "--number n" in note
    assert columns["few"].notes == ()
