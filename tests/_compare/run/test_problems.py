from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from sklimb._compare.errors import InputError
from sklimb._compare.run.problems import digits_problem, make_problem
from tests._compare.stand_ins import blobs


def _problem(X, y, **options):
    given = {
        "X_test": None,
        "y_test": None,
        "folds": 3,
        "repeats": None,
        "inner_folds": 3,
        "groups": None,
        "time": None,
        "seed": 0,
    }
    return make_problem(X, y, **given | options)


def test_digits_are_long_tailed_with_a_balanced_test_part_drawn_anew():
    problem = digits_problem(3, 3, seed=0)
    assert len(problem.splits) == 3
    for split in problem.splits:
        counts = np.bincount(problem.y[split.train])
        assert counts.argmax() == 0
        assert (np.diff(counts) <= 0).all()
        assert counts[0] // 50 == counts[-1] == 2
        np.testing.assert_array_equal(np.bincount(problem.y[split.test]), [40] * 10)
        assert not set(split.train) & set(split.test)
    assert len({tuple(split.test) for split in problem.splits}) == 3
    np.testing.assert_array_equal(problem.final, problem.splits[0].train)


def test_the_code_of_the_digits_makes_the_rows_of_the_first_repeat():
    problem = digits_problem(1, 3, seed=4)
    space = {}
    exec(problem.code, space)
    split = problem.splits[0]
    np.testing.assert_array_equal(space["X"], problem.X[split.train])
    np.testing.assert_array_equal(space["y"], problem.y[split.train])
    np.testing.assert_array_equal(space["X_test"], problem.X[split.test])
    assert len(load_digits().data) == len(problem.X)


def test_cross_validation_by_default_once():
    X, y = blobs([30, 12])
    problem = _problem(X, y)
    assert len(problem.splits) == 3
    assert problem.how == "stratified splits into 3 folds, once"
    assert problem.words == "42 rows, 3 columns, 2 classes of 30 to 12 rows"
    np.testing.assert_array_equal(problem.final, np.arange(42))


def test_groups_and_time_choose_the_splits():
    X, y = blobs([30, 12])
    groups, time = np.arange(42) % 6, np.arange(42)
    assert _problem(X, y, groups=groups).how.startswith("grouped")
    assert _problem(X, y, time=time, repeats=2).how == "ordered splits into 3 folds, 2 times"
    with pytest.raises(InputError, match="groups and time cannot be had together"):
        _problem(X, y, groups=groups, time=time)


@pytest.mark.parametrize("as_frame", [False, True])
def test_a_test_part_is_scored_by_what_is_learnt_from_all_other_rows(as_frame):
    X, y = blobs([30, 12, 1])
    if as_frame:
        X = pd.DataFrame(X, columns=list("abc"), index=range(100, 143))
    problem = _problem(X, y, X_test=X[:10], y_test=y[:10])
    assert len(problem.splits) == 5
    assert len({split.seed for split in problem.splits}) == 5
    for split in problem.splits:
        np.testing.assert_array_equal(split.train, np.arange(43))
        np.testing.assert_array_equal(split.test, np.arange(43, 53))
    assert problem.X.shape == (53, 3)
    np.testing.assert_array_equal(problem.final, np.arange(43))


def test_a_test_part_stands_alone():
    X, y = blobs([30, 12])
    with pytest.raises(InputError, match="X_test and y_test come together"):
        _problem(X, y, X_test=X)
    with pytest.raises(InputError, match="is the split already: leave one of them out"):
        _problem(X, y, X_test=X, y_test=y, time=np.arange(42))
    with pytest.raises(InputError, match="y is missing"):
        _problem(X, None)


def _mixed(n=60, seed=0):
    rng = np.random.default_rng(seed)
    y = np.where(np.arange(n) % 3 == 0, "bad", "good")
    X = pd.DataFrame({"a": rng.normal(size=n), "kind": rng.choice(["u", "v"], n)})
    return X.assign(flag=rng.random(n) < 0.5), y


def test_a_test_part_is_read_with_the_decisions_made_on_the_training_part():
    (X, y), (X_test, y_test) = _mixed(), _mixed(30, seed=1)
    given = X_test[["kind", "flag", "a"]].astype(object)
    given.loc[3, "a"] = "stray"
    problem = _problem(X, y, X_test=given, y_test=y_test)
    rows = problem.X.iloc[60:].reset_index(drop=True)
    assert problem.X.dtypes.astype(str).to_list() == X.dtypes.astype(str).to_list()
    assert rows["kind"].tolist() == X_test["kind"].tolist()
    np.testing.assert_array_equal(rows["a"].drop(3), X_test["a"].drop(3))
    assert np.isnan(rows["a"][3])
    assert [note for note in problem.notes if "column a: 1 of 30" in note and "row 4" in note]


