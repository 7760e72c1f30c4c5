"""The papers' figures beside ours, against a hand-made file and the files as they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lib.paper_comparison import (
    comparisons,
    measure,
    of_affinity,
    of_m2m,
    of_offset,
    of_rsg_ablation,
)
from lib.paper_items import all_items
from lib.paper_reasons import reasons
from lib.records import RESULTS


def row_of_affinity(experiment, setting, accuracy, method="affinity", **others):
    return {"experiment": experiment, "setting": setting, "method": method, "epochs": "2",
            "share": "0.5", "paper": "", "accuracy": str(accuracy), **others}  # fmt: skip


def test_means_differences_and_protocol():
    row = row_of_affinity("table1", "standard", 99.0, paper="99.6")
    rows = [row, row | {"accuracy": "99.2"}]
    (found,) = of_affinity(lambda file: rows if "mnist" in file else [])
    assert (found.figure, found.runs, found.item) == (99.6, 2, "Table 1")
    assert found.ours == pytest.approx(99.1)
    assert found.difference == pytest.approx(-0.5)
    assert found.protocol == "2 epochs, 50% of the images"


def test_rows_stand_in_the_papers_order_and_figures_have_no_number_of_it():
    rows = [
        row_of_affinity("fig8", "10 % of 0 to 4, 20 prototypes", 98),
        row_of_affinity("fig8", "10 % of 0 to 4, 3 prototypes", 97),
        row_of_affinity("fig6", "5 % of 0 to 4", 96, "softmax"),
        row_of_affinity("fig6", "50 % of 0 to 4", 99, "softmax"),
        row_of_affinity("table1", "10 % of odd", 95),
        row_of_affinity("table1", "standard", 94, epochs="6"),
        row_of_affinity("table1", "standard", 93, "softmax"),
    ]
    found = list(of_affinity(lambda file: rows if "mnist" in file else []))
    assert [one.ours for one in found] == [93, 94, 95, 99, 96, 97, 98]
    small = [row_of_affinity("fig6", "5 % of 0 to 4", 90, epochs="40")]
    both = list(
        of_affinity(lambda file: rows if "mnist" in file else small if "digits" in file else [])
    )
    assert (both[5].ours, both[5].protocol) == (90, "8 x 8 digits, MLP, 40 epochs")
    names = ["Table 1"] * 3 + ["Figure 6"] * 2 + ["Figure 8"] * 2
    assert [one.item for one in found] == names
    assert all(one.figure is None and one.difference is None for one in found)


def test_gains_are_over_the_plain_network_of_the_same_data_and_seed():
    told = [("a", "baseline", 0, 50), ("a", "baseline", 1, 54), ("a", "ours", 0, 60),
            ("a", "ours", 1, 66), ("a", "ours", 2, 0), ("b", "baseline", 0, 70),
            ("b", "ours", 0, 69)]  # fmt: skip
    rows = [
        dict(zip(("set", "method", "seed", "all"), map(str, own)))
        | dict.fromkeys(("empirical_std", "estimated_std", "correlation"), "")
        for own in told
    ]
    found = list(of_offset(lambda file: rows))
    assert [(one.ours, one.runs) for one in found] == [(11, 2), (-1, 1)]
    assert found[0].spread == pytest.approx(2**0.5)  # of the gains, not of the accuracies
    assert {one.figure for one in found} == {42.9 - 21.9}


def test_offsets_stand_beside_each_other_and_groups_of_classes_gain_apart():
    row = {"set": "mnist", "seed": "0", "all": "50", "medium": "40", "empirical_std": "",
           "estimated_std": "", "correlation": ""}  # fmt: skip
    rows = [
        row | {"method": "baseline", "many": "90", "few": "10"},
        row | {"method": "ours", "many": "88", "few": "30", "correlation": "0.5"},
    ]
    found = {(one.item, one.setting): one for one in of_offset(lambda file: rows)}
    assert found["Table 1", "gain on baseline, mnist, few"].ours == 20
    assert found["Table 1", "gain on baseline, mnist, few"].figure == pytest.approx(31.3)
    assert found["Table 1", "gain on baseline, mnist, many"].ours == -2
    assert found["Figure 3", "correlation of the two, mnist"].ours == 0.5
    assert len([item for item, _ in found if item == "Figure 3"]) == 1


def test_gains_of_ablations_are_over_the_same_seeds():
    plain, stage = "LDAM-DRW", "1st down-sampling"
    told = [(plain, 0, 12), (plain, 1, 10), ("RSG", 0, 11), ("RSG", 1, 9.5), ("RSG", 2, 0)]
    told.append((stage, 0, 13))
    rows = [
        {"variant": name, "seed": str(seed), "error": str(error), "epochs": "5", "n_max": "9"}
        for name, seed, error in told
    ]
    found = {(one.item, one.method): one for one in of_rsg_ablation(lambda file: rows)}
    assert set(found) == {
        ("Table 3", "RSG"), ("Table 5", "RSG"), ("Table 5", stage)
    }  # fmt: skip
    rsg = found["Table 3", "RSG"]
    assert (rsg.ours, rsg.runs) == (0.75, 2)  # seed 2 has nothing to be compared with
    assert rsg.figure == pytest.approx(18.97 - 17.20)
    assert found["Table 5", stage].ours == -1


def test_the_files_are_all_in_it():
    frame = pd.read_csv(RESULTS / "papers" / "m2m_reuters.csv", comment="#")
    ours = {one.method: one for one in of_m2m(_read) if one.setting == "Reuters"}
    for method, own in frame.groupby("method"):
        assert ours[method].ours == pytest.approx(own["balanced_accuracy"].mean())
        assert ours[method].figure == own["paper"].iloc[0]


def test_reasons_and_comparisons_are_of_tables_that_there_are():
    known = {(item.paper, item.name) for item in all_items()}
    found = comparisons()
    assert {(one.paper, one.item) for one in found} <= known
    why = reasons()
    assert set(why) <= known
    assert {(one.paper, one.item) for one in found} <= set(why)
    assert all(measure(one.paper, one.item) for one in found)
    assert all(np.isfinite(one.ours) and one.runs > 0 for one in found)


def _read(file):
    frame = pd.read_csv(RESULTS / file, comment="#", dtype=str, keep_default_na=False)
    return frame.to_dict("records")
