"""Run notebooks from top to bottom and keep what they show, clean of this machine.

After a change of a default the figures of earlier runs no longer hold, which no test can tell:
other machines round otherwise. Run them anew then; tests hold the prose to what they show.

    python notebooks/run_anew.py [notebooks/03_text.ipynb ...]      all without a name
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).resolve().parent


def run(path: Path) -> None:
    """Run a notebook in a folder of its own, and write it with new outputs."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=600,
            resources={"metadata": {"path": folder}},
        ).execute()
    kernel = dict(notebook.metadata.kernelspec)
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": kernel, "language_info": {"name": "python"}}
    )
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
    nbformat.write(notebook, path)


def main() -> None:
    """Run those that are named, or all."""
    # As in the tests: the cores are shared, and more threads only wait for one another.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    data = HERE.parent.parent / "shared" / "data"
    if data.exists():
        os.environ.setdefault("SKLIMB_DATA", str(data))
    for name in sys.argv[1:] or sorted(HERE.glob("*.ipynb")):
        run(Path(name))
        print(name)


if __name__ == "__main__":
    main()