def test_labels_of_a_test_part_are_those_of_the_training_part():
    X, _ = _mixed()
    y = np.where(np.arange(60) % 3, "1", "unknown")
    problem = _problem(X, y, X_test=X[:3], y_test=[1, 1, 1])
    assert problem.y[60:].tolist() == ["1"] * 3


def test_columns_that_repeat_the_labels_or_number_the_rows_get_a_note():
    X, y = _mixed()
    problem = _problem(X.assign(copy=y, row=range(60)), y)
    assert any("column copy says the class" in note for note in problem.cautions)
    assert any("column row numbers the rows" in note for note in problem.notes)
    assert problem.columns["row"].left_out


def test_what_is_done_in_front_is_in_the_code():
    X, y = _mixed()
    X["kind"] = X["kind"].where(X.index % 7 > 0).astype("string")
    problem = _problem(X, y)
    space = {"X": X}
    exec(problem.code, space)
    pd.testing.assert_frame_equal(space["X"], problem.X)
    assert _problem(*_mixed()).code == ""


def test_labels_that_differ_only_in_spaces_are_one_class():
    X, y = _mixed()
    problem = _problem(X, np.where(np.arange(60) % 5, y, np.char.add(y, " ")))
    assert problem.y.tolist() == y.tolist()
    assert any("only in the spaces" in note for note in problem.notes)


def test_times_as_text_are_ordered_as_times_or_refused():
    X, y = blobs([30, 30])
    times = [str(i) for i in range(60)]
    split = _problem(X, y, time=times).splits[0]
    assert max(split.train) < min(split.test)
    days = pd.date_range("2020-01-15", periods=60).strftime("%d.%m.%Y")
    with pytest.raises(InputError, match="neither numbers nor ISO dates"):
        _problem(X, y, time=days)
    frame = pd.DataFrame(X, columns=list("abc")).assign(day=days)
    split = _problem(frame, y, time="day").splits[0]
    assert max(split.train) < min(split.test)


@pytest.mark.parametrize("name", ["y", "groups", "time"])
def test_what_goes_with_the_rows_is_in_their_order(name):
    X, y = _mixed()
    sides = {"y": y, "groups": np.arange(60) % 6, "time": np.arange(60)}
    given = {name: pd.Series(sides[name])[::-1]}
    given.setdefault("y", y)
    with pytest.raises(InputError, match=rf"pass {name}\.loc\[X\.index\]"):
        _problem(X, **given)
    with pytest.raises(InputError, match=r"pass y_test\.loc\[X_test\.index\]"):
        _problem(X, y, X_test=X, y_test=pd.Series(y)[::-1])


def test_a_column_that_the_test_part_leaves_empty_is_named():
    X, y = blobs([30, 12])
    X_test = X[:10].copy()
    X_test[:, 1] = np.nan
    said = "column 1 has no value at all in the test part, and has in the training"
    assert said in _problem(X, y, X_test=X_test, y_test=y[:10]).notes
    assert said not in _problem(X, y, X_test=X[:10], y_test=y[:10]).notes
    frames = [pd.DataFrame(A).set_axis(list("abc"), axis=1) for A in (X, X_test)]
    notes = _problem(frames[0], y, X_test=frames[1], y_test=y[:10]).notes
    assert said.replace("1", "b") in notes


def _tickets(n=90):
    X, y = _mixed(n)
    days = pd.date_range("2024-01-05", periods=n, freq="13h")
    return X.assign(
        row=range(n), paid=days.strftime("%d/%m/%Y"), who=[f"c{i % 10}" for i in range(n)]
    ), y


def test_what_columns_are_is_decided_and_can_be_overruled():
    X, y = _tickets()
    columns = _problem(X, y).columns
    assert [c.kind for c in columns] == [
        *("number", "category", "boolean", "identifier", "date", "category"),
    ]  # fmt: skip
    problem = _problem(
        X, y, number="row", category=["paid"], drop=["who", "a"], date=None, text=None
    )
    kinds = {c.name: c.kind for c in problem.columns}
    assert kinds["row"] == "number" and kinds["paid"] == "category" and kinds["who"] == "dropped"
    assert list(problem.X.columns) == ["kind", "flag", "row", "paid"]
    array = X[["a", "row"]].to_numpy()
    with pytest.raises(InputError, match="drop names columns, and X is no frame"):
        _problem(array, y, drop=["a"])
    with pytest.raises(InputError, match=r"to leave out columns by name: X\.columns = "):
        _problem(pd.DataFrame(array), y, drop=[0])
    with pytest.raises(InputError, match="text names 'nothing'"):
        _problem(X, y, text="nothing")


