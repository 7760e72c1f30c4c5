"""The code of pages in docs/ runs, block after block as on the page, and prints what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
# Pages whose blocks build on each other and need no network.
PAGES = ["backbones.md", "checkpoints.md", "inputs.md", "persistence.md"]


@pytest.mark.parametrize("page", PAGES)
def test_page(page, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (DOCS / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert blocks
    space = {"__name__": "__main__"}
    for block in blocks:
        exec(compile(block, page, "exec"), space)
        printed = capsys.readouterr().out.splitlines()
        # What a print gives stands behind it, or below it, as a comment; "..." is any rest.
        said = re.findall(r"^ *print\(.*\)(?:  |\n *)# (.*)$", block, re.MULTILINE)
        assert len(printed) >= len(said)
        for line, expected in zip(printed, said):
            assert re.fullmatch(re.escape(expected).replace(r"\.\.\.", ".*"), line)
