from __future__ import annotations

import subprocess
import sys

import pytest

import sklimb


@pytest.mark.parametrize(
    "arguments, status, said",
    [(["--version"], 0, sklimb.__version__), (["compare", "--data", "x.csv"], 2, "--target")],
)
def test_the_command_as_a_module(arguments, status, said, tmp_path):
    """It was "No module named sklimb.__main__"."""
    ended = subprocess.run(
        [sys.executable, "-m", "sklimb", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == status
    assert said in (ended.stdout if status == 0 else ended.stderr)
