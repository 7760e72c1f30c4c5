"""The command as ``python -m sklimb``, for where its script is not on the path."""

from __future__ import annotations

from sklimb.cli import run

if __name__ == "__main__":
    run()
