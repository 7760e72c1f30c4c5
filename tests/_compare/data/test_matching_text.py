from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.converting import conform
from sklimb._compare.data.kinds import columns_of
from sklimb._compare.data.matching_text import spelling_key
from sklimb._compare.errors import InputError

N = 80  # more than a category has


def both(first, second):
    """Return a second column as it is read beside a first one, and what is said."""
    columns = columns_of(pd.DataFrame({"a": list(first)}))
    made, notes = conform(pd.DataFrame({"a": list(second)}), columns)
    return made["a"].tolist(), notes


@pytest.mark.parametrize(
    "first, second",
    [
        ([f"city{i}" for i in range(N)], [f"CITY{i}" for i in range(N)]),
        ([f"0{i}" for i in range(1000, 1000 + N)], [str(i) for i in range(1000, 1000 + N)]),
        ([f"0{i}" for i in range(1000, 1000 + N)], [f"{i}.0" for i in range(1000, 1000 + N)]),
        ([f"0{i}" for i in range(1000, 1000 + N)], np.arange(1000.0, 1000 + N)),
        ([f"caf\u00e9 {i}" for i in range(N)], [f"Cafe\u0301  {i}\u200b" for i in range(N)]),
    ],
)
@pytest.mark.parametrize("times", [1, 3])
def test_values_are_found_in_another_spelling_however_many_there_are(first, second, times):
    made, notes = both(list(first) * times, second)
    assert made == list(first)
    assert len(notes) == 1
    assert f"column a: {N} of {N} values of the test part are written otherwise" in notes[0]


@pytest.mark.parametrize("few", [10, N])
@pytest.mark.parametrize("prefix", ["c", "id-"])
def test_numbers_in_place_of_text_are_no_slip(few, prefix):
    with pytest.raises(InputError, match=rf"numbers in {few} of {few} rows .* the same column"):
        both([f"{prefix}{i}" for i in range(few)], range(few))


def test_new_values_are_named_where_the_old_ones_repeat():
    _, notes = both([f"city{i}" for i in range(N)] * 3, [f"town{i}" for i in range(N)])
    assert len(notes) == 1
    assert f"{N} of {N} values of the test part do not occur in the training part (the" in notes[0]
    _, notes = both([f"city{i}" for i in range(N)] * 3, [f"city{i}" for i in range(5, N + 5)])
    assert notes == []


def test_new_identifiers_of_the_same_form_need_no_word():
    ids = [f"id{i}" for i in range(N)]
    assert both(ids, [f"id{i}" for i in range(1000, 1000 + N)])[1] == []
    assert both([*ids, *ids[:10]], [f"id{i}" for i in range(1000, 1000 + N)])[1] == []
    hashes = pd.util.hash_array(np.arange(2 * N)).astype(str)
    hashes = [f"{h[:8]}-{h[8:12]}-a{h[12:]}" for h in hashes]
    assert both(hashes[:N], hashes[N:])[1] == []


def test_another_form_is_named():
    _, notes = both([f"id{i}" for i in range(N)], [f"id-{i}" for i in range(N)])
    assert len(notes) == 1 and "'id-0'" in notes[0]
    assert "and are written in another form than there" in notes[0]


def test_sentences_have_no_form():
    first = [f"the {i}th time, it was late" for i in range(N)]
    assert both(first, [f"and so on: {i} (or more)" for i in range(N)])[1] == []


@pytest.mark.parametrize(
    "one, other",
    [("1.50", "01.5"), ("+7", "007"), ("TRUE", "1"), ("5.1.2024", "2024-01-05T00:00:00Z")],
)
def test_spellings_of_one_value(one, other):
    assert spelling_key(one) == spelling_key(other)


@pytest.mark.parametrize(
    "one, other",
    [("1.5", "15"), ("100", "1"), ("2024-01-05", "2024-05-01"), ("5.1.2024 09:00", "5.1.2024")],
)
def test_values_that_differ(one, other):
    assert spelling_key(one) != spelling_key(other)
