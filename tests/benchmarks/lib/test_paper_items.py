"""Which tables and figures of the papers are there, by the rows of the results."""

from __future__ import annotations

from lib.affinity_mnist import EPOCHS, TABLE_1
from lib.paper_items import IN_PART, NOT_RUN, PAPERS, THERE, Item, all_items, state

ITEMS = {(item.paper, item.name): item for item in all_items()}


def rows_of(epochs, settings):
    return [
        {"experiment": "table1", "setting": setting, "method": "affinity", "epochs": str(epochs),
         "share": "1.0"}
        for setting in settings
    ]  # fmt: skip


def test_every_table_and_figure_stands_once_and_examples_are_there():
    assert len(ITEMS) == len(all_items())
    assert {paper for paper, _ in ITEMS} == set(PAPERS)
    for item in all_items():
        alone = item._replace(file="", other="", lacks="")
        assert state(alone) == (IN_PART if item.picture else NOT_RUN), item.name


def test_whole_in_part_or_not():
    item = ITEMS["affinity", "Table 1"]
    cases = {
        THERE: rows_of(EPOCHS, TABLE_1),
        IN_PART: rows_of(2, TABLE_1) + rows_of(EPOCHS, list(TABLE_1)[1:]),
        NOT_RUN: [],
    }
    for expected, rows in cases.items():
        assert state(item, lambda file, rows=rows: rows) == expected


def test_what_lacks_data_is_never_whole():
    item = Item("m2m", "Table 1", "", "file", cells=[{"a": "1"}])
    assert state(item, lambda file: [{"a": "1"}]) == THERE
    assert state(item._replace(lacks="data"), lambda file: [{"a": "1"}]) == IN_PART


def test_other_data_count_in_part():
    item = ITEMS["affinity", "Figure 6"]
    row = {"experiment": "fig6", "setting": "5 % of 0 to 4", "method": "affinity"}
    assert (
        state(item, lambda file: [row] if file == "papers/affinity_digits.csv" else []) == IN_PART
    )
    row["experiment"] = "fig7"
    assert (
        state(item, lambda file: [row] if file == "papers/affinity_digits.csv" else []) == NOT_RUN
    )


def test_rows_of_another_table_do_not_count():
    rows = [row | {"experiment": "fig6"} for row in rows_of(EPOCHS, TABLE_1)]
    assert state(ITEMS["affinity", "Table 1"], lambda file: rows) == NOT_RUN
