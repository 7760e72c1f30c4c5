"""The options that resumable benchmarks share."""

from __future__ import annotations

import argparse
from pathlib import Path

from lib.data import DATA_HOME


def command_line(doc: str) -> argparse.ArgumentParser:
    """Return a parser described by a docstring's first line, with --data-home and --budget."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--data-home", type=Path, default=DATA_HOME)
    parser.add_argument(
        "--budget", type=float, default=float("inf"), help="seconds; nothing starts after that"
    )
    return parser