def test_groups_and_time_can_be_named():
    X, y = _tickets()
    problem = _problem(X, y, groups="who")
    assert problem.how.startswith("grouped") and "who" not in problem.X
    for split in problem.splits:
        assert not set(X["who"].iloc[split.train]) & set(X["who"].iloc[split.test])
        for train, held in split.inner:
            assert not set(X["who"].iloc[split.train[train]]) & set(
                X["who"].iloc[split.train[held]]
            )
    assert not any("--groups" in line for line in problem.cautions)
    split = _problem(X, y, time="paid").splits[0]
    assert max(split.train) < min(split.test)
    with pytest.raises(InputError, match="groups is 'nobody', and X has no such column"):
        _problem(X, y, groups="nobody")


def test_cautions_of_data():
    X, y = _tickets()
    X = X.assign(
        customer_id=np.arange(90) // 5, chargeback=np.where(np.arange(90) % 6 == 0, "x", None)
    )
    cautions = _problem(X, y).cautions
    for said in ("column chargeback is filled only in rows of class bad", "--groups customer_id",
                 "--time paid"):  # fmt: skip
        assert sum(said in line for line in cautions) == 1
    twice = pd.concat([X, X], ignore_index=True).drop(columns="row")
    cautions = _problem(twice, np.r_[y, y]).cautions
    assert any("of the scored rows are the same in every column" in line for line in cautions)


def test_a_test_part_has_dates_and_left_out_columns_as_the_training_part_has():
    X, y = _tickets()
    days = pd.date_range("2024-05-01", periods=30)
    X_test = X[:30].assign(paid=days.strftime("%Y-%m-%d")).drop(columns="row")
    problem = _problem(X, y, X_test=X_test, y_test=y[:30], drop="who")
    assert problem.X["paid"].iloc[90:].tolist() == days.strftime("%d/%m/%Y").tolist()
    assert any("read as ISO8601" in note for note in problem.notes)


def test_numbers_with_signs_in_a_frame_are_numbers_and_the_code_makes_them():
    X, y = _mixed()
    X["price"] = [f"${i:,}.50" for i in range(990, 1050)]
    problem = _problem(X, y, X_test=X[:5].assign(price="$2,000"), y_test=y[:5])
    assert problem.X["price"].tolist()[:2] == [990.5, 991.5] and problem.X["price"].iloc[60] == 2000
    space = {"X": X}
    exec(problem.code, space)
    assert space["X"]["price"].tolist()[:2] == [990.5, 991.5]


def test_groups_that_differ_in_case_only_are_named():
    X, y = blobs([40, 20])
    groups = [f"{'p' if i % 2 else 'P'}{i % 7}" for i in range(60)]
    (note,) = [n for n in _problem(X, y, groups=groups).notes if n.startswith("groups")]
    assert "'P0' and 'p0'" in note and "may be on both sides of a split" in note


def test_copies_of_pictures_in_another_size_get_a_note(tmp_path):
    """Half of the scored pictures were those learnt from, made smaller, without a word."""
    image = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        for k in range(90):
            coarse = image.fromarray(rng.integers(0, 256, (6, 6, 3)).astype(np.uint8))
            picture = coarse.resize((60, 60), image.Resampling.BICUBIC)
            picture.save(tmp_path / label / f"{k}.png")
            picture.resize((41, 41)).save(tmp_path / label / f"{k}_small.png")
    from sklimb._compare.run.image_sets import read_images

    found = read_images(tmp_path)
    problem = _problem(found.X, found.y)
    (note,) = problem.cautions
    assert "of the scored images look the same as one that was learnt from" in note
    assert "all of them with its class" in note
    big = [k for k, name in enumerate(sorted(tmp_path.rglob("*.png"))) if "small" not in name.stem]
    assert _problem(found.X[big], found.y[big]).cautions == []


def test_rows_that_are_the_same_but_for_a_moment_get_a_note():
    X, y = _mixed(200)
    X = X.assign(b=np.random.default_rng(1).normal(size=200))
    moments = pd.date_range("2024-01-01", periods=400, freq="s").strftime("%Y-%m-%d %H:%M:%S")
    X = pd.concat([X, X], ignore_index=True).assign(at=moments)
    same = "are the same as one that was learnt from in every column but at"
    assert any(same in note for note in _problem(X, np.r_[y, y]).cautions)
