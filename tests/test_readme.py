"""What the README says is what happens."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = [
    pytest.param(match[1], id=f"line{README[: match.start()].count(chr(10)) + 1}")
    for match in re.finditer(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
]

ANSWER = "pip install -c constraints.txt -e . && sklimb compare"
TEST = 'pip install -c constraints.txt -e ".[test]" && pytest'


def test_there_are_python_blocks():
    assert BLOCKS


# Each block stands alone: a reader copies one, not all that are above it.
@pytest.mark.parametrize("code", BLOCKS)
def test_python_block(code, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {"__name__": "__main__"})
    printed = [float(line) for line in capsys.readouterr().out.splitlines()]
    said = [float(number) for number in re.findall(r"[\d.]+", code.partition("# about ")[2])]
    # other processors round otherwise, and a network goes another way from there
    assert printed == pytest.approx(said, abs=0.05)
    assert printed == sorted(printed)


@pytest.mark.parametrize("command", [ANSWER, TEST])
def test_command_stands_once_and_alone(command):
    assert README.splitlines().count(command) == 1


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash, which .ci/run needs, is not here")
@pytest.mark.parametrize(("which", "command"), [("answer", ANSWER), ("test", TEST)])
def test_ci_reads_its_commands_from_the_readme(which, command, tmp_path):
    # in a copy whose README says something more, so that a command written into the script shows
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    for suffix in ("", " --of-the-readme"):
        text = README.replace(command, command + suffix)
        (tmp_path / "README.md").write_text(text, encoding="utf-8")
        printed = subprocess.run(
            ["bash", ".ci/run", "--show", which], cwd=tmp_path, capture_output=True, text=True
        )
        assert (printed.returncode, printed.stdout) == (0, command + suffix + "\n")


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash, which .ci/run needs, is not here")
def test_ci_refuses_a_readme_without_the_command(tmp_path):
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    (tmp_path / "README.md").write_text("# sklimb\n", encoding="utf-8")
    printed = subprocess.run(
        ["bash", ".ci/run", "--show", "test"], cwd=tmp_path, capture_output=True, text=True
    )
    assert printed.returncode != 0
    assert "README.md" in printed.stderr


def test_it_is_short():
    assert len(README.split()) < 650
    (block,) = BLOCKS
    assert len(block.values[0].splitlines()) == 10  # as its heading says


def test_it_has_two_sentences_a_picture_and_five_rows_of_a_sentence():
    what = README.removeprefix("# sklimb\n").partition("![")[0]
    assert len(re.findall(r"\.\s", what)) == 2
    assert README.count("![") == len(BLOCKS) == 1
    rows = re.findall(r"^\| (`.*?) \| (.*) \|$", README, re.MULTILINE)
    assert len(rows) == 5
    for _, said in rows:
        assert len(re.findall(r"\.(?: [A-Z]|$)", said)) == 1, said


def test_links_hold():
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", README):
        assert "://" in target or (ROOT / target).exists(), target
