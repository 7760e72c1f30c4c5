from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sklimb
from sklimb import cli
from sklimb._compare.run.methods import METHODS
from sklimb._compare.run.sets import SETS
from sklimb.cli import main
from sklimb.persistence import load
from tests._compare.stand_ins import BROKEN, TREE, blobs
from tests.datasets.shared import DATA, needs


@pytest.fixture
def file(tmp_path):
    """Write a table with a number that misses, a category, and a rare class; return its path."""
    X, y = blobs([40, 20, 8], labels=["many", "some", "few"])
    frame = pd.DataFrame(X.round(3), columns=["a", "b", "c"])
    frame.loc[3, "a"] = np.nan
    frame["kind"] = np.where(np.arange(len(frame)) % 3, " ?", " red")
    frame["who"] = np.arange(len(frame)) % 17
    frame["label"] = y
    path = tmp_path / "data.csv"
    frame.to_csv(path, index=False)
    return path


def _main(*arguments):
    """Run the command; without a budget of its own all of it, so that no test hangs on a clock."""
    budget = [] if "--budget" in arguments else ["--budget", "none"]
    return main(["compare", *map(str, arguments), *budget])


def test_a_file_with_report_and_saved_model(file, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(METHODS, "tree", TREE)
    status = _main(
        *("--data", file, "--target", "label", "--drop", "who", "--folds", 2, "--jobs", 1),
        *("--methods", "logistic,tree", "--report", tmp_path / "out"),
        *("--save", tmp_path / "model.sklimb"),
    )
    out, err = capsys.readouterr()
    assert status == 0
    assert out.startswith("data.csv: 68 rows, 4 columns, 3 classes of 40 to 8 rows")
    for part in ("logistic regression, balanced", "\ntree ", "\nUse ", "\nmodel.fit(X, y)"):
        assert part in out
    assert max(len(line) for line in out.splitlines() if str(tmp_path) not in line) <= 112
    assert "[4/4]" in err
    assert (tmp_path / "out" / "report.html").exists()
    assert len(pd.read_csv(tmp_path / "out" / "results.csv")) == 2
    assert out.rstrip().endswith("(no pickle; read it with sklimb.persistence.load)")

    code = out[out.index("import pandas as pd") : out.index("Report:")]
    space = {}
    exec(code, space)
    saved = load(tmp_path / "model.sklimb")
    np.testing.assert_array_equal(
        saved.predict_proba(space["X"]), space["model"].predict_proba(space["X"])
    )
    assert code.strip() in unescape((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))


def test_groups_time_and_a_test_file(file, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(METHODS, "tree", TREE)
    options = ["--data", file, "--target", "label", "--methods", "tree", "--jobs", 1]
    options += ["--no-report", "--folds", 2]
    assert _main(*options, "--groups", "who") == 0
    assert _main(*options, "--time", "who", "--metric", "macro-f1") == 0
    assert "macro F1" in capsys.readouterr().out
    assert _main(*options, "--test", file, "--repeats", 2) == 0
    assert "over 2 splits" in capsys.readouterr().out
    assert not (tmp_path / "sklimb-report").exists()


def test_the_default_report_is_in_a_folder_here(file, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(METHODS, "tree", TREE)
    options = ["--data", "data.csv", "--target", -1, "--methods", "tree", "--jobs", 1]
    assert _main(*options, "--folds", 2) == 0
    assert (tmp_path / "sklimb-report" / "recall.png").exists()
    assert "Report: sklimb-report" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text, options, said",
    [
        (None, ["--target", "label"], "there is no file"),
        ("", ["--target", "label"], "is empty"),
        ("a,label\n1,x\n2,y\n", ["--target", "lable"], "did you mean 'label'?"),
        ("a,label\n1,x\n2,y\n", [], "--data without --target"),
        ("a,label\n1,5\n2,6\n3,7\n", ["--target", "label"], "as many values as rows (3)"),
        ("a,label\n1,x\n2,x\n3,x\n", ["--target", "label"], "one class only, x"),
        ("a,label\n1,x\n2,x\n3,imS\n4,x\n", ["--target", "label"], "class imS: one row only"),
        ("a,label\n1,x\n2,\n3,y\n4,y\n", ["--target", "label"], "missing in 1 of 4 rows"),
        ("a,label\n1,x\n2,x\n3,y\n4,y\n", ["--target", "label", "--methods", "smot"], "'smote'"),
        ("a,label\n1,x\n2,x\n3,y\n4,y\n", ["--target", "label", "--metric", "auc"], "no metric"),
        ("a,label\n1,x\n2,x\n3,y\n4,y\n", ["--target", "label", "--folds", "1"], "folds"),
        ("a,label\n1,x\n2,x\n3,y\n4,y\n", ["--target", "label", "--jobs", "0"], "n_jobs"),
        ("a,label\n1,x\n2,x\n3,y\n4,y\n", ["--target", "label", "--seed", "-1"], "random_state"),
        ("a,label\n1,x\n2,x\n3,y\n4,y\n", ["--target", "label", "--device", "gpu"], "device"),
        ("a,label\n1,x\n2,x\n3,y\n4,y\n", ["--target", "label", "--save", "no/m"], "no folder"),
        ("a,label\n1,x\n2,x\n3,y\n4,y\n", ["--target", "label", "--save", "."], "is a folder"),
    ],
)
def test_bad_input_is_one_line_and_status_2(text, options, said, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if text is not None:
        (tmp_path / "data.csv").write_text(text)
    assert _main("--data", "data.csv", *options) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("sklimb compare: error: ")
    assert said in err
    assert err.count("\n") == 1


@needs("tabular/glass.csv")
def test_a_data_set_by_name(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(METHODS, "tree", TREE)
    options = ["--methods", "tree", "--jobs", 1, "--folds", 2, "--report", tmp_path / "out"]
    saved = tmp_path / "model.sklimb"
    assert _main("--dataset", "Glass", "--data-home", DATA, *options, "--save", saved) == 0
    out, _ = capsys.readouterr()
    assert out.startswith("glass: 214 rows, 9 columns, 6 classes of 76 to 9 rows\n")
    code = out[out.index("from sklearn.tree") : out.index("Report:")]
    assert "from sklimb.datasets import fetch_tabular" in out
    space = {}
    exec(out[out.index("from imblearn") : out.index("Report:")], space)
    assert code.strip() in unescape((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    model = load(saved)
    np.testing.assert_array_equal(model.predict(space["X"]), space["model"].predict(space["X"]))


@needs("text/r52-train.txt.gz", "text/r52-test.txt.gz")
def test_a_data_set_with_a_test_part_runs_once_from_the_environment(capsys, monkeypatch):
    monkeypatch.setenv("SKLIMB_DATA", str(DATA))
    options = ["--methods", "linear_svc", "--jobs", 1, "--no-report"]
    assert _main("--dataset", "reuters36", *options) == 0
    out, _ = capsys.readouterr()
    assert out.startswith("reuters36: 6,436 texts, 36 classes of 2,840 to 4 texts\n")
    assert "on one split, so without a spread" in out
    assert 'X_test, y_test = fetch_reuters36(subset="test", return_X_y=True)' in out


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--dataset", "reuter36"], "there is no data set 'reuter36': did you mean 'reuters36'"),
        (["--dataset", "glass", "--data", "x.csv", "--target", "-1"], "two data sets"),
        (["--dataset", "glass", "--target", "-1"], "--target without --data"),
        (["--data-home", "x"], "--data-home without --dataset"),
        (["--dataset", "glass", "--seed", "-1"], "from 0 to 4294967295, not -1"),
    ],
)
def test_data_sets_that_cannot_be_meant(arguments, said, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.csv").write_text("a,label\n1,x\n2,x\n3,y\n4,y\n")
    assert _main(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("sklimb compare: error: ") and err.count("\n") == 1
    assert said in err


def test_help_names_every_data_set(capsys):
    with pytest.raises(SystemExit):
        _main("--help")
    # argparse breaks lines after hyphens
    help_ = "".join(capsys.readouterr().out.split())
    assert all(name in help_ for name in SETS)


def test_options_of_a_file_without_a_file(capsys):
    assert _main("--target", "label", "--groups", "who") == 2
    assert "--target, --groups without --data" in capsys.readouterr().err


def test_a_report_that_cannot_be_written_is_told_before_the_work(file, capsys):
    assert _main("--data", file, "--target", "label", "--report", file) == 2
    _, err = capsys.readouterr()
    assert "--report" in err
    assert "[1/" not in err


@pytest.mark.parametrize("arguments", [["--seed", "x"], ["--grid", "huge"], ["--folds", "2.5"]])
def test_bad_options_are_argparse_errors(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        _main(*arguments)
    assert caught.value.code == 2
    assert arguments[0] in capsys.readouterr().err


def test_no_command_and_the_version(capsys):
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert sklimb.__version__ in capsys.readouterr().out


def test_help_names_every_method(capsys):
    with pytest.raises(SystemExit):
        _main("--help")
    help_ = " ".join(capsys.readouterr().out.split())
    assert all(name in help_ for name in METHODS)


def test_nothing_finished_is_status_1(file, capsys, monkeypatch):
    monkeypatch.setitem(METHODS, "broken", BROKEN)
    options = ["--methods", "broken", "--jobs", 1, "--no-report", "--save", file.with_name("m")]
    assert _main("--data", file, "--target", "label", *options) == 1
    out = capsys.readouterr().out
    assert "No method finished" in out
    assert "Model: none was fitted" in out
    assert not file.with_name("m").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for a process group")
def test_ctrl_c_leaves_what_is_finished_on_screen_and_in_the_report(tmp_path):
    command = [sys.executable, "-m", "sklimb.cli", "compare", "--methods", "logistic"]
    command += ["--repeats", "2000", "--jobs", "2", "--report", "out", "--budget", "none"]
    root = os.path.dirname(os.path.dirname(sklimb.__file__))
    path = os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])
    with open(tmp_path / "err", "w") as err:
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": path},
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
            start_new_session=True,
        )
    while "[3/2000]" not in (tmp_path / "err").read_text() and process.poll() is None:
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers, too
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "So far, use logistic regression, balanced" in out
    assert "of 2000 runs are finished" in out
    assert "Traceback" not in (tmp_path / "err").read_text()
    n_shown = (tmp_path / "err").read_text().count("/2000]")
    n_done = len(pd.read_csv(tmp_path / "out" / "folds.csv"))
    # the signal may come between the end of a run and its line, in either worker
    assert 3 <= n_shown <= n_done <= n_shown + 2
    assert f"{n_done} of 2000 runs are finished" in out
    assert len(list((tmp_path / "out" / "fits").glob("*.npz"))) >= n_done
    assert (tmp_path / "out" / "report.html").exists()


# A package in the place of another, which sends its own process a signal while it is imported, and
# then swallows what comes of it, as some packages do.
_SIGNALLING = """
import os, signal, time
try:
    os.kill(os.getpid(), {number})
    time.sleep(60)
except BaseException:
    pass
raise ImportError("the process went on")
"""


def _run_with(tmp_path, code, number, *command):
    (tmp_path / "stubs").mkdir()
    for name, text in code.items():
        (tmp_path / "stubs" / f"{name}.py").write_text(text.format(number=int(number)))
    root = os.path.dirname(os.path.dirname(sklimb.__file__))
    path = os.pathsep.join([str(tmp_path / "stubs"), root, os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, *command],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        # a shell's background job ignores Ctrl-C, and what it starts does, too
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


@pytest.mark.skipif(os.name != "posix", reason="a process cannot send itself these signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
@pytest.mark.parametrize("module", ["numpy", "torch"])
def test_a_signal_during_an_import_ends_in_one_line(tmp_path, number, module):
    command = ["-m", "sklimb.cli", "compare"]
    if module == "numpy":  # the console script's way
        command = ["-c", "from sklimb.cli import run; run()", "compare"]
    done = _run_with(tmp_path, {module: _SIGNALLING}, number, *command)
    assert done.returncode == 130
    assert done.stdout == ""
    assert done.stderr == "\nsklimb: interrupted before any work was begun\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["stubs"]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no signals that are ignored")
def test_a_signal_that_is_ignored_stays_so(monkeypatch):
    before = {n: signal.signal(n, signal.SIG_IGN) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        with cli._ended_at_once():
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGTERM)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
        for number, usual in [
            (signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)
        ]:  # fmt: skip
            signal.signal(number, usual)
            with cli._ended_at_once():
                assert signal.getsignal(number) is cli._end
            assert signal.getsignal(number) == usual
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_ctrl_c_while_arguments_are_read_is_one_line(capsys, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "make_parser", interrupted)
    assert _main() == 130
    assert capsys.readouterr().err.endswith("interrupted before any run was finished\n")


@pytest.fixture
def apart(tmp_path):
    """Write a table in two files, of which only the column `amount` tells anything."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat([0, 1], [100, 60]))
    frame = pd.DataFrame(rng.normal(size=(160, 2)).round(2), columns=["a", "b"])
    frame["amount"] = (rng.normal(size=160) + 8 * y).round(2)
    frame["flag"] = np.where(rng.random(160) < 0.5, "True", "False")
    frame["label"] = np.where(y, "1", "unknown")
    frame[:100].to_csv(tmp_path / "train.csv", index=False)
    return tmp_path / "train.csv", frame[100:].astype({"amount": object})


@pytest.mark.parametrize(
    "change, said",
    [
        ({}, None),
        ({"amount": "unknown"}, "column amount: 1 of 60 values of the test part is no number"),
        ({"flag": "unknown"}, "column flag: 1 of 60 values of the test part is neither true"),
    ],
)
def test_a_stray_value_in_a_test_file_costs_one_value_and_a_line(
    apart, change, said, capsys, monkeypatch
):
    monkeypatch.setitem(METHODS, "tree", TREE)
    train, test = apart
    for column, value in change.items():
        test.iloc[0, test.columns.get_loc(column)] = value
    path = train.with_name("test.csv")
    test[test.columns[::-1]].to_csv(path, index=False, sep=";")
    options = ["--target", "label", "--methods", "tree", "--jobs", 1, "--no-report"]
    assert _main("--data", train, "--test", path, *options, "--repeats", 1) == 0
    out, _ = capsys.readouterr()
    row = next(line for line in out.splitlines() if line.startswith("tree"))
    assert float(row.split()[1]) > 90
    said_once = " ".join(out.split()).count(said or "of the test part")
    assert said_once == (0 if said is None else 1)


def test_what_columns_are_can_be_overruled(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(METHODS, "tree", TREE)
    n = 60
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "note": [" ".join(rng.choice(["oil", "pump", "leak", "late"], 5)) for _ in range(n)],
            "paid": [f"{1 + i % 12:02}/{1 + i % 11:02}/2024" for i in range(n)],
            "zip": rng.choice([1067, 80331], n),
            "row": range(n),
            "share": [f"{i % 7},5 %" if i else "none" for i in range(n)],
            "label": np.where(rng.random(n) < 0.3, "bad", "good"),
        }
    )
    frame.to_csv(tmp_path / "d.csv", index=False, sep=";")
    frame[:20].to_csv(tmp_path / "test.csv", index=False)
    options = ("--target", "label", "--methods", "tree", "--jobs", 1, "--no-report")
    options += ("--folds", 2, "--repeats", 1)
    assert _main("--data", tmp_path / "d.csv", *options, "--drop", "share") == 0
    out, err = capsys.readouterr()
    assert "no day is above 12" in out and "--date paid=%d/%m/%Y" in out
    for line in ("note  text, ", "zip   number", "row   identifier", "share  dropped, as asked"):
        assert f"  {line}" in out
    assert out.count("label  target") == 1
    assert "row   identifier" in err  # before the first fit
    told = ("--date", "paid=%d/%m/%Y", "--category", "zip,note", "--number", "row,share")
    assert _main("--data", tmp_path / "d.csv", *options, *told) == 0
    out, _ = capsys.readouterr()
    for line in ("note   category", "paid   date, 2024-01-01", "zip    category", "row    number"):
        assert line in out
    assert "no day is above 12" not in out and "column share: 1 of 60 values are no numbers" in out
    assert (
        _main("--data", tmp_path / "d.csv", *options, *told, "--test", tmp_path / "test.csv") == 0
    )
    capsys.readouterr()
    assert _main("--data", tmp_path / "d.csv", *options, "--text", "zip") == 2
    assert "column 'zip' holds numbers, not texts" in capsys.readouterr().err
    assert _main("--data", tmp_path / "d.csv", *options, "--text", "notes") == 2
    assert "did you mean 'note'?" in capsys.readouterr().err
    assert _main("--category", "zip") == 2
    assert "--category without --data" in capsys.readouterr().err


@pytest.fixture
def clear_file(tmp_path):
    """Write a table from which anything learns more than chance on a single split."""
    X, y = blobs([120, 60, 24], labels=["many", "some", "few"])
    path = tmp_path / "clear.csv"
    pd.DataFrame(3 * X, columns=["a", "b", "c"]).assign(label=y).to_csv(path, index=False)
    return path


def test_a_budget_rounds_and_going_on(clear_file, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(METHODS, "tree", TREE)
    options = ["--data", clear_file, "--target", "label", "--methods", "tree", "--jobs", 1]
    options += ["--report", tmp_path / "out"]
    assert _main(*options, "--budget", "1e-3", "--folds", 3) == 0
    out, err = capsys.readouterr()
    assert "So far, use tree" in " ".join(out.split())
    assert "Round 1: 1 method on 1 split, untuned" in err
    assert len(list((tmp_path / "out" / "fits").glob("*.npz"))) == 1
    assert _main(*options, "--folds", 3, "--resume", "--budget", "600") == 0
    out, err = capsys.readouterr()
    assert "1 finished run read, not run again" in out
    assert "\nUse tree" in out
    assert "Round 3: " in err
    assert _main(*options, "--folds", 2, "--resume") == 2
    assert "other splits (folds" in capsys.readouterr().err
    # A command that cannot be meant costs no finished fit; without --resume they begin anew.
    assert _main(*options, "--folds", 2, "--aim", "recall=0.8") == 2
    assert len(list((tmp_path / "out" / "fits").glob("*.npz"))) == 6
    assert _main(*options, "--folds", 2) == 0
    assert len(list((tmp_path / "out" / "fits").glob("*.npz"))) == 2


def test_a_report_is_there_after_the_first_round(clear_file, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(METHODS, "tree", TREE)
    pages = []
    saved = sklimb._compare.Comparison.save_report

    def noted(self, directory):
        path = saved(self, directory)
        pages.append(path.read_text(encoding="utf-8"))
        return path

    monkeypatch.setattr(sklimb._compare.Comparison, "save_report", noted)
    options = ["--data", clear_file, "--target", "label", "--methods", "tree", "--jobs", 1]
    assert _main(*options, "--report", tmp_path, "--budget", "600", "--folds", 3) == 0
    assert len(pages) == 3
    assert all("So far, use tree" in page and "clear.csv: 204 rows" in page for page in pages[:2])
    assert "So far" not in pages[2]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--budget", "soon"], "--budget must be a number of seconds above 0, or none"),
        (["--budget", "-3"], "--budget must be a number"),
        (["--resume"], "nothing to go on with"),
        (["--resume", "--no-report"], "leave out --no-report"),
        (["--aim", "recall=80"], "at most 1"),
        (["--aim", "recall=0.8"], "for two classes, and there are 3"),
        (["--cost", "miss=2"], "miss=50,alarm=1"),
    ],
)
def test_budgets_and_aims_that_cannot_be_meant(options, said, file, capsys, monkeypatch):
    monkeypatch.chdir(file.parent)
    assert _main("--data", file, "--target", "label", *options) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err and err.count("\n") == 1


def test_an_aim_is_in_the_answer_and_in_the_model(file, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(METHODS, "tree", TREE)
    frame = pd.read_csv(file)
    frame["label"] = np.where(frame["label"] == "many", "ok", "fraud")
    frame.to_csv(file, index=False)
    options = ["--data", file, "--target", "label", "--methods", "tree", "--jobs", 1, "--folds", 3]
    saved = tmp_path / "model.sklimb"
    assert _main(*options, "--no-report", "--cost", "miss=50,alarm=1", "--save", saved) == 0
    out = capsys.readouterr().out
    assert "a miss at 50 and a false alarm at 1" in " ".join(out.split())
    assert "FixedThresholdClassifier(" in out
    assert load(saved).threshold < 0.5


def test_sigterm_is_taken_as_ctrl_c_and_the_handler_is_put_back(file, capsys, monkeypatch):
    before = signal.getsignal(signal.SIGTERM)

    def ended(*args, **kwargs):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)

    monkeypatch.setattr("sklimb._compare.comparing.compare", ended)
    assert _main("--data", file, "--target", "label", "--no-report") == 130
    assert "interrupted before any run was finished" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_full_standard_output_is_one_line_and_the_report_is_written(
    file, tmp_path, capsys, monkeypatch
):
    monkeypatch.setitem(METHODS, "tree", TREE)
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        status = _main(
            *("--data", file, "--target", "label", "--methods", "tree", "--folds", 2),
            *("--jobs", 1, "--report", tmp_path / "out"),
        )
    assert status == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "sklimb compare: error: the result cannot be written to standard output: No space left on "
        "device"
    )
    assert (tmp_path / "out" / "report.html").exists()


def test_a_report_that_cannot_be_written_is_one_line_and_leaves_the_old_one(
    file, tmp_path, capsys, monkeypatch
):
    monkeypatch.setitem(METHODS, "tree", TREE)
    report = tmp_path / "out"
    report.mkdir()
    (report / "results.csv").write_text("old")

    write = Path.write_bytes

    def full(path, data):
        if path.name == "folds.csv":
            raise OSError(28, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    status = _main(
        *("--data", file, "--target", "label", "--methods", "tree", "--folds", 2),
        *("--jobs", 1, "--report", report),
    )
    assert status == 2
    assert "the report cannot be written: No space left on device" in capsys.readouterr().err
    assert (report / "results.csv").read_text() == "old"
    assert sorted(path.name for path in report.iterdir()) == ["fits", "results.csv"]


def test_rows_without_a_class_are_left_out_where_asked_for(file, capsys):
    table = pd.read_csv(file)
    label = table.columns[-1]
    table.loc[::11, label] = np.nan
    table.to_csv(file, index=False)
    asked = ["compare", "--data", str(file), "--target", label, "--methods", "logistic"]
    asked += ["--folds", "2", "--jobs", "1", "--no-report"]
    assert main(asked) == 2
    assert "--drop-unlabelled" in capsys.readouterr().err
    assert main([*asked, "--drop-unlabelled"]) == 0
    said = capsys.readouterr().out
    assert f"7 samples of {len(table)} had no label" in said and "labelled = pd.notna(y)" in said
    assert main(["compare", "--drop-unlabelled"]) == 2
    assert "--drop-unlabelled without --data" in capsys.readouterr().err
